//! What a shipment does when the server says no.

use super::{Action, Answer, ChunkInfo, Ended, Input, Ledger, Op, Outcome, Refusal, Ship};

fn started() -> Ship {
    let mut ship = Ship::new(Ledger::default(), 1);
    let actions = ship.on(Input::RunStarted("{}".to_owned()), 0);
    assert_eq!(actions, [Action::Register("{}".to_owned())]);
    ship
}

fn registered() -> Ship {
    let mut ship = started();
    assert_eq!(reply(&mut ship, Op::Register, Outcome::Ok(Answer::default())), []);
    ship
}

fn reply(ship: &mut Ship, op: Op, outcome: Outcome) -> Vec<Action> {
    reply_at(ship, op, outcome, 0)
}

fn reply_at(ship: &mut Ship, op: Op, outcome: Outcome, now_ms: u64) -> Vec<Action> {
    ship.on(Input::Reply { op, outcome }, now_ms)
}

fn refusal(code: &str, missing_chunks: Vec<u64>) -> Refusal {
    Refusal { code: code.to_owned(), message: "no".to_owned(), missing_chunks }
}

fn chunk(n: u64) -> Input {
    Input::ChunkReady(ChunkInfo { n, bytes_len: 1, sha256: String::new() })
}

fn ended(chunks: u64) -> Input {
    Input::Ended(Ended { status: "passed".to_owned(), chunks, last_seq: 9 })
}

fn up_to(n: u64) -> Outcome {
    Outcome::Ok(Answer { high_water: Some(n), ..Answer::default() })
}

fn gives_up(actions: &[Action], part: &str) {
    match actions {
        [Action::GiveUp { reason }] => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected one refusal about `{part}`, found {other:?}"),
    }
}

#[test]
fn a_wrong_key_ends_it_at_once_and_is_said_once() {
    let mut ship = started();
    let refused = Outcome::Permanent(refusal("unauthenticated", Vec::new()));
    gives_up(&reply(&mut ship, Op::Register, refused), "`unauthenticated`");
    assert_eq!(ship.on(chunk(1), 5), []);
    assert_eq!(ship.on(Input::Tick, 1_000_000), []);
}

#[test]
fn one_refused_chunk_does_not_hold_up_the_others() {
    let mut ship = registered();
    ship.on(chunk(1), 0);
    ship.on(chunk(2), 0);
    let refused = Outcome::Permanent(refusal("bad_line", Vec::new()));
    assert_eq!(reply(&mut ship, Op::Chunk(1), refused), []);
    assert_eq!(ship.on(ended(2), 0), []);
    gives_up(&reply(&mut ship, Op::Chunk(2), up_to(0)), "chunk 1: no (`bad_line`)");
    assert_eq!(ship.ledger().chunks, [2]);
}

#[test]
fn a_finalize_that_misses_chunks_sends_them_again_if_it_can() {
    let mut ship = registered();
    ship.on(chunk(1), 0);
    ship.on(ended(1), 0);
    // The server took the chunk but its durable prefix did not grow.
    let finalize = reply(&mut ship, Op::Chunk(1), up_to(0));
    assert!(matches!(finalize[..], [Action::Finalize(_)]));
    let missing = Outcome::Conflict(refusal("missing_chunks", vec![1]));
    assert!(matches!(reply(&mut ship, Op::Finalize, missing)[..], [Action::WakeAt(_)]));
    assert_eq!(ship.on(Input::Tick, 60_000), [Action::PutChunk(1)]);
    let actions = reply_at(&mut ship, Op::Chunk(1), up_to(1), 60_000);
    assert!(matches!(actions[..], [Action::ForgetChunk(1), Action::Finalize(_)]), "{actions:?}");
    let missing = Outcome::Conflict(refusal("missing_chunks", vec![1]));
    gives_up(&reply(&mut ship, Op::Finalize, missing), "`missing_chunks`");
}

#[test]
fn a_hole_in_the_spool_is_named() {
    let mut ship = registered();
    ship.on(chunk(2), 0);
    gives_up(&ship.on(ended(2), 0), "chunk 1 is neither");
}

#[test]
fn retry_after_is_kept_to_and_a_lying_high_water_is_harmless() {
    let mut ship = registered();
    ship.on(chunk(1), 0);
    let wait = reply(&mut ship, Op::Chunk(1), Outcome::Retry { after_ms: Some(9_000) });
    assert_eq!(wait, [Action::WakeAt(9_000)]);
    assert_eq!(ship.on(Input::Tick, 8_999), [Action::WakeAt(9_000)]);
    assert_eq!(ship.on(Input::Tick, 9_000), [Action::PutChunk(1)]);
    assert_eq!(reply_at(&mut ship, Op::Chunk(1), up_to(u64::MAX), 9_000), [Action::ForgetChunk(1)]);
}

#[test]
fn a_finalized_ledger_has_nothing_left_to_do() {
    let ledger = Ledger { finalized: true, ..Ledger::default() };
    let mut ship = Ship::new(ledger, 1);
    assert_eq!(ship.on(Input::RunStarted("{}".to_owned()), 0), [Action::Done]);
}
