//! The state of clones in two traces, at the end of a step or of the test.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::Side;
use super::clone_rules::{CloneRules, projected};
use super::json::{JsonChange, diff_json};
use crate::event::{CloneState, Event, Kind, Seq};
use crate::trace::{Step, StepTree};

/// One clone whose states differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CloneRow {
    /// The clone.
    pub clone: String,
    /// The event of its state in A; none when A tells nothing of it.
    pub a: Option<Seq>,
    /// The same in B.
    pub b: Option<Seq>,
    /// What differs, in the order of pointers; empty when a state cannot be read.
    pub changes: Vec<JsonChange>,
    /// How many further changes there are.
    pub more: usize,
    /// The expression whose values were compared; pointers lead into those. None where the whole states were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection: Option<String>,
}

/// More changes than this are counted.
const MOST_CHANGES: usize = 200;

/// The clones whose states differ at the end of the top-level step of that number, or at the end of both traces.
pub fn clone_states(
    a: &Side<'_>,
    b: &Side<'_>,
    step: Option<u64>,
    rules: &CloneRules,
) -> Vec<CloneRow> {
    let (left, right) = (last(a.events, step), last(b.events, step));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let row = |name: &String| {
        let (one, other) = (left.get(name), right.get(name));
        let projection = rules.projection(name);
        let same = one.zip(other).is_some_and(|(one, other)| one.1.state == other.1.state);
        if same {
            return None;
        }
        let read = |side: &Side<'_>, found: Option<&(Seq, CloneState)>| -> Option<Value> {
            let (_, state) = found?;
            let bytes = match state.state.blob_id() {
                Some(id) => (side.blob)(&id)?,
                None => state.state.inline_bytes()?,
            };
            let state: Value = serde_json::from_slice(&bytes).ok()?;
            Some(projection.map_or_else(|| state.clone(), |said| projected(said, &state)))
        };
        let values = (read(a, one), read(b, other));
        let mut changes = match &values {
            (Some(one), Some(other)) => diff_json(one, other, &rules.options(name)),
            _ => Vec::new(),
        };
        let is_read = values.0.is_some() && values.1.is_some();
        // Two spellings of one state, or only what is new in every run.
        if is_read && changes.is_empty() {
            return None;
        }
        let more = changes.len().saturating_sub(MOST_CHANGES);
        changes.truncate(MOST_CHANGES);
        let (a, b) = (one.map(|found| found.0), other.map(|found| found.0));
        let projection = projection.map(str::to_owned);
        Some(CloneRow { clone: name.clone(), a, b, changes, more, projection })
    };
    names.into_iter().filter_map(row).collect()
}

/// The last state of each clone up to there.
fn last(events: &[Event], step: Option<u64>) -> BTreeMap<String, (Seq, CloneState)> {
    let until_ms = step.map_or(f64::MAX, |number| end_ms(events, number));
    let states = events.iter().filter(|event| event.kind == Kind::CloneState);
    let mut found = BTreeMap::new();
    for event in states.filter(|event| event.ts.as_ms() <= until_ms) {
        if let Ok(state) = event.payload.read::<CloneState>("clone.state") {
            found.insert(state.clone.clone(), (event.seq, state));
        }
    }
    found
}

/// When the step's state is known: a clone is read once more when a step has ended, just before its snapshot is saved.
fn end_ms(events: &[Event], number: u64) -> f64 {
    let tree = StepTree::build(events);
    let Some(step) = tree.numbered(number) else { return f64::MAX };
    let end = step.end_ms.unwrap_or(f64::MAX);
    let of_step = |event: &&Event| {
        let is_step = |step: &Step| event.step_id.as_ref() == Some(&step.id);
        event.kind == Kind::CloneSnapshot && is_step(step)
    };
    events.iter().filter(of_step).map(|event| event.ts.as_ms()).fold(end, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson;

    const SNAPSHOT: &str = r#""kind":"clone.snapshot","step_id":"s1","clone":"stripe","run":"r","when":"after","epoch":0,"rev":1,"schema":"v","clock_ms":1,"snapshot":{"size":0,"media_type":"x","text":""}"#;

    fn events(states: [&str; 2]) -> Vec<Event> {
        let state = |text: &str| {
            let content = serde_json::json!({"size": text.len(), "media_type": "application/json", "text": text});
            format!(
                r#""kind":"clone.state","clone":"stripe","run":"r","epoch":0,"rev":1,"digest":"d","state":{content}"#
            )
        };
        let step = |n: u64, kind: &str, rest: &str| {
            format!(r#""kind":"step.{kind}","step_id":"s{n}"{rest}"#)
        };
        let begin = r#","title":"t","category":"test.step","path":["t"]"#;
        let end = r#","status":"passed","duration_ms":1"#;
        let lines = [
            step(1, "start", begin),
            step(1, "end", end),
            step(2, "start", begin),
            state(states[0]),
            SNAPSHOT.to_owned(),
            state(states[1]),
            step(2, "end", end),
        ];
        let lines = lines.iter().enumerate();
        let lines: String = lines
            .map(|(n, line)| format!("{{\"ts\":{},\"seq\":{},{line}}}\n", n + 1, n + 1))
            .collect();
        let decoded = ndjson::decode(lines.as_bytes());
        assert_eq!(decoded.events.len(), 7, "{lines}");
        decoded.events
    }

    fn check(a: [&str; 2], b: [&str; 2], step: Option<u64>, expect: &[(&str, u64)]) {
        let (a, b) = (events(a), events(b));
        let side = |events| Side { events, blob: &|_| None };
        let rows = clone_states(&side(&a), &side(&b), step, &CloneRules::default());
        let told: Vec<(&str, u64)> = rows
            .iter()
            .flat_map(|row| {
                row.changes.iter().map(|it| (it.pointer.as_str(), row.a.unwrap().get()))
            })
            .collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn states_are_compared_as_of_a_step_or_of_the_end() {
        let free = r#"{"subscriptions":[{"id":"sub_1","plan":"free","created":1}]}"#;
        let pro = r#"{"subscriptions":[{"id":"sub_1","plan":"pro","created":2}]}"#;
        let later = r#"{"subscriptions":[{"id":"sub_1","plan":"free","created":9}]}"#;
        check([free, pro], [free, free], None, &[("/subscriptions/0/plan", 6)]);
        check([free, pro], [free, free], Some(1), &[]);
        check([pro, pro], [free, pro], Some(1), &[("/subscriptions/0/plan", 4)]);
        check([free, free], [later, later], None, &[]);
    }
}
