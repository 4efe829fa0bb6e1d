//! Every object key is built here and nowhere else.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::BlobId;
use crate::event::{TraceId, WallMs};

/// Why something has no place in the store.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Empty, too long or with a character that could change a path.
    #[error("organisation `{0}` is not 1 to 64 of the characters A-Z a-z 0-9 _ -")]
    Org(String),
    /// A name that is not on the list.
    #[error(
        "artifact `{0}` is none of the known names such as `trace.playwright.zip` or `video.webm`"
    )]
    Artifact(String),
    /// A wall clock beyond the year 9999.
    #[error("wall clock `{0}` ms is no date before the year 10000")]
    Date(WallMs),
    /// A text that none of the constructors could have built.
    #[error("object key `{0}` is none of this layout")]
    Key(String),
}

/// An organisation's id; safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(Box<str>);

impl OrgId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrgId {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(KeyError::Org(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file beside the trace that a recorder may upload, by its allow-listed name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactName(Box<str>);

impl ArtifactName {
    /// Playwright's own trace; those of further contexts are `trace.playwright-2.zip`, …
    pub const PLAYWRIGHT_ZIP: &'static str = "trace.playwright.zip";
    /// The vault of redacted values.
    pub const VAULT: &'static str = "secrets.age";
    /// The first page's video.
    pub const VIDEO: &'static str = "video.webm";

    /// The name of the `n`th video: `video.webm`, `video-2.webm`, …
    pub fn video(n: u32) -> Self {
        if n <= 1 { Self(Self::VIDEO.into()) } else { Self(format!("video-{n}.webm").into()) }
    }

    /// The vault.
    pub fn vault() -> Self {
        Self(Self::VAULT.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The media type to serve it under.
    pub fn media_type(&self) -> &'static str {
        match &*self.0 {
            Self::VAULT => "application/octet-stream",
            name if is_numbered(name, "video", ".webm") => "video/webm",
            _ => "application/zip",
        }
    }
}

/// The first has no number, the others have 2 to 999 without leading zeros: `video.webm`, `video-2.webm`.
fn is_numbered(name: &str, stem: &str, extension: &str) -> bool {
    let inner = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension));
    let Some(number) = inner.filter(|inner| !inner.is_empty()) else { return inner.is_some() };
    let digits = number.strip_prefix('-').filter(|digits| digits.len() <= 3);
    digits.is_some_and(|digits| {
        digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
            && digits.parse::<u32>().is_ok_and(|n| n >= 2)
    })
}

impl FromStr for ArtifactName {
    type Err = KeyError;
    fn from_str(name: &str) -> Result<Self, KeyError> {
        let is_known = name == Self::VAULT
            || is_numbered(name, "video", ".webm")
            || is_numbered(name, "trace.playwright", ".zip");
        if is_known {
            Ok(Self(name.into()))
        } else {
            Err(KeyError::Artifact(name.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in the store; only the constructors of this file make one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Where a blob lies: `blobs/sha256/{first two digits}/{the other 62}`.
    pub fn blob(id: &BlobId) -> Self {
        let hex = id.hex();
        Self(format!("{BLOBS}{}/{}", &hex[..2], &hex[2..]))
    }

    /// The key's text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The blob that lies here, when the key is a blob's.
    pub fn blob_id(&self) -> Option<BlobId> {
        let (first, rest) = self.0.strip_prefix(BLOBS)?.split_once('/')?;
        (first.len() == 2).then(|| BlobId::from_hex(&format!("{first}{rest}")).ok()).flatten()
    }

    /// The number of the chunk that lies here, when the key is a closed live chunk's.
    pub fn chunk_number(&self) -> Option<u64> {
        self.0.rsplit_once("/live/")?.1.strip_suffix(".zst")?.parse().ok()
    }
}

/// Where all blobs lie.
const BLOBS: &str = "blobs/sha256/";
/// Where all traces lie.
const RUNS: &str = "traces/runs/";

impl FromStr for ObjectKey {
    type Err = KeyError;
    /// Reads back what the constructors build, such as from a listing; every other text is refused.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = Self(text.to_owned());
        let known = key.blob_id().is_some()
            || TracePrefix::split(text).is_some_and(|(_, name)| is_trace_file(name));
        if known { Ok(key) } else { Err(KeyError::Key(text.chars().take(200).collect())) }
    }
}

/// A name that lies directly in a trace's directory or in its `live/`.
fn is_trace_file(name: &str) -> bool {
    if let Some(live) = name.strip_prefix("live/") {
        let number = live.strip_suffix(".zst").or_else(|| live.strip_suffix(".ndjson"));
        return number.is_some_and(|n| n.len() >= 6 && n.bytes().all(|b| b.is_ascii_digit()));
    }
    matches!(name, TRACE_FILE | SUMMARY | MANIFEST | RRWEB) || name.parse::<ArtifactName>().is_ok()
}

const TRACE_FILE: &str = "trace.ndjson.zst";
const SUMMARY: &str = "summary.json";
const MANIFEST: &str = "manifest.json";
const RRWEB: &str = "rrweb-events.ndjson.zst";

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ObjectKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// One trace's directory: `traces/runs/{org}/{yyyy}/{mm}/{dd}/{trace}`, the UTC day of `run.start.wall_ms`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TracePrefix(String);

impl TracePrefix {
    /// The directory of a trace.
    pub fn new(org: &OrgId, wall_ms: WallMs, trace: TraceId) -> Result<Self, KeyError> {
        let seconds = i64::try_from(wall_ms / 1000).map_err(|_| KeyError::Date(wall_ms))?;
        let date = time::OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|_| KeyError::Date(wall_ms))?
            .date();
        let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
        Ok(Self(format!("{RUNS}{org}/{year:04}/{month:02}/{day:02}/{trace}")))
    }

    /// Splits a key of a trace into its directory's trace and the name inside.
    fn split(key: &str) -> Option<(TraceId, &str)> {
        let mut parts = key.strip_prefix(RUNS)?.splitn(6, '/');
        parts.next()?.parse::<OrgId>().ok()?;
        for digits in [4, 2, 2] {
            let part = parts.next()?;
            if part.len() != digits || !part.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
        }
        let trace = parts.next()?;
        let id: TraceId = trace.parse().ok()?;
        (id.to_string() == trace).then_some((id, parts.next()?))
    }

    /// The directory's text, without a slash at either end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn file(&self, name: impl fmt::Display) -> ObjectKey {
        ObjectKey(format!("{}/{name}", self.0))
    }

    /// The `n`th chunk, from 1.
    pub fn chunk(&self, n: u64) -> ObjectKey {
        self.file(format_args!("live/{n:06}.zst"))
    }

    /// The chunk that a recorder is still filling, uncompressed.
    pub fn open_chunk(&self, n: u64) -> ObjectKey {
        self.file(format_args!("live/{n:06}.ndjson"))
    }

    /// The finished trace.
    pub fn trace_file(&self) -> ObjectKey {
        self.file(TRACE_FILE)
    }

    /// A file that came with the trace.
    pub fn artifact(&self, name: &ArtifactName) -> ObjectKey {
        self.file(name)
    }

    /// The list row, counts and search text.
    pub fn summary(&self) -> ObjectKey {
        self.file(SUMMARY)
    }

    /// Which blobs the trace refers to.
    pub fn manifest(&self) -> ObjectKey {
        self.file(MANIFEST)
    }

    /// The recorded DOM as plain rrweb events.
    pub fn rrweb(&self) -> ObjectKey {
        self.file(RRWEB)
    }

    /// The encrypted originals of redacted values.
    pub fn vault(&self) -> ObjectKey {
        self.file(ArtifactName::VAULT)
    }
}

impl fmt::Display for TracePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The directory of a trace; the function form of [`TracePrefix::new`].
pub fn trace_prefix(org: &OrgId, wall_ms: WallMs, trace: TraceId) -> Result<TracePrefix, KeyError> {
    TracePrefix::new(org, wall_ms, trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> TracePrefix {
        let trace = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        TracePrefix::new(&"acme".parse().unwrap(), 1_767_225_599_999, trace).unwrap()
    }

    #[test]
    fn keys_are_the_documented_layout_and_parse_back() {
        let prefix = prefix();
        let dir = "traces/runs/acme/2025/12/31/550e8400-e29b-41d4-a716-446655440000";
        assert_eq!(prefix.as_str(), dir);
        let video = ArtifactName::video(2);
        let zip: ArtifactName = "trace.playwright-2.zip".parse().unwrap();
        assert_eq!((video.media_type(), zip.media_type()), ("video/webm", "application/zip"));
        for (key, name) in [
            (prefix.chunk(7), "live/000007.zst"),
            (prefix.chunk(1_234_567), "live/1234567.zst"),
            (prefix.open_chunk(7), "live/000007.ndjson"),
            (prefix.trace_file(), "trace.ndjson.zst"),
            (prefix.artifact(&video), "video-2.webm"),
            (prefix.artifact(&zip), "trace.playwright-2.zip"),
            (prefix.summary(), "summary.json"),
            (prefix.manifest(), "manifest.json"),
            (prefix.rrweb(), "rrweb-events.ndjson.zst"),
            (prefix.vault(), "secrets.age"),
        ] {
            assert_eq!(key.as_str(), format!("{dir}/{name}"));
            assert_eq!(key.as_str().parse(), Ok(key));
        }
        assert_eq!(prefix.chunk(7).chunk_number(), Some(7));
    }

    #[test]
    fn blob_keys_lead_back_to_the_blob() {
        let id = BlobId::of(b"x");
        let key = ObjectKey::blob(&id);
        assert_eq!(key.as_str().len(), "blobs/sha256/aa/".len() + 62);
        assert_eq!(key.blob_id(), Some(id));
        assert_eq!(key.as_str().parse(), Ok(key));
    }

    #[test]
    fn nothing_leaves_its_place() {
        for bad in ["", "..", "a/b", "a.b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<OrgId>().is_err(), "{bad}");
        }
        for bad in [
            "",
            "video-1.webm",
            "video-02.webm",
            "video-+2.webm",
            "../video.webm",
            "x.html",
            "video-1000.webm",
            "trace.playwright2.zip",
            "trace.playwright-.zip",
            "trace.playwright-1.zip",
            "trace.playwright-2/a.zip",
        ] {
            assert!(bad.parse::<ArtifactName>().is_err(), "{bad}");
        }
        let dir = prefix();
        for bad in [
            "blobs/sha256/aa/bb",
            "/etc/passwd",
            "traces/runs/acme/2025/12/31/../x",
            &format!("{dir}/x.html"),
            &format!("{dir}/live/../../x.zst"),
        ] {
            assert!(bad.parse::<ObjectKey>().is_err(), "{bad}");
        }
    }
}
