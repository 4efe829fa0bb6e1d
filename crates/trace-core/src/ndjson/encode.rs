//! One event, one line, no allocation beyond the buffer.

use crate::event::{Event, Payload, Seq, Timestamp};

/// Appends the event's line, line break included.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let step_id = event.step_id.as_ref().map(crate::event::StepId::as_str);
    encode_parts(event.ts, event.seq, event.kind.as_str(), step_id, &event.payload, out);
}

/// Appends a line from its parts, for the recorder that owns no [`Event`].
///
/// `out` grows at most once; a buffer that is reused soon never grows again.
pub fn encode_parts(
    ts: Timestamp,
    seq: Seq,
    kind: &str,
    step_id: Option<&str>,
    payload: &Payload,
    out: &mut Vec<u8>,
) {
    encode_fields(ts, seq, kind, step_id, payload.fields_text(), out);
}

/// Appends a line whose payload fields are given as checked text without the braces.
pub(crate) fn encode_fields(
    ts: Timestamp,
    seq: Seq,
    kind: &str,
    step_id: Option<&str>,
    fields: &str,
    out: &mut Vec<u8>,
) {
    let fields = fields.as_bytes();
    // 96 covers punctuation, two numbers of 20 digits and a few escapes.
    out.reserve(fields.len() + kind.len() + step_id.map_or(0, str::len) + 96);
    out.extend_from_slice(b"{\"ts\":");
    push_ts(ts, out);
    out.extend_from_slice(b",\"seq\":");
    push_number(seq.get(), out);
    out.extend_from_slice(b",\"kind\":");
    push_string(kind, out);
    if let Some(step_id) = step_id {
        out.extend_from_slice(b",\"step_id\":");
        push_string(step_id, out);
    }
    if !fields.is_empty() {
        out.push(b',');
        out.extend_from_slice(fields);
    }
    out.extend_from_slice(b"}\n");
}

/// The same digits as [`Timestamp`]'s `Display`, without the formatting machinery, which costs as much as all the rest.
fn push_ts(ts: Timestamp, out: &mut Vec<u8>) {
    push_number(ts.as_us() / 1000, out);
    let us = ts.as_us() % 1000;
    if us == 0 {
        return;
    }
    let digit = |n: u64| b"0123456789"[usize::try_from(n % 10).unwrap_or(0)];
    let text = [b'.', digit(us / 100), digit(us / 10), digit(us)];
    let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
    out.extend_from_slice(&text[..text.len() - zeros]);
}

fn push_number(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(n % 10).unwrap_or(0);
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// A JSON string, escaped as `serde_json` and `JSON.stringify` do.
fn push_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = crate::event::scan::plain_end(rest, 0);
        out.extend_from_slice(&rest[..plain]);
        let Some(byte) = rest.get(plain) else { break };
        push_escape(*byte, out);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

fn push_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let hex = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(us: u64, kind: &str, step_id: Option<&str>, payload: &str, want: &str) {
        let mut out = Vec::new();
        let payload = Payload::parse(payload).unwrap();
        encode_parts(Timestamp::from_us(us), Seq::FIRST, kind, step_id, &payload, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{want}\n"));
    }

    #[test]
    fn writes_the_envelope_first_and_the_payload_as_it_is() {
        check(0, "x", None, "{}", r#"{"ts":0,"seq":1,"kind":"x"}"#);
        check(
            1_234_560,
            "network.response",
            Some("s7"),
            r#"{ "a":1.0 }"#,
            r#"{"ts":1234.56,"seq":1,"kind":"network.response","step_id":"s7","a":1.0}"#,
        );
        check(5, "a\"\u{1}\n", None, "{}", r#"{"ts":0.005,"seq":1,"kind":"a\"\u0001\n"}"#);
    }

    #[test]
    fn timestamps_read_as_their_display_does() {
        for us in [0, 1, 10, 100, 999, 1000, 1001, 1010, 1100, 123_456_789, 1 << 53] {
            let mut out = Vec::new();
            push_ts(Timestamp::from_us(us), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), Timestamp::from_us(us).to_string());
        }
    }
}
