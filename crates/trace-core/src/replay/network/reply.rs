//! A lookup's outcome as whoever carries out the replay gets it: headers as they were, and whether there is a body.

use serde::Serialize;

use super::deltas::Delta;
use super::entry::{Answer, Entry};
use super::found::{Found, Hit, Miss, Tier, Use};
use crate::event::{Content, Headers, NetworkResponse, Seq};
use crate::replay::beside::Beside;

/// A recorded body is what the page saw: decoded and whole. What speaks of its way over the wire would be false.
const OF_THE_WIRE: &[&str] = &["content-encoding", "content-length", "transfer-encoding"];

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// A recorded request that answers.
    Hit(Box<HitReply>),
    /// Nothing recorded answers.
    Miss(Miss),
}

/// A recorded request that answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HitReply {
    /// Number by which its body is asked for.
    pub entry: usize,
    /// How surely it is the one.
    pub tier: Tier,
    /// Which of its answers.
    pub used: Use,
    /// Likeness.
    pub score: f64,
    /// What differs.
    pub deltas: Vec<Delta>,
    /// First and last byte to cut out of the body, which was recorded whole; the last byte is none up to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<(u64, Option<u64>)>,
    /// Its `network.request`.
    pub seq: Seq,
    /// When it was sent, in milliseconds on the trace's axis.
    pub sent_ms: f64,
    /// What became of it.
    pub answer: AnswerReply,
}

/// What became of a recorded request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AnswerReply {
    /// It was answered.
    Response {
        /// The status code.
        status: u16,
        /// The status line's text.
        status_text: String,
        /// Headers as they were, without those of the wire.
        headers: Headers,
        /// Of a stream: time on the trace's axis and bytes of each piece of the body.
        #[serde(skip_serializing_if = "Option::is_none")]
        chunks: Option<Vec<(f64, u64)>>,
        /// Whether the body can be had.
        body: BodyReply,
        /// Why it cannot.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// A stream that was still open when the test ended.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        open: bool,
        /// Milliseconds from request to end of body.
        duration_ms: f64,
    },
    /// It failed.
    Failed {
        /// The recorded reason.
        error: String,
        /// Milliseconds until it did.
        duration_ms: f64,
    },
    /// The record ends before an answer.
    Open,
}

/// Whether a body can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyReply {
    /// There was none.
    None,
    /// Whole.
    Whole,
    /// There was one, and it was not recorded or is gone.
    Missing,
}

impl Found {
    /// The outcome for whoever carries it out. `first` is the number of the matcher's first entry.
    pub fn reply(self, entries: &[Entry], first: usize, beside: &dyn Beside) -> Reply {
        let hit = match self {
            Self::Miss(miss) => return Reply::Miss(miss),
            Self::Hit(hit) => *hit,
        };
        let Hit { entry: at, tier, used, score, deltas, slice } = hit;
        let entry = &entries[at];
        let (seq, sent_ms, answer) = (entry.seq, entry.sent_ms, answer(entry, beside));
        let entry = first + at;
        Reply::Hit(Box::new(HitReply {
            entry,
            tier,
            used,
            score,
            deltas,
            slice,
            seq,
            sent_ms,
            answer,
        }))
    }
}

fn answer(entry: &Entry, beside: &dyn Beside) -> AnswerReply {
    let duration_ms = entry.duration_ms;
    match &entry.answer {
        Answer::Open => AnswerReply::Open,
        Answer::Failed(error) => AnswerReply::Failed { error: error.clone(), duration_ms },
        Answer::Response(response) => {
            let (body, why) = has_body(response, beside);
            let headers = beside.headers(&response.headers).into_iter();
            AnswerReply::Response {
                status: response.status,
                status_text: response.status_text.clone(),
                headers: headers
                    .filter(|(name, _)| !OF_THE_WIRE.contains(&name.to_ascii_lowercase().as_str()))
                    .collect(),
                chunks: response.chunks.clone(),
                body,
                why,
                open: response.open == Some(true),
                duration_ms,
            }
        }
    }
}

fn has_body(response: &NetworkResponse, beside: &dyn Beside) -> (BodyReply, Option<String>) {
    let Some(content) = &response.body else {
        return match &response.body_missing {
            None => (BodyReply::None, None),
            Some(why) => (BodyReply::Missing, Some(why.clone())),
        };
    };
    if let Some(bytes) = content.truncated {
        return (BodyReply::Missing, Some(format!("its last {bytes} bytes were not recorded")));
    }
    if beside.recorded(content).is_none() {
        return (BodyReply::Missing, Some("its blob is not in the store".to_owned()));
    }
    (BodyReply::Whole, None)
}

impl Entry {
    /// The body of its answer as the page saw it, secrets put back; none when there is none or it cannot be had.
    pub fn answer_body(&self, beside: &dyn Beside) -> Option<Vec<u8>> {
        beside.bytes(self.whole_body()?)
    }

    /// The same as the record has it, placeholders in place of secrets.
    pub fn recorded_body(&self, beside: &dyn Beside) -> Option<Vec<u8>> {
        beside.recorded(self.whole_body()?)
    }

    fn whole_body(&self) -> Option<&Content> {
        let Answer::Response(response) = &self.answer else { return None };
        response.body.as_ref().filter(|body| body.truncated.is_none())
    }
}
