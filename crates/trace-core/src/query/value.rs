//! What stands behind the operator, and the test it makes.

use regex::{Regex, RegexBuilder};

use super::condition::wrong;
use super::error::{Problem, QueryError};
use super::expr::{Literal, Test, parse_number};
use super::lex::{Spanned, is_word};
use super::names;
use super::operator::Operator;
use super::parse::{Parsed, Parser};

/// What one compiled pattern may take; a hostile `a{1000}{1000}` is refused instead of filling memory.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// What stands behind `in`.
pub(super) enum Members {
    List(Vec<Spanned<Literal>>),
    Range { low: Option<f64>, high: Option<f64> },
}

impl Parser<'_> {
    /// A value: quoted text or a word.
    pub(super) fn value(&mut self) -> Parsed<Spanned<Literal>> {
        self.lexer.skip_space();
        let start = self.lexer.at;
        if let Some(text) = self.lexer.quoted()? {
            return Ok(Spanned { value: Literal::Text(text), start });
        }
        let word = self.lexer.run(is_word);
        if word.is_empty() {
            return Err(match self.lexer.peek() {
                Some('=' | '!' | '<' | '>' | '~') => self.unknown_operator(),
                _ => self.lexer.error(start, Problem::EmptyValue),
            });
        }
        Ok(Spanned { value: Literal::of_word(word), start })
    }

    pub(super) fn members(&mut self) -> Parsed<Members> {
        self.lexer.skip_space();
        let open = self.lexer.at;
        if self.lexer.eat('(') {
            let mut list = vec![self.value()?];
            while self.lexer.eat(',') {
                list.push(self.value()?);
            }
            return if self.lexer.eat(')') {
                Ok(Members::List(list))
            } else if self.lexer.peek().is_none() {
                Err(QueryError { position: open, length: 1, problem: Problem::Unbalanced })
            } else {
                Err(self.lexer.expected("`,` or `)`"))
            };
        }
        let word = self.lexer.run(is_word);
        let bad = |parser: &Self| {
            let problem = if word.is_empty() {
                Problem::EmptyValue
            } else {
                Problem::BadRange(word.to_owned())
            };
            parser.lexer.error(open, problem)
        };
        let (low, high) = word.split_once("..").ok_or_else(|| bad(self))?;
        let end = |text: &str| match text.strip_prefix('s').unwrap_or(text) {
            "" => Ok(None),
            digits => parse_number(digits).map(Some).ok_or_else(|| bad(self)),
        };
        let (low, high) = (end(low)?, end(high)?);
        let swapped = matches!((low, high), (Some(low), Some(high)) if low > high);
        if swapped || (low.is_none() && high.is_none()) {
            return Err(bad(self));
        }
        Ok(Members::Range { low, high })
    }

    pub(super) fn test(&mut self, operator: Spanned<Operator>) -> Parsed<Test> {
        let negated = operator.value.negated();
        match operator.value {
            Operator::Equals | Operator::Differs => {
                let value = self.value()?;
                self.diagnostics.extend(names::check_wildcard(&value));
                Ok(Test::Equals { any: vec![value.value], negated })
            }
            Operator::Compare(relation) => {
                let quoted = self.next_is_quote();
                let value = self.value()?;
                match value.value {
                    literal @ Literal::Number { .. } => Ok(Test::Compare(relation, literal)),
                    literal @ Literal::Text(_) if quoted => Ok(Test::Compare(relation, literal)),
                    other => {
                        Err(self.lexer.error(value.start, Problem::BadNumber(text_of(&other))))
                    }
                }
            }
            Operator::Contains => {
                let value = self.value()?;
                let pattern = format!("(?i){}", regex::escape(&text_of(&value.value)));
                let regex = self.compile(&Spanned { value: pattern, start: value.start })?;
                Ok(Test::Pattern { regex, negated: false })
            }
            Operator::Matches | Operator::MatchesNot => {
                let pattern = self.lexer.regex()?;
                Ok(Test::Pattern { regex: self.compile(&pattern)?, negated })
            }
            Operator::In | Operator::NotIn => self.membership(negated, &operator),
        }
    }

    fn membership(&mut self, negated: bool, operator: &Spanned<Operator>) -> Parsed<Test> {
        match self.members()? {
            Members::List(list) => Ok(Test::Equals {
                any: list.into_iter().map(|value| value.value).collect(),
                negated,
            }),
            Members::Range { .. } if negated => {
                Err(wrong("a range", operator, "write `NOT status in 200..299`"))
            }
            Members::Range { low, high } => {
                Ok(Test::Between(low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)))
            }
        }
    }

    fn next_is_quote(&mut self) -> bool {
        self.lexer.skip_space();
        matches!(self.lexer.peek(), Some('"' | '\''))
    }

    fn compile(&self, pattern: &Spanned<String>) -> Parsed<Regex> {
        RegexBuilder::new(&pattern.value).size_limit(MAX_REGEX_BYTES).build().map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.lexer.error(pattern.start, Problem::BadRegex(last.to_owned()))
        })
    }
}

pub(super) fn text_of(literal: &Literal) -> String {
    match literal {
        Literal::Number { text, .. } | Literal::Text(text) => text.clone(),
        Literal::Bool(value) => value.to_string(),
        Literal::Null => "null".to_owned(),
    }
}

/// The whole number at or above `value`, which is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what an open end means"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.ceil() as u64
}
