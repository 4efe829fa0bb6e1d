//! Reads a trace from Rust and prints its failed step: `cargo run -p inspect-trace -- FOLDER`.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use trace_core::edge::open_trace;
use trace_core::trace::SummaryBuilder;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: inspect-trace TRACE_FOLDER_OR_FILE");
        return ExitCode::from(2);
    };
    match inspect(&path) {
        Ok(story) => {
            println!("{story}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("inspect-trace: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One pass over the events; what was damaged is counted, not hidden.
fn inspect(path: &std::path::Path) -> Result<String, Box<dyn std::error::Error>> {
    let trace = open_trace(path)?;
    let (mut summary, mut damaged) = (SummaryBuilder::default(), 0);
    for event in trace.events() {
        match event {
            Ok(event) => summary.push(&event),
            Err(_) => damaged += 1,
        }
    }
    let summary = summary.finish();
    let mut story = format!(
        "{}: {} ({} events, {damaged} damaged)",
        summary.scenario.title, summary.status, summary.total_lines
    );
    if let Some(step) = summary.failed_step {
        story += &format!("\nfailed at “{}” (seq:{})", step.title, step.seq);
    }
    if let Some(error) = summary.network_error {
        story += &format!(
            "\n{} {} answered {} (seq:{})",
            error.method,
            error.url,
            error.status.unwrap_or_default(),
            error.seq
        );
    }
    Ok(story)
}
