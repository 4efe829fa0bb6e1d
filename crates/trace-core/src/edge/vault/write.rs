//! The vault of a trace that is being recorded.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use age::x25519::Recipient;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::blob::ArtifactName;
use crate::chunk::Level;
use crate::chunk::frame::compress;
use crate::redact::VaultEntry;
use crate::ship::ArtifactInfo;

use super::super::artifacts;
use super::super::files;
use super::super::layout::TraceDir;
use super::super::options::ServerOptions;
use super::read::EntryInfo;
use super::{VaultError, VaultOptions, frame, key, recipient, servers};

/// Appends entries; the file is made with the first one, so a trace without secrets has no vault.
pub(in crate::edge) struct VaultWriter {
    path: PathBuf,
    root: PathBuf,
    /// None until the first entry: the key pair of local traces is not made for a trace without secrets.
    recipients: Option<Vec<Recipient>>,
    /// The server whose organisation may have a key.
    server: Option<ServerOptions>,
    /// Entries from before anybody may wait for that key.
    early: Option<Vec<VaultEntry>>,
    /// Whether the file says to whom it is encrypted.
    told: bool,
    file: Option<File>,
    end: u64,
}

impl std::fmt::Debug for VaultWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A longer plaintext is compressed first, because encrypted bytes cannot be.
const PLAIN_BYTES: usize = 4 << 10;

/// One entry as it is encrypted.
#[derive(Serialize)]
struct Inside<'a> {
    id: &'a str,
    kind: &'a str,
    value: Box<RawValue>,
}

impl VaultWriter {
    /// The vault of a trace; none when originals are not kept.
    pub(in crate::edge) fn open(
        at: &TraceDir,
        options: &VaultOptions,
        server: Option<&ServerOptions>,
    ) -> Result<Option<Self>, VaultError> {
        let recipients = match options {
            VaultOptions::Off => return Ok(None),
            VaultOptions::Auto => None,
            VaultOptions::To(list) => Some(recipient::parse(list)?),
        };
        let server = server.filter(|_| recipients.is_none()).cloned();
        if let Some(server) = &server {
            servers::ask(&at.root, server);
        }
        let early = server.as_ref().map(|_| Vec::new());
        let path = path(at);
        let end = mend(&path)?;
        let root = at.root.clone();
        Ok(Some(Self { path, root, recipients, server, early, told: false, file: None, end }))
    }

    /// Bytes on disk.
    pub(in crate::edge) fn bytes(&self) -> u64 {
        self.end
    }

    /// Called on a thread that may wait for the server's key, which the thread of a test never may: what was set aside until
    /// now goes into the file.
    pub(in crate::edge) fn may_wait(&mut self) -> Result<(), VaultError> {
        match self.early.take() {
            Some(early) if !early.is_empty() => self.keep(early),
            _ => Ok(()),
        }
    }

    /// The server's key, else the local one. Decided once, so that a trace has one reader.
    fn find_recipients(&self) -> Result<Vec<Recipient>, VaultError> {
        let theirs =
            self.server.as_ref().and_then(|server| servers::await_answer(&self.root, server));
        Ok(vec![theirs.map_or_else(|| key::local(&self.root), Ok)?])
    }

    /// Encrypts the entries into one frame and hands it to the system.
    pub(in crate::edge) fn keep(&mut self, entries: Vec<VaultEntry>) -> Result<(), VaultError> {
        if let Some(early) = &mut self.early {
            early.extend(entries);
            return Ok(());
        }
        let recipients = match self.recipients.take() {
            Some(recipients) => recipients,
            None => self.find_recipients()?,
        };
        let recipients = self.recipients.insert(recipients);
        let to = if self.told {
            Vec::new()
        } else {
            recipients.iter().map(Recipient::to_string).collect()
        };
        let inside: Vec<Inside<'_>> = entries.iter().filter_map(inside).collect();
        let infos = inside.iter().map(EntryInfo::of).collect();
        let plain = serde_json::to_vec(&inside).unwrap_or_default();
        let mut bytes = if self.end == 0 { frame::HEAD.to_vec() } else { Vec::new() };
        let packed =
            if plain.len() > PLAIN_BYTES { compress(&plain, Level::Live).ok() } else { None };
        let message = encrypt(recipients, packed.as_deref().unwrap_or(&plain))?;
        frame::encode(infos, &message, packed.is_some(), to, &mut bytes);
        let file = match &mut self.file {
            Some(file) => file,
            slot => {
                let opened =
                    File::options().create(true).write(true).truncate(false).open(&self.path);
                slot.insert(opened.map_err(VaultError::at("open", &self.path))?)
            }
        };
        // The place is set before every write, because a refused one may have left part of a frame.
        let written = file.seek(SeekFrom::Start(self.end)).and_then(|_| file.write_all(&bytes));
        if let Err(error) = written {
            drop(file.set_len(self.end));
            self.file = None;
            return Err(VaultError::at("append to", &self.path)(error));
        }
        self.end += bytes.len() as u64;
        self.told = true;
        Ok(())
    }
}

impl EntryInfo {
    fn of(inside: &Inside<'_>) -> Self {
        let bytes = inside.value.get().len() as u64;
        Self { id: inside.id.to_owned(), kind: inside.kind.to_owned(), bytes }
    }
}

fn inside(entry: &VaultEntry) -> Option<Inside<'_>> {
    let original = entry.original.expose();
    let value = if entry.is_json {
        RawValue::from_string(original.to_owned()).ok()?
    } else {
        serde_json::value::to_raw_value(original).ok()?
    };
    Some(Inside { id: entry.id(), kind: &entry.kind, value })
}

fn encrypt(recipients: &[Recipient], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let all = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all);
    let encryptor = encryptor.map_err(|error| VaultError::Encrypt(error.into()))?;
    let mut message = Vec::with_capacity(plain.len() + 256);
    let sealed = encryptor.wrap_output(&mut message).and_then(|mut out| {
        out.write_all(plain)?;
        out.finish().map(drop)
    });
    sealed.map_err(|error| VaultError::Encrypt(error.into()))?;
    Ok(message)
}

/// Where a trace's vault lies.
fn path(at: &TraceDir) -> PathBuf {
    at.dir.join(ArtifactName::VAULT)
}

/// Lists a trace's vault among its artifacts; none when the trace has no secrets.
pub(in crate::edge) fn list(at: &TraceDir) -> Result<Option<ArtifactInfo>, VaultError> {
    if mend(&path(at))? == 0 {
        return Ok(None);
    }
    Ok(Some(artifacts::list(at, &ArtifactName::vault())?))
}

/// Cuts off a frame that was not written to its end; answers where the file ends then, 0 without one.
fn mend(path: &Path) -> Result<u64, VaultError> {
    let Some(bytes) = files::read_if_any(path)? else { return Ok(0) };
    let not_ours = || VaultError::NotAVault(path.to_owned());
    let (_, end) = frame::decode(&bytes).ok_or_else(not_ours)?;
    if end < bytes.len() {
        let file = File::options().write(true).open(path);
        file.and_then(|file| file.set_len(end as u64)).map_err(VaultError::at("cut", path))?;
    }
    Ok(end as u64)
}
