//! Reads a trace from Rust and prints its failed step.

fn main() {}
