//! The threads that talk with clients: each has an event loop of its own, and takes connections from the same socket.
//!
//! An answer stays on the thread that reads its request, unless it has to be made: nothing is handed from one processor to another. (So the
//! scheduler of tokio that shares work is not needed; its statistics alone would load libm into every run of `gto`.)

use std::future::Future;
use std::io;
use std::net::TcpListener as StdListener;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, watch};

use crate::error::ServeError;
use crate::front::Front;

/// More threads would find nothing to do: what takes long is made elsewhere.
const MOST: usize = 8;
/// So many threads make what takes long.
const MAKERS: usize = 64;
/// More clients wait until others are gone.
const CONNECTIONS: usize = 512;
/// A client that takes longer for its headers is cut off.
const HEADERS: Duration = Duration::from_secs(10);
/// So long answers on the way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Answers until `end` is over.
pub fn run(
    listener: StdListener,
    front: &Front,
    end: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (running, has_ended) = watch::channel(());
    let count = gto::processors().clamp(1, MOST);
    let listeners: io::Result<Vec<_>> = (1..count).map(|_| listener.try_clone()).collect();
    let listeners = listeners?;
    let part = |listener| Loop { listener, front, places: &places, makers: MAKERS / count };
    thread::scope(|scope| {
        let others: Vec<_> = listeners
            .into_iter()
            .map(|listener| {
                let mut has_ended = has_ended.clone();
                let part = part(listener);
                // It has ended when nobody can say so any more.
                scope.spawn(move || part.run(async move { drop(has_ended.changed().await) }))
            })
            .collect();
        let done = part(listener).run(end);
        drop(running);
        others.into_iter().fold(done, |done, other| done.and(other.join().unwrap_or(Ok(()))))
    })
}

/// What one thread answers.
struct Loop<'a> {
    listener: StdListener,
    front: &'a Front,
    places: &'a Arc<Semaphore>,
    makers: usize,
}

impl Loop<'_> {
    fn run(self, end: impl Future<Output = ()>) -> Result<(), ServeError> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(self.makers)
            .thread_name("gto-serve")
            .enable_all()
            .build()?;
        let done = runtime.block_on(self.answer_until(end));
        // A repository that hangs must not keep the process.
        runtime.shutdown_timeout(Duration::from_millis(200));
        done
    }

    async fn answer_until(self, end: impl Future<Output = ()>) -> Result<(), ServeError> {
        let listener = TcpListener::from_std(self.listener)?;
        let connections = GracefulShutdown::new();
        let mut end = pin!(end);
        loop {
            let next = async {
                // Without a free place, nobody is taken in, and the end is heard all the same.
                let place = Arc::clone(self.places).acquire_owned().await;
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
            let front = self.front.clone();
            let service = service_fn(move |request| {
                let front = front.clone();
                async move { front.answer(request, peer).await }
            });
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
