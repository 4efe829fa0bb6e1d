//! Node binding of trace-core: glue, no decisions.
