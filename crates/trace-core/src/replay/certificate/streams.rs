//! Streams that a replay begins anew. Where it goes live it ends those of the skipped steps, so that their pages ask the running
//! application for the rest: the request is the replay's own, and the record cannot have it.

use std::collections::{HashMap, HashSet};

use crate::diff::network::address_shape;
use crate::event::{Event, Kind, NetworkRequest};

/// The ids of such requests in a replay's events: as many for an address as it had streams before the replay went live.
pub(super) fn begun_anew(events: &[Event]) -> HashSet<String> {
    let Some(live) = events.iter().position(|event| event.kind == Kind::ReplayStart) else {
        return HashSet::new();
    };
    let (skipped, anew) = events.split_at(live);
    let mut left: HashMap<String, usize> = HashMap::new();
    for request in streams(skipped) {
        *left.entry(address_shape(&request.url)).or_default() += 1;
    }
    let follows = |request: NetworkRequest| {
        let left = left.get_mut(&address_shape(&request.url)).filter(|left| **left > 0)?;
        *left -= 1;
        Some(request.request_id)
    };
    streams(anew).filter_map(follows).collect()
}

fn streams(events: &[Event]) -> impl Iterator<Item = NetworkRequest> {
    let requests = events.iter().filter(|event| event.kind == Kind::NetworkRequest);
    let read = |event: &Event| event.payload.read::<NetworkRequest>("network.request").ok();
    requests.filter_map(read).filter(|request| request.resource_type == "eventsource")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson;

    /// `path` for a stream, `path!` for another request, `--` where the replay goes live. The ids are the places in the list.
    fn check(told: &[&str], expect: &[&str]) {
        let line = |(n, word): (usize, &&str)| {
            let kind = if *word == "--" { "replay.start" } else { "network.request" };
            let resource_type = if word.ends_with('!') { "fetch" } else { "eventsource" };
            let path = word.trim_end_matches('!');
            format!(
                r#"{{"ts":{n},"seq":{},"kind":"{kind}","request_id":"{n}","method":"GET","url":"http://127.0.0.1:4000{path}","resource_type":"{resource_type}","headers":[]}}{}"#,
                n + 1,
                '\n'
            )
        };
        let lines: String = told.iter().enumerate().map(line).collect();
        let events = ndjson::decode(lines.as_bytes()).events;
        assert_eq!(events.len(), told.len(), "{lines}");
        let mut found: Vec<String> = begun_anew(&events).into_iter().collect();
        found.sort();
        assert_eq!(found, expect, "{told:?}");
    }

    #[test]
    fn a_stream_of_the_skipped_steps_is_begun_anew_once() {
        check(&["/news", "--", "/news", "/news"], &["2"]);
        check(&["/news", "/news", "--", "/news", "/news"], &["3", "4"]);
        check(&["/news", "--", "/other", "/news!"], &[]);
        check(&["/news!", "--", "/news"], &[]);
        check(&["/news", "/news"], &[]);
        check(&["--", "/news"], &[]);
    }
}
