//! `vault`: what a trace keeps encrypted.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;
use trace_core::edge::vault::{KEY_FILE, Key, OpenVault, Secret, Vault};

use crate::args::{Place, VaultCommand};
use crate::error::CliError;
use crate::out;
use crate::source::LocalSource;

pub(crate) fn run(place: &Place, command: &VaultCommand) -> Result<u8, CliError> {
    let VaultCommand::Ls { trace, reveal, vault_key } = command;
    let dir = LocalSource::new(&place.root).folder(trace)?;
    let vault = Vault::open(&dir).map_err(|error| CliError::Vault(Box::new(error)))?;
    let open = if *reveal { Some(unlocked(place, &vault, vault_key.as_ref())?) } else { None };
    let mut results = out::results();
    for entry in vault.entries() {
        let value = open.as_ref().and_then(|open| open.get(&entry.id)).map(Secret::json);
        if place.json {
            let mut row = json!({ "id": entry.id, "kind": entry.kind, "bytes": entry.bytes });
            if let Some(value) = value {
                row["value"] = serde_json::from_str(value)?;
            }
            writeln!(results, "{row}")?;
        } else {
            let value = value.unwrap_or_default();
            let row = format!("{:<28} {:>8} bytes  {value}", entry.id, entry.bytes);
            writeln!(results, "{}", row.trim_end())?;
        }
    }
    if vault.cut_bytes > 0 {
        out::note(&format!(
            "the last {} bytes were cut off by a crash and hold nothing",
            vault.cut_bytes
        ));
    }
    results.flush()?;
    Ok(0)
}

fn unlocked(place: &Place, vault: &Vault, path: Option<&PathBuf>) -> Result<OpenVault, CliError> {
    let path = path.cloned().unwrap_or_else(|| place.root.join(KEY_FILE));
    let key = Key::read(&path).map_err(|error| CliError::Vault(Box::new(error)))?;
    vault.unlock(&key).map_err(|error| CliError::Vault(Box::new(error)))
}
