//! The snapshots from which clones start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::past::Past;
use super::types::Warning;
use crate::blob::BlobId;
use crate::event::{CloneSnapshot, Content, Event, Extra, Kind, SnapshotWhen};
use crate::trace::read::text;

/// Where the recorded suite was told to find a clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClonePlace {
    /// Its name.
    #[serde(default)]
    pub clone: String,
    /// Its admin address.
    pub admin: String,
    /// The run.
    pub run: String,
    /// Where the application reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A clone and the snapshot it starts from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClonePlan {
    /// The clone.
    pub clone: String,
    /// Its recorded run, which is never written to.
    pub run: String,
    /// What restores it.
    pub snapshot: SnapshotRef,
    /// Which side of the step the snapshot belongs to.
    pub when: String,
    /// That step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// When it was taken, in milliseconds on the trace's axis.
    pub ts_ms: f64,
    /// How long after the step to replay had begun; none when it was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<f64>,
    /// Counts resets.
    pub epoch: u64,
    /// Counts changes inside an epoch.
    pub rev: u64,
    /// The clone's clock, in epoch milliseconds.
    pub clock_ms: f64,
    /// The snapshot's schema.
    pub schema: Value,
}

/// Where the bytes of a snapshot are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotRef {
    /// In this blob, `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Here, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline: Option<String>,
    /// SHA-256 of the bytes; none when they cannot be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many bytes.
    pub bytes: u64,
    /// Their media type.
    pub media_type: String,
}

impl SnapshotRef {
    fn of(content: &Content) -> Self {
        use base64::Engine as _;
        let inline = content.inline_bytes();
        let id = content.blob_id().or_else(|| inline.as_deref().map(BlobId::of));
        Self {
            blob: content.blob_id().map(|id| id.to_string()),
            inline: inline.map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes)),
            sha256: id.map(|id| id.hex()),
            bytes: content.size,
            media_type: content.media_type.clone(),
        }
    }
}

/// The last snapshot of each clone's run before the step.
/// Where `run.start` says that clones stood, by their names; what is no place is left out.
pub(super) fn places(environment: &Extra) -> Vec<ClonePlace> {
    let named = environment.get("clones").and_then(Value::as_object).into_iter().flatten();
    let place = |(name, told): (&String, &Value)| {
        let place = ClonePlace::deserialize(told).ok()?;
        Some(ClonePlace { clone: name.clone(), ..place })
    };
    named.filter_map(place).collect()
}

pub(super) fn clones(events: &[Event], past: &Past) -> Vec<ClonePlan> {
    let mut last: BTreeMap<(String, String), ClonePlan> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == Kind::CloneSnapshot) {
        let Ok(taken) = event.payload.read::<CloneSnapshot>("clone.snapshot") else { continue };
        let before_itself = past.is_step_itself(event) && taken.when == SnapshotWhen::Before;
        if !(past.has(event) || before_itself) {
            continue;
        }
        let late_ms = event.ts.as_ms() - past.step.ts_ms;
        let plan = ClonePlan {
            snapshot: SnapshotRef::of(&taken.snapshot),
            when: taken.when.to_string(),
            step_id: event.step_id.as_ref().map(ToString::to_string),
            ts_ms: event.ts.as_ms(),
            late_ms: (late_ms > 0.0).then_some(late_ms),
            epoch: taken.epoch,
            rev: taken.rev,
            clock_ms: taken.clock_ms,
            schema: taken.schema,
            clone: taken.clone,
            run: taken.run,
        };
        last.insert((plan.clone.clone(), plan.run.clone()), plan);
    }
    last.into_values().collect()
}

/// Clones that the trace knows and that have nothing to start from.
pub(super) fn warnings(events: &[Event], clones: &[ClonePlan], from_step: u64) -> Vec<Warning> {
    let mut seen: Vec<String> = events
        .iter()
        .filter(|event| matches!(event.kind, Kind::CloneState | Kind::CloneSnapshot))
        .filter_map(|event| text(event, "clone"))
        .collect();
    seen.sort();
    seen.dedup();
    let lacks = |name: &&String| !clones.iter().any(|plan| plan.clone == **name);
    let without = seen.iter().filter(lacks).map(|name| {
        Warning::new(
            "NO_SNAPSHOT",
            format!(
                "clone `{name}` has no snapshot before step {from_step}: it starts as the target run is; choose a later step, or record with `world_snapshots`"
            ),
        )
    });
    without.collect()
}
