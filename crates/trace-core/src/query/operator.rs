//! The operator between field and value.

use super::error::{Problem, QueryError};
use super::expr::Relation;
use super::lex::Spanned;
use super::parse::{Parsed, Parser};

/// The operator between field and value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    Differs,
    Compare(Relation),
    Contains,
    Matches,
    MatchesNot,
    In,
    NotIn,
}

impl Operator {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::Differs => "!=",
            Self::Compare(Relation::Less) => "<",
            Self::Compare(Relation::AtMost) => "<=",
            Self::Compare(Relation::Greater) => ">",
            Self::Compare(Relation::AtLeast) => ">=",
            Self::Contains => "contains",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }

    fn of_symbol(symbol: &str) -> Result<Self, &'static str> {
        match symbol {
            "=" => Ok(Self::Equals),
            "!=" => Ok(Self::Differs),
            "<" => Ok(Self::Compare(Relation::Less)),
            "<=" => Ok(Self::Compare(Relation::AtMost)),
            ">" => Ok(Self::Compare(Relation::Greater)),
            ">=" => Ok(Self::Compare(Relation::AtLeast)),
            "~=" => Ok(Self::Contains),
            "=~" => Ok(Self::Matches),
            "!~" => Ok(Self::MatchesNot),
            "==" | "===" => Err("write `=`"),
            "<>" | "!==" => Err("write `!=`"),
            "&&" | "&" => Err("write `AND`"),
            "||" | "|" => Err("write `OR`"),
            "!" => Err("write `NOT`"),
            "~" => Err("write `~=` for contains or `=~` for a regular expression"),
            "=<" => Err("write `<=`"),
            "=>" => Err("write `>=`"),
            _ => Err("known are = != < <= > >= ~= =~ !~ contains in"),
        }
    }

    pub(super) fn negated(self) -> bool {
        matches!(self, Self::Differs | Self::MatchesNot | Self::NotIn)
    }
}

impl Parser<'_> {
    pub(super) fn operator(&mut self) -> Parsed<Spanned<Operator>> {
        self.lexer.skip_space();
        let start = self.lexer.at;
        let spanned = |value| Ok(Spanned { value, start });
        if self.lexer.keyword("contains") {
            return spanned(Operator::Contains);
        }
        if self.lexer.keyword("in") {
            return spanned(Operator::In);
        }
        if self.lexer.keyword("not") {
            return if self.lexer.keyword("in") {
                spanned(Operator::NotIn)
            } else {
                Err(self.lexer.expected("`in` after `not`"))
            };
        }
        let symbol = self.lexer.operator();
        if symbol.value.is_empty() {
            return Err(self.lexer.expected("an operator such as `=`, `>=` or `contains`"));
        }
        Operator::of_symbol(symbol.value).map(|value| Spanned { value, start }).map_err(|hint| {
            let problem = Problem::UnknownOperator(symbol.value.to_owned(), hint);
            self.lexer.error(symbol.start, problem)
        })
    }

    pub(super) fn unknown_operator(&mut self) -> QueryError {
        let symbol = self.lexer.operator();
        let hint = Operator::of_symbol(symbol.value).err().unwrap_or("a field comes first");
        self.lexer.error(symbol.start, Problem::UnknownOperator(symbol.value.to_owned(), hint))
    }
}
