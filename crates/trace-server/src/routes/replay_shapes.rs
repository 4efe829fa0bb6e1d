//! What callers are told about a replay.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::catalog::{AppMode, Edit, ProgressLine, Replay, ReplayState, Strategy};
use crate::clock::rfc3339;
use crate::replays::Waiting;

/// One replay in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayRow {
    replay_id: String,
    /// The source.
    trace_id: String,
    from_step: u64,
    strategy: Strategy,
    app_mode: AppMode,
    suite: Option<String>,
    state: ReplayState,
    /// Names the reason of a block, a divergence or a wait.
    code: Option<String>,
    /// What, where, what to do.
    message: Option<String>,
    /// Somebody asked it to end.
    cancelling: bool,
    /// How often a worker took it.
    attempt: u32,
    /// The replay's own trace, once it is here.
    child_trace_id: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; when a worker took it last.
    started_at: Option<String>,
    /// RFC 3339.
    ended_at: Option<String>,
    links: ReplayLinks,
}

/// Addresses, relative to the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayLinks {
    /// Where it stands.
    replay: String,
    /// Its progress as a stream.
    events: String,
    cancel: String,
    /// The source.
    trace: String,
    /// The replay's own trace.
    child: Option<String>,
    /// Both side by side.
    diff: Option<String>,
}

/// One replay with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayDetail {
    #[serde(flatten)]
    row: ReplayRow,
    edits: Vec<Edit>,
    /// What was told so far, oldest first.
    progress: Vec<Value>,
    /// What source and child have in common, channel by channel.
    certificate: Option<Value>,
    /// Milliseconds of each action, and `total`.
    timings_ms: Option<Value>,
}

impl ReplayRow {
    pub(crate) fn of(replay: &Replay, waiting: Option<Waiting>) -> Self {
        let (id, source) = (&replay.new.id, replay.new.trace);
        let request = &replay.new.request;
        let (code, message) = match waiting {
            Some(waiting) => (
                waiting.code.map(str::to_owned).or_else(|| replay.code.clone()),
                Some(waiting.message),
            ),
            None => (replay.code.clone(), replay.message.clone()),
        };
        let links = ReplayLinks {
            replay: format!("/v1/replays/{id}"),
            events: format!("/v1/replays/{id}/events"),
            cancel: format!("/v1/replays/{id}/cancel"),
            trace: format!("/v1/traces/{source}"),
            child: replay.child.map(|child| format!("/v1/traces/{child}")),
            diff: replay.child.map(|child| format!("/v1/traces/{source}/diff/{child}")),
        };
        Self {
            replay_id: id.clone(),
            trace_id: source.to_string(),
            from_step: request.from_step,
            strategy: request.strategy,
            app_mode: request.app_mode,
            suite: request.suite.clone(),
            state: replay.state,
            code,
            message,
            cancelling: replay.cancel_ms.is_some() && !replay.state.is_final(),
            attempt: replay.attempt,
            child_trace_id: replay.child.map(|child| child.to_string()),
            created_at: rfc3339(replay.created_ms),
            started_at: replay.started_ms.map(rfc3339),
            ended_at: replay.ended_ms.map(rfc3339),
            links,
        }
    }
}

impl ReplayDetail {
    pub(crate) fn of(replay: &Replay, waiting: Option<Waiting>, lines: &[ProgressLine]) -> Self {
        let value = |line: &ProgressLine| serde_json::from_str(&line.line).ok();
        Self {
            row: ReplayRow::of(replay, waiting),
            edits: replay.new.request.edits.clone(),
            progress: lines.iter().filter_map(value).collect(),
            certificate: replay.certificate.clone(),
            timings_ms: replay.timings.clone(),
        }
    }
}
