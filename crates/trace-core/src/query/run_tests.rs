//! Whole traces: with an index and without, with memory and without, the answers are the same.

use proptest::prelude::*;

use super::{Query, QueryCache, run};
use crate::chunk::Level;
use crate::trace::TraceReader;

const KINDS: [&str; 4] = ["network.request", "network.response", "console.log", "dom.mutation"];

/// One line for each number, the kinds in turn, ten lines a step.
fn lines(n: u64) -> Vec<String> {
    let line = |seq: u64| {
        let place = usize::try_from(seq % 4).unwrap();
        let (kind, step) = (KINDS[place], seq / 10 + 1);
        if seq % 10 == 1 {
            return format!(
                r#"{{"ts":{seq},"seq":{seq},"kind":"step.start","step_id":"s{step}","title":"t","index":{step}}}"#
            );
        }
        format!(
            r#"{{"ts":{seq},"seq":{seq},"kind":"{kind}","step_id":"s{step}","status":{}}}"#,
            200 + seq % 7 * 50
        )
    };
    (1..=n).map(line).collect()
}

fn reader(n: u64, per_frame: usize) -> TraceReader<Vec<u8>> {
    let file: Vec<u8> = lines(n)
        .chunks(per_frame)
        .flat_map(|lines| {
            crate::chunk::frame::compress((lines.join("\n") + "\n").as_bytes(), Level::Live)
                .unwrap()
        })
        .collect();
    TraceReader::open(file).unwrap()
}

fn seqs(answers: &super::Answers) -> Vec<u64> {
    answers.events().map(|event| event.unwrap().seq.get()).collect()
}

#[test]
fn limits_stop_and_say_so() {
    let reader = reader(200, 25);
    let query = Query::parse("kind=network.response AND status>=400").unwrap();
    let (all, some) = (run(&reader, &query, usize::MAX), run(&reader, &query, 3));
    assert!(!all.more && some.more);
    assert_eq!(seqs(&some), seqs(&all)[..3]);
    assert!(!run(&reader, &query, all.lines.len()).more);
}

#[test]
fn memory_is_bounded_and_forgets_what_is_old() {
    let reader = reader(4000, 100);
    let mut cache = QueryCache::new(150_000);
    for kind in KINDS {
        let query = Query::parse(&format!("kind={kind}")).unwrap();
        assert_eq!(
            cache.run(&reader, &query, usize::MAX).lines.len(),
            run(&reader, &query, usize::MAX).lines.len()
        );
        assert!(cache.size() <= 150_000 && cache.size() > 0);
    }
    let mut tiny = QueryCache::new(10);
    let query = Query::parse("kind=console.log").unwrap();
    assert_eq!(tiny.run(&reader, &query, 5).lines.len(), 5);
    assert_eq!(tiny.size(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn frames_and_memory_change_no_answer(
        parts in proptest::collection::vec(proptest::sample::select(&[
            "kind=network.response", "kind=network.*", "kind in (console.log, dom.mutation)", "status>=400", "step in 3..5",
            "step=s2", "seq in 20..60", "ts<33", "NOT status=250", "kind!=console.log", "step_id=s4",
        ][..]), 1..4),
        join in proptest::sample::select(&[" AND ", " OR "][..]),
        per_frame in 1..40_usize,
        limit in 1..50_usize,
    ) {
        let text = parts.join(join);
        let query = Query::parse(&text).unwrap();
        let reader = reader(120, per_frame);
        let context = super::run::steps_of(&reader);
        let context = super::Context { steps: Some(&context) };
        let wanted: Vec<u64> = lines(120)
            .iter()
            .enumerate()
            .filter(|(_, line)| query.matches_line(line.as_bytes(), &context))
            .map(|(at, _)| at as u64 + 1)
            .take(limit)
            .collect();
        prop_assert_eq!(seqs(&run(&reader, &query, limit)), wanted.clone(), "{}", &text);
        let mut cache = QueryCache::new(1 << 20);
        for _ in 0..2 {
            prop_assert_eq!(seqs(&cache.run(&reader, &query, limit)), wanted.clone(), "{}", &text);
        }
    }
}
