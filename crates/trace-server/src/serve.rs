//! From configuration to a listening process, and its orderly end.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::{build_router, jobs};

/// A running server.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port. Requests wait until [`Server::run`].
    pub async fn bind(app: Arc<App>) -> anyhow::Result<Self> {
        let wanted = SocketAddr::new(app.config.server.host, app.config.server.port);
        let listener = TcpListener::bind(wanted)
            .await
            .with_context(|| format!("cannot listen at `{wanted}`; set TRACE_PORT or --port"))?;
        let address = listener.local_addr()?;
        app.listens_at(format!("http://{address}"));
        Ok(Self { app, listener, address })
    }

    /// The address it really listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `app.shutdown` is cancelled, then drains: no new connections, streams told to come back, requests and the job
    /// at hand finished within the configured time.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { app, listener, .. } = self;
        let tasks = TaskTracker::new();
        jobs::start(&app, &tasks);
        tasks.close();
        let stopping = app.shutdown.clone().cancelled_owned();
        let serving =
            axum::serve(listener, build_router(Arc::clone(&app))).with_graceful_shutdown(stopping);
        let serving = serving.into_future();
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => served?,
            () = drain_over(&app) => tracing::warn!("requests were still open at the end of the drain"),
        }
        app.shutdown.cancel();
        let rest = Duration::from_secs(app.config.server.drain_seconds);
        // The catalog closes within the same bound, because it waits for the connection of a job that runs on.
        let ended = async {
            tasks.wait().await;
            app.catalog.close().await;
        };
        if tokio::time::timeout(rest, ended).await.is_err() {
            tracing::warn!(
                "a job was still running; its lease will run out and another takes it up"
            );
        }
        Ok(())
    }
}

/// The moment at which a shutdown has waited long enough.
async fn drain_over(app: &App) {
    app.shutdown.cancelled().await;
    tokio::time::sleep(Duration::from_secs(app.config.server.drain_seconds)).await;
}
