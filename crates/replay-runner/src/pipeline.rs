//! A replay, decided: ten actions and what each will do. `plan` prints it; `run` acts it out in order.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trace_core::replay::Plan;

use crate::args::{AppMode, CodeFrom, Place, Strategy, Wanted};
use crate::child::Playwright;
use crate::clones::{self, Target};
use crate::codes::Code;
use crate::edits::{self, Patch};
use crate::error::{Result, RunnerError};
use crate::home::process::MARK;
use crate::image;
use crate::source::Source;
use crate::tree::{self, Listing};

/// The ten actions of a replay. They stand in the order in which they are acted out: edits come before anything is restored, because
/// a patch that does not fit is the cheapest failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The source trace is at hand.
    Source,
    /// Its code is put in a place of its own.
    Code,
    /// The edits are applied there.
    Edits,
    /// Each clone is restored to where it was before step N.
    Clones,
    /// Their clocks are set to that moment.
    Clock,
    /// Random numbers are seeded as they were.
    Seed,
    /// The worker is told how the network answers out of the record.
    Network,
    /// The worker is told how the browser gets to step N.
    Browser,
    /// Playwright starts.
    Start,
    /// The replay's own trace is written and found.
    Stream,
}

impl Action {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Code => "code",
            Self::Edits => "edits",
            Self::Clones => "clones",
            Self::Clock => "clock",
            Self::Seed => "seed",
            Self::Network => "network",
            Self::Browser => "browser",
            Self::Start => "start",
            Self::Stream => "stream",
        }
    }
}

/// One action with everything it needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Deed {
    Source {
        directory: PathBuf,
        store: PathBuf,
    },
    Code(Listing),
    Edits(Changes),
    Clones {
        targets: Vec<Target>,
    },
    Clock {
        wall_ms_at_step: u64,
    },
    Seed {
        rng_seed: Option<String>,
    },
    Network {
        app_mode: AppMode,
        app_origins: Vec<String>,
        passthrough: Vec<String>,
        vault_key: Option<PathBuf>,
    },
    Browser {
        strategy: Strategy,
        guest: Option<PathBuf>,
    },
    Start(Playwright),
    Stream {
        root: PathBuf,
    },
}

impl Deed {
    /// What it will do, for people.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Source { directory, .. } => format!("read `{}`", directory.display()),
            Self::Code(Listing { image: Some(image), .. }) => {
                let build = if image.commit.is_some() { ", built if it is not there" } else { "" };
                format!("take the code out of the image `{}`{build}", image.reference)
            }
            Self::Code(listing) => {
                let how = match &listing.commit {
                    Some(commit) if listing.is_checkout => {
                        format!("a git worktree of commit {commit}")
                    }
                    Some(_) => "a git worktree".to_owned(),
                    None => "a copy".to_owned(),
                };
                format!(
                    "make {how} of `{}` with {} files",
                    listing.root.display(),
                    listing.files.len()
                )
            }
            Self::Edits(changes) => {
                let build = changes
                    .build
                    .as_ref()
                    .map(|build| format!(", build with `{build}`"))
                    .unwrap_or_default();
                format!(
                    "apply {} patches, change {} variables{build}",
                    changes.patches.len(),
                    changes.variables.len()
                )
            }
            Self::Clones { targets } => {
                let runs: Vec<String> = targets
                    .iter()
                    .map(|it| format!("{} into run `{}`", it.clone, it.target_run))
                    .collect();
                if runs.is_empty() {
                    "restore no clone".to_owned()
                } else {
                    format!("restore {}", runs.join(", "))
                }
            }
            Self::Clock { .. } => "set their clocks to that moment".to_owned(),
            Self::Seed { rng_seed } => match rng_seed {
                Some(_) => "seed random numbers as recorded".to_owned(),
                None => "seed nothing, since the record names no seed".to_owned(),
            },
            Self::Network { vault_key, .. } => {
                let key = if vault_key.is_some() { "with" } else { "without" };
                format!("answer requests from the record, {key} the vault's key")
            }
            Self::Browser { strategy, .. } => {
                format!("bring the browser to step N by {strategy:?}")
            }
            Self::Start(playwright) => format!("start `playwright {}`", playwright.args.join(" ")),
            Self::Stream { root } => {
                format!("write the replay's own trace below `{}`", root.display())
            }
        }
    }

    /// Which of the ten it is.
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Source { .. } => Action::Source,
            Self::Code(_) => Action::Code,
            Self::Edits(_) => Action::Edits,
            Self::Clones { .. } => Action::Clones,
            Self::Clock { .. } => Action::Clock,
            Self::Seed { .. } => Action::Seed,
            Self::Network { .. } => Action::Network,
            Self::Browser { .. } => Action::Browser,
            Self::Start(_) => Action::Start,
            Self::Stream { .. } => Action::Stream,
        }
    }
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Changes {
    /// Files that each patch touches.
    #[serde(serialize_with = "touched")]
    pub(crate) patches: Vec<Patch>,
    /// Names of changed variables; their values may be secrets.
    pub(crate) variables: Vec<String>,
    /// The command that builds.
    pub(crate) build: Option<String>,
}

