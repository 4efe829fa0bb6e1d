//! Dotted names and the enum behind them; a kind that this version does not know keeps its name.

use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What an event tells. Unknown names survive a round trip.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
            /// A kind of a newer version or of a user's own; kept as it is.
            Other(Box<str>),
        }

        impl Kind {
            /// Every kind this version knows, in the order of the format's table.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name,
                }
            }

            /// The name on the wire of a known kind, for messages; `other` for the rest.
            pub(crate) const fn static_name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(_) => "other",
                }
            }

            /// The kind of that name; any other name becomes [`Kind::Other`].
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

kinds! {
    /// First event of every trace.
    RunStart = "run.start",
    /// Last event of a trace that ended by itself.
    RunEnd = "run.end",
    /// A step begins.
    StepStart = "step.start",
    /// A step ends.
    StepEnd = "step.end",
    /// RNG, parameters, attachments, stdout and stderr, the test's own events.
    ScenarioEvent = "scenario.event",
    /// One `expect`.
    Assertion = "assertion",
    /// One Playwright API call.
    Action = "action",
    /// rrweb events that begin with a full snapshot.
    DomSnapshot = "dom.snapshot",
    /// Incremental rrweb events.
    DomMutation = "dom.mutation",
    /// A request leaves.
    NetworkRequest = "network.request",
    /// A response has arrived, with its body.
    NetworkResponse = "network.response",
    /// A request came to nothing.
    NetworkFailed = "network.failed",
    /// WebSocket life and frames.
    NetworkWs = "network.ws",
    /// Console output below error.
    ConsoleLog = "console.log",
    /// Console errors and uncaught page errors.
    ConsoleError = "console.error",
    /// A picture of a page.
    Screenshot = "screenshot",
    /// A video file and its place on the axis.
    Video = "video",
    /// Cookies, storage, history, scroll and form values.
    BrowserState = "browser.state",
    /// What a clone's state endpoint answered.
    CloneState = "clone.state",
    /// A clone's restorable snapshot.
    CloneSnapshot = "clone.snapshot",
    /// A clone's clock moved.
    ClockAdvance = "clock.advance",
    /// Chaos: an error was injected.
    ErrorInjection = "error_injection",
    /// Chaos: a delay was injected.
    LatencyInjection = "latency_injection",
    /// What an agent thought.
    AgentThought = "agent.thought",
    /// What an agent did.
    AgentAction = "agent.action",
    /// From here on a replayed test runs anew.
    ReplayStart = "replay.start",
    /// A request of a replay that is not quite the recorded one was answered out of the record.
    NetworkMatch = "network.match",
    /// A request of a replay that nothing recorded answers.
    NetworkMiss = "network.miss",
    /// Whether a replay stands where the record stood.
    ReplayFidelity = "replay.fidelity",
    /// What a replay saw come out otherwise than recorded.
    ReplayDivergence = "replay.divergence",
    /// What the record itself admits to be missing.
    CaptureNotice = "capture.notice",
}

impl FromStr for Kind {
    type Err = std::convert::Infallible;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(Self::from_name(name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_known_and_unknown() {
        for kind in Kind::KNOWN {
            assert_eq!(&Kind::from_name(kind.as_str()), kind);
        }
        assert_eq!(Kind::from_name("dom.hologram").as_str(), "dom.hologram");
    }
}
