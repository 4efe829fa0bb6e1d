//! Recorder: append, content, artifact, finish; synchronous and short on the JavaScript thread.

use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::{ArrayBuffer, Env, PromiseRaw};
use napi_derive::napi;
use trace_core::blob::ArtifactName;
use trace_core::edge::{Draft, Finish, Follow, Recorder};

use crate::background;
use crate::drainer;
use crate::error::{Result, coded};
use crate::feed::{Feed, axis};
use crate::options::{ContentOptions, RecorderOptions};
use crate::report::FinishReport;
use crate::ring::Ring;

/// The addon's half of `Recorder`; the other half, which writes the ring, is JavaScript.
#[napi]
pub struct NativeRecorder {
    feed: Arc<Feed>,
}

impl std::fmt::Debug for NativeRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeRecorder")
            .field("dir", &self.feed.recorder.dir())
            .finish_non_exhaustive()
    }
}

/// An environment that ends may finalize its objects before it runs the clean-up hooks, which then find no feed. The flush is
/// made here and not by the feed, because the drainer may hold that one for a moment longer, and nobody waits for its thread.
impl Drop for NativeRecorder {
    fn drop(&mut self) {
        self.feed.flush();
    }
}

#[napi]
impl NativeRecorder {
    /// Opens the trace and writes `run.start`.
    #[napi(constructor)]
    pub fn new(env: Env, options: RecorderOptions) -> Result<Self> {
        let recorder = Recorder::start(options.try_into()?)
            .map_err(|error| coded("RECORDER_START", &error))?;
        let feed = Feed::new(recorder);
        drainer::watch(&feed);
        let at_exit = Arc::downgrade(&feed);
        // A process or worker that leaves without `finish` has its last milliseconds in the ring and in the queue.
        env.add_env_cleanup_hook(at_exit, |feed| {
            if let Some(feed) = feed.upgrade() {
                feed.flush();
            }
        })
        .map_err(background::unavailable)?;
        Ok(Self { feed })
    }

    /// The trace's UUID.
    #[napi(getter)]
    pub fn trace_id(&self) -> String {
        self.feed.recorder.trace_id().to_string()
    }

    /// Nine characters that name the trace.
    #[napi(getter)]
    pub fn short_id(&self) -> String {
        self.feed.recorder.trace_id().short().to_string()
    }

    /// The trace's directory.
    #[napi(getter)]
    pub fn dir(&self) -> String {
        self.feed.recorder.dir().display().to_string()
    }

    /// The memory of the ring; none where the runtime forbids foreign memory, as Electron does.
    #[napi]
    pub fn ring<'env>(&self, env: &'env Env) -> Option<ArrayBuffer<'env>> {
        let ring = self.feed.ring();
        let start = ring.start();
        // SAFETY: the memory is `Ring::bytes()` long and lives until the finalizer drops this `Arc`. Rust never makes a
        // reference to it: the reader goes through raw pointers and atomics by the protocol of `ring`.
        let buffer = unsafe {
            ArrayBuffer::from_external(env, start, Ring::bytes(), ring, |_, ring| drop(ring))
        };
        // Where foreign memory is forbidden the result is a copy, which Rust would never see the writes of.
        buffer.ok().filter(|buffer| std::ptr::eq(buffer.as_ptr(), start))
    }

    /// Appends one event behind everything in the ring.
    #[napi]
    pub fn append(&self, kind: String, step_id: Option<String>, ts: f64, payload: String) {
        let contents = Vec::new();
        self.feed.append(Draft { ts: axis(ts), kind, step_id, payload, contents });
    }

    /// Appends one event with contents; their bytes are copied once, because the caller may reuse its buffers.
    #[napi]
    pub fn append_contents(
        &self,
        kind: String,
        step_id: Option<String>,
        ts: f64,
        payload: String,
        contents: Vec<ContentOptions>,
    ) {
        let contents = contents.into_iter().map(Into::into).collect();
        self.feed.append(Draft { ts: axis(ts), kind, step_id, payload, contents });
    }

    /// Makes a typed secret go from everything appended later; it is never written.
    #[napi]
    pub fn learn(&self, value: String) {
        self.feed.settle();
        self.feed.recorder.learn(value);
    }

    /// Keeps a file beside the trace, moved there when `takes`.
    #[napi]
    pub fn add_artifact(&self, name: String, path: String, takes: bool) -> Result<()> {
        let name: ArtifactName = name.parse().map_err(|error| coded("ARTIFACT_NAME", &error))?;
        self.feed.settle();
        self.feed.recorder.add_artifact(name, PathBuf::from(path), takes);
        Ok(())
    }

    /// Waits, for a moment at most, until everything that was appended is in the trace's file.
    #[napi]
    pub fn flush(&self) {
        self.feed.flush();
    }

    /// Keeps the growing files of a Playwright trace in `dir` whose names begin with `stem` should this process be killed.
    #[napi]
    pub fn follow_trace(&self, dir: String, stem: String) -> Result<()> {
        self.follow(Follow::Trace { dir: PathBuf::from(dir), stem })
    }

    /// Keeps a growing video of page `page`, which began at `ts`, should this process be killed.
    #[napi]
    pub fn follow_video(&self, file: String, page: String, ts: f64) -> Result<()> {
        let start_us = axis(ts).as_us();
        self.follow(Follow::Video { file: PathBuf::from(file), page, start_us })
    }

    /// Removes the trace as if it had never been; resolves when it is gone.
    #[napi]
    pub fn discard<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, FinishReport>> {
        let feed = Arc::clone(&self.feed);
        background::promise(env, move || Ok(feed.recorder.discard().into()))
    }

    /// Writes `run.end` and closes the trace; resolves when it is finished, shipped or out of time.
    #[napi]
    pub fn finish<'env>(
        &self,
        env: &'env Env,
        status: String,
        ts: f64,
        payload: String,
    ) -> Result<PromiseRaw<'env, FinishReport>> {
        let feed = Arc::clone(&self.feed);
        feed.settle();
        let finish = Finish { ts: axis(ts), status, payload };
        background::promise(env, move || Ok(feed.recorder.finish(finish).into()))
    }
}

impl NativeRecorder {
    fn follow(&self, follow: Follow) -> Result<()> {
        self.feed.recorder.follow(follow).map_err(|error| coded("FOLLOW", &error))
    }
}
