//! Node binding of trace-core: glue, no decisions.
//!
//! Rooms that JavaScript sees are public, in the order it meets them; behind them lies the way of one event:
//! ring → feed → the core's recorder.

#![expect(clippy::needless_pass_by_value, reason = "Node-API hands every argument over by value")]

pub mod check;
pub mod cli;
pub mod error;
pub mod options;
pub mod reader;
pub mod recorder;
pub mod recover;
pub mod replay;
pub mod replay_cli;
pub mod report;
pub mod vault;

mod background;
mod drainer;
mod feed;
mod ring;
mod trace_files;
