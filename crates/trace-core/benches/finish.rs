//! Archive recompression against `zstd -19` on the same bytes: CPU time and size.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::process::{Command, Stdio};

use serde_json::json;
use support::{cpu_seconds, figure, lines, median, publish, round};
use trace_core::chunk::{Level, archive};

const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let raw = lines(60_000);
    let folder = tempfile::tempdir()?;
    let input = folder.path().join("trace.ndjson");
    let single = folder.path().join("single.zst");
    std::fs::write(&input, &raw)?;
    let (mut ours, mut theirs, mut size) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let before = cpu_seconds().0;
        let (bytes, _) =
            archive::write(&raw[..], Vec::new(), Level::Archive, archive::FRAME_BYTES)?;
        ours.push(cpu_seconds().0 - before);
        size = bytes.len();
        let before = cpu_seconds().1;
        let done = Command::new("zstd")
            .args(["-19", "-T1", "-q", "-f"])
            .arg(&input)
            .arg("-o")
            .arg(&single)
            .stdout(Stdio::null())
            .status()?;
        assert!(done.success(), "zstd -19 failed; is zstd installed?");
        theirs.push(cpu_seconds().1 - before);
    }
    let single = std::fs::metadata(&single)?.len();
    let (ours, theirs) = (median(ours), median(theirs));
    let cpu = json!({ "archive, 1 MiB frames": format!("{} s CPU", round(ours, 2)), "zstd -19 -T1": format!("{} s CPU", round(theirs, 2)), "input": raw.len() });
    let bytes = json!({ "archive with index and seek table": size, "one frame": single });
    publish(
        "finish",
        &[
            figure("archive recompression, CPU ÷ zstd -19", ours / theirs, "×", "≤ 1.15", &cpu),
            figure("archive size ÷ one frame", size as f64 / single as f64, "×", "≤ 1.10", &bytes),
        ],
    );
    Ok(())
}
