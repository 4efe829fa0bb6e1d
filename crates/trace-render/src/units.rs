//! Numbers with units a person reads at a glance.

/// `840 ms`, `9.8 s`, `2 min 5 s`.
pub fn duration(ms: f64) -> String {
    if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else if ms < 60_000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        format!("{:.0} min {:.0} s", (ms / 60_000.0).floor(), (ms % 60_000.0) / 1000.0)
    }
}

/// `512 B`, `48.2 kB`, `3.1 MB`.
pub fn bytes(n: u64) -> String {
    let n = n as f64;
    match n {
        n if n < 1e3 => format!("{n:.0} B"),
        n if n < 1e6 => format!("{:.1} kB", n / 1e3),
        n if n < 1e9 => format!("{:.1} MB", n / 1e6),
        n => format!("{:.2} GB", n / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_well() {
        for (ms, text) in [(4.0, "4 ms"), (9_840.0, "9.8 s"), (125_000.0, "2 min 5 s")] {
            assert_eq!(duration(ms), text);
        }
        for (n, text) in [(512, "512 B"), (48_210, "48.2 kB"), (3_100_000, "3.1 MB")] {
            assert_eq!(bytes(n), text);
        }
    }
}
