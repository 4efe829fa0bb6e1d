//! Everything that is told of two traces, for whoever asks: a server, a command, a replay.

use serde_json::Value;

use super::{
    CloneRow, CloneRuleError, CloneRules, DomRow, PatchRow, Side, StepRow, TraceDiff, clone_states,
    diff, dom_rows, patches,
};

/// What of two traces is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Steps and how they came out.
    Steps,
    /// Requests and their answers.
    Network,
    /// Console lines.
    Console,
    /// States of simulators.
    Clones,
    /// Documents at the end of each top-level step.
    Dom,
    /// The edits that a replay was carried out with.
    Patch,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Steps, Self::Network, Self::Console, Self::Clones, Self::Dom, Self::Patch];

    /// The word in questions and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Network => "network",
            Self::Console => "console",
            Self::Clones => "clones",
            Self::Dom => "dom",
            Self::Patch => "patch",
        }
    }
}

impl std::str::FromStr for Dimension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| format!("there is no dimension `{text}`; there are {words}"))
    }
}

/// What is asked of two traces.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    /// One alone; everything but documents when absent, since those have to be rebuilt.
    pub dimension: Option<Dimension>,
    /// Simulators and documents at the end of this top-level step; at the end of the traces, and of every step, when absent.
    pub step: Option<u64>,
    /// What of simulators counts.
    pub clones: CloneRules,
}

impl CompareOptions {
    /// With rules as they are given in words: `NAME=EXPRESSION` and `NAME=PATTERN`.
    pub fn parse(
        dimension: Option<Dimension>,
        step: Option<u64>,
        (project, ignore): (&[String], &[String]),
    ) -> Result<Self, CloneRuleError> {
        Ok(Self { dimension, step, clones: CloneRules::parse(project, ignore)? })
    }
}

/// Two traces laid side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Only this was asked for.
    pub dimension: Option<Dimension>,
    /// Steps, requests and the console.
    pub diff: TraceDiff,
    /// Simulators whose states differ.
    pub clones: Vec<CloneRow>,
    /// Documents, where they were asked for.
    pub dom: Vec<DomRow>,
    /// Edits of either side.
    pub patch: Vec<PatchRow>,
}

impl Compared {
    /// Compares two traces whose events have those of documents among them.
    pub fn of(a: &Side<'_>, b: &Side<'_>, options: &CompareOptions) -> Self {
        let is_asked = options.dimension == Some(Dimension::Dom);
        let dom = if is_asked { dom_rows(a, b, options.step) } else { Vec::new() };
        Self::with_documents(a, b, options, dom)
    }

    /// The same where documents were compared elsewhere.
    pub fn with_documents(
        a: &Side<'_>,
        b: &Side<'_>,
        options: &CompareOptions,
        dom: Vec<DomRow>,
    ) -> Self {
        Self {
            dimension: options.dimension,
            diff: diff(a, b),
            clones: clone_states(a, b, options.step, &options.clones),
            dom,
            patch: patches(a.events, b.events),
        }
    }

    /// Whether what was asked for came out otherwise. States of simulators and edits count only where they are asked for: ids and
    /// times of a simulator are new in every run, and an edit is no outcome.
    pub fn differs(&self) -> bool {
        match self.dimension {
            None => self.diff.differs(),
            Some(Dimension::Steps) => self.diff.steps.iter().any(StepRow::differs),
            Some(Dimension::Network) => !self.diff.network.rows.is_empty(),
            Some(Dimension::Console) => !self.diff.console.is_empty(),
            Some(Dimension::Clones) => !self.clones.is_empty(),
            Some(Dimension::Dom) => self.dom.iter().any(DomRow::differs),
            Some(Dimension::Patch) => !self.patch.is_empty(),
        }
    }

    /// Both traces in a few words, `differs`, and a member for each dimension that was asked for.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut all = serde_json::to_value(&self.diff)?;
        all["clones"] = serde_json::to_value(&self.clones)?;
        all["dom"] = serde_json::to_value(&self.dom)?;
        all["patch"] = serde_json::to_value(&self.patch)?;
        all["differs"] = self.differs().into();
        let Value::Object(members) = &mut all else { return Ok(all) };
        let wanted = |member: &String| match self.dimension {
            Some(dimension) => {
                ["a", "b", "differs"].contains(&member.as_str()) || dimension.as_str() == member
            }
            None => member != "dom",
        };
        members.retain(|member, _| wanted(member));
        if let Some(dimension) = self.dimension {
            members.insert("dimension".to_owned(), dimension.as_str().into());
        }
        Ok(all)
    }
}
