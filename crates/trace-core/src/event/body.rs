//! Every payload as one typed value, and the way from an event to it and back.

use super::{
    Action, AgentAction, AgentThought, Assertion, BrowserState, CaptureNotice, ClockAdvance,
    CloneSnapshot, CloneState, ConsoleError, ConsoleLog, DomEvents, ErrorInjection, Event, Extra,
    Kind, LatencyInjection, NetworkFailed, NetworkMatch, NetworkMiss, NetworkRequest,
    NetworkResponse, NetworkWs, Payload, PayloadError, ReplayDivergence, ReplayFidelity,
    ReplayStart, RunEnd, RunStart, ScenarioEvent, Screenshot, Seq, StepEnd, StepId, StepStart,
    Timestamp, Video,
};

macro_rules! bodies {
    ($($variant:ident($payload:ty)),+ $(,)?) => {
        /// A payload by its kind. It is a view: numbers keep their value, not their spelling; [`Event::payload`] keeps both.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Body {
            $(
                #[doc = concat!("Payload of [`Kind::", stringify!($variant), "`].")]
                $variant($payload),
            )+
            /// Payload of a kind this version does not know.
            Other {
                /// The kind's name.
                kind: Box<str>,
                /// Its fields.
                fields: Extra,
            },
        }

        impl Body {
            /// The kind it belongs to.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$variant,)+
                    Self::Other { kind, .. } => Kind::from_name(kind),
                }
            }

            /// Its fields as they stand behind the envelope.
            pub fn payload(&self) -> Result<Payload, PayloadError> {
                match self {
                    $(Self::$variant(payload) => Payload::of(payload),)+
                    Self::Other { fields, .. } => Payload::of(fields),
                }
            }

            /// The typed view of a payload of that kind.
            pub fn of(kind: &Kind, payload: &Payload) -> Result<Self, PayloadError> {
                match kind {
                    $(Kind::$variant => payload.read(Kind::$variant.static_name()).map(Self::$variant),)+
                    Kind::Other(name) => {
                        Ok(Self::Other { kind: name.clone(), fields: payload.fields() })
                    }
                }
            }
        }
    };
}

bodies! {
    RunStart(RunStart),
    RunEnd(RunEnd),
    StepStart(StepStart),
    StepEnd(StepEnd),
    ScenarioEvent(ScenarioEvent),
    Assertion(Assertion),
    Action(Action),
    DomSnapshot(DomEvents),
    DomMutation(DomEvents),
    NetworkRequest(NetworkRequest),
    NetworkResponse(NetworkResponse),
    NetworkFailed(NetworkFailed),
    NetworkWs(NetworkWs),
    ConsoleLog(ConsoleLog),
    ConsoleError(ConsoleError),
    Screenshot(Screenshot),
    Video(Video),
    BrowserState(BrowserState),
    CloneState(CloneState),
    CloneSnapshot(CloneSnapshot),
    ClockAdvance(ClockAdvance),
    ErrorInjection(ErrorInjection),
    LatencyInjection(LatencyInjection),
    AgentThought(AgentThought),
    AgentAction(AgentAction),
    ReplayStart(ReplayStart),
    NetworkMatch(NetworkMatch),
    NetworkMiss(NetworkMiss),
    ReplayFidelity(ReplayFidelity),
    ReplayDivergence(ReplayDivergence),
    CaptureNotice(CaptureNotice),
}

impl Event {
    /// An event with a typed payload.
    pub fn new(
        ts: Timestamp,
        seq: Seq,
        step_id: Option<StepId>,
        body: &Body,
    ) -> Result<Self, PayloadError> {
        Ok(Self { ts, seq, kind: body.kind(), step_id, payload: body.payload()? })
    }

    /// The typed view of the payload.
    pub fn body(&self) -> Result<Body, PayloadError> {
        Body::of(&self.kind, &self.payload)
    }
}
