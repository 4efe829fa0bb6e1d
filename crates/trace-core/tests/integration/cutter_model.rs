//! The cutter against a model of ten lines: no line lost, none twice, no chunk too large or too old.

use trace_core::chunk::{Cause, CutRules, Cutter, Decision};

use crate::support::Numbers;

#[derive(Default)]
struct Model {
    open: Vec<usize>,
    since_ms: u64,
    cut: Vec<Vec<usize>>,
}

impl Model {
    fn due(&self, rules: CutRules, now_ms: u64) -> bool {
        let bytes: usize = self.open.iter().sum();
        let is_old = now_ms >= self.since_ms + rules.max_age_ms;
        !self.open.is_empty() && (bytes >= rules.max_bytes || is_old)
    }
}

fn check(model: &mut Model, decision: Decision, is_due: bool, seed: u64) {
    match decision {
        Decision::Cut { chunk, .. } => {
            assert!(is_due, "seed {seed}: cut too early");
            assert_eq!(chunk.lines, model.open.len() as u64, "seed {seed}");
            assert_eq!(chunk.bytes, model.open.iter().sum::<usize>(), "seed {seed}");
            assert_eq!(chunk.since_ms, model.since_ms, "seed {seed}");
            model.cut.push(std::mem::take(&mut model.open));
        }
        Decision::Keep { at_ms } => {
            assert!(!is_due, "seed {seed}: not cut");
            assert_eq!(at_ms.is_some(), !model.open.is_empty(), "seed {seed}");
        }
    }
}

#[test]
fn the_cutter_does_what_the_model_does() {
    for seed in 0..200 {
        let mut numbers = Numbers::new(seed);
        let rules =
            CutRules { max_bytes: 1 + numbers.below(2000), max_age_ms: numbers.next() % 300 };
        let (mut cutter, mut model) = (Cutter::new(rules), Model::default());
        let (mut now_ms, mut appended) = (numbers.next() % 1000, Vec::new());
        for _ in 0..500 {
            now_ms += numbers.next() % 40;
            if numbers.below(4) == 0 {
                let is_due = model.due(rules, now_ms);
                check(&mut model, cutter.on_tick(now_ms), is_due, seed);
                continue;
            }
            let bytes = 1 + numbers.below(400);
            if model.open.is_empty() {
                model.since_ms = now_ms;
            }
            model.open.push(bytes);
            appended.push(bytes);
            let is_due = model.due(rules, now_ms);
            check(&mut model, cutter.on_line(bytes, now_ms), is_due, seed);
        }
        let rest = !model.open.is_empty();
        let last = cutter.finish();
        assert_eq!(matches!(last, Decision::Cut { cause: Cause::End, .. }), rest, "seed {seed}");
        check(&mut model, last, rest, seed);
        assert_eq!(model.cut.concat(), appended, "seed {seed}");
    }
}
