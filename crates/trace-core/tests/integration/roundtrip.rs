//! Random events and random JSON: encode and decode are each other's inverse, and damage never panics.

use proptest::prelude::*;
use serde_json::{Map, Value};
use trace_core::ndjson::{decode_line, encode, envelope};
use trace_core::{Event, Kind, Payload, Seq, StepId, Timestamp};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 1024.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop::collection::vec((any::<String>(), json()), 0..8)
        .prop_filter_map("envelope key", |fields| {
            Payload::of(&fields.into_iter().collect::<Map<_, _>>()).ok()
        })
}

prop_compose! {
    fn event()(
        us in 0..(1_u64 << 53),
        seq in 1..u64::MAX,
        kind in prop_oneof!["[a-z]{1,8}\\.[a-z]{1,8}", any::<String>(), Just("run.end".to_owned())],
        step_id in prop::option::of("[A-Za-z0-9._-]{1,64}"),
        payload in payload(),
    ) -> Event {
        let step_id: Option<StepId> = step_id.map(|id| id.parse().unwrap());
        let (ts, seq) = (Timestamp::from_us(us), Seq::new(seq).unwrap());
        Event { ts, seq, kind: Kind::from_name(&kind), step_id, payload }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_survive_the_line(event in event()) {
        let mut line = Vec::new();
        encode(&event, &mut line);
        prop_assert_eq!(memchr::memchr_iter(b'\n', &line).count(), 1);
        let again = decode_line(&line).unwrap();
        prop_assert_eq!(&again, &event);
        let mut second = Vec::new();
        encode(&again, &mut second);
        prop_assert_eq!(&second, &line);
        // Any other parser must read the same line.
        let value: Value = serde_json::from_slice(&line).unwrap();
        prop_assert_eq!(value["seq"].as_u64(), Some(event.seq.get()));
        prop_assert_eq!(value["kind"].as_str(), Some(event.kind.as_str()));
    }

    #[test]
    fn the_fast_envelope_agrees_with_the_decoder(event in event()) {
        let mut line = Vec::new();
        encode(&event, &mut line);
        if let Some(head) = envelope(&line) {
            prop_assert_eq!(head.ts, event.ts);
            prop_assert_eq!(head.seq, event.seq);
            prop_assert_eq!(head.kind, event.kind.as_str());
            prop_assert_eq!(head.step_id, event.step_id.as_ref().map(StepId::as_str));
        } else {
            prop_assert!(event.kind.as_str().contains(|c: char| c < ' ' || c == '"' || c == '\\'));
        }
    }

    #[test]
    fn any_order_of_keys_gives_the_same_event(event in event(), shuffle in any::<u64>()) {
        let mut line = Vec::new();
        encode(&event, &mut line);
        let Value::Object(fields) = serde_json::from_slice(&line).unwrap() else { unreachable!() };
        let mut fields: Vec<_> = fields.into_iter().collect();
        let n_fields = fields.len();
        fields.rotate_left(usize::try_from(shuffle % n_fields as u64).unwrap());
        let text = serde_json::to_vec(&fields.into_iter().collect::<Map<_, _>>()).unwrap();
        let again = decode_line(&text).unwrap();
        prop_assert_eq!(again.payload.fields(), event.payload.fields());
        prop_assert_eq!((again.seq, again.kind, again.step_id), (event.seq, event.kind, event.step_id));
        // The shuffling went through `f64`, which rounds the last microsecond of times beyond a century.
        prop_assert!(again.ts.as_us().abs_diff(event.ts.as_us()) <= 1);
    }

    #[test]
    fn what_is_json_is_what_serde_says(text in "[\\[\\]{}\":,0-9eE.+\\-truefalsn \\\\u\"]{0,40}") {
        let ours = Payload::parse(format!("{{\"a\":{text}}}")).is_ok();
        let theirs = serde_json::from_str::<Map<String, Value>>(&format!("{{\"a\":{text}}}"));
        // serde refuses halves of surrogate pairs and numbers beyond f64, which are JSON nevertheless.
        let strict = theirs.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let tolerated = ["surrogate", "out of range", "unicode"].iter().any(|why| strict.contains(why));
        let envelope_key = theirs.as_ref().is_ok_and(|f| ["ts", "seq", "kind", "step_id"].iter().any(|k| f.contains_key(*k)));
        prop_assert!(ours == theirs.is_ok() || tolerated || envelope_key, "{} {:?}", text, theirs);
    }
}
