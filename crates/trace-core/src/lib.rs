#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod blob; // 5  big payloads by name
pub mod chunk; // 4  lines <-> compressed frames
pub mod diff; // 9  two traces side by side
pub mod dom; // 10 recorded documents
#[cfg(feature = "edge")]
pub mod edge; // 12 the only room with files, threads, clocks and sockets
pub mod event; // 1  what a trace can say
pub mod ndjson; // 3  events <-> lines
pub mod query; // 8  asking
pub mod redact; // 2  what a trace must not say
pub mod replay; // 11 a recorded run carried out again
mod scan; // JSON text walked in place, for redact, trace and query
pub mod ship; // 6  what to send next, without a socket
pub mod trace; // 7  a whole trace read back

pub use event::{Event, Kind, Payload, Seq, ShortId, StepId, Timestamp, TraceId};
