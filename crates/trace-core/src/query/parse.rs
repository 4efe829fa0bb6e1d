//! Text to query.

use super::error::{Problem, QueryDiagnostic, QueryError};
use super::expr::{Condition, Expr, Test};
use super::hints::Hints;
use super::lex::Lexer;

const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPTH: usize = 64;

/// A parsed query, ready to be asked of many events.
#[derive(Debug, Clone)]
pub struct Query {
    pub(super) expr: Expr,
    pub(super) hints: Hints,
    diagnostics: Vec<QueryDiagnostic>,
}

impl Query {
    /// Parses the text; the error says where it went wrong.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { lexer: Lexer { text, at: 0 }, depth: 0, diagnostics: Vec::new() };
        if text.len() > MAX_BYTES {
            return Err(parser.lexer.error(0, Problem::TooLong(text.len())));
        }
        if text.trim().is_empty() {
            return Err(QueryError { position: 0, length: 0, problem: Problem::Empty });
        }
        let expr = parser.any_of()?;
        parser.end()?;
        Ok(Self::of(expr, parser.diagnostics))
    }

    /// A query that every event answers.
    pub fn all() -> Self {
        Self::of(Expr::And(Vec::new()), Vec::new())
    }

    /// Both this query and the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut diagnostics = self.diagnostics;
        diagnostics.extend(other.diagnostics);
        Self::of(Expr::And(vec![self.expr, other.expr]), diagnostics)
    }

    pub(super) fn of(expr: Expr, diagnostics: Vec<QueryDiagnostic>) -> Self {
        let expr = cheapest_first(expr);
        Self { hints: Hints::of(&expr), expr, diagnostics }
    }

    /// Parts that parse but probably do not say what was meant, such as a misspelt kind.
    pub fn diagnostics(&self) -> &[QueryDiagnostic] {
        &self.diagnostics
    }
}

impl std::str::FromStr for Query {
    type Err = QueryError;
    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

/// Envelope conditions before payload ones, so that most lines are settled without looking into them.
fn cheapest_first(expr: Expr) -> Expr {
    let sorted = |parts: Vec<Expr>| {
        let mut parts: Vec<Expr> = parts.into_iter().map(cheapest_first).collect();
        parts.sort_by_key(cost);
        parts
    };
    match expr {
        Expr::And(parts) => Expr::And(sorted(parts)),
        Expr::Or(parts) => Expr::Or(sorted(parts)),
        Expr::Not(inner) => Expr::Not(Box::new(cheapest_first(*inner))),
        is @ Expr::Is(_) => is,
    }
}

fn cost(expr: &Expr) -> u32 {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().map(cost).sum(),
        Expr::Not(inner) => cost(inner),
        Expr::Is(Condition::Kind { .. }) => 0,
        Expr::Is(Condition::Step { .. } | Condition::Seq(_) | Condition::Ts(_)) => 1,
        Expr::Is(Condition::Payload { test: Test::Pattern { .. }, .. }) => 20,
        Expr::Is(Condition::Payload { .. }) => 10,
    }
}

/// Reads the text from left to right; conditions and values are read in files of their own.
pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    depth: usize,
    pub(super) diagnostics: Vec<QueryDiagnostic>,
}

pub(super) type Parsed<T> = Result<T, QueryError>;

impl Parser<'_> {
    fn end(&mut self) -> Parsed<()> {
        self.lexer.skip_space();
        match self.lexer.peek() {
            None => Ok(()),
            Some(')') => Err(self.lexer.error(self.lexer.at, Problem::Unbalanced)),
            Some('&' | '|') => Err(self.unknown_operator()),
            Some(_) => Err(self.lexer.expected("AND, OR or the end of the query")),
        }
    }

    fn any_of(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.all_of()?];
        while self.lexer.keyword("or") {
            parts.push(self.all_of()?);
        }
        Ok(joined(parts, Expr::Or))
    }

    fn all_of(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.one()?];
        while self.lexer.keyword("and") {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Expr::And))
    }

    fn one(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.error(self.lexer.at, Problem::TooDeep));
        }
        let one = self.one_of_any_depth();
        self.depth -= 1;
        one
    }

    fn one_of_any_depth(&mut self) -> Parsed<Expr> {
        if self.lexer.keyword("not") {
            return Ok(Expr::Not(Box::new(self.one()?)));
        }
        self.lexer.skip_space();
        let open = self.lexer.at;
        if self.lexer.eat('(') {
            let inner = self.any_of()?;
            self.close(open)?;
            return Ok(inner);
        }
        if self.lexer.keyword("exists") {
            return self.exists().map(Expr::Is);
        }
        self.condition().map(Expr::Is)
    }

    pub(super) fn close(&mut self, open: usize) -> Parsed<()> {
        if self.lexer.eat(')') {
            return Ok(());
        }
        match self.lexer.peek() {
            None => {
                let at_open =
                    QueryError { position: open, length: 1, problem: Problem::Unbalanced };
                Err(at_open)
            }
            Some('&' | '|') => Err(self.unknown_operator()),
            Some(_) => Err(self.lexer.expected("AND, OR or `)`")),
        }
    }
}

fn joined(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
