//! What a trace must not say.
