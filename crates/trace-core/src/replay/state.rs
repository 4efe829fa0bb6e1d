//! The browser as it was before a step: its recorded changes applied in order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Past;
use crate::event::{BrowserState, Event, Kind};

/// The parts of every context that was open.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct State {
    /// Context to part to value, as docs/format.md words them.
    pub contexts: BTreeMap<String, BTreeMap<String, Value>>,
    /// What is not there or not exact, and why.
    pub reasons: Vec<String>,
}

/// A context that was open before the step, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContextParts {
    /// The context, such as `c1`.
    pub context: String,
    /// Names of its parts.
    pub parts: Vec<String>,
}

/// The contexts and their parts; what is secret is not needed for it.
pub fn contexts(events: &[Event], past: &Past) -> Vec<ContextParts> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for state in states(events, past) {
        if state.boundary == "close" {
            found.remove(&state.context);
        } else {
            let parts = state.counts.into_iter().map(|part| part.part).collect();
            found.insert(state.context, parts);
        }
    }
    found.into_iter().map(|(context, parts)| ContextParts { context, parts }).collect()
}

/// The state before the step. `secret` gives the JSON of a vault's entry by its name.
pub fn state(events: &[Event], past: &Past, secret: &dyn Fn(&str) -> Option<String>) -> State {
    let mut found = State::default();
    let mut reasons: Vec<(String, String)> = Vec::new();
    for state in states(events, past) {
        if state.boundary == "close" {
            found.contexts.remove(&state.context);
            // Of a context that is gone nothing is missed.
            reasons.retain(|(context, _)| *context != state.context);
            continue;
        }
        let name = &state.context;
        let mut tell = |reason: String| reasons.push((name.clone(), format!("{name}: {reason}")));
        if let Some(late_ms) = state.late_ms {
            let revision = state.revision;
            tell(format!(
                "revision {revision} was read {late_ms} ms after its boundary and may hold what came later"
            ));
        }
        state.missing.iter().for_each(|missing| tell(missing.clone()));
        match parts(&state.secret, secret) {
            Ok(changed) => apply(found.contexts.entry(name.clone()).or_default(), changed),
            Err(reason) => tell(format!("revision {}: {reason}", state.revision)),
        }
    }
    found.reasons = reasons.into_iter().map(|(_, reason)| reason).collect();
    if found.contexts.is_empty() && found.reasons.is_empty() {
        found.reasons.push("no `browser.state` was recorded before the step".to_owned());
    }
    found
}

/// The recorded changes before the step, in order.
fn states(events: &[Event], past: &Past) -> impl Iterator<Item = BrowserState> {
    let wanted = move |event: &&Event| event.kind == Kind::BrowserState;
    events.iter().filter(wanted).filter_map(|event| {
        let state: BrowserState = event.payload.read("browser.state").ok()?;
        // What was read at the very beginning of the step, in time, is what the step begins with.
        let at_start = past.is_step_itself(event) && state.boundary == "start";
        let in_time = at_start && state.late_ms.is_none();
        (past.has(event) || in_time).then_some(state)
    })
}

#[derive(Deserialize)]
struct Secret {
    parts: BTreeMap<String, Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    value: Value,
}

fn parts(
    reference: &Value,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, Part>, String> {
    let Some(id) = reference.get("vault").and_then(Value::as_str) else {
        let why = reference.get("omitted").and_then(Value::as_str).unwrap_or("not recorded");
        return Err(format!("its values were not kept ({why})"));
    };
    let json = secret(id).ok_or_else(|| format!("`{id}` cannot be had from the vault"))?;
    let secret: Secret =
        serde_json::from_str(&json).map_err(|error| format!("`{id}` is no state: {error}"))?;
    Ok(secret.parts)
}

/// `null` says that a part is gone.
fn apply(parts: &mut BTreeMap<String, Value>, changed: BTreeMap<String, Part>) {
    for (name, Part { value }) in changed {
        if value.is_null() {
            parts.remove(&name);
        } else {
            parts.insert(name, value);
        }
    }
}
