//! `readVault`: the originals of redacted values, for a replay that has the key.

use std::path::Path;

use napi_derive::napi;
use trace_core::edge::vault::{Key, Vault};

use crate::error::{Result, coded};

/// One original of a trace.
#[napi(object)]
pub struct VaultSecret {
    /// Its name in the record: `bearer:3` for `[REDACTED:bearer:3]`, or what a field `secret` refers to.
    pub id: String,
    /// The rule's name, or `secret` for a whole value.
    pub kind: String,
    /// The value as JSON text.
    pub json: String,
}

impl std::fmt::Debug for VaultSecret {
    /// The value never reaches a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The secrets of the trace in `dir`, opened with the private key in `key_file`; empty when the trace has no vault.
#[napi]
pub fn read_vault(dir: String, key_file: String) -> Result<Vec<VaultSecret>> {
    let unreadable = |error| coded("VAULT_UNREADABLE", &error);
    let vault = Vault::open(Path::new(&dir)).map_err(unreadable)?;
    if vault.entries().next().is_none() {
        return Ok(Vec::new());
    }
    let key = Key::read(Path::new(&key_file)).map_err(unreadable)?;
    let open = vault.unlock(&key).map_err(unreadable)?;
    let secrets = open.iter().map(|(id, secret)| VaultSecret {
        id: id.to_owned(),
        kind: secret.kind().to_owned(),
        json: secret.json().to_owned(),
    });
    Ok(secrets.collect())
}
