//! What happens after the end. Jobs may run twice with the same result.

mod postprocess;
mod sweep;
mod worker;

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::app::App;

pub use worker::run_due;

/// The key of a trace's postprocess.
pub fn postprocess_key(org: &crate::org::OrgScope, id: trace_core::TraceId) -> String {
    format!("postprocess/{org}/{id}")
}

/// Starts the configured workers and the sweep; they end with the process.
pub fn start(app: &Arc<App>, tasks: &TaskTracker) {
    for n in 0..app.config.jobs.workers {
        tasks.spawn(worker::work(Arc::clone(app), format!("{}/{n}", std::process::id())));
    }
    tasks.spawn(sweep::sweep(Arc::clone(app)));
}
