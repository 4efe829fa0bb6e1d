//! `recover`: what dead processes left behind is finished and shipped.

use std::path::PathBuf;

use napi::bindgen_prelude::{Env, PromiseRaw};
use napi_derive::napi;
use trace_core::edge;

use crate::background;
use crate::error::Result;
use crate::options::ServerOptions;
use crate::report::RecoverReport;

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
