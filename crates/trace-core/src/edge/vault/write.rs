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
    /// Everything in the file, as long as it is little: what makes one frame of many in the end. None when it is not known.
    held: Option<Held>,
}

/// Entries as they are encrypted: the JSON of each, in order.
#[derive(Default)]
struct Held {
    infos: Vec<EntryInfo>,
    texts: Vec<String>,
    bytes: usize,
    frames: usize,
}

impl std::fmt::Debug for VaultWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A longer plaintext is compressed first, because encrypted bytes cannot be.
const PLAIN_BYTES: usize = 4 << 10;

/// Originals that are held for the end, in bytes. States of a page are a few kilobytes at each step.
const HELD_BYTES: usize = 256 << 10;

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
        // What an earlier process wrote can only be read by whoever has the private key.
        let held = (end == 0).then(Held::default);
        let file = None;
        Ok(Some(Self { path, root, recipients, server, early, told: false, file, end, held }))
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
        let inside: Vec<Inside<'_>> = entries.iter().filter_map(inside).collect();
        let infos: Vec<EntryInfo> = inside.iter().map(EntryInfo::of).collect();
        let texts: Vec<String> =
            inside.iter().filter_map(|one| serde_json::to_string(one).ok()).collect();
        let mut bytes = if self.end == 0 { frame::HEAD.to_vec() } else { Vec::new() };
        self.seal(infos.clone(), &texts, !self.told, &mut bytes)?;
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
        self.hold(infos, texts);
        Ok(())
    }

    /// Puts all entries into one frame, now that nothing more comes: each frame has a header of its own, and what is
    /// alike in two of them is written twice (measured: 12.9 KB of a sign-in test become 2.0).
    pub(in crate::edge) fn settle(&mut self) -> Result<(), VaultError> {
        let Some(held) = self.held.take().filter(|held| held.frames > 1) else { return Ok(()) };
        let mut bytes = frame::HEAD.to_vec();
        self.seal(held.infos, &held.texts, true, &mut bytes)?;
        self.file = None;
        files::write_whole(&self.path, &bytes)?;
        self.end = bytes.len() as u64;
        Ok(())
    }

    /// Appends one frame with these entries to `out`, which says on demand to whom it is encrypted.
    fn seal(
        &mut self,
        infos: Vec<EntryInfo>,
        texts: &[String],
        tells: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), VaultError> {
        let recipients = match self.recipients.take() {
            Some(recipients) => recipients,
            None => self.find_recipients()?,
        };
        let recipients = self.recipients.insert(recipients);
        let to = if tells { recipients.iter().map(Recipient::to_string).collect() } else { vec![] };
        let plain = format!("[{}]", texts.join(",")).into_bytes();
        let packed =
            if plain.len() > PLAIN_BYTES { compress(&plain, Level::Live).ok() } else { None };
        let message = encrypt(recipients, packed.as_deref().unwrap_or(&plain))?;
        frame::encode(infos, &message, packed.is_some(), to, out);
        Ok(())
    }

    fn hold(&mut self, infos: Vec<EntryInfo>, texts: Vec<String>) {
        let Some(held) = &mut self.held else { return };
        held.bytes += texts.iter().map(String::len).sum::<usize>();
        held.frames += 1;
        held.infos.extend(infos);
        held.texts.extend(texts);
        if held.bytes > HELD_BYTES {
            self.held = None;
        }
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

/// One age message for all of these.
pub(super) fn encrypt(recipients: &[Recipient], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
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
