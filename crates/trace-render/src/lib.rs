//! What differs between two traces, in lines for people, and the options that commands ask for it by: `molar-trace diff` and
//! `replay-runner diff` take the same and print the same. Pure, so that what is printed can be tested without a terminal.
#![forbid(unsafe_code)]

mod clones;
mod diff;
mod documents;
mod options;
mod paint;
mod units;

pub use diff::diff;
pub use options::DiffOptions;
pub use paint::{Paint, one_line, plain, status_sign};
pub use units::{bytes, duration};
