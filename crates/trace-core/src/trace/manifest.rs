//! Which blobs and artifacts a trace needs: what keeps them from being collected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, FORMAT_VERSION, TraceId};
use crate::scan;

/// A blob that the trace refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Bytes as stored in the reference; 0 when it does not say.
    pub size: u64,
    /// Its media type; `application/octet-stream` when the reference does not say.
    pub media_type: String,
}

/// A named file beside the trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// Its name, such as `video.webm`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format version.
    pub format: u32,
    /// The trace.
    pub trace_id: TraceId,
    /// Every blob once, ordered by digest.
    pub blobs: Vec<BlobRef>,
    /// Every artifact once, ordered by name.
    pub artifacts: Vec<ArtifactRef>,
}

/// Collects references while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct ManifestBuilder {
    blobs: BTreeMap<String, BlobRef>,
    artifacts: BTreeMap<String, ArtifactRef>,
}

impl ManifestBuilder {
    /// Takes in an event's references.
    pub fn push(&mut self, event: &Event) {
        self.push_line(event.payload.as_str().as_bytes());
    }

    /// Takes in a raw line's references, or those of any other JSON text. Lines without one cost a substring search.
    pub fn push_line(&mut self, line: &[u8]) {
        if memchr::memmem::find(line, b"sha256:").is_none() {
            return;
        }
        for object in holders(line) {
            if let Some(blob) = blob_of(object) {
                self.blobs.entry(blob.sha256.clone()).or_insert(blob);
            }
        }
    }

    /// Adds an artifact; the last one of a name counts.
    pub fn artifact(&mut self, artifact: ArtifactRef) {
        self.artifacts.insert(artifact.name.clone(), artifact);
    }

    /// The manifest.
    pub fn finish(self, trace_id: TraceId) -> Manifest {
        Manifest {
            format: FORMAT_VERSION,
            trace_id,
            blobs: self.blobs.into_values().collect(),
            artifacts: self.artifacts.into_values().collect(),
        }
    }
}

/// The objects, at any depth, that have a member `blob`.
fn holders(json: &[u8]) -> Vec<&[u8]> {
    let (mut open, mut found, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(byte) = json.get(at) {
        let end = match byte {
            b'{' => {
                open.push(at);
                at + 1
            }
            b'}' => {
                open.pop();
                at + 1
            }
            b'"' => match scan::value_end(json, at) {
                Some(end) => {
                    let is_key = json.get(scan::skip_space(json, end)) == Some(&b':');
                    if is_key && scan::key_is(&json[at + 1..end - 1], "blob") {
                        found.extend(open.last().copied());
                    }
                    end
                }
                None => break,
            },
            _ => at + 1,
        };
        at = end;
    }
    found.into_iter().map(|start| &json[start..]).collect()
}

fn blob_of(object: &[u8]) -> Option<BlobRef> {
    let blob = scan::string_field(object, "blob")?;
    let digest = blob.strip_prefix("sha256:")?;
    let is_digest =
        digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let size = scan::field(object, "size")
        .and_then(|found| std::str::from_utf8(found.raw).ok()?.parse().ok());
    let media_type = scan::string_field(object, "media_type");
    is_digest.then(|| BlobRef {
        sha256: digest.to_owned(),
        size: size.unwrap_or(0),
        media_type: media_type
            .map_or_else(|| "application/octet-stream".to_owned(), std::borrow::Cow::into_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collects_references_at_any_depth_once() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let mut builder = ManifestBuilder::default();
        builder.push_line(
            format!(r#"{{"ts":1,"seq":1,"kind":"x","body":{{"size":9,"media_type":"text/css","blob":"sha256:{a}"}},"l":[{{"b":[{{"blob" : "sha256:{b}"}}]}}]}}"#)
                .as_bytes(),
        );
        builder.push_line(
            format!(r#"{{"text":"\"blob\":\"sha256:{}\"","blob":"sha256:xyz"}}"#, "c".repeat(64))
                .as_bytes(),
        );
        builder.push_line(format!(r#"{{"body":{{"blob":"sha256:{a}"}}}}"#).as_bytes());
        builder.push_line(br#"{"blob":"sha256:"#);
        builder.artifact(ArtifactRef { name: "video.webm".into(), size: 1, sha256: a.clone() });
        let manifest = builder.finish(TraceId::from_random([1; 16]));
        assert_eq!(manifest.blobs.len(), 2);
        assert_eq!(
            (manifest.blobs[0].size, manifest.blobs[0].media_type.as_str()),
            (9, "text/css")
        );
        assert_eq!(manifest.blobs[1].sha256, b);
        let text = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    }
}
