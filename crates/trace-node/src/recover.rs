//! `recover`: what dead processes left behind is finished and shipped.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use napi::bindgen_prelude::{Env, PromiseRaw};
use napi_derive::napi;
use trace_core::edge::{self, Death};

use crate::background;
use crate::error::Result;
use crate::options::{ServerOptions, whole};
use crate::report::{PruneReport, RecoverReport};

/// Finishes what dead processes left under `root`: closes their traces and, with a server, ships them.
#[napi]
pub fn recover(
    env: &Env,
    root: String,
    server: Option<ServerOptions>,
) -> Result<PromiseRaw<'_, RecoverReport>> {
    background::promise(env, move || {
        let server = server.map(Into::into);
        Ok(edge::recover(&PathBuf::from(root), server.as_ref(), |_| ()).into())
    })
}

/// Ends the traces of processes that are known to have died before it returns, and ships nothing; false when `timeout_ms`
/// was too short.
///
/// For a process that is about to end and cannot wait for a promise.
#[napi]
pub fn recover_now(root: String, timeout_ms: f64) -> bool {
    let timeout = Duration::from_millis(whole(timeout_ms));
    let (tell, told) = mpsc::channel();
    let work = move || tell.send(edge::settle_deaths(&PathBuf::from(root), timeout)).is_ok();
    let started = thread::Builder::new().name("molar-recover".to_owned()).spawn(work);
    started.is_ok() && told.recv_timeout(timeout).unwrap_or(false)
}

/// Notes how a process of this machine ended beside its unfinished traces, for `recover` to tell; their directories.
#[napi]
pub fn note_death(
    root: String,
    pid: u32,
    code: Option<i32>,
    signal: Option<String>,
) -> Vec<String> {
    let noted = edge::note_death(&PathBuf::from(root), pid, &Death { code, signal });
    noted.iter().map(|dir| dir.display().to_string()).collect()
}

/// Removes finished traces, the oldest that passed first, until the store under `root` has at most `max_bytes`, and
/// always what killed processes left half written.
#[napi]
pub fn prune(
    env: &Env,
    root: String,
    max_bytes: Option<f64>,
) -> Result<PromiseRaw<'_, PruneReport>> {
    background::promise(env, move || {
        Ok(edge::prune(&PathBuf::from(root), max_bytes.map(whole)).into())
    })
}
