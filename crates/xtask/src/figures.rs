//! Measured figures as a table for people and as JSON for machines.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::setup;

/// Writes `target/bench/NAME.json` and prints each figure with its target.
pub fn publish(name: &str, measured: &Value) -> Result<()> {
    let folder = setup::target_folder().join("bench");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, serde_json::to_vec_pretty(measured)?)
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    println!("\n{name}");
    let figures = measured["figures"].as_array().map(Vec::as_slice).unwrap_or_default();
    figures.iter().for_each(print);
    println!("  written to {}", file.display());
    Ok(())
}

/// One figure: `{name, value, unit, target, sides: {…}}`.
fn print(figure: &Value) {
    let text = |key: &str| match &figure[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    println!(
        "  {:<58} {:>10} {:<4} target {}",
        text("name"),
        text("value"),
        text("unit"),
        text("target")
    );
    if let Some(sides) = figure["sides"].as_object() {
        sides.iter().for_each(|(side, value)| println!("      {side}: {value}"));
    }
}
