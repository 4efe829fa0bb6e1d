//! The server from outside: a real listener, a private directory, real requests.

mod app;
mod auth;
mod catalog;
mod crash;
mod faults;
mod ingest;
mod isolation;
mod jobs;
mod openapi;
mod query;
mod recording;
mod sql;
mod stream;
