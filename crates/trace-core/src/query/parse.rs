//! Text to query.

use regex::{Regex, RegexBuilder};

use super::error::{Problem, QueryDiagnostic, QueryError};
use super::expr::{Condition, Expr, Literal, Relation, Segment, StepWanted, Test, parse_number};
use super::hints::Hints;
use super::lex::{Lexer, Spanned, is_word};
use super::{KindPattern, names};

const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPTH: usize = 64;
/// What one compiled pattern may take; a hostile `a{1000}{1000}` is refused instead of filling memory.
const MAX_REGEX_BYTES: usize = 1 << 20;

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

struct Parser<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    diagnostics: Vec<QueryDiagnostic>,
}

/// The operator between field and value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
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
    fn name(self) -> &'static str {
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

    fn negated(self) -> bool {
        matches!(self, Self::Differs | Self::MatchesNot | Self::NotIn)
    }
}

/// What stands behind `in`.
enum Members {
    List(Vec<Spanned<Literal>>),
    Range { low: Option<f64>, high: Option<f64> },
}

type Parsed<T> = Result<T, QueryError>;

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

    fn unknown_operator(&mut self) -> QueryError {
        let symbol = self.lexer.operator();
        let hint = Operator::of_symbol(symbol.value).err().unwrap_or("a field comes first");
        self.lexer.error(symbol.start, Problem::UnknownOperator(symbol.value.to_owned(), hint))
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

    fn close(&mut self, open: usize) -> Parsed<()> {
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

    fn exists(&mut self) -> Parsed<Condition> {
        let open = self.lexer.at;
        if !self.lexer.eat('(') {
            return Err(self.lexer.expected("`(` after exists"));
        }
        let path = self.lexer.path()?;
        self.close(open)?;
        match path.value.as_slice() {
            [only] if matches!(only.name.as_str(), "ts" | "seq" | "kind") => {
                Ok(Condition::Kind { any: Vec::new(), negated: true })
            }
            [only] if matches!(only.name.as_str(), "step" | "step_id") => {
                Ok(Condition::Step { any: Vec::new(), negated: true })
            }
            _ => self.payload(path, Test::Exists),
        }
    }

    fn condition(&mut self) -> Parsed<Condition> {
        self.lexer.skip_space();
        match self.lexer.peek() {
            None => return Err(self.lexer.expected("a condition such as `status>=400`")),
            Some(ch) if !is_word(ch) && !matches!(ch, '"' | '\'') => {
                return Err(match ch {
                    ')' => self.lexer.error(self.lexer.at, Problem::Unbalanced),
                    '(' | ',' => self.lexer.expected("a condition such as `status>=400`"),
                    _ => self.unknown_operator(),
                });
            }
            Some(_) => {}
        }
        let path = self.lexer.path()?;
        let operator = self.operator()?;
        match path.value.as_slice() {
            [only] if only.name == "kind" => self.kind(operator),
            [only] if matches!(only.name.as_str(), "step" | "step_id") => {
                self.step(operator, only.name == "step")
            }
            [only] if only.name == "ts" => self.numeric("ts", operator).map(Condition::Ts),
            [only] if only.name == "seq" => self.numeric("seq", operator).map(Condition::Seq),
            _ => {
                let test = self.test(operator)?;
                self.payload(path, test)
            }
        }
    }

    fn operator(&mut self) -> Parsed<Spanned<Operator>> {
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

    /// A value: quoted text or a word.
    fn value(&mut self) -> Parsed<Spanned<Literal>> {
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

    fn members(&mut self) -> Parsed<Members> {
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

    fn kind(&mut self, operator: Spanned<Operator>) -> Parsed<Condition> {
        let values = match operator.value {
            Operator::Equals | Operator::Differs => vec![self.value()?],
            Operator::In | Operator::NotIn => match self.members()? {
                Members::List(list) => list,
                Members::Range { .. } => {
                    return Err(wrong("kind", &operator, "write `kind in (a, b)`"));
                }
            },
            Operator::Contains => {
                let value = self.value()?;
                let text = format!("*{}*", text_of(&value.value));
                return Ok(Condition::Kind { any: vec![KindPattern::new(text)], negated: false });
            }
            _ => {
                return Err(wrong("kind", &operator, "write `kind=network.*` or `kind in (a, b)`"));
            }
        };
        let mut any = Vec::new();
        for value in values {
            let pattern = KindPattern::new(text_of(&value.value));
            self.diagnostics.extend(names::check_kind(&pattern, value.start));
            any.push(pattern);
        }
        Ok(Condition::Kind { any, negated: operator.value.negated() })
    }

    fn step(&mut self, operator: Spanned<Operator>, inside: bool) -> Parsed<Condition> {
        let field = if inside { "step" } else { "step_id" };
        let wanted = |literal: Literal| match literal {
            Literal::Number { value, .. } if inside && value >= 0.0 => {
                let number = whole(value);
                StepWanted::Numbers(number, number)
            }
            literal if inside => StepWanted::Within(text_of(&literal)),
            literal => StepWanted::Exactly(text_of(&literal)),
        };
        let any = match operator.value {
            Operator::Equals | Operator::Differs => vec![wanted(self.value()?.value)],
            Operator::In | Operator::NotIn => match self.members()? {
                Members::List(list) => list.into_iter().map(|value| wanted(value.value)).collect(),
                Members::Range { low, high } => {
                    let end = |end: Option<f64>, open| end.map_or(open, whole);
                    vec![StepWanted::Numbers(end(low, 0), end(high, u64::MAX))]
                }
            },
            _ => return Err(wrong(field, &operator, "write `step=s7` or `step in 5..7`")),
        };
        Ok(Condition::Step { any, negated: operator.value.negated() })
    }

    /// `ts` and `seq`: only numbers make sense.
    fn numeric(&mut self, field: &'static str, operator: Spanned<Operator>) -> Parsed<Test> {
        if matches!(operator.value, Operator::Contains | Operator::Matches | Operator::MatchesNot) {
            return Err(wrong(
                field,
                &operator,
                "compare it with numbers, or write `seq in 10..20`",
            ));
        }
        self.lexer.skip_space();
        let start = self.lexer.at;
        let test = self.test(operator)?;
        let literals: &[Literal] = match &test {
            Test::Equals { any, .. } => any,
            Test::Compare(_, literal) => std::slice::from_ref(literal),
            _ => &[],
        };
        match literals.iter().find(|literal| !matches!(literal, Literal::Number { .. })) {
            Some(other) => Err(self.lexer.error(start, Problem::BadNumber(text_of(other)))),
            None => Ok(test),
        }
    }

    fn test(&mut self, operator: Spanned<Operator>) -> Parsed<Test> {
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

    fn payload(&mut self, path: Spanned<Vec<Segment>>, test: Test) -> Parsed<Condition> {
        let envelope = ["ts", "seq", "kind", "step_id"];
        let first = path.value.first().map_or("", |segment| segment.name.as_str());
        if path.value.len() > 1
            && let Some(envelope) = envelope.into_iter().find(|name| *name == first)
        {
            let field = dotted(&path.value);
            let length = field.len();
            let problem = Problem::UnknownField { field, envelope };
            return Err(QueryError { position: path.start, length, problem });
        }
        self.diagnostics.extend(names::check_field(first, path.start));
        Ok(Condition::Payload { path: path.value, test })
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

fn dotted(path: &[Segment]) -> String {
    path.iter().map(|segment| segment.name.as_str()).collect::<Vec<_>>().join(".")
}

fn text_of(literal: &Literal) -> String {
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
fn whole(value: f64) -> u64 {
    value.ceil() as u64
}

fn wrong(field: &'static str, operator: &Spanned<Operator>, instead: &'static str) -> QueryError {
    let name = operator.value.name();
    let problem = Problem::WrongOperator { field, operator: name, instead };
    QueryError { position: operator.start, length: name.len(), problem }
}
