//! Why a text is no query, where exactly, and what to write instead.

use std::fmt::Write as _;

use thiserror::Error;

/// What is wrong at the position.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nothing but white space.
    #[error(
        "the query is empty; write a condition such as `kind=network.response AND status>=400`"
    )]
    Empty,
    /// Longer than 16 KiB.
    #[error("the query has `{0}` bytes, more than 16384")]
    TooLong(usize),
    /// Nested too deep.
    #[error("more than 64 levels of parentheses and NOT")]
    TooDeep,
    /// Something else should stand here.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What should stand here.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// A field that cannot exist, such as `seq.x`.
    #[error("there is no field `{field}`: `{envelope}` is a plain value of every event")]
    UnknownField {
        /// What was asked for.
        field: String,
        /// The envelope field it begins with.
        envelope: &'static str,
    },
    /// A path with an empty part.
    #[error("the path has an empty part; write `a.b` or `a[\"odd key\"]`")]
    BadPath,
    /// An operator of another language.
    #[error("unknown operator `{0}`; {1}")]
    UnknownOperator(String, &'static str),
    /// An operator that this field cannot answer.
    #[error("`{field}` cannot be asked with `{operator}`; {instead}")]
    WrongOperator {
        /// The field.
        field: &'static str,
        /// The operator.
        operator: &'static str,
        /// What to write.
        instead: &'static str,
    },
    /// Not closed, or closed without having been opened.
    #[error("unbalanced parenthesis")]
    Unbalanced,
    /// A quote that never closes.
    #[error("the quoted text never ends")]
    UnclosedQuote,
    /// An escape that does not exist.
    #[error("unknown escape `\\{0}` in quoted text")]
    BadEscape(char),
    /// A regular expression that does not compile.
    #[error("bad regular expression: {0}")]
    BadRegex(String),
    /// A number is wanted.
    #[error("`{0}` is not a number")]
    BadNumber(String),
    /// A range whose ends are swapped or missing.
    #[error("`{0}` is not a range such as `10..20`, `10..` or `..20`")]
    BadRange(String),
    /// No value behind the operator.
    #[error("the value is missing; write \"\" for the empty text")]
    EmptyValue,
}

/// A query that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (at byte `{position}`)")]
pub struct QueryError {
    /// Byte offset of the fault in the query's text.
    pub position: usize,
    /// How many bytes it takes; 0 at the end of the text.
    pub length: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl QueryError {
    /// The line of the fault with a caret under it and the message, for terminals and agents.
    pub fn render(&self, source: &str) -> String {
        let at = floor_boundary(source, self.position);
        let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        let indent = source[line_start..at].chars().count();
        let end = floor_boundary(source, (at + self.length).min(line_start + line.len()).max(at));
        let carets = source[at..end].chars().count().max(1);
        let mut text = String::new();
        let _ = write!(text, "{line}\n{:indent$}{:^<carets$} {}", "", "", self.problem);
        text
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Something that parses but probably does not say what was meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QueryDiagnostic {
    /// Stable code: `unknown_kind`, `unknown_field`, `literal_wildcard`.
    pub code: &'static str,
    /// Byte offset in the query's text.
    pub position: usize,
    /// How many bytes it takes.
    pub length: usize,
    /// What to know.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}
