//! The vaults of traces: recorders encrypt to an organisation's public key, and the server alone can open what they wrote.
//!
//! **Invariant:** no private key stands in the catalog or in the store. It is made out of `TRACE_ENCRYPTION_KEY` and the organisation's
//! name when it is needed, and never leaves this room: a replay, which runs its user's code, is lent a copy of one vault with a key that
//! opens nothing else.

use trace_core::edge::vault::{Key, Vault, VaultError};

use crate::app::App;
use crate::catalog::TraceRecord;
use crate::org::OrgScope;
use crate::store::StoreError;

/// The organisation's public key; none when the operator has set no `TRACE_ENCRYPTION_KEY`.
pub fn recipient(app: &App, org: &OrgScope) -> Option<String> {
    keys(app, org).next().map(|key| key.public())
}

/// The keys of an organisation, the one in use first.
fn keys(app: &App, org: &OrgScope) -> impl Iterator<Item = Key> {
    let masters = app.config.auth.encryption_keys.iter();
    masters.filter_map(|master| Key::derive(master.as_bytes(), org.id()))
}

/// A copy of a trace's vault with a key of its own, for one replay; none when there is no vault, or when this server has no key of it.
///
/// Errors: the vault is damaged.
pub async fn lent(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> anyhow::Result<Option<(Vec<u8>, Key)>> {
    let bytes = match app.store.get(&App::prefix(org, record)?.vault()).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        other => other?,
    };
    let vault = Vault::parse(bytes.into());
    let vault = vault.ok_or_else(|| anyhow::anyhow!("`secrets.age` is no vault of version 1"))?;
    for key in keys(app, org) {
        match vault.unlock(&key) {
            Ok(_) => return Ok(Some(vault.lent(&key)?)),
            Err(VaultError::Locked { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
