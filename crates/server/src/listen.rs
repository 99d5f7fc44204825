//! Serving on a socket: until it is told to end; then what is under way is answered, and nothing new taken.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use tokio::runtime::Builder;
use tokio::sync::watch;

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

    async fn has_come(self) {
        // It cannot fail: the sender is here.
        let _ = self.0.subscribe().wait_for(|is_over| *is_over).await;
    }
}

/// What is under way has so long once the server is told to end.
const GRACE: Duration = Duration::from_secs(10);

/// Serves what comes in on a socket, on threads of its own, until `ending` is told; then what is under way has ten seconds.
///
/// # Errors
/// Where the system gives no threads, or the socket fails.
pub fn run(router: Router, listener: TcpListener, ending: &Ending) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let server = axum::serve(listener, router).with_graceful_shutdown(ending.clone().has_come());
        let over = async {
            ending.clone().has_come().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = server => served,
            () = over => Ok(()),
        }
    });
    runtime.shutdown_background();
    served
}
