//! Which clone starts from what, and where the child finds it.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use trace_core::blob::{BlobId, ObjectKey, decode_stored};
use trace_core::replay::plan::{ClonePlace, ClonePlan};

use crate::args::{AppMode, Wanted};
use crate::codes::Code;
use crate::error::{Result, RunnerError};
use crate::source::Source;

/// Runs of the protocol have no longer names.
const LONGEST_RUN: usize = 128;
/// No snapshot is larger.
const MOST_BYTES: usize = 1 << 30;

/// What a clone's run begins with.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// A recorded snapshot.
    Snapshot(#[serde(serialize_with = "size")] Vec<u8>),
    /// The seed of the recorded run; derives secrets, so it is never shown.
    Seed(#[serde(skip)] String),
}

impl std::fmt::Debug for Beginning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Snapshot(bytes) => write!(f, "Snapshot({} bytes)", bytes.len()),
            Self::Seed(_) => f.write_str("Seed(…)"),
        }
    }
}

fn size<S: serde::Serializer>(bytes: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u64(bytes.len() as u64)
}

/// A clone and the run that a replay makes in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// The clone's name.
    pub clone: String,
    /// Its admin address.
    pub admin: String,
    /// Where the app under test reaches it; none when nobody has said so.
    pub url: Option<String>,
    /// The recorded run.
    pub source_run: String,
    /// The run of the replay.
    pub target_run: String,
    /// What the run begins with.
    pub beginning: Beginning,
    /// The clone's clock at that moment, in epoch milliseconds.
    pub clock_ms: Option<u64>,
}

/// The run that a replay makes of a recorded one. A name that would be too long is replaced by its digest.
pub fn target_run(source_run: &str, replay_id: &str) -> String {
    let run = format!("{source_run}.r{replay_id}");
    if run.len() <= LONGEST_RUN {
        return run;
    }
    let digest = Sha256::digest(source_run.as_bytes());
    let short: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{short}.r{replay_id}")
}

/// The admin token of a clone, from the environment.
pub(crate) fn token_of(clone: &str) -> Option<String> {
    set(&token_variable(clone)).or_else(|| set("MOLAR_CLONE_TOKEN"))
}

/// The variable of a clone's own admin token.
pub(super) fn token_variable(clone: &str) -> String {
    format!("MOLAR_CLONE_{}_TOKEN", upper(clone))
}

fn variable(clone: &str, what: &str) -> Option<String> {
    set(&format!("MOLAR_CLONE_{}_{what}", upper(clone)))
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn upper(clone: &str) -> String {
    clone.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

/// Decides what to restore. An app that stays on the record needs no clone, and `--without-clones` wants none.
pub(crate) fn decide(wanted: &Wanted, source: &Source, replay_id: &str) -> Result<Vec<Target>> {
    let surroundings = &wanted.surroundings;
    if surroundings.without_clones
        || (wanted.manner.app_mode == AppMode::Recorded && surroundings.clones.is_empty())
    {
        return Ok(Vec::new());
    }
    // A clone has one address in the child, so of several recorded runs the last one counts.
    let mut last: BTreeMap<&str, &ClonePlan> = BTreeMap::new();
    for plan in &source.plan.clones {
        let other = last.get(plan.clone.as_str()).is_some_and(|other| other.ts_ms > plan.ts_ms);
        if !other {
            last.insert(&plan.clone, plan);
        }
    }
    let mut targets = Vec::new();
    for plan in last.values() {
        targets.push(from_snapshot(wanted, source, plan, replay_id)?);
    }
    for (name, _) in &surroundings.clones {
        if !last.contains_key(name.as_str()) {
            targets.push(from_seed(wanted, source, name, replay_id)?);
        }
    }
    Ok(targets)
}

fn from_snapshot(
    wanted: &Wanted,
    source: &Source,
    plan: &ClonePlan,
    replay_id: &str,
) -> Result<Target> {
    let (admin, url) = addresses(wanted, &plan.clone)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "epoch milliseconds are below 2^53"
    )]
    let clock_ms = plan.clock_ms.round().max(0.0) as u64;
    Ok(Target {
        admin,
        url,
        target_run: target_run(&plan.run, replay_id),
        source_run: plan.run.clone(),
        beginning: Beginning::Snapshot(snapshot(source, plan)?),
        clock_ms: Some(clock_ms),
        clone: plan.clone.clone(),
    })
}

