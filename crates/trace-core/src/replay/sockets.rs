//! Recorded web sockets, frame by frame.

use std::collections::HashMap;

use base64::Engine as _;
use serde::Serialize;

use super::beside::Beside;
use crate::event::{Content, Event, Kind, NetworkWs, Seq, WsDirection};

/// One socket from its opening to its close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Socket {
    /// What joins its events.
    pub request_id: String,
    /// Its address, secrets put back.
    pub url: String,
    /// The page that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Status of the handshake's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When it opened, in milliseconds on the trace's axis.
    pub opened_ms: f64,
    /// When it closed or broke; none when it was open to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_ms: Option<f64>,
    /// The close code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The close reason, or why it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It broke instead of closing.
    pub broke: bool,
    /// What went over it, in order.
    pub frames: Vec<Frame>,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// Its event.
    pub seq: Seq,
    /// `sent` by the page, or `received` by it.
    pub direction: Direction,
    /// When, in milliseconds on the trace's axis.
    pub ts_ms: f64,
    /// What it carries.
    #[serde(flatten)]
    pub data: FrameData,
}

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The page sent it.
    Sent,
    /// The page received it.
    Received,
}

/// What a frame carries, secrets put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameData {
    /// Text.
    Text(String),
    /// Bytes, in base64.
    Base64(String),
    /// Its payload cannot be had.
    Missing(bool),
}

/// Every recorded socket in the order of opening.
pub fn sockets(events: &[Event], beside: &dyn Beside) -> Vec<Socket> {
    let mut found: Vec<Socket> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for event in events.iter().filter(|event| event.kind == Kind::NetworkWs) {
        let Ok(ws) = event.payload.read::<NetworkWs>("network.ws") else { continue };
        // A socket whose opening was shed still tells its frames.
        let at = *places.entry(ws.request_id.clone()).or_insert_with(|| {
            found.push(opened(event, &ws, beside));
            found.len() - 1
        });
        take(&mut found[at], event, ws, beside);
    }
    for socket in &mut found {
        socket.frames.sort_by(|a, b| a.ts_ms.total_cmp(&b.ts_ms).then(a.seq.cmp(&b.seq)));
    }
    found.sort_by(|a, b| a.opened_ms.total_cmp(&b.opened_ms));
    found
}

fn opened(event: &Event, ws: &NetworkWs, beside: &dyn Beside) -> Socket {
    Socket {
        request_id: ws.request_id.clone(),
        url: beside.text(&ws.url),
        page: ws.page.clone(),
        status: None,
        opened_ms: event.ts.as_ms(),
        closed_ms: None,
        code: None,
        reason: None,
        broke: false,
        frames: Vec::new(),
    }
}

fn take(socket: &mut Socket, event: &Event, ws: NetworkWs, beside: &dyn Beside) {
    let ts_ms = event.ts.as_ms();
    let direction = match ws.direction {
        WsDirection::Open => {
            socket.status = ws.status.or(socket.status);
            socket.opened_ms = ts_ms;
            return;
        }
        WsDirection::Close | WsDirection::Error => {
            socket.broke |= ws.direction == WsDirection::Error;
            socket.closed_ms = socket.closed_ms.or(Some(ts_ms));
            socket.code = socket.code.or(ws.code);
            socket.reason = socket.reason.take().or(ws.reason);
            return;
        }
        WsDirection::Sent => Direction::Sent,
        WsDirection::Received => Direction::Received,
        _ => return,
    };
    let data = data(ws.data.as_ref(), ws.opcode, beside);
    socket.frames.push(Frame { seq: event.seq, direction, ts_ms, data });
}

/// Opcode 1 is text, 2 is bytes (RFC 6455, section 5.2); without one the payload's own spelling decides.
fn data(content: Option<&Content>, opcode: Option<u8>, beside: &dyn Beside) -> FrameData {
    let Some(content) = content else { return FrameData::Text(String::new()) };
    let is_cut = content.truncated.is_some();
    let Some(bytes) = beside.bytes(content).filter(|_| !is_cut) else {
        return FrameData::Missing(true);
    };
    let base64 =
        |bytes: &[u8]| FrameData::Base64(base64::engine::general_purpose::STANDARD.encode(bytes));
    let is_binary = match opcode {
        Some(opcode) => opcode == 2,
        None => matches!(content.data, crate::event::ContentData::Base64(_)),
    };
    if is_binary {
        return base64(&bytes);
    }
    String::from_utf8(bytes).map_or_else(|error| base64(error.as_bytes()), FrameData::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobId;
    use crate::ndjson;

    struct Known;

    impl Beside for Known {
        fn blob(&self, _: &BlobId) -> Option<Vec<u8>> {
            None
        }

        fn original(&self, _: &str) -> Option<String> {
            Some("s3".to_owned())
        }
    }

    #[test]
    fn frames_stand_under_their_socket_in_order_of_time() {
        let line = |seq: u64, ts: u64, rest: &str| {
            format!(
                "{{\"ts\":{ts},\"seq\":{seq},\"kind\":\"network.ws\",\"url\":\"ws://h/a\",{rest}}}\n"
            )
        };
        let lines = line(1, 10, r#""request_id":"ws1","direction":"open","status":101"#)
            + &line(
                2,
                30,
                r#""request_id":"ws1","direction":"received","opcode":1,"data":{"size":2,"media_type":"text/plain","text":"hi"}"#,
            )
            + &line(
                3,
                20,
                r#""request_id":"ws1","direction":"sent","opcode":1,"data":{"size":2,"media_type":"text/plain","text":"t=[REDACTED:value:1]"}"#,
            )
            + &line(4, 15, r#""request_id":"ws2","direction":"open""#)
            + &line(
                5,
                40,
                r#""request_id":"ws1","direction":"received","opcode":2,"data":{"size":1,"media_type":"application/octet-stream","base64":"AQ=="}"#,
            )
            + &line(6, 50, r#""request_id":"ws1","direction":"close","code":1000,"reason":"bye""#);
        let events = ndjson::decode(lines.as_bytes()).events;
        let found = sockets(&events, &Known);
        assert_eq!(
            found.iter().map(|it| it.request_id.as_str()).collect::<Vec<_>>(),
            ["ws1", "ws2"]
        );
        let told = serde_json::to_value(&found[0]).unwrap();
        assert_eq!(
            told["frames"],
            serde_json::json!([
                {"seq": 3, "direction": "sent", "ts_ms": 20.0, "text": "t=s3"},
                {"seq": 2, "direction": "received", "ts_ms": 30.0, "text": "hi"},
                {"seq": 5, "direction": "received", "ts_ms": 40.0, "base64": "AQ=="},
            ])
        );
        assert_eq!(
            (found[0].closed_ms, found[0].code, found[0].broke),
            (Some(50.0), Some(1000), false)
        );
        assert_eq!(found[1].closed_ms, None);
    }
}
