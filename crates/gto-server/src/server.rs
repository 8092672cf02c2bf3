//! The server as a whole: its socket, its connections, and its end.

use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use gto::environment::Environment;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api::answers::Answers;
use crate::app::{App, Parts};
use crate::auth::guard::Guard;
use crate::auth::layer;
use crate::config::settings::{RepositorySource, Settings};
use crate::counts::Counts;
use crate::error::ServeError;
use crate::limits::{ANSWER, BODY};
use crate::state::live::Live;
use crate::state::refresher::Refresher;
use crate::state::repository::ServedRepository;
use crate::write::waiting::Plans;
use crate::{api, failure, metrics, pages};

/// More clients wait until others are gone.
const CONNECTIONS: usize = 512;
/// A client that takes longer for its headers is cut off.
const HEADERS: Duration = Duration::from_secs(10);
/// So long answers on the way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// A server that listens, and does not answer yet.
pub struct Server {
    listener: StdListener,
    address: SocketAddr,
    app: App,
}

/// Runs the server until the process is told to end. `started` is called once it listens.
///
/// # Errors
/// Why it does not start.
pub fn serve(
    settings: Settings,
    environment: &Environment,
    started: impl FnOnce(&Server),
) -> Result<(), ServeError> {
    let server = Server::bind(settings, environment)?;
    started(&server);
    server.run(told_to_end())
}

impl Server {
    /// Listens, and begins to read the repositories.
    ///
    /// # Errors
    /// Why it does not start. A repository that is served alone must be one.
    pub fn bind(settings: Settings, environment: &Environment) -> Result<Self, ServeError> {
        let repositories: Vec<_> = settings
            .repositories
            .iter()
            .map(|setting| Arc::new(ServedRepository::new(setting, environment)))
            .collect();
        if let ([alone], [setting]) = (&repositories[..], &settings.repositories[..])
            && matches!(setting.source, RepositorySource::Folder(_))
        {
            alone.open()?;
        }
        let wanted = settings.listen;
        let listen = |source| ServeError::Listen { address: wanted, source };
        let listener = StdListener::bind(wanted).map_err(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let live = Arc::new(Live::default());
        let refresher =
            Refresher::start(&repositories, (settings.refresh, settings.host_budget), &live, environment)?;
        let guard = Guard::new(&settings, address)?;
        let environment = environment.clone();
        let run = format!("{:x}", environment.now().seconds());
        let app = App::new(Parts {
            settings,
            repositories,
            live,
            refresher,
            guard,
            environment,
            answers: Answers::default(),
            plans: Plans::default(),
            counts: Counts::default(),
            run,
        });
        Ok(Self { listener, address, app })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the pages, without the token.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let host = if ip.is_unspecified() { "127.0.0.1".to_owned() } else { ip.to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        format!("http://{host}:{}/", self.address.port())
    }

    /// The token that opens the pages, if one does.
    pub fn token(&self) -> Option<&str> {
        self.app.guard.token()
    }

    /// The address that opens the pages in a browser.
    pub fn open_url(&self) -> String {
        self.token().map_or_else(|| self.url(), |token| format!("{}?token={token}", self.url()))
    }

    /// Answers until `end` is over.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn run(self, end: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .max_blocking_threads(64)
            .thread_name("gto-serve")
            .enable_all()
            .build()?;
        let done = runtime.block_on(self.answer_until(end));
        // A repository that hangs must not keep the process.
        runtime.shutdown_timeout(Duration::from_millis(200));
        done
    }

    async fn answer_until(self, end: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let listener = TcpListener::from_std(self.listener)?;
        let router = router(&self.app);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = GracefulShutdown::new();
        let mut end = std::pin::pin!(end);
        loop {
            let next = async {
                // Without a free place, nobody is taken in, and the end is heard all the same.
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                next = next => next,
                () = &mut end => break,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of files, most likely: others may close theirs.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone().layer(Extension(ConnectInfo(peer))));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .max_buf_size(64 << 10)
                .serve_connection(TokioIo::new(stream), service);
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                // A client that goes away, or talks nonsense, is nobody's business.
                let _ = connection.await;
                drop(place);
            });
        }
        drop(listener);
        let _ = tokio::time::timeout(LAST_ANSWERS, connections.shutdown()).await;
        Ok(())
    }
}

fn router(app: &App) -> Router {
    let with_auth = pages::routes::pages()
        .merge(api::routes::api(app))
        .method_not_allowed_fallback(pages::routes::other_method)
        .layer(middleware::from_fn_with_state(app.clone(), wait_for_first_look))
        .layer(middleware::from_fn_with_state(app.clone(), layer::check));
    pages::routes::open()
        .merge(api::routes::open())
        .merge(with_auth)
        .layer(middleware::from_fn_with_state(app.clone(), layer::check_host))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, ANSWER))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(failure::in_words))
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(app.clone(), metrics::count))
        .layer(middleware::from_fn(layer::harden))
        .with_state(app.clone())
}

async fn wait_for_first_look(State(app): State<App>, request: Request, next: Next) -> Response {
    app.refresher.first_look().await;
    next.run(request).await
}

/// Ctrl-C, or what service managers send.
async fn told_to_end() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
