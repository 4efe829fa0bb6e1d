//! Which body of the trace's own network record stands for an address at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::event::{Content, ContentData, Event, NetworkRequest, NetworkResponse};

use super::css::Sheets;
use super::segment::Contents;
use super::urls::{absolute, normalise};

/// Where the bytes of an address are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The `network.response` whose body it is.
    pub seq: u64,
    /// The body's blob; none when it stands in the line itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
}

#[derive(Debug, Clone)]
struct Answer {
    ts: f64,
    seq: u64,
    body: Content,
}

/// Every answer with a body, by address.
#[derive(Debug, Default)]
pub(super) struct AssetIndex {
    answers: HashMap<String, Vec<Answer>>,
    /// Request to its address and the request that led to it.
    requests: HashMap<String, (String, Option<String>)>,
}

/// Redirections and style sheets that import each other are followed this far.
const MAX_STEPS: usize = 20;

impl AssetIndex {
    pub(super) fn request(&mut self, request: &NetworkRequest) {
        let told = (request.url.clone(), request.redirected_from.clone());
        self.requests.insert(request.request_id.clone(), told);
    }

    /// An answer stands for its own address and for those that redirected to it.
    pub(super) fn response(&mut self, event: &Event, response: &NetworkResponse) {
        let Some(body) = response.body.as_ref().filter(|_| response.status < 300) else { return };
        let (ts, seq) = (event.ts.as_ms(), event.seq.get());
        let answer = Answer { ts, seq, body: body.clone() };
        let mut urls = vec![response.url.clone()];
        let mut from = self.requests.get(&response.request_id).and_then(|told| told.1.clone());
        while let Some((url, before)) = from.as_ref().and_then(|id| self.requests.get(id)) {
            if urls.len() > MAX_STEPS {
                break;
            }
            urls.push(url.clone());
            from.clone_from(before);
        }
        for url in urls {
            self.answers.entry(normalise(&url)).or_default().push(answer.clone());
        }
    }

    pub(super) fn sort(&mut self) {
        for answers in self.answers.values_mut() {
            answers.sort_by(|a, b| a.ts.total_cmp(&b.ts).then(a.seq.cmp(&b.seq)));
        }
    }

    /// The last answer before a time, else the first one after it: a picture may arrive after the element that shows it.
    fn at(&self, url: &str, ts: f64) -> Option<&Answer> {
        let answers = self.answers.get(&normalise(url))?;
        answers.iter().rfind(|answer| answer.ts <= ts).or(answers.first())
    }

    /// Finds each address and, through style sheets, those they refer to; the second value is what was not found.
    pub(super) fn resolve(
        &self,
        urls: &BTreeSet<String>,
        ts: f64,
        sheets: &mut Sheets,
        contents: &mut dyn Contents,
    ) -> (BTreeMap<String, Asset>, Vec<String>) {
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        let mut waiting: Vec<(String, usize)> = urls.iter().map(|url| (url.clone(), 0)).collect();
        let mut seen = urls.clone();
        while let Some((url, depth)) = waiting.pop() {
            let Some(answer) = self.at(&url, ts) else {
                missing.push(url);
                continue;
            };
            if is_css(&answer.body) && depth < MAX_STEPS {
                let base = Url::parse(&url).ok();
                let name = format!("{}:{:?}", answer.seq, answer.body.blob_id());
                let references = sheets.references(&name, || contents.read(&answer.body).ok());
                let inside = references.iter().filter_map(|inner| absolute(inner, base.as_ref()));
                let fresh = inside.filter(|inner| seen.insert(inner.clone()));
                waiting.extend(fresh.map(|inner| (inner, depth + 1)));
            }
            found.insert(url, asset(answer));
        }
        missing.sort();
        (found, missing)
    }
}

fn is_css(body: &Content) -> bool {
    body.media_type.to_ascii_lowercase().starts_with("text/css")
}

fn asset(answer: &Answer) -> Asset {
    let Content { size, media_type, data, .. } = &answer.body;
    let blob = match data {
        ContentData::Blob(id) => Some(id.to_string()),
        _ => None,
    };
    Asset { seq: answer.seq, blob, media_type: media_type.clone(), size: *size }
}
