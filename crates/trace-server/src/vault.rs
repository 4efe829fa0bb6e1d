//! The vaults of traces: recorders encrypt to an organisation's public key, and the server alone can open what they wrote.
//!
//! **Invariant:** no private key leaves this room. It is made out of `TRACE_ENCRYPTION_KEY` and the organisation's name when it is
//! needed, and stands neither in the catalog nor in the store.

use trace_core::edge::vault::{Key, OpenVault, Vault, VaultError};

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

/// The originals of a trace's redacted values, for a replay that was authorised; none when the trace has no vault.
///
/// Errors: the vault is encrypted to somebody else, or is damaged.
pub async fn open(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> anyhow::Result<Option<OpenVault>> {
    let bytes = match app.store.get(&App::prefix(org, record)?.vault()).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        other => other?,
    };
    let vault = Vault::parse(bytes.into());
    let vault = vault.ok_or_else(|| anyhow::anyhow!("`secrets.age` is no vault of version 1"))?;
    let mut locked = None;
    for key in keys(app, org) {
        match vault.unlock(&key) {
            Ok(open) => return Ok(Some(open)),
            Err(error @ VaultError::Locked { .. }) => locked = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    let to = vault.recipients().join(", ");
    let told = format!("the vault is encrypted to `{to}`, of which this server has no key");
    Err(match locked {
        Some(error) => anyhow::Error::new(error).context(told),
        None => anyhow::Error::msg(told),
    })
}
