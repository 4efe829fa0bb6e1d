//! One condition: which field, and what is asked of it.

use super::error::{Problem, QueryError};
use super::expr::{Condition, Literal, Segment, StepWanted, Test};
use super::lex::{Spanned, is_word};
use super::operator::Operator;
use super::parse::{Parsed, Parser};
use super::value::{Members, text_of, whole};
use super::{KindPattern, names};

impl Parser<'_> {
    pub(super) fn exists(&mut self) -> Parsed<Condition> {
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

    pub(super) fn condition(&mut self) -> Parsed<Condition> {
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

fn dotted(path: &[Segment]) -> String {
    path.iter().map(|segment| segment.name.as_str()).collect::<Vec<_>>().join(".")
}

pub(super) fn wrong(
    field: &'static str,
    operator: &Spanned<Operator>,
    instead: &'static str,
) -> QueryError {
    let name = operator.value.name();
    let problem = Problem::WrongOperator { field, operator: name, instead };
    QueryError { position: operator.start, length: name.len(), problem }
}
