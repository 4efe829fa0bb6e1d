//! What a credential may do.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A text that names no scope.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("scope `{0}` is none of `traces:read`, `traces:write`, `replays:run`")]
pub struct UnknownScope(String);

/// One right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Look.
    TracesRead,
    /// Send.
    TracesWrite,
    /// Have suites replayed. A right of its own, because an edit is code that a worker runs, and the keys of recorders lie on many machines.
    ReplaysRun,
}

impl Scope {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TracesRead => "traces:read",
            Self::TracesWrite => "traces:write",
            Self::ReplaysRun => "replays:run",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        match text {
            "traces:read" => Ok(Self::TracesRead),
            "traces:write" => Ok(Self::TracesWrite),
            "replays:run" => Ok(Self::ReplaysRun),
            other => Err(UnknownScope(other.to_owned())),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Several rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Everything, for our own services.
    pub fn all() -> Self {
        Self(vec![Scope::TracesRead, Scope::TracesWrite, Scope::ReplaysRun])
    }

    /// Whether `scope` is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Reads what the catalog holds; a scope of a later version grants nothing here.
    pub fn stored(text: &str) -> Self {
        Self(text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(" "))
    }
}
