//! The companion server: ingest, keep, finish, answer.
