//! Asking a trace: `kind=network.response AND status>=400`.
//!
//! - `kind=network.*` · `step=s7` (the step and all inside it) · `step in 5..7` (numbers of top-level steps) · `ts in 1000..2000`
//! - `status>=400` · `url contains checkout` (or `~=`; case does not matter) · `text =~ /time(d )?out/i` · `!~`
//! - `method in (POST, PUT)` · `exists(error)` · `headers.content-type contains json` · `errors[0].message="…"`
//! - `AND` binds tighter than `OR`; `NOT` and parentheses as usual.
//!
//! A comparison with a field that an event does not have is false, `!=` included; `NOT status=200` also finds events without a status.

mod cache;
mod condition;
mod error;
mod expr;
mod filter;
mod hints;
mod index;
mod kinds;
mod lex;
mod lookup;
mod names;
mod operator;
mod parse;
mod run;
#[cfg(test)]
mod run_tests;
mod slice;
mod target;
#[cfg(test)]
mod tests;
mod value;

pub use cache::QueryCache;
pub use error::{Problem, QueryDiagnostic, QueryError};
pub use filter::Context;
pub use index::StepIndex;
pub use kinds::KindPattern;
pub use parse::Query;
pub use run::{Answers, run, steps_of};
pub use slice::Slice;