/// A clone that the record has no snapshot of can only begin where its run began.
fn from_seed(wanted: &Wanted, source: &Source, clone: &str, replay_id: &str) -> Result<Target> {
    let seed = source.seeds.get(clone).and_then(serde_json::Value::as_str);
    let seed = seed.filter(|_| source.plan.from_step == 1).ok_or_else(|| {
        RunnerError::blocked(
            Code::NoSnapshot,
            format!(
                "trace {} has no snapshot of clone {clone} before step {}; choose a later step, record with `world_snapshots`, or leave the clone out",
                source.plan.trace_id, source.plan.from_step
            ),
        )
    })?;
    let (admin, url) = addresses(wanted, clone)?;
    let source_run = clone.to_owned();
    Ok(Target {
        clone: clone.to_owned(),
        admin,
        url,
        target_run: target_run(&source_run, replay_id),
        source_run,
        beginning: Beginning::Seed(seed.to_owned()),
        clock_ms: None,
    })
}

/// The admin address and the app's, from the command line or else the environment.
fn addresses(wanted: &Wanted, clone: &str) -> Result<(String, Option<String>)> {
    let named = wanted.surroundings.clones.iter().find(|(name, _)| name == clone);
    let (admin, url) = match named {
        Some((_, urls)) => match urls.split_once(',') {
            Some((admin, url)) => (Some(admin.to_owned()), Some(url.to_owned())),
            None => (Some(urls.clone()), None),
        },
        None => (variable(clone, "ADMIN_URL"), None),
    };
    let admin = admin.ok_or_else(|| {
        RunnerError::blocked(
            Code::CloneUnreachable,
            format!(
                "the trace has a snapshot of clone {clone} and nothing says where it runs now; give --clone {clone}=ADMIN_URL or MOLAR_CLONE_{}_ADMIN_URL, or --without-clones",
                upper(clone)
            ),
        )
    })?;
    Ok((admin, url.or_else(|| variable(clone, "URL"))))
}

/// The bytes of a snapshot, checked against their name.
fn snapshot(source: &Source, plan: &ClonePlan) -> Result<Vec<u8>> {
    let lost = |why: &str| {
        let message = format!(
            "the snapshot of clone {} before step {} {why}",
            plan.clone, source.plan.from_step
        );
        RunnerError::blocked(Code::NoSnapshot, message)
    };
    if let Some(inline) = &plan.snapshot.inline {
        return base64::engine::general_purpose::STANDARD
            .decode(inline)
            .map_err(|_| lost("is no base64"));
    }
    let blob = plan.snapshot.blob.as_deref().and_then(|blob| blob.parse::<BlobId>().ok());
    let blob = blob.ok_or_else(|| lost("was too large to keep or is not named"))?;
    let path = source.store.join(ObjectKey::blob(&blob).as_str());
    let stored = std::fs::read(&path)
        .map_err(|error| lost(&format!("is not in `{}`: {error}", path.display())))?;
    decode_stored(&blob, &stored, MOST_BYTES)
        .map_err(|error| lost(&format!("in `{}` is damaged: {error}", path.display())))
}

/// The child's variables: each clone under its target run, for the app and for the recorder.
pub(crate) fn child_env(targets: &[Target]) -> Vec<(String, String)> {
    let mut env = Vec::new();
    for target in targets {
        let name = upper(&target.clone);
        env.push((format!("MOLAR_CLONE_{name}_ADMIN_URL"), target.admin.clone()));
        env.push((format!("MOLAR_CLONE_{name}_RUN"), target.target_run.clone()));
        env.extend(
            target
                .url
                .as_ref()
                .map(|url| (format!("MOLAR_CLONE_{name}_URL"), under_run(url, &target.target_run))),
        );
    }
    // Suites with one clone know a run by this name.
    env.extend(
        targets.first().map(|target| ("MOLAR_CLONE_RUN".to_owned(), target.target_run.clone())),
    );
    env
}

