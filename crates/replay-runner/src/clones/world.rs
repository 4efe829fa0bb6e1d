//! All clones of a replay together: paused, restored, set to one time, verified, and only then let go.

use super::client::{Client, Health, Summary};
use super::error::CloneError;
use super::target::{Beginning, Target, token_of};

/// Clocks of one world snapshot lie this close together, since it pauses one clone after the other. Clocks farther apart were apart on
/// purpose, and stay so.
const ONE_MOMENT_MS: u64 = 60_000;

type Result<T> = std::result::Result<T, CloneError>;

/// The clones of one replay.
#[derive(Debug)]
pub struct World {
    members: Vec<Member>,
    replay_id: String,
}

#[derive(Debug)]
struct Member {
    target: Target,
    client: Client,
    health: Health,
}

impl World {
    /// Asks every clone whether it is one; nothing has been written when this returns.
    pub async fn meet(targets: &[Target], replay_id: &str) -> Result<Self> {
        let mut members = Vec::new();
        for target in targets {
            if target.target_run == target.source_run {
                return Err(CloneError::SourceRun {
                    clone: target.clone.clone(),
                    run: target.target_run.clone(),
                });
            }
            let client = Client::new(&target.clone, &target.admin, token_of(&target.clone))?;
            let health = client.health().await?;
            if let Beginning::Snapshot(snapshot) = &target.beginning {
                client.fits(snapshot, &health)?;
            }
            members.push(Member { target: target.clone(), client, health });
        }
        Ok(Self { members, replay_id: replay_id.to_owned() })
    }

    /// Pauses all, then restores each and verifies it; once for each `attempt`, however often it is asked. Whatever fails, all stay paused. Gives what the clones warn of.
    pub async fn restore(&self, attempt: u32) -> Result<Vec<String>> {
        for member in &self.members {
            optional(member.client.pause(&member.target.target_run).await)?;
        }
        let mut warnings = Vec::new();
        for member in &self.members {
            let told = member.restore(&format!("{}.{attempt}", self.replay_id)).await?;
            warnings
                .extend(told.into_iter().map(|told| format!("{}: {told}", member.target.clone)));
        }
        Ok(warnings)
    }

    /// Sets every clock to the one moment of the world, and lets all go when each stands there exactly. Gives that moment.
    pub async fn set_clocks(&self) -> Result<Option<u64>> {
        let clocks = || self.members.iter().filter_map(|member| member.target.clock_ms);
        let (first, last) = (clocks().min(), clocks().max());
        let is_one_moment =
            first.zip(last).is_some_and(|(first, last)| last - first <= ONE_MOMENT_MS);
        for member in &self.members {
            let Some(own) = member.target.clock_ms else { continue };
            member.set_clock(if is_one_moment { last.unwrap_or(own) } else { own }).await?;
        }
        for member in self.members.iter().rev() {
            optional(member.client.resume(&member.target.target_run).await)?;
        }
        Ok(last.filter(|_| is_one_moment))
    }
}

impl Member {
    async fn restore(&self, key: &str) -> Result<Vec<String>> {
        let (run, key) = (&self.target.target_run, format!("{key}.{}", self.target.clone));
        let snapshot = match &self.target.beginning {
            Beginning::Seed(seed) => {
                self.client.seed(run, seed, &key).await?;
                return Ok(Vec::new());
            }
            Beginning::Snapshot(snapshot) => snapshot,
        };
        let restored = self.client.restore(run, snapshot, &key).await?;
        let Some(wanted) = restored.state_digest else {
            return Ok([
                restored.warnings,
                vec!["names no digest, so its state is not verified".to_owned()],
            ]
            .concat());
        };
        let kind = if self.health.kind.is_empty() { &self.target.clone } else { &self.health.kind };
        match self.client.summary(kind, run).await {
            Ok(Summary { digest: Some(digest) }) if digest == wanted => Ok(restored.warnings),
            Ok(Summary { digest: None }) => {
                Ok([restored.warnings, vec!["does not tell its digest back".to_owned()]].concat())
            }
            Ok(Summary { digest: Some(digest) }) => {
                Err(self.otherwise(format!("restored {wanted}, and it says {digest}")))
            }
            Err(error) if error.is_absent() => {
                Ok([restored.warnings, vec!["does not tell its digest back".to_owned()]].concat())
            }
            Err(error) => Err(error),
        }
    }

    async fn set_clock(&self, to_ms: u64) -> Result<()> {
        let run = &self.target.target_run;
        optional(self.client.set_clock(run, to_ms).await)?;
        let stands = match self.client.clock_ms(run).await {
            Err(error) if error.is_absent() => None,
            other => other?,
        };
        match stands {
            Some(at) if (at - to_ms as f64).abs() >= 1.0 => {
                Err(self.otherwise(format!("its clock was set to {to_ms} and stands at {at}")))
            }
            _ => Ok(()),
        }
    }

    fn otherwise(&self, what: String) -> CloneError {
        CloneError::Otherwise { clone: self.target.clone.clone(), what }
    }
}

/// A call that a clone does not know is a feature it has not.
fn optional(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.is_absent() => Ok(()),
        other => other,
    }
}
