//! The vaults of traces: recorders encrypt to an organisation's public key, and the server alone can open what they wrote.
//!
//! **Invariant:** no private key stands in the catalog or in the store. It is made out of `TRACE_ENCRYPTION_KEY` and the organisation's
//! name when it is needed, and leaves this room only as the private file of one replay, for as long as that runs.

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

/// How the text of a private key begins.
const SECRET_KEY: bech32::Hrp = bech32::Hrp::parse_unchecked("AGE-SECRET-KEY-");

/// The private key that opens a trace's vault, in age's spelling; none when there is no vault, or when it is encrypted to somebody else.
pub async fn private_key(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> anyhow::Result<Option<String>> {
    let bytes = match app.store.get(&App::prefix(org, record)?.vault()).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        other => other?,
    };
    let Some(vault) = Vault::parse(bytes.into()) else { return Ok(None) };
    let mut masters = app.config.auth.encryption_keys.iter();
    Ok(masters.find_map(|master| {
        let text = spelled(master, org)?;
        // The derivation is the recorder's library's; a text that is not its key opens nothing.
        vault.unlock(&Key::parse(&text)?).ok().map(|_| text)
    }))
}

/// The key of [`Key::derive`] as text, which that type never shows.
fn spelled(master: &str, org: &OrgScope) -> Option<String> {
    let label = b"molar-trace vault key v1";
    let bytes = age_core::primitives::hkdf(org.as_str().as_bytes(), label, master.as_bytes());
    bech32::encode_upper::<bech32::Bech32>(SECRET_KEY, &bytes).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_key_is_the_key_that_recorders_encrypt_to() {
        let (master, org): (_, OrgScope) =
            ("0123456789abcdef0123456789abcdef", "acme".parse().unwrap());
        let text = spelled(master, &org).unwrap();
        let derived = Key::derive(master.as_bytes(), org.id()).unwrap();
        assert_eq!(Key::parse(&text).unwrap().public(), derived.public());
    }
}
