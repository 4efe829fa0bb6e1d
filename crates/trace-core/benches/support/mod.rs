//! What the benches share: a seeded corpus of lines as a suite produces them, CPU time of both sides, and the printed figures.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// xorshift64*: the same bytes on every machine.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// `n` lines of a long trace: 45 % DOM, 25 % actions and console, 20 % other, 5 % requests, 5 % responses (of which 1 in 25 fails).
pub(crate) fn lines(n: u64) -> Vec<u8> {
    let mut random = Random::new(7);
    let mut text = String::with_capacity(usize::try_from(n).unwrap_or_default() * 210);
    for seq in 1..=n {
        let ts = seq as f64 * 3.731;
        let step = 1 + seq * 40 / (n + 1);
        let (a, b) = (random.next(), random.below(100_000));
        let payload = match random.below(100) {
            0..45 => format!(
                r#""kind":"dom.mutation","step_id":"s{step}","page":"p1","frame":"p1f1","stream":"{a:016x}","generation":1,"count":{},"events":{{"size":64,"media_type":"application/json","text":"[{{\"type\":3,\"data\":{{\"source\":0,\"texts\":[{{\"id\":{b},\"value\":\"row {b}\"}}]}}}}]"}}"#,
                b % 40
            ),
            45..60 => format!(
                r#""kind":"action","step_id":"s{step}","api":"locator.click","title":"Click","locator":"getByRole('row', {{ name: 'Item {b}' }})","duration_ms":{},"location":{{"file":"tests/shop.spec.ts","line":{},"column":9}}"#,
                b % 900,
                b % 400
            ),
            60..70 => format!(
                r#""kind":"console.log","step_id":"s{step}","level":"info","text":"rendered {b} items for {a:08x} in {} ms","page":"p1""#,
                b % 50
            ),
            70..90 => format!(
                r#""kind":"scenario.event","step_id":"s{step}","name":"stdout","text":"checked {b} of {a:x}""#
            ),
            90..95 => format!(
                r#""kind":"network.request","step_id":"s{step}","request_id":"r{seq}","method":"GET","url":"http://127.0.0.1:4000/api/items/{b}?t={a:x}","resource_type":"fetch","headers":[["accept","*/*"]]"#
            ),
            _ => format!(
                r#""kind":"network.response","step_id":"s{step}","request_id":"r{seq}","method":"GET","url":"http://127.0.0.1:4000/api/items/{b}","status":{},"status_text":"","headers":[["content-type","application/json"]],"duration_ms":{}"#,
                if b % 25 == 0 { 404 } else { 200 },
                b % 300
            ),
        };
        writeln!(text, r#"{{"ts":{},"seq":{seq},{payload}}}"#, (ts * 1000.0).round() / 1000.0)
            .unwrap_or_default();
    }
    text.into_bytes()
}

/// Processor time of this process and of the children it has waited for, in seconds (`/proc/self/stat`, 10 ms ticks).
pub(crate) fn cpu_seconds() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // Fields 14 to 17 of proc(5), counted behind the name: utime, stime, cutime, cstime; the state letter does not parse.
    let ticks = |n: usize| fields.get(n).copied().unwrap_or(0.0) / 100.0;
    (ticks(10) + ticks(11), ticks(12) + ticks(13))
}

/// The middle value; odd counts give a measured one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub(crate) fn round(value: f64, places: i32) -> f64 {
    let by = 10_f64.powi(places);
    (value * by).round() / by
}

/// One figure with both sides.
pub(crate) fn figure(name: &str, value: f64, unit: &str, target: &str, sides: &Value) -> Value {
    json!({ "name": name, "value": round(value, 3), "unit": unit, "target": target, "sides": sides })
}

/// Prints the one JSON line that `cargo xtask bench` reads.
pub(crate) fn publish(name: &str, figures: &[Value]) {
    println!("{}", json!({ "bench": name, "figures": figures }));
}
