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
    /// `TRACE_ENCRYPTION_KEY` or `TRACE_ENCRYPTION_KEY_FILE`: the secret out of which every organisation's vault key is made, such as
    /// the output of `openssl rand -hex 32`. Several with commas: the first is used, the others still open what they closed.
    pub encryption_keys: Vec<String>,
}

/// A shorter text could be guessed.
const KEY_BYTES: usize = 32;

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.internal_token.as_ref().map(|_| "set");
        let keys = self.encryption_keys.len();
        let mut shown = f.debug_struct("AuthConfig");
        shown.field("internal_token", &token).field("encryption_keys", &keys).finish()
    }
}

impl AuthConfig {
    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        if let Some(token) = env.secret("TRACE_INTERNAL_TOKEN")? {
            self.internal_token = Some(token).filter(|token| !token.is_empty());
        }
        if let Some(keys) = env.secret("TRACE_ENCRYPTION_KEY")? {
            let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
            self.encryption_keys = keys.map(str::to_owned).collect();
        }
        if self.encryption_keys.iter().any(|key| key.len() < KEY_BYTES) {
            return Err(ConfigError::Value {
                name: "TRACE_ENCRYPTION_KEY".to_owned(),
                value: "too short".to_owned(),
                wanted: "32 characters or more, such as the output of `openssl rand -hex 32`",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let check = |text: &str, expect: Option<usize>| {
            let mut config = AuthConfig::default();
            let applied = config.apply(&Env::of([("TRACE_ENCRYPTION_KEY", text)]));
            assert_eq!(applied.is_ok().then_some(config.encryption_keys.len()), expect, "{text}");
            assert!(!format!("{config:?}{applied:?}").contains("abcdabcd"), "{config:?}");
        };
        check("", Some(0));
        check(&"abcd".repeat(8), Some(1));
        check(&format!("{0} , {0}", "abcd".repeat(8)), Some(2));
        check(&format!("{},abcdabcd", "abcd".repeat(8)), None);
    }
}
