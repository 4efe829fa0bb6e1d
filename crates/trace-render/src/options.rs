//! What is asked of two traces, on a command line.

use trace_core::diff::{CloneRuleError, CompareOptions, Dimension};

/// The options of a command that compares two traces.
#[derive(Debug, Clone, clap::Args)]
pub struct DiffOptions {
    /// Compare the clones and documents as of the end of this top-level step; clones else as of the test's, documents as of every step's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    step: Option<u64>,
    /// Only this: steps, network, console, clones, dom or patch; all but dom when absent
    #[arg(long, value_name = "WHAT")]
    dimension: Option<Dimension>,
    /// Compare only what this JMESPath expression gives of a clone's state, or of every one's with `*`; once for each
    #[arg(long, value_name = "NAME=EXPRESSION")]
    clone_project: Vec<String>,
    /// Leave out of a clone's state: a key, a JSON Pointer with `*` and `**`, or a JMESPath expression that names places
    #[arg(long, value_name = "NAME=PATTERN")]
    clone_ignore: Vec<String>,
}

impl DiffOptions {
    /// The options as values. Errors: a rule for clones that cannot be read.
    pub fn read(&self) -> Result<CompareOptions, CloneRuleError> {
        CompareOptions::parse(self.dimension, self.step, (&self.clone_project, &self.clone_ignore))
    }
}
