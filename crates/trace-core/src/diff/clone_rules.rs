//! Which part of a clone's state is compared, and which differences do not count: JMESPath, for both.

use jmespath::ast::Ast;
use serde_json::Value;
use thiserror::Error;

use super::json::{JsonOptions, Pattern};

/// Longer expressions are no expressions, and reading one recurses.
const LONGEST: usize = 1000;
/// Brackets and signs that an expression may be nested by.
const DEEPEST: usize = 100;
/// The name that means every clone.
const ALL: &str = "*";
/// Keys that clones set anew in every run.
const VOLATILE: &[&str] = &["created", "updated", "created_at", "updated_at", "idempotency_key"];

/// Why a rule was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloneRuleError {
    /// No clone is named.
    #[error("`{given}` names no clone; write NAME={what}, with `*` for every clone")]
    Form {
        /// What was given.
        given: String,
        /// What stands behind the name.
        what: &'static str,
    },
    /// One state cannot be compared as two.
    #[error("the clone `{clone}` has a projection already; put both into one: `{{a: …, b: …}}`")]
    Twice {
        /// The clone.
        clone: String,
    },
    /// No JMESPath.
    #[error("`{expression}` is no JMESPath expression: at character {at}, {reason}")]
    Expression {
        /// The expression.
        expression: String,
        /// Where, from 1.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// JMESPath that gives values and not places.
    #[error(
        "`{expression}` names no places to leave out: at character {at} stands {what}; fields, indices, `[*]`, `*` and `[]` do"
    )]
    Place {
        /// The expression.
        expression: String,
        /// Where about, from 1.
        at: usize,
        /// What stands there.
        what: &'static str,
    },
}

/// Rules by clone.
#[derive(Debug, Clone, Default)]
pub struct CloneRules {
    project: Vec<(String, String)>,
    ignore: Vec<(String, Pattern)>,
}

impl CloneRules {
    /// Reads what was given as `NAME=EXPRESSION` and `NAME=PATTERN`.
    pub fn parse(project: &[String], ignore: &[String]) -> Result<Self, CloneRuleError> {
        let mut rules = Self::default();
        for given in project {
            let (clone, expression) = named(given, "EXPRESSION")?;
            compile(expression)?;
            if rules.project.iter().any(|(known, _)| known == clone) {
                return Err(CloneRuleError::Twice { clone: clone.to_owned() });
            }
            rules.project.push((clone.to_owned(), expression.to_owned()));
        }
        for given in ignore {
            let (clone, text) = named(given, "PATTERN")?;
            rules.ignore.push((clone.to_owned(), pattern(text)?));
        }
        Ok(rules)
    }

    /// The expression for a clone; one of its own goes before the one for every clone.
    pub(super) fn projection(&self, clone: &str) -> Option<&str> {
        let of = |name: &str| self.project.iter().find(|(known, _)| known == name);
        of(clone).or_else(|| of(ALL)).map(|(_, expression)| expression.as_str())
    }

    /// What does not count in a clone's state.
    pub(super) fn options(&self, clone: &str) -> JsonOptions {
        let own = self.ignore.iter().filter(|(known, _)| known == clone || known == ALL);
        let usual = VOLATILE.iter().map(|key| Pattern::new(key));
        let ignore = usual.chain(own.map(|(_, pattern)| pattern.clone())).collect();
        JsonOptions { ignore, ..JsonOptions::default() }
    }
}

/// What an expression that was read once makes of a state; null where it fails on it, as JMESPath has it of what is not there.
pub(super) fn projected(expression: &str, state: &Value) -> Value {
    let found = compile(expression).ok().and_then(|read| read.search(state).ok());
    found.and_then(|found| serde_json::to_value(&*found).ok()).unwrap_or_default()
}

fn named<'g>(given: &'g str, what: &'static str) -> Result<(&'g str, &'g str), CloneRuleError> {
    let pair = given.split_once('=').filter(|(clone, rule)| !clone.is_empty() && !rule.is_empty());
    pair.ok_or_else(|| CloneRuleError::Form { given: given.to_owned(), what })
}

fn compile(expression: &str) -> Result<jmespath::Expression<'static>, CloneRuleError> {
    let refused = |at: usize, reason: String| CloneRuleError::Expression {
        expression: expression.chars().take(LONGEST).collect(),
        at,
        reason,
    };
    if expression.chars().count() > LONGEST {
        return Err(refused(LONGEST, format!("it goes on beyond {LONGEST} characters")));
    }
    let nests = |(_, c): &(usize, char)| matches!(c, '(' | '[' | '{' | '!' | '&');
    if let Some((at, _)) = expression.chars().enumerate().filter(nests).nth(DEEPEST) {
        return Err(refused(at + 1, format!("it has more than {DEEPEST} brackets and signs")));
    }
    jmespath::compile(expression).map_err(|error| {
        let told = error.reason.to_string();
        let reason = told.strip_prefix("Parse error: ").unwrap_or(&told);
        refused(error.offset + 1, reason.trim().to_owned())
    })
}

/// A JSON Pointer, a key that may stand anywhere, or a JMESPath expression that names places.
fn pattern(text: &str) -> Result<Pattern, CloneRuleError> {
    let is_key = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if is_key || text.starts_with('/') {
        return Ok(Pattern::new(text));
    }
    let mut parts = Vec::new();
    places(compile(text)?.as_ast(), &mut parts).map_err(|(at, what)| CloneRuleError::Place {
        expression: text.to_owned(),
        at: at + 1,
        what,
    })?;
    Ok(Pattern::at(parts))
}

