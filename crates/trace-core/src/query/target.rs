//! What a query is asked of: an event, or a raw line of which only the envelope has been read.

use std::borrow::Cow;

use crate::event::Event;
use crate::scan;

/// The envelope, and the object that holds the payload's fields.
#[derive(Debug)]
pub(super) struct Target<'a> {
    ts: Number<'a>,
    seq: Number<'a>,
    pub(super) kind: Cow<'a, str>,
    pub(super) step: Option<Cow<'a, str>>,
    /// The payload's object; of a raw line the whole line, because payload fields stand flat.
    pub(super) object: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
enum Number<'a> {
    Read(f64),
    Raw(&'a [u8]),
}

impl Number<'_> {
    fn get(self) -> Option<f64> {
        match self {
            Self::Read(value) => Some(value),
            Self::Raw(raw) => scan::number(raw),
        }
    }
}

impl<'a> Target<'a> {
    pub(super) fn of_event(event: &'a Event) -> Self {
        Self {
            ts: Number::Read(event.ts.as_ms()),
            seq: Number::Read(event.seq.get() as f64),
            kind: Cow::Borrowed(event.kind.as_str()),
            step: event.step_id.as_ref().map(|id| Cow::Borrowed(id.as_str())),
            object: event.payload.as_str().as_bytes(),
        }
    }

    /// Reads the envelope of a line; none when there is none. Payload fields are not looked at when the envelope comes first.
    pub(super) fn of_line(line: &'a [u8]) -> Option<Self> {
        let (mut ts, mut seq, mut kind, mut step) = (None, None, None, None);
        for (key, value) in scan::fields(line) {
            match key {
                b"ts" => ts = Some(value.raw),
                b"seq" => seq = Some(value.raw),
                b"kind" => kind = scan::string(value.raw),
                b"step_id" => step = scan::string(value.raw),
                _ if ts.is_some() && seq.is_some() && kind.is_some() => break,
                _ => {}
            }
        }
        let (ts, seq) = (Number::Raw(ts?), Number::Raw(seq?));
        Some(Self { ts, seq, kind: kind?, step, object: line })
    }

    pub(super) fn ts(&self) -> Option<f64> {
        self.ts.get()
    }

    pub(super) fn seq(&self) -> Option<f64> {
        self.seq.get()
    }
}
