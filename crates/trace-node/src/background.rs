//! Work that blocks, on a thread of its own.
//!
//! Node's pool has four threads, which the traced test needs for its files and name look-ups; a `finish` that waits for a
//! server must not occupy one of them.

use std::thread;

use napi::JsDeferred;
use napi::bindgen_prelude::{Env, JsValue, PromiseRaw, ToNapiValue};

use crate::error::{Error, Result, coded, rejection};

type Settle<V> = Box<dyn FnOnce(Env) -> napi::Result<V>>;

/// Runs `work` on a thread and settles the promise with what it returns.
pub(crate) fn promise<V, W>(env: &Env, work: W) -> Result<PromiseRaw<'_, V>>
where
    V: ToNapiValue + Send + 'static,
    W: FnOnce() -> Result<V> + Send + 'static,
{
    let (deferred, promise) = env.create_deferred::<V, Settle<V>>().map_err(unavailable)?;
    let raw = promise.raw();
    thread::Builder::new()
        .name("molar-node".to_owned())
        .spawn(move || settle(deferred, work()))
        .map_err(|error| coded("THREAD_UNAVAILABLE", &error))?;
    Ok(PromiseRaw::new(env.raw(), raw))
}

fn settle<V: ToNapiValue + Send + 'static>(deferred: JsDeferred<V, Settle<V>>, result: Result<V>) {
    deferred.resolve(Box::new(move |env| result.map_err(|error| rejection(env, error))));
}

/// Node-API itself refused, which it does only while the environment goes away.
pub(crate) fn unavailable(error: napi::Error) -> Error {
    coded("NODE_API", &error)
}
