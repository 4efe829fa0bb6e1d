//! What a finished trace says beside its lines, gathered while they are written, so that finishing need not read them again.
//!
//! Only a recorder that wrote a trace from its first line has its story. Recovery reads the chunks instead, see
//! [`super::finalize`]; both ways give the same files.

use crate::chunk::FrameFacts;
use crate::chunk::index::IndexBuilder;
use crate::event::{Event, Payload, Seq, Timestamp};
use crate::ship::ChunkInfo;
use crate::trace::{ManifestBuilder, SummaryBuilder};

/// Gathers line by line and chunk by chunk.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) summary: SummaryBuilder,
    pub(super) manifest: ManifestBuilder,
    pub(super) index: IndexBuilder,
    /// The chunks so far; whoever joins them compares their digests.
    pub(super) chunks: Vec<ChunkInfo>,
    /// Lines that the system does not have yet; a refusing disk takes them back.
    pending: Vec<Event>,
}

impl Story {
    /// A line is on its way.
    pub(super) fn line(
        &mut self,
        ts: Timestamp,
        seq: Seq,
        kind: &str,
        step_id: Option<&str>,
        fields: &str,
    ) {
        self.pending.push(Event {
            ts,
            seq,
            kind: crate::event::Kind::from_name(kind),
            step_id: step_id.and_then(|id| id.parse().ok()),
            payload: Payload::from_fields(fields),
        });
    }

    /// The lines on their way have arrived.
    pub(super) fn commit(&mut self) {
        for event in self.pending.drain(..) {
            self.summary.push(&event);
            self.manifest.push(&event);
        }
    }

    /// The lines on their way are lost.
    pub(super) fn take_back(&mut self) {
        self.pending.clear();
    }

    /// The lines so far became a chunk.
    pub(super) fn chunk(&mut self, raw: &[u8], info: &ChunkInfo) {
        self.index.push(info.bytes_len, raw, &FrameFacts::of(raw));
        self.chunks.push(info.clone());
    }
}
