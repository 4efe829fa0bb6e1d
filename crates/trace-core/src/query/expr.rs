//! The parsed query: conditions joined by AND, OR and NOT.

use regex::Regex;

use super::KindPattern;

/// One condition or several of them joined.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Is(Condition),
}

/// A question with a yes or no answer about one event.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// The kind is (or, negated, is not) one of these.
    Kind { any: Vec<KindPattern>, negated: bool },
    /// The event lies in (or, negated, has a step outside of) one of these steps.
    Step { any: Vec<StepWanted>, negated: bool },
    /// The event's time in milliseconds.
    Ts(Test),
    /// The event's number.
    Seq(Test),
    /// Any other field.
    Payload { path: Vec<Segment>, test: Test },
}

/// Which steps are meant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepWanted {
    /// The step of that id and everything inside it.
    Within(String),
    /// Exactly the step of that id.
    Exactly(String),
    /// Top-level steps by number, both ends included.
    Numbers(u64, u64),
}

/// One part of a path: a name, and the place it names in an array when it is a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) place: Option<usize>,
}

/// What is asked of a value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Exists,
    Equals {
        any: Vec<Literal>,
        negated: bool,
    },
    Compare(Relation, Literal),
    /// Both ends included; an open end is infinite.
    Between(f64, f64),
    Pattern {
        regex: Regex,
        negated: bool,
    },
}

/// An order relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Relation {
    pub(super) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Number { value: f64, text: String },
    Text(String),
    Bool(bool),
    Null,
}

impl Literal {
    /// What an unquoted word means.
    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "null" => Self::Null,
            _ => match parse_number(word) {
                Some(value) => Self::Number { value, text: word.to_owned() },
                None => Self::Text(word.to_owned()),
            },
        }
    }
}

/// A finite decimal number; `inf`, `nan` and hexadecimal are words.
pub(super) fn parse_number(word: &str) -> Option<f64> {
    let digits = word.bytes().any(|b| b.is_ascii_digit());
    let shape =
        word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if digits && shape { word.parse().ok().filter(|n: &f64| n.is_finite()) } else { None }
}
