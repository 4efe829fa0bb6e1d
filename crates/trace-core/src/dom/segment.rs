//! A page's recording in pieces that each begin with a keyframe, so that a player can begin anywhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::Content;

use super::apply::VirtualDom;
use super::assets::Asset;
use super::css::Sheets;
use super::digest::{DIGEST_VERSION, DigestValue};
use super::fault::Fault;
use super::frames::Frames;
use super::json::parse_events;
use super::pages::{Batch, RecordedPages};
use super::urls;

/// Events after which a keyframe is made although no step begins or ends.
pub const SEGMENT_EVENTS: usize = 2000;
/// Milliseconds after which a keyframe is made.
pub const SEGMENT_MS: f64 = 10_000.0;

/// Where contents are: inline ones are read by whoever asks, blobs by whoever has the store.
pub trait Contents {
    /// The bytes, or why there are none.
    fn read(&mut self, content: &Content) -> Result<Vec<u8>, String>;
}

/// One piece of a page's recording: a line of `rrweb-events.ndjson.zst`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// The page.
    pub page: String,
    /// Its number within the page, from 1.
    pub segment: u64,
    /// Times on the trace's axis, which are the events' timestamps too.
    pub start_ts: f64,
    /// Time of the last event.
    pub end_ts: f64,
    /// Whether a recorder wrote the keyframe or it was made from what came before.
    pub keyframe: Keyframe,
    /// Each URL that the events refer to and where its bytes are.
    pub assets: BTreeMap<String, Asset>,
    /// URLs that the trace has no bytes for.
    pub missing: Vec<String>,
    /// What could not be applied or read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Where the rebuilt document was not the page's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// rrweb events that begin with Meta and `FullSnapshot`.
    pub events: Vec<Value>,
}

/// Who made a segment's keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyframe {
    /// The recorder in the page.
    Recorded,
    /// Made from the rebuilt document.
    Synthetic,
}

/// The page scored its document otherwise than the rebuilt one scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// Always `recorder.drift`.
    pub code: &'static str,
    /// The batch with the page's score.
    pub seq: u64,
    /// Its time.
    pub ts: f64,
    /// The frame.
    pub frame: String,
    /// The last batch at which both were equal.
    pub equal_at_seq: Option<u64>,
    /// The page's score and how many nodes it covers.
    pub expected: String,
    /// Nodes of the page's document.
    pub expected_nodes: u64,
    /// The rebuilt document's score.
    pub found: String,
    /// Nodes of the rebuilt document.
    pub found_nodes: u64,
}

/// Cuts every page into segments, page by page, and hands each over as soon as it is complete.
pub fn segments(
    recorded: &mut RecordedPages,
    contents: &mut dyn Contents,
    take: &mut dyn FnMut(Segment),
) {
    recorded.boundaries.sort_by(f64::total_cmp);
    recorded.assets.sort();
    let recorded = &*recorded;
    let mut sheets = Sheets::default();
    cut(recorded, &recorded.boundaries, contents, &mut |segment, contents| {
        take(recorded.dressed(segment, &mut sheets, contents));
    });
}

/// The same with other boundaries, and without looking addresses up.
pub(super) fn cut(
    recorded: &RecordedPages,
    boundaries: &[f64],
    contents: &mut dyn Contents,
    take: &mut dyn FnMut(Segment, &mut dyn Contents),
) {
    for (page, batches) in &recorded.pages {
        let (top, ordered) = RecordedPages::in_order(batches);
        let mut cutter = Cutter::new(page, top, boundaries);
        for batch in ordered {
            let read = read(batch, contents);
            cutter.batch(batch, read, &mut |segment| take(segment, contents));
        }
        cutter.end(&mut |segment| take(segment, contents));
    }
}

impl RecordedPages {
    /// The segment with its addresses looked up.
    fn dressed(
        &self,
        mut segment: Segment,
        sheets: &mut Sheets,
        contents: &mut dyn Contents,
    ) -> Segment {
        let urls = urls::of_events(&segment.events);
        let found = self.assets.resolve(&urls, segment.end_ts, sheets, contents);
        (segment.assets, segment.missing) = found;
        segment
    }
}

fn read(batch: &Batch, contents: &mut dyn Contents) -> Result<Vec<Value>, String> {
    let bytes = contents.read(&batch.events)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "not UTF-8".to_owned())?;
    parse_events(text).map_err(|error| error.to_string())
}

struct Cutter<'b> {
    page: &'b str,
    top: String,
    boundaries: &'b [f64],
    next_boundary: usize,
    main: (String, u64),
    dom: VirtualDom,
    frames: Frames,
    open: Option<Segment>,
    n: u64,
    ts: f64,
    equal: BTreeMap<String, u64>,
    /// Of the next segment, when there is none yet.
    faults: Vec<Fault>,
    drift: Vec<Drift>,
}

type Take<'t> = &'t mut dyn FnMut(Segment);

impl<'b> Cutter<'b> {
    fn new(page: &'b str, top: String, boundaries: &'b [f64]) -> Self {
        Self {
            page,
            top,
            boundaries,
            next_boundary: 0,
            main: (String::new(), 0),
            dom: VirtualDom::new(),
            frames: Frames::default(),
            open: None,
            n: 0,
            ts: 0.0,
            equal: BTreeMap::new(),
            faults: Vec::new(),
            drift: Vec::new(),
        }
    }

