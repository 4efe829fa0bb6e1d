//! The environment as a value; nobody else reads it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;

use super::ConfigError;

/// A copy of the variables that begin with `TRACE_`.
#[derive(Debug, Clone, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// The process's own.
    pub fn of_process() -> Self {
        Self(std::env::vars().filter(|(name, _)| name.starts_with("TRACE_")).collect())
    }

    /// The given pairs, for tests.
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// Puts a variable's value into `field`, if it is set.
    pub(super) fn set<T: FromStr>(
        &self,
        name: &str,
        wanted: &'static str,
        field: &mut T,
    ) -> Result<(), ConfigError> {
        if let Some(value) = self.0.get(name) {
            *field = value.parse().map_err(|_| ConfigError::Value {
                name: name.to_owned(),
                value: value.clone(),
                wanted,
            })?;
        }
        Ok(())
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names.
    pub(super) fn secret(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.0.get(name) {
            return Ok(Some(value.clone()));
        }
        let Some(path) = self.0.get(&format!("{name}_FILE")).map(PathBuf::from) else {
            return Ok(None);
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end().to_owned())),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }
}
