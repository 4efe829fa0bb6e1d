//! Asking a trace.