fn touched<S: serde::Serializer>(
    patches: &[Patch],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(patches.iter().map(|patch| {
        let files: Vec<&Path> = patch.files.iter().map(edits::FilePatch::path).collect();
        serde_json::json!({ "patch": patch.name, "files": files })
    }))
}

/// A whole replay, decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pipeline {
    version: u32,
    pub(crate) replay_id: String,
    /// What the record says of it.
    pub(crate) plan: Plan,
    /// Neither the app nor a clone is asked: the record answers to the end. Places of clones are the recorded ones then.
    pub(crate) is_on_record: bool,
    pub(crate) deeds: Vec<Deed>,
}

impl Pipeline {
    /// Where the replay's own trace is written.
    pub(crate) fn child_root(&self) -> &Path {
        let root = self.deeds.iter().find_map(|deed| match deed {
            Deed::Stream { root } => Some(root.as_path()),
            _ => None,
        });
        root.unwrap_or(Path::new(""))
    }
}

/// Decides a replay of an opened source. Reads the working directory, and changes nothing.
pub(crate) fn decide(
    wanted: &Wanted,
    place: &Place,
    source: &Source,
    replay_id: &str,
) -> Result<Pipeline> {
    if wanted.manner.server_fast_forward && wanted.manner.app_mode == AppMode::Recorded {
        return Err(RunnerError::usage(
            "--server-fast-forward brings a running app to step N, and --app-mode recorded asks none; leave one of them out",
        ));
    }
    let names_image =
        wanted.image.is_some() || wanted.image_folder.is_some() || wanted.engine.is_some();
    if names_image && wanted.code != CodeFrom::Image {
        return Err(RunnerError::usage(
            "--image, --image-folder and --engine go with --code image",
        ));
    }
    let listing = match wanted.code {
        CodeFrom::WorkingDirectory => tree::list(&wanted.suite, &source.store)?,
        CodeFrom::Sha => tree::at_commit(&wanted.suite, source.plan.code_sha.as_deref())?,
        CodeFrom::Image => of_image(wanted, source)?,
    };
    if let Some(config) = &wanted.config
        && !listing.is_checkout
        && !listing.root.join(&listing.suite).join(config).is_file()
    {
        return Err(RunnerError::usage(format!(
            "the suite in `{}` has no configuration `{}`; name one relative to that folder with --config",
            wanted.suite.display(),
            config.display()
        )));
    }
    let spec = spec(&listing, wanted, source)?;
    let targets = clones::decide(wanted, source, replay_id)?;
    let is_on_record = wanted.manner.app_mode == AppMode::Recorded && targets.is_empty();
    let start = playwright(wanted, source, &spec, &targets, is_on_record);
    let deeds = vec![
        Deed::Source { directory: source.dir.clone(), store: source.store.clone() },
        Deed::Code(listing),
        Deed::Edits(Changes {
            patches: edits::read(&wanted.edits.patches)?,
            variables: names(&wanted.edits.set_env),
            build: wanted.edits.build.clone(),
        }),
        Deed::Clones { targets },
        Deed::Clock { wall_ms_at_step: source.plan.wall_ms_at_step },
        Deed::Seed { rng_seed: rng_seed(&source.plan) },
        network(wanted, source),
        Deed::Browser {
            strategy: wanted.manner.strategy,
            guest: wanted.surroundings.guest.clone(),
        },
        Deed::Start(start),
        Deed::Stream { root: child_root(wanted, place, source, replay_id)? },
    ];
    let (replay_id, plan) = (replay_id.to_owned(), source.plan.clone());
    Ok(Pipeline { version: 1, replay_id, plan, is_on_record, deeds })
}

