//! What a recorded run needs to be carried out again: decided here as values, acted on elsewhere.
//!
//! `network` answers the requests of a replay out of the recording.

pub mod network;