/// The child's variables where no clone is restored because all is answered from the record: those of the recorded suite, or its requests
/// would be others.
pub(crate) fn recorded_env(places: &[ClonePlace]) -> Vec<(String, String)> {
    let mut env = Vec::new();
    for place in places {
        let name = upper(&place.clone);
        env.push((format!("MOLAR_CLONE_{name}_ADMIN_URL"), place.admin.clone()));
        env.push((format!("MOLAR_CLONE_{name}_RUN"), place.run.clone()));
        env.extend(place.url.clone().map(|url| (format!("MOLAR_CLONE_{name}_URL"), url)));
    }
    env.extend(places.first().map(|place| ("MOLAR_CLONE_RUN".to_owned(), place.run.clone())));
    env
}

/// Variables that hold the admin tokens of those clones. Their addresses come from a trace, which anybody may have written, so no token goes there.
pub(crate) fn tokens(places: &[ClonePlace]) -> Vec<String> {
    let own = places.iter().map(|place| token_variable(&place.clone));
    own.chain(places.first().map(|_| "MOLAR_CLONE_TOKEN".to_owned())).collect()
}

/// The app's address of a run: `…/t/{run}`. An address that names another run names this one instead.
fn under_run(url: &str, run: &str) -> String {
    let url = url.trim_end_matches('/');
    let Some((base, rest)) = url.split_once("/t/") else { return format!("{url}/t/{run}") };
    let rest = rest.split_once('/').map(|(_, rest)| format!("/{rest}")).unwrap_or_default();
    format!("{base}/t/{run}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_run_is_never_the_source_run_and_never_too_long() {
        assert_eq!(target_run("shop-1", "ab"), "shop-1.rab");
        let long = "x".repeat(128);
        let run = target_run(&long, "0123456789abcdef");
        assert!(run.len() <= LONGEST_RUN && run.ends_with(".r0123456789abcdef") && run != long);
        assert_ne!(run, target_run(&"y".repeat(128), "0123456789abcdef"));
    }

    #[test]
    fn on_the_record_alone_the_child_is_told_what_the_recorded_suite_was() {
        let place = |clone: &str, url: Option<&str>| ClonePlace {
            clone: clone.to_owned(),
            admin: "http://127.0.0.1:8000".to_owned(),
            run: "s".to_owned(),
            url: url.map(str::to_owned),
        };
        let places = [place("stripe", Some("http://127.0.0.1:8000/t/s")), place("mail-box", None)];
        let env = recorded_env(&places);
        let told = |name: &str| env.iter().find(|(known, _)| known == name).map(|it| it.1.as_str());
        assert_eq!(told("MOLAR_CLONE_STRIPE_URL"), Some("http://127.0.0.1:8000/t/s"));
        assert_eq!(told("MOLAR_CLONE_MAIL_BOX_ADMIN_URL"), Some("http://127.0.0.1:8000"));
        assert_eq!(told("MOLAR_CLONE_MAIL_BOX_URL"), None);
        assert_eq!(told("MOLAR_CLONE_RUN"), Some("s"));
        let names = ["MOLAR_CLONE_STRIPE_TOKEN", "MOLAR_CLONE_MAIL_BOX_TOKEN", "MOLAR_CLONE_TOKEN"];
        assert_eq!(tokens(&places), names);
        assert!(recorded_env(&[]).is_empty() && tokens(&[]).is_empty());
    }

    #[test]
    fn the_child_reaches_the_target_run() {
        let check = |url: &str, want: &str| assert_eq!(under_run(url, "s.r1"), want, "{url}");
        check("http://127.0.0.1:8000", "http://127.0.0.1:8000/t/s.r1");
        check("http://127.0.0.1:8000/", "http://127.0.0.1:8000/t/s.r1");
        check("http://127.0.0.1:8000/t/s", "http://127.0.0.1:8000/t/s.r1");
        check("http://127.0.0.1:8000/t/s/v1", "http://127.0.0.1:8000/t/s.r1/v1");
    }
}