/// Where the spec lies is read off the working directory, since the image is not opened before the replay begins.
fn of_image(wanted: &Wanted, source: &Source) -> Result<Listing> {
    let listing = tree::list(&wanted.suite, &source.store)?;
    let image = image::decide(wanted, source.plan.code_sha.as_deref(), &listing)?;
    Ok(Listing { image: Some(image), ..listing })
}

/// The end of the spec's path: below the suite's folder where it lies in there.
fn spec(listing: &Listing, wanted: &Wanted, source: &Source) -> Result<PathBuf> {
    let test = &source.plan.test;
    if let Some(spec) = crate::child::spec_of(test, listing, wanted.config.as_deref()) {
        return Ok(spec.strip_prefix(&listing.suite).map(Path::to_owned).unwrap_or(spec));
    }
    let message = format!(
        "the suite in `{}` has no `{}`, where the trace's test stood; name the folder of its Playwright configuration with --suite",
        wanted.suite.display(),
        test.file
    );
    Err(RunnerError::blocked(Code::NoTest, message))
}

fn network(wanted: &Wanted, source: &Source) -> Deed {
    Deed::Network {
        app_mode: wanted.manner.app_mode,
        app_origins: wanted.surroundings.app_origins.clone(),
        passthrough: wanted.surroundings.passthrough.clone(),
        vault_key: source.vault_key.clone(),
    }
}

fn playwright(
    wanted: &Wanted,
    source: &Source,
    spec: &Path,
    targets: &[Target],
    is_on_record: bool,
) -> Playwright {
    let mut env = vec![MARK.to_owned(), "MOLAR_TRACE_DIR".to_owned()];
    env.extend(source.plan.seed.as_ref().map(|_| RNG_SEED.to_owned()));
    env.extend(names(&clones::child_env(targets)));
    if is_on_record {
        env.extend(names(&clones::recorded_env(&source.plan.clone_places)));
    }
    env.extend(names(&wanted.surroundings.env));
    env.extend(names(&wanted.edits.set_env));
    Playwright::of(&source.plan.test, spec, wanted.config.as_deref(), env)
}

fn rng_seed(plan: &Plan) -> Option<String> {
    match plan.seed.as_ref()? {
        Value::String(seed) => Some(seed.clone()),
        other => Some(other.to_string()),
    }
}

/// The variable that seeds random numbers of the replay.
pub(crate) const RNG_SEED: &str = "MOLAR_REPLAY_RNG_SEED";

/// A root of its own beside the source's, so that what a replay writes is told from what a suite writes.
fn child_root(wanted: &Wanted, place: &Place, source: &Source, replay_id: &str) -> Result<PathBuf> {
    let root = match &wanted.surroundings.out {
        Some(out) => out.clone(),
        // A bundle's store is temporary.
        None if source.is_temporary() => place.root.join("replays").join(replay_id),
        None => source.store.join("replays").join(replay_id),
    };
    std::path::absolute(&root).map_err(RunnerError::at("find", &root))
}

fn names(pairs: &[(String, String)]) -> Vec<String> {
    pairs.iter().map(|(name, _)| name.clone()).collect()
}
