//! Events to lines and back.
