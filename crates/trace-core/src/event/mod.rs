//! What a trace can say: one envelope, one payload family per file.

mod agent;
mod body;
mod clones;
mod console;
mod dom;
mod ids;
mod kind;
mod media;
mod network;
mod payload;
mod replay;
mod run;
pub(crate) mod scan;
mod scenario;
mod shared;
mod step;
mod time;
mod words;

pub use agent::{AgentAction, AgentThought};
pub use body::Body;
pub use clones::{
    ClockAdvance, CloneSnapshot, CloneState, ErrorInjection, LatencyInjection, SnapshotWhen,
};
pub use console::{ConsoleError, ConsoleLog, PageLocation};
pub use dom::{DomDigest, DomEvents, FrameHolder};
pub use ids::{IdError, Seq, ShortId, StepId, TraceId};
pub use kind::Kind;
pub use media::{BrowserState, Screenshot, StatePart, Video};
pub use network::{NetworkFailed, NetworkRequest, NetworkResponse, NetworkWs, WsDirection};
pub(crate) use payload::ENVELOPE_KEYS;
pub use payload::{Payload, PayloadError};
pub use replay::{
    AppMode, FidelityCheck, FidelityGrade, NearRequest, NetworkMatch, NetworkMiss,
    ReplayDivergence, ReplayEdit, ReplayFidelity, ReplayRef, ReplayStart, ReplayStrategy,
    RequestDelta,
};
pub use run::{Recorder, RunEnd, RunRef, RunSource, RunStart, RunStatus, Scenario, Worker};
pub use scan::MAX_DEPTH;
pub use scenario::{CaptureNotice, ScenarioEvent};
pub use shared::{
    Content, ContentData, Extra, Headers, Location, PartRef, TemplateRef, TraceError,
};
pub use step::{Action, Assertion, StepCategory, StepEnd, StepStart, StepStatus};
pub use time::{TimeError, Timestamp, WallMs};

/// The version of the format that this crate writes; it stands in `run.start.format`.
pub const FORMAT_VERSION: u32 = 1;

/// One line of a trace: the envelope and the payload's fields as JSON text.
///
/// - `seq` is assigned once, by the recorder, and never renumbered.
/// - The payload keeps its text, so that fields and kinds this version does not know survive decode → encode byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Time on the trace's axis.
    pub ts: Timestamp,
    /// Number inside the trace, from 1.
    pub seq: Seq,
    /// What happened.
    pub kind: Kind,
    /// The step it belongs to; none outside steps.
    pub step_id: Option<StepId>,
    /// Every other field.
    pub payload: Payload,
}
