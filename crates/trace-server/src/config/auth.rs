//! Credentials that are no API keys.

use std::fmt;

use serde::Deserialize;

use super::{ConfigError, Env};

/// The token that our own services present.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// `TRACE_INTERNAL_TOKEN` or `TRACE_INTERNAL_TOKEN_FILE`: none set means that no internal access exists.
    pub internal_token: Option<String>,
}

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.internal_token.as_ref().map(|_| "set");
        f.debug_struct("AuthConfig").field("internal_token", &token).finish()
    }
}

impl AuthConfig {
    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        if let Some(token) = env.secret("TRACE_INTERNAL_TOKEN")? {
            self.internal_token = Some(token).filter(|token| !token.is_empty());
        }
        Ok(())
    }
}
