//! What a trace says about its pages, gathered line by line: batches of rrweb events, step boundaries, answers of the network.

use std::collections::BTreeMap;

use crate::event::{Body, Content, DomDigest, DomEvents, Event, FrameHolder};

use super::assets::AssetIndex;

/// One batch of a document's recording, its events still unread.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) seq: u64,
    pub(super) frame: String,
    pub(super) frame_url: String,
    /// Recorder instance and snapshot within it.
    pub(super) stream: (String, u64),
    pub(super) first_ts: f64,
    pub(super) last_ts: f64,
    pub(super) events: Content,
    pub(super) holder: Option<FrameHolder>,
    pub(super) digest: Option<DomDigest>,
}

/// Everything of a trace that its documents are rebuilt from.
#[derive(Debug, Default)]
pub struct RecordedPages {
    pub(super) pages: BTreeMap<String, Vec<Batch>>,
    /// Times at which a step began or ended.
    pub(super) boundaries: Vec<f64>,
    pub(super) assets: AssetIndex,
}

impl RecordedPages {
    /// Takes what it needs of one event. Kinds it has no use for cost nothing.
    pub fn push(&mut self, event: &Event) {
        let kind = event.kind.as_str();
        if matches!(kind, "step.start" | "step.end") {
            self.boundaries.push(event.ts.as_ms());
        }
        if !kind.starts_with("dom.") && !kind.starts_with("network.") {
            return;
        }
        match event.body() {
            Ok(Body::DomSnapshot(dom) | Body::DomMutation(dom)) => {
                self.batch(event.seq.get(), dom);
            }
            Ok(Body::NetworkRequest(request)) => self.assets.request(&request),
            Ok(Body::NetworkResponse(response)) => self.assets.response(event, &response),
            _ => {}
        }
    }

    /// Takes batches of documents that begin before the last of the times, and nothing else.
    pub fn push_documents(&mut self, event: &Event, times: &[f64]) {
        if event.kind.as_str().starts_with("dom.")
            && let Ok(Body::DomSnapshot(dom) | Body::DomMutation(dom)) = event.body()
            && times.iter().any(|at| dom.first_ts <= *at)
        {
            self.batch(event.seq.get(), dom);
        }
    }

    /// Whether the trace has any document.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    fn batch(&mut self, seq: u64, dom: DomEvents) {
        let DomEvents { page, frame, frame_url, stream, generation, .. } = dom;
        let DomEvents { first_ts, last_ts, events, holder, digest, .. } = dom;
        let stream = (stream, generation);
        let batch =
            Batch { seq, frame, frame_url, stream, first_ts, last_ts, events, holder, digest };
        self.pages.entry(page).or_default().push(batch);
    }

    /// A page's batches in the order in which one player shows them, and its top frame.
    ///
    /// Recordings of the top frame follow one another by their first time, whatever arrived late; frames of other origins lie
    /// between their batches by time.
    pub(super) fn in_order(batches: &[Batch]) -> (String, Vec<&Batch>) {
        let top = batches.iter().find(|batch| batch.holder.is_none());
        let top = top.or(batches.first()).map(|batch| batch.frame.clone()).unwrap_or_default();
        let mut starts: BTreeMap<&(String, u64), f64> = BTreeMap::new();
        for batch in batches.iter().filter(|batch| batch.frame == top) {
            let start = starts.entry(&batch.stream).or_insert(batch.first_ts);
            *start = start.min(batch.first_ts);
        }
        let epoch = |batch: &Batch| match starts.get(&batch.stream) {
            Some(start) if batch.frame == top => *start,
            _ => starts.values().copied().filter(|s| *s <= batch.first_ts).fold(0.0, f64::max),
        };
        let mut ordered: Vec<&Batch> = batches.iter().collect();
        ordered.sort_by(|a, b| {
            let by_epoch = epoch(a).total_cmp(&epoch(b));
            let of_other = |batch: &Batch| batch.frame != top;
            by_epoch
                .then(a.first_ts.total_cmp(&b.first_ts))
                .then(of_other(a).cmp(&of_other(b)))
                .then(a.seq.cmp(&b.seq))
        });
        (top, ordered)
    }
}
