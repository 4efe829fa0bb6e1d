//! What the hot paths cost: `cargo bench -p trace-core --bench bytes`. Prints one line a path with its target.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(clippy::unwrap_used, reason = "a bench runs on input of its own making")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use trace_core::blob::BlobId;
use trace_core::chunk::archive::{FRAME_BYTES, write};
use trace_core::chunk::frame::{Level, compress, decompress};
use trace_core::ndjson::{Lines, decode, decode_line, encode, envelope};
use trace_core::trace::{Select, TraceReader};

/// Lines of about 200 bytes whose contents differ as those of real traces do.
fn lines(n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for seq in 1..=n {
        let id = seq.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let path = ["checkout", "account", "billing", "plans"][usize::try_from(id >> 62).unwrap()];
        out.extend_from_slice(
            format!(
                "{{\"ts\":{}.{:03},\"seq\":{seq},\"kind\":\"network.response\",\"step_id\":\"s{}\",\"request_id\":\"{id:016x}\",\"method\":\"GET\",\"url\":\"http://127.0.0.1:4000/api/{path}/{}\",\"status\":200,\"duration_ms\":{}.5}}\n",
                seq * 3, (id % 999) | 1, seq / 100, id % 5000, id % 90
            )
            .as_bytes(),
        );
    }
    out
}

/// The best of several runs: other work on the machine only ever adds time.
fn best(mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..7).map(run).min().unwrap()
}

fn per_line(name: &str, n_lines: usize, target: &str, work: impl FnMut()) {
    let ns = best(work).as_nanos() as f64 / n_lines as f64;
    println!("{name:<28} {ns:>8.1} ns/line   target {target}");
}

fn per_byte(name: &str, n_bytes: usize, target: &str, work: impl FnMut()) -> f64 {
    let rate = n_bytes as f64 / best(work).as_secs_f64() / 1e6;
    println!("{name:<28} {rate:>8.0} MB/s      target {target}");
    rate
}

fn main() {
    let raw = lines(20_000);
    let events = decode(&raw).events;
    let n = events.len();
    println!("{n} lines of {} bytes on average", raw.len() / n);
    let mut out = Vec::with_capacity(raw.len() * 2);
    per_line("encode", n, "< 300 ns", || {
        out.clear();
        for event in &events {
            encode(event, &mut out);
        }
    });
    per_line("envelope", n, "< 300 ns", || {
        black_box(Lines::new(&raw).filter_map(|line| envelope(line.bytes)).count());
    });
    per_line("decode_line", n, "-", || {
        Lines::new(&raw).for_each(|line| drop(black_box(decode_line(line.bytes))));
    });
    files(&raw);
    archive(&raw);
}

fn files(raw: &[u8]) {
    let file = write(raw, Vec::new(), Level::Live, FRAME_BYTES).unwrap().0;
    let reader = TraceReader::open(&file[..]).unwrap();
    per_byte("decode plain lines", raw.len(), ">= 500 MB/s", || drop(black_box(decode(raw))));
    per_byte("reader, every event", raw.len(), "-", || {
        black_box(reader.events().count());
    });
    per_byte("reader, one kind", raw.len(), ">= 500 MB/s", || {
        black_box(reader.select(Select::all().kind("network.response").seqs(1, 1)).count());
        black_box(reader.select(Select::all().step("s7")).count());
    });
    per_byte("reader, scan without index", raw.len(), "-", || {
        drop(TraceReader::open(raw).unwrap());
    });
    let frame = compress(raw, Level::Live).unwrap();
    per_byte("zstd alone, decompress", raw.len(), "-", || drop(decompress(&frame, 1 << 28)));
    per_byte("compress, live", raw.len(), "-", || drop(compress(raw, Level::Live)));
    let block = vec![7_u8; 16 << 20];
    let raw_hash = per_byte("sha256 by sha2", block.len(), "-", || {
        use sha2::Digest;
        black_box(sha2::Sha256::digest(&block));
    });
    let blob = per_byte("blob id", block.len(), ">= 85 % of sha256", || {
        black_box(BlobId::of(&block));
    });
    println!("blob id / sha256             {:>8.2}", blob / raw_hash);
}

fn archive(raw: &[u8]) {
    let mut one = Vec::new();
    let mut ours = Vec::new();
    let single = best_of_three(|| one = compress(raw, Level::Archive).unwrap());
    let framed =
        best_of_three(|| ours = write(raw, Vec::new(), Level::Archive, FRAME_BYTES).unwrap().0);
    let (time, size) =
        (framed.as_secs_f64() / single.as_secs_f64(), ours.len() as f64 / one.len() as f64);
    println!("archive time / zstd -19      {time:>8.2}           target <= 1.15");
    println!("archive size / one frame     {size:>8.3}           target <= 1.10");
}

fn best_of_three(mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(run).min().unwrap()
}
