//! A bundle, opened like a trace.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use trace_core::blob::{ArtifactName, BlobId};
use trace_core::edge::{self, BundleLimits};
use trace_core::trace::ArtifactRef;

use super::local::open_path;
use super::{Found, OpenTrace, Row};
use crate::error::CliError;
use crate::out::Bar;

/// A bundle's files in a folder of their own, which goes when this does.
#[derive(Debug)]
pub(crate) struct Unpacked {
    dir: tempfile::TempDir,
}

impl Unpacked {
    /// Unpacks and checks the bundle.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let unreadable = |error| CliError::unreadable(path, error);
        let file = File::open(path).map_err(unreadable)?;
        let dir = tempfile::Builder::new().prefix("molar-bundle-").tempdir()?;
        let bar = Bar::bytes("opening the bundle");
        let limits = BundleLimits::default();
        let unpacked =
            edge::unpack_bundle(BufReader::new(file), dir.path(), &limits, |done, total| {
                bar.at(done, total);
            });
        unpacked.map_err(|error| CliError::unreadable(path, error))?;
        Ok(Self { dir })
    }

    /// The recorder's folder that the bundle is.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }
}

/// Whether a file is a bundle: it begins like a zstd file, and what is in it begins like a tar archive of ours.
pub(super) fn is_bundle(path: &Path) -> bool {
    const FIRST: &[u8] = b"bundle.json\0";
    let Ok(file) = File::open(path) else { return false };
    let Ok(mut zstd) = zstd::Decoder::new(file) else { return false };
    let mut head = [0; FIRST.len()];
    zstd.read_exact(&mut head).is_ok() && head == FIRST
}

/// The one trace of a bundle.
pub(super) fn open(path: &Path) -> Result<Box<dyn OpenTrace>, CliError> {
    let unpacked = Unpacked::open(path)?;
    let dirs = edge::trace_dirs(unpacked.root());
    let [dir] = dirs.as_slice() else {
        let message = format!(
            "`{}` holds {} traces; unpack it with `tar --zstd -xf` and name the folder with --root, or push it",
            path.display(),
            dirs.len()
        );
        return Err(CliError::Usage { message });
    };
    Ok(Box::new(Bundled { trace: open_path(dir)?, _unpacked: unpacked }))
}

/// A trace whose files go with it.
struct Bundled {
    trace: Box<dyn OpenTrace>,
    _unpacked: Unpacked,
}

impl OpenTrace for Bundled {
    fn row(&self) -> &Row {
        self.trace.row()
    }

    fn events(&self, query: Option<&str>, limit: usize) -> Result<Found, CliError> {
        self.trace.events(query, limit)
    }

    fn copy_lines(&self, out: &mut dyn Write) -> Result<Vec<String>, CliError> {
        self.trace.copy_lines(out)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, CliError> {
        self.trace.blob(id)
    }

    fn artifacts(&self) -> Result<Vec<ArtifactRef>, CliError> {
        self.trace.artifacts()
    }

    fn copy_artifact(&self, name: &ArtifactName, out: &mut dyn Write) -> Result<bool, CliError> {
        self.trace.copy_artifact(name, out)
    }

    fn blobs_of_others(&self) -> Option<BTreeSet<String>> {
        None
    }
}
