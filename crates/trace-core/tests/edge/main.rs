//! The recorder and its companions against real files, processes and sockets.

mod kit;
mod local;