    fn batch(&mut self, batch: &Batch, read: Result<Vec<Value>, String>, take: Take<'_>) {
        let events = match read {
            Ok(events) => events,
            Err(reason) => {
                let code = format!("batch.missing: seq {}: {reason}", batch.seq);
                return self.faults.push(Fault { code, node: None });
            }
        };
        let stamp = |event: &Value| event.get("timestamp").and_then(Value::as_f64);
        let first = events.first().and_then(stamp).unwrap_or_default();
        for event in &events {
            let ts = batch.first_ts + (stamp(event).unwrap_or(first) - first);
            self.event(batch, event, ts, take);
        }
        self.check(batch);
    }

    fn event(&mut self, batch: &Batch, event: &Value, ts: f64, take: Take<'_>) {
        // Streams have clocks of their own resolution; a player needs times that do not step back.
        let ts = self.ts.max((ts * 1000.0).round() / 1000.0);
        self.cut_at_boundaries(ts, take);
        self.ts = ts;
        if batch.frame == self.top {
            self.main_event(batch, event, take);
        } else if let Some(event) = self.frames.translate(batch, event, &self.main, &self.dom) {
            self.pass(&event, take);
        }
    }

    fn main_event(&mut self, batch: &Batch, event: &Value, take: Take<'_>) {
        let kind = event.get("type").and_then(Value::as_u64);
        self.main.clone_from(&batch.stream);
        match kind {
            Some(4) => {
                self.dom.apply(event);
                self.close(take);
                self.start(Keyframe::Recorded, vec![self.stamped(event)]);
            }
            Some(2) => {
                self.dom.apply(event);
                if !self.dom.has_document() {
                    // Shown as soon as there is something to show: a player fails on an empty document.
                    self.open = None;
                    return;
                }
                match &mut self.open {
                    Some(open) if open.events.len() == 1 => {}
                    _ => {
                        self.close(take);
                        let keyframe = self.dom.keyframe(&json!(self.ts));
                        self.start(Keyframe::Recorded, keyframe.into_iter().take(1).collect());
                    }
                }
                let event = self.stamped(event);
                self.push(event);
                for event in self.frames.again(&self.main, &self.dom) {
                    self.dom.apply(&event);
                    let event = self.stamped(&event);
                    self.push(event);
                }
            }
            _ => self.pass(event, take),
        }
    }

    /// Applies an event and passes it on, into a new segment where the open one is full.
    fn pass(&mut self, event: &Value, take: Take<'_>) {
        self.dom.apply(event);
        let (faults, _) = self.dom.take_faults();
        self.faults.extend(faults);
        let full = self.open.as_ref().is_some_and(|open| {
            open.events.len() >= SEGMENT_EVENTS || self.ts - open.start_ts >= SEGMENT_MS
        });
        if full || self.open.is_none() {
            // The keyframe holds the event already.
            return self.cut(self.ts, take);
        }
        let event = self.stamped(event);
        self.push(event);
    }

    fn push(&mut self, event: Value) {
        if let Some(open) = &mut self.open {
            open.events.push(event);
            open.end_ts = self.ts;
        }
    }

    fn stamped(&self, event: &Value) -> Value {
        let mut event = event.clone();
        event["timestamp"] = json!(self.ts);
        event
    }

    fn cut_at_boundaries(&mut self, ts: f64, take: Take<'_>) {
        let mut last = None;
        while let Some(boundary) = self.boundaries.get(self.next_boundary).filter(|b| **b < ts) {
            last = Some(*boundary);
            self.next_boundary += 1;
        }
        // Between two events nothing changes, so the last boundary stands for all of them.
        let grown = self
            .open
            .as_ref()
            .is_some_and(|open| open.events.len() > 2 && open.end_ts > open.start_ts);
        if let Some(boundary) = last.filter(|_| grown) {
            self.cut(self.ts.max(boundary), take);
        }
    }

    /// Begins a segment with a keyframe of our own.
    fn cut(&mut self, ts: f64, take: Take<'_>) {
        let keyframe = self.dom.keyframe(&json!(ts));
        if keyframe.is_empty() {
            return;
        }
        self.close(take);
        self.ts = ts;
        self.start(Keyframe::Synthetic, keyframe);
    }

    fn start(&mut self, keyframe: Keyframe, events: Vec<Value>) {
        self.n += 1;
        self.open = Some(Segment {
            page: self.page.to_owned(),
            segment: self.n,
            start_ts: self.ts,
            end_ts: self.ts,
            keyframe,
            assets: BTreeMap::new(),
            missing: Vec::new(),
            faults: Vec::new(),
            drift: Vec::new(),
            events,
        });
    }

    fn close(&mut self, take: Take<'_>) {
        if let Some(mut open) = self.open.take() {
            open.faults = std::mem::take(&mut self.faults);
            open.drift = std::mem::take(&mut self.drift);
            take(open);
        }
    }

    fn end(mut self, take: Take<'_>) {
        self.close(take);
    }

    /// Compares the page's own score with the rebuilt document's.
    fn check(&mut self, batch: &Batch) {
        let Some(told) = batch.digest.as_ref().filter(|told| told.version == DIGEST_VERSION) else {
            return;
        };
        let dom =
            if batch.frame == self.top { Some(&self.dom) } else { self.frames.dom(&batch.stream) };
        let Some(DigestValue { value, nodes }) = dom.map(VirtualDom::digest) else { return };
        if value == told.value {
            self.equal.insert(batch.stream.0.clone(), batch.seq);
            return;
        }
        self.drift.push(Drift {
            code: "recorder.drift",
            seq: batch.seq,
            ts: batch.last_ts,
            frame: batch.frame.clone(),
            equal_at_seq: self.equal.get(&batch.stream.0).copied(),
            expected: told.value.clone(),
            expected_nodes: told.nodes,
            found: value,
            found_nodes: nodes,
        });
    }
}
