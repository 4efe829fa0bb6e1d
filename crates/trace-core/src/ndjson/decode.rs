//! Lines to events, tolerant: what cannot be read becomes a [`Diagnostic`], and reading goes on.

use super::envelope::exact_ts;
use super::upgrade::{format_of, upgrade};
use super::{Code, Diagnostic, Line, Lines, MAX_LINE_BYTES, envelope};
use crate::event::scan::{self, Fault, Field};
use crate::event::{ENVELOPE_KEYS, Event, FORMAT_VERSION, Kind, Payload, Seq, StepId};

/// What some bytes held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Every readable event, in the order of the lines.
    pub events: Vec<Event>,
    /// Every complaint, in the order of the lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads every line of `bytes`. A trace of a newer format gives no events and one `from_the_future`.
pub fn decode(bytes: &[u8]) -> Decoded {
    let mut decoder = Decoder::new();
    let mut found = Decoded::default();
    for line in Lines::new(bytes) {
        found.events.extend(decoder.line(line));
        found.diagnostics.append(&mut decoder.diagnostics);
        if decoder.refused {
            break;
        }
    }
    found
}

/// Reads one line (its line break may be there or not). Offsets in the diagnostic are inside the line.
pub fn decode_line(line: &[u8]) -> Result<Event, Diagnostic> {
    parse(line.strip_suffix(b"\n").unwrap_or(line)).map(|(event, _)| event)
}

/// Reads lines one after another and watches what only the sequence shows: gaps, repeats and the format's version.
#[derive(Debug, Default)]
pub struct Decoder {
    expected_seq: Option<u64>,
    format: Option<u32>,
    refused: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Decoder {
    /// A decoder for a whole trace, whose first line has seq 1.
    pub fn new() -> Self {
        Self { expected_seq: Some(1), ..Self::default() }
    }

    /// A decoder for a part of a trace: any seq may come first.
    pub fn anywhere() -> Self {
        Self::default()
    }

    /// Forgets which seq comes next, for a reader that skips lines on purpose.
    pub fn skip(&mut self) {
        self.expected_seq = None;
    }

    /// Whether the trace is of a newer format, so that no further line is read.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Takes the complaints gathered so far.
    pub fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.diagnostics)
    }

    /// Reads the next line.
    pub fn line(&mut self, line: Line<'_>) -> Option<Event> {
        if self.refused {
            return None;
        }
        match parse(line.bytes) {
            Ok((event, in_order)) => self.accept(event, in_order, line),
            Err(told) => {
                let was_cut = !line.ended && matches!(told.code, Code::NotJson | Code::BadUtf8);
                let told = if was_cut { Diagnostic::cut_short() } else { told };
                self.complain(told, line);
                // The unreadable line most likely carried the number that is missing now.
                self.expected_seq = self.expected_seq.map(|seq| seq.saturating_add(1));
                None
            }
        }
    }

    fn accept(&mut self, event: Event, in_order: bool, line: Line<'_>) -> Option<Event> {
        if !in_order {
            self.complain(Diagnostic::envelope_order(), line);
        }
        if !line.ended {
            self.complain(Diagnostic::no_line_break(), line);
        }
        match format_of(&event) {
            Ok(format) => self.format = format.or(self.format),
            Err(told) => {
                self.refused = told.code == Code::FromTheFuture;
                self.complain(told, line);
                if self.refused {
                    return None;
                }
            }
        }
        self.watch_seq(event.seq.get(), line);
        Some(upgrade(event, self.format.unwrap_or(FORMAT_VERSION)))
    }

    fn watch_seq(&mut self, found: u64, line: Line<'_>) {
        match self.expected_seq {
            Some(want) if found > want => self.complain(Diagnostic::seq_gap(want, found), line),
            Some(want) if found < want => {
                // The highest number stays expected, so that one repeat does not read as a second gap.
                self.complain(Diagnostic::seq_repeat(want, found), line);
                return;
            }
            _ => {}
        }
        self.expected_seq = Some(found.saturating_add(1));
    }

    fn complain(&mut self, told: Diagnostic, line: Line<'_>) {
        self.diagnostics.push(told.at_line(line.number, line.offset));
    }
}

/// The event of a line, and whether its envelope was in order.
fn parse(line: &[u8]) -> Result<(Event, bool), Diagnostic> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Diagnostic::too_long(line.len()));
    }
    let text = std::str::from_utf8(line).map_err(|e| Diagnostic::bad_utf8(e.valid_up_to()))?;
    let text = text.strip_suffix('\r').unwrap_or(text);
    match canonical(text)? {
        Some(event) => Ok((event, true)),
        None => any_order(text),
    }
}

