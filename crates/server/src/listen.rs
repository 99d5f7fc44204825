//! Serving on a socket: until it is told to end; then what is under way is answered, and nothing new taken. A client that is slow or
//! silent costs a connection, and not for long.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// Tells a server to end. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Ending(watch::Sender<bool>);

impl Default for Ending {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Ending {
    /// The server ends, from any thread.
    pub fn end(&self) {
        self.0.send_replace(true);
    }

    async fn has_come(&self) {
        // It cannot fail: the sender is here.
        let _ = self.0.subscribe().wait_for(|is_over| *is_over).await;
    }
}

/// What is under way has so long once the server is told to end.
const GRACE: Duration = Duration::from_secs(10);

/// A client has so long to send the head of a request, from the first byte of it or from the end of the one before.
const HEAD: Duration = Duration::from_secs(15);

/// A client that takes nothing of its answer for so long is gone.
const STALLED: Duration = Duration::from_mins(1);

/// So many connections at once. Others wait in the queue of the system.
const CONNECTIONS: usize = 4096;

/// After a connection that could not be taken, as there are no files left, it is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Serves what comes in on a socket, on threads of its own, until `ending` is told; then what is under way has ten seconds.
///
/// # Errors
/// Where the system gives no threads, or the socket is none that can be listened on.
pub fn run(router: Router, listener: TcpListener, ending: &Ending) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        serve(router, tokio::net::TcpListener::from_std(listener)?, ending).await;
        Ok(())
    });
    runtime.shutdown_background();
    served
}

async fn serve(router: Router, listener: tokio::net::TcpListener, ending: &Ending) {
    let (under_way, slots) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    let next = async || {
        // It cannot fail: nobody closes it.
        let slot = Arc::clone(&slots).acquire_owned().await.ok();
        (slot, listener.accept().await)
    };
    loop {
        let accepted = tokio::select! {
            accepted = next() => accepted,
            () = ending.has_come() => break,
        };
        match accepted {
            (slot, Ok((stream, peer))) => {
                tokio::spawn(connected(router.clone(), stream, peer, under_way.watcher(), slot));
            }
            // Whether it was that connection alone, or all that could come now, a moment later others may come.
            (_, Err(_)) => sleep(RETRY).await,
        }
    }
    drop(listener);
    // Who is not done by then is cut off.
    let _ = timeout(GRACE, under_way.shutdown()).await;
}

/// One connection, until it ends.
async fn connected(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    watcher: Watcher,
    _slot: Option<OwnedSemaphorePermit>,
) {
    // Answers go out as they are written; where that is not to be had they are only slower.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    // A client that goes away or talks no HTTP is its own affair.
    let _ = watcher.watch(connection).await;
}
