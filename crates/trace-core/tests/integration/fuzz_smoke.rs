//! Every fuzz target on seeded random and mutated inputs, so that CI runs them without a fuzzer.

use trace_core::chunk::archive::write;
use trace_core::chunk::frame::{Level, compress};

use crate::support::{Numbers, fixture, golden, lines};
use crate::targets;

/// Flips, cuts, doubles and splices, as a fuzzer does.
fn mutate(input: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[at] = numbers.next().to_le_bytes()[0],
            2 => bytes.truncate(at),
            3 => bytes.extend_from_within(at..),
            4 => drop(bytes.splice(at..at, numbers.next().to_le_bytes())),
            _ => drop(bytes.drain(at..(at + numbers.below(16)).min(bytes.len()))),
        }
        bytes.truncate(1 << 18);
    }
    bytes
}

fn check(target: fn(&[u8]), seeds: &[Vec<u8>], rounds: u64) {
    for round in 0..rounds {
        let mut numbers = Numbers::new(round);
        let seed = &seeds[numbers.below(seeds.len())];
        target(seed);
        target(&mutate(seed, &mut numbers));
        let noise: Vec<u8> =
            (0..numbers.below(64)).map(|_| numbers.next().to_le_bytes()[0]).collect();
        target(&noise);
    }
}

fn golden_lines() -> Vec<Vec<u8>> {
    golden().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

#[test]
fn lines_of_any_kind() {
    check(targets::line, &golden_lines(), 20_000);
    check(
        targets::lines,
        &[golden(), fixture("cut-short.ndjson"), fixture("from-the-future.ndjson")],
        500,
    );
}

#[test]
fn frames_of_any_kind() {
    let frame = compress(&lines(100, 1), Level::Live).unwrap();
    let archive = write(&lines(300, 2)[..], Vec::new(), Level::Live, 8 << 10).unwrap().0;
    check(
        targets::frames,
        &[frame.clone(), archive.clone(), [frame.clone(), frame.clone()].concat()],
        3000,
    );
    check(targets::reader, &[frame, archive, golden()], 1500);
}

#[test]
fn indexes_of_any_kind() {
    let (_, index) = write(&lines(300, 3)[..], Vec::new(), Level::Live, 8 << 10).unwrap();
    let frame = index.to_frame().unwrap();
    check(targets::index, &[frame[8..].to_vec()], 3000);
    // Behind the compression, where a mutated byte reaches the fields and not only the checksum.
    let json = serde_json::to_vec(&index).unwrap();
    for round in 0..3000 {
        let mutated = mutate(&json, &mut Numbers::new(round));
        targets::index(&compress(&mutated, Level::Live).unwrap());
    }
}

#[test]
fn blobs_of_any_kind() {
    let frame = compress(b"<html>", Level::Live).unwrap();
    check(targets::stored, &[frame, b"plain".to_vec(), Vec::new()], 5000);
}

/// Every line of the golden trace below each of the heads.
fn below(heads: &[&str]) -> Vec<Vec<u8>> {
    let lines = golden_lines();
    let join = |head: &str, line: &Vec<u8>| [head.as_bytes(), b"\n", line].concat();
    heads.iter().flat_map(|head| lines.iter().map(move |line| join(head, line))).collect()
}

#[test]
fn queries_of_any_kind() {
    let queries = [
        "kind=network.response AND status>=400",
        "step=s7 OR NOT (url =~ /x(y|z)+/i)",
        "headers.content-type contains json AND ts in 1..2000",
        "exists(error) OR errors[0].message!=\"x\" OR seq in (1, 2, 3)",
    ];
    check(targets::query, &below(&queries), 20_000);
}

#[test]
fn secrets_of_any_kind() {
    let payload = r##"{"url":"http://a/?token=fake-1","headers":[["authorization","Bearer fake-2"]],"params":{"value":"4242 4242 4242 4242","selector":"#password"}}"##;
    let mut seeds = below(&["action", "network.request"]);
    seeds.push(format!("action\n{payload}").into_bytes());
    // A redactor numbers its trace's secrets, so each input gets one of its own; compiling it is what these rounds cost.
    check(targets::redact, &seeds, 200);
    let bodies = [
        format!("application/json\n{payload}"),
        "application/x-www-form-urlencoded\nemail=a%40b.example&password=fake".to_owned(),
        "multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nfake\r\n--b--".to_owned(),
        "text/html\n<input type=password value=fake>".to_owned(),
    ];
    check(targets::redact_bytes, &bodies.map(String::into_bytes), 200);
}

#[test]
fn what_a_server_derives_from_lines_of_any_kind() {
    let seeds = [golden(), fixture("cut-short.ndjson"), fixture("from-the-future.ndjson")];
    check(targets::manifest, &golden_lines(), 5000);
    check(targets::manifest, &seeds, 200);
    check(targets::summary, &seeds, 500);
    check(targets::steps, &seeds, 500);
}

#[test]
fn recorded_documents_of_any_kind() {
    let lines = crate::dom::recordings();
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let events = lines.map(|line| {
        let recording: serde_json::Value = serde_json::from_slice(line).unwrap();
        recording["events"].to_string().into_bytes()
    });
    check(targets::dom, &events.collect::<Vec<_>>(), 150);
}