fn fault(fault: Fault) -> Diagnostic {
    match fault {
        Fault::Syntax(at) => Diagnostic::not_json(at),
        Fault::NotAnObject(_) => Diagnostic::not_an_object(),
        Fault::TooDeep(at) => Diagnostic::too_deep(at),
    }
}

/// The fast way: envelope in front and in order, payload copied as it stands.
fn canonical(text: &str) -> Result<Option<Event>, Diagnostic> {
    let Some(head) = envelope(text.as_bytes()) else { return Ok(None) };
    let rest = text[head.payload_at..].strip_prefix(',').unwrap_or(&text[head.payload_at..]);
    let mut payload = String::with_capacity(rest.len() + 1);
    payload.push('{');
    payload.push_str(rest.trim_ascii());
    let mut stray = false;
    // The comma that stands behind the envelope was replaced by the brace, so offsets agree but for leading space.
    let shift = |at: usize| at + text.len() - payload.len();
    scan::object(payload.as_bytes(), |field| {
        stray |= field.place_in(&ENVELOPE_KEYS).is_some();
        true
    })
    .map_err(|found| match found {
        Fault::Syntax(at) => Diagnostic::not_json(shift(at)),
        Fault::TooDeep(at) => Diagnostic::too_deep(shift(at)),
        Fault::NotAnObject(_) => Diagnostic::not_an_object(),
    })?;
    // `{"ts":…,}` would pass as an empty payload.
    if stray || (payload == "{}" && text.as_bytes()[head.payload_at] == b',') {
        return Ok(None);
    }
    Ok(Some(Event {
        ts: head.ts,
        seq: head.seq,
        kind: Kind::from_name(head.kind),
        step_id: head.step_id.and_then(|id| id.parse().ok()),
        payload: Payload::from_checked(payload),
    }))
}

/// The slow way: envelope keys anywhere, in any spelling.
fn any_order(text: &str) -> Result<(Event, bool), Diagnostic> {
    let mut found: [Option<(usize, &str)>; 4] = [None; 4];
    let mut places = [0_usize; 4];
    let mut twice = None;
    let mut payload = String::from("{");
    let mut n_fields = 0;
    scan::object(text.as_bytes(), |Field { key, start, value }| {
        let field = Field { key, start, value: value.clone() };
        let Some(which) = field.place_in(&ENVELOPE_KEYS) else {
            if payload.len() > 1 {
                payload.push(',');
            }
            payload.push_str(&text[start..value.end]);
            n_fields += 1;
            return true;
        };
        if found[which].is_some() {
            twice = twice.or(Some((which, start)));
        }
        found[which] = Some((value.start, &text[value]));
        places[which] = n_fields;
        n_fields += 1;
        true
    })
    .map_err(fault)?;
    if let Some((which, at)) = twice {
        return Err(Diagnostic::duplicate_key(ENVELOPE_KEYS[which], at));
    }
    payload.push('}');
    let event = Event {
        ts: typed(found[0], "ts", "a number of milliseconds from 0", |text| {
            exact_ts(text).or_else(|| text.parse().ok())
        })?,
        seq: typed(found[1], "seq", "a whole number from 1", |text| {
            text.parse().ok().and_then(|n| Seq::new(n).ok())
        })?,
        kind: typed(found[2], "kind", "a string", |text| {
            string(text).map(|name| Kind::from_name(&name))
        })?,
        step_id: step_id(found[3])?,
        payload: Payload::from_checked(payload),
    };
    let in_order = places[..3] == [0, 1, 2] && (found[3].is_none() || places[3] == 3);
    Ok((event, in_order))
}

