//! A trace made into a file of another tool. Values are built from events alone; contents come from whoever opened the trace.

mod bodies;
mod exchange;
mod har;
mod markdown;
mod ndjson;
mod playwright;

pub(crate) use bodies::Bodies;
pub(crate) use har::har;
pub(crate) use markdown::markdown;
pub(crate) use ndjson::inlined;
pub(crate) use playwright::zip as playwright_zip;
