//! Requests from outside to stop.

use std::io;

use tokio_util::sync::CancellationToken;

/// What may ask for the end: SIGTERM and SIGINT, or ctrl-c where there are no signals.
///
/// A process listens before it tells anybody that it is there, because whoever has been told may ask at once, and a signal that nobody
/// listens for ends the process without a drain.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Cancels the token on the first signal; the second ends the process at once.
    pub fn cancel(mut self, token: CancellationToken) {
        tokio::spawn(async move {
            self.next().await;
            tracing::info!("stopping; a second signal ends the process at once");
            token.cancel();
            self.next().await;
            end_at_once();
        });
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot listen for ctrl-c");
            std::future::pending::<()>().await;
        }
    }
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait for a drain")]
fn end_at_once() -> ! {
    std::process::exit(1)
}