fn typed<T>(
    found: Option<(usize, &str)>,
    key: &str,
    want: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Diagnostic> {
    let (at, text) = found.ok_or_else(|| Diagnostic::missing_key(key))?;
    read(text).ok_or_else(|| Diagnostic::wrong_type(key, want, text, at))
}

/// A `step_id` of `null` reads as none: other writers spell it so.
fn step_id(found: Option<(usize, &str)>) -> Result<Option<StepId>, Diagnostic> {
    if found.is_none_or(|(_, text)| text == "null") {
        return Ok(None);
    }
    let want = "1 to 64 of the characters A-Z a-z 0-9 . _ -";
    typed(found, "step_id", want, |text| string(text)?.parse().ok()).map(Some)
}

fn string(text: &str) -> Option<String> {
    scan::unescape(text.strip_prefix('"')?.strip_suffix('"')?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, n_events: usize, want: &[(Code, u64)]) {
        let decoded = decode(lines.as_bytes());
        let told: Vec<_> = decoded.diagnostics.iter().map(|d| (d.code, d.line)).collect();
        assert_eq!(told, want, "{lines}");
        assert_eq!(decoded.events.len(), n_events, "{lines}");
    }

    fn line(seq: u64) -> String {
        format!("{{\"ts\":0,\"seq\":{seq},\"kind\":\"x\"}}\n")
    }

    #[test]
    fn each_complaint_has_its_code() {
        check("", 0, &[]);
        check(&line(1), 1, &[]);
        check("nonsense\n", 0, &[(Code::NotJson, 1)]);
        check("\n", 0, &[(Code::NotJson, 1)]);
        check("[1]\n", 0, &[(Code::NotAnObject, 1)]);
        check("{\"ts\":0,\"seq\":1}\n", 0, &[(Code::MissingKey, 1)]);
        check("{\"ts\":0,\"seq\":1,\"kind\":\"x\",\"seq\":1}\n", 0, &[(Code::DuplicateKey, 1)]);
        check("{\"ts\":0,\"seq\":1,\"kind\":\"x\",}\n", 0, &[(Code::NotJson, 1)]);
        check("{\"ts\":\"0\",\"seq\":1,\"kind\":\"x\"}\n", 0, &[(Code::WrongType, 1)]);
        check("{\"ts\":0,\"seq\":0,\"kind\":\"x\"}\n", 0, &[(Code::WrongType, 1)]);
        check("{\"ts\":0,\"seq\":1.5,\"kind\":\"x\"}\n", 0, &[(Code::WrongType, 1)]);
        check("{\"ts\":0,\"seq\":1,\"kind\":7}\n", 0, &[(Code::WrongType, 1)]);
        check(
            "{\"ts\":0,\"seq\":1,\"kind\":\"x\",\"step_id\":\"/\"}\n",
            0,
            &[(Code::WrongType, 1)],
        );
        check("{\"kind\":\"x\",\"a\":1,\"seq\":1,\"ts\":0}\n", 1, &[(Code::EnvelopeOrder, 1)]);
    }

    #[test]
    fn the_sequence_is_watched() {
        check(&[line(1), line(2), line(5)].concat(), 3, &[(Code::SeqGap, 3)]);
        check(&[line(2)].concat(), 1, &[(Code::SeqGap, 1)]);
        check(&[line(1), line(2), line(2), line(3)].concat(), 4, &[(Code::SeqRepeat, 3)]);
        check(&[&line(1), "broken\n", &line(3)].concat(), 2, &[(Code::NotJson, 2)]);
    }

    #[test]
    fn the_end_may_be_missing() {
        let two = [line(1), line(2)].concat();
        check(&two[..two.len() - 1], 2, &[(Code::NoLineBreak, 2)]);
        check(&two[..two.len() - 5], 1, &[(Code::CutShort, 2)]);
    }

    #[test]
    fn broken_bytes_and_huge_lines_are_told() {
        let mut bytes = line(1).into_bytes();
        bytes.extend_from_slice(b"{\"ts\":0,\"seq\":2,\"kind\":\"\xff\"}\n");
        let told = decode(&bytes).diagnostics;
        assert_eq!((told[0].code, told[0].byte_offset), (Code::BadUtf8, line(1).len() as u64 + 24));
        let huge = format!(
            "{{\"ts\":0,\"seq\":1,\"kind\":\"x\",\"a\":\"{}\"}}",
            "a".repeat(MAX_LINE_BYTES)
        );
        assert_eq!(decode_line(huge.as_bytes()).unwrap_err().code, Code::TooLong);
        let deep = format!(
            "{{\"ts\":0,\"seq\":1,\"kind\":\"x\",\"a\":{}{}}}",
            "[".repeat(200),
            "]".repeat(200)
        );
        assert_eq!(decode_line(deep.as_bytes()).unwrap_err().code, Code::TooDeep);
    }

    #[test]
    fn a_newer_trace_is_refused_as_a_whole() {
        let start = "{\"ts\":0,\"seq\":1,\"kind\":\"run.start\",\"format\":2}\n";
        check(&[start, &line(2)].concat(), 0, &[(Code::FromTheFuture, 1)]);
    }
}