/// The steps to the places that an expression gives the values of.
fn places(ast: &Ast, parts: &mut Vec<String>) -> Result<(), (usize, &'static str)> {
    let refused = |at: &usize, what: &'static str| Err((*at, what));
    match ast {
        Ast::Identity { .. } => Ok(()),
        Ast::Field { name, .. } => {
            parts.push(name.clone());
            Ok(())
        }
        Ast::Index { offset, idx } => match usize::try_from(*idx) {
            Ok(at) => {
                parts.push(at.to_string());
                Ok(())
            }
            Err(_) => refused(offset, "an index from the end"),
        },
        Ast::Subexpr { lhs, rhs, .. } => {
            places(lhs, parts)?;
            places(rhs, parts)
        }
        Ast::ObjectValues { node, .. } | Ast::Flatten { node, .. } => {
            places(node, parts)?;
            parts.push("*".to_owned());
            Ok(())
        }
        Ast::Projection { lhs, rhs, .. } => {
            places(lhs, parts)?;
            if !matches!(**lhs, Ast::ObjectValues { .. } | Ast::Flatten { .. }) {
                parts.push("*".to_owned());
            }
            places(rhs, parts)
        }
        Ast::Function { offset, .. } => refused(offset, "a function"),
        Ast::Slice { offset, .. } => refused(offset, "a slice"),
        Ast::Condition { offset, .. } => refused(offset, "a filter"),
        Ast::Literal { offset, .. } => refused(offset, "a value"),
        Ast::MultiList { offset, .. } | Ast::MultiHash { offset, .. } => {
            refused(offset, "a selection of several")
        }
        Ast::Comparison { offset, .. }
        | Ast::Expref { offset, .. }
        | Ast::Not { offset, .. }
        | Ast::And { offset, .. }
        | Ast::Or { offset, .. } => refused(offset, "a comparison"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::json::diff_json;
    use super::*;

    /// The pointers that are left of a change of everything.
    fn check(project: &str, ignore: &[&str], expect: &[&str]) {
        let state = |n: u64| json!({"charges": [{"id": "ch_1", "amount": n, "etag": n}], "customers": {"c1": {"etag": n, "name": n}}, "created": n});
        let project: Vec<String> =
            [project].iter().filter(|it| !it.is_empty()).map(|it| format!("stripe={it}")).collect();
        let ignore: Vec<String> = ignore.iter().map(|it| (*it).to_owned()).collect();
        let rules = CloneRules::parse(&project, &ignore).unwrap();
        let of = |n: u64| match rules.projection("stripe") {
            Some(expression) => projected(expression, &state(n)),
            None => state(n),
        };
        let found = diff_json(&of(1), &of(2), &rules.options("stripe"));
        let told: Vec<&str> = found.iter().map(|change| change.pointer.as_str()).collect();
        assert_eq!(told, expect, "{project:?} {ignore:?}");
    }

    #[test]
    fn a_projection_is_compared_and_what_is_ignored_is_not() {
        let all =
            ["/charges/0/amount", "/charges/0/etag", "/customers/c1/etag", "/customers/c1/name"];
        check("", &[], &all);
        check("", &["stripe=etag"], &[all[0], all[3]]);
        check("", &["other=etag"], &all);
        check("", &["*=/charges/**"], &all[2..]);
        check("", &["stripe=charges[*].etag", "stripe=customers.*.name"], &[all[0], all[2]]);
        check("", &["stripe=charges[0].amount", "stripe=customers.c1"], &[all[1]]);
        check("", &["stripe=charges[].amount"], &all[1..]);
        check("charges[*].amount", &[], &["/0"]);
        check("{n: length(charges), c: customers.c1.name}", &[], &["/c"]);
        check("{n: length(charges)}", &[], &[]);
        check("{e: charges[0].etag, a: charges[0].amount}", &["stripe=e"], &["/a"]);
    }

    #[test]
    fn a_wrong_rule_is_refused_with_its_place() {
        let check = |project: &[&str], ignore: &[&str], expect: &str| {
            let owned = |of: &[&str]| of.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
            let told = CloneRules::parse(&owned(project), &owned(ignore)).unwrap_err().to_string();
            assert!(told.contains(expect), "{told}");
        };
        check(&["charges"], &[], "`charges` names no clone; write NAME=EXPRESSION");
        check(&["=a"], &[], "names no clone");
        check(&[], &["stripe="], "write NAME=PATTERN");
        check(&["s=charges["], &[], "`charges[` is no JMESPath expression: at character ");
        check(&["s=a", "s=b"], &[], "`s` has a projection already");
        check(&[], &["s=length(a)"], "at character 7 stands a function");
        check(&[], &["s=a[?b].c"], "stands a filter");
        check(&[], &["s=a[-1]"], "stands an index from the end");
        check(&[], &["s=a[0:2]"], "stands a slice");
        check(&[&format!("s={}", "[".repeat(900))], &[], "more than 100 brackets");
        check(&[&format!("s={}", "a".repeat(2000))], &[], "beyond 1000 characters");
    }
}
