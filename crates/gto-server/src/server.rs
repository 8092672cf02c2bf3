//! The server as a whole: what it is made of, its socket, and which layers a request passes.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use gto::environment::Environment;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _, SizeAbove};
use tower_http::timeout::TimeoutLayer;

use crate::api::answers::Answers;
use crate::api::cache::PACKET;
use crate::app::{App, Parts};
use crate::auth::guard::Guard;
use crate::auth::layer;
use crate::config::settings::{RepositorySource, Settings};
use crate::counts::Counts;
use crate::error::ServeError;
use crate::event_loops;
use crate::front::Front;
use crate::limits::{ANSWER, BODY};
use crate::state::live::Live;
use crate::state::refresher::Refresher;
use crate::state::repository::ServedRepository;
use crate::turns::Turns;
use crate::write::waiting::Plans;
use crate::{api, failure, pages};

/// A server that listens, and does not answer yet.
pub struct Server {
    listener: TcpListener,
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
        let listener = TcpListener::bind(wanted).map_err(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let live = Arc::new(Live::default());
        let refresher =
            Refresher::start(&repositories, (settings.refresh, settings.host_budget), &live, environment)?;
        let guard = Guard::new(&settings, address)?;
        let environment = environment.clone();
        // Two runs in one second must not take each other's tags for their own.
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(std::io::Error::other)?;
        let run = format!("{:x}", u64::from_ne_bytes(random));
        let app = App::new(Parts {
            settings,
            repositories,
            live,
            refresher,
            guard,
            environment,
            answers: Answers::default(),
            plans: Plans::default(),
            turns: Turns::default(),
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
        let encoded = |token: &str| form_urlencoded::byte_serialize(token.as_bytes()).collect::<String>();
        self.token().map_or_else(|| self.url(), |token| format!("{}?token={}", self.url(), encoded(token)))
    }

    /// Answers until `end` is over.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn run(self, end: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let front = Front::new(self.app.clone(), router(&self.app));
        event_loops::run(self.listener, &front, end)
    }
}

fn router(app: &App) -> Router {
    let is_worth_it = DefaultPredicate::new().and(SizeAbove::new(PACKET));
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
        .layer(CompressionLayer::new().compress_when(is_worth_it))
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
