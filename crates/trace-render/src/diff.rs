//! `diff`: what came out otherwise, with both sides' events.

use trace_core::diff::{
    BodyChange, Compared, ConsoleRow, Dimension, NetworkDiff, NetworkRow, NetworkSide, SideFacts,
    StepRow, StepSide, TraceDiff,
};
use trace_core::trace::StepStatus;

use crate::clones::clones;
use crate::documents::{dom, patch};
use crate::{Paint, bytes, duration, one_line, plain, status_sign};

/// Requests beyond this are counted, not printed.
const MOST_ROWS: usize = 40;

/// The whole page, or what was asked for alone.
pub fn diff(found: &Compared) -> String {
    let TraceDiff { steps: rows, network: exchanges, console: lines, .. } = &found.diff;
    let told = match found.dimension {
        None => {
            let parts = [clones(&found.clones), patch(&found.patch)].concat();
            return outcome_of(&found.diff) + &parts;
        }
        Some(Dimension::Steps) => steps(rows),
        Some(Dimension::Network) => network(exchanges),
        Some(Dimension::Console) => console(lines),
        Some(Dimension::Clones) => clones(&found.clones),
        Some(Dimension::Dom) => dom(&found.dom),
        Some(Dimension::Patch) => patch(&found.patch),
    };
    if told.is_empty() { format!("\n{} no difference\n", Paint::Good.on("=")) } else { told }
}

fn outcome_of(diff: &TraceDiff) -> String {
    let width = diff.a.title.chars().count().max(diff.b.title.chars().count());
    let mut page = format!(
        "\n{}{}",
        side("A", &diff.a, width, None),
        side("B", &diff.b, width, Some(diff.b.duration_ms - diff.a.duration_ms))
    );
    if !diff.differs() {
        let same = format!(
            "no difference: {} steps and {} requests came out the same",
            diff.steps.len(),
            diff.network.same
        );
        return page + &format!("\n{} {same}\n", Paint::Good.on("="));
    }
    page += &steps(&diff.steps);
    page += &network(&diff.network);
    page += &console(&diff.console);
    page
}

fn side(name: &str, facts: &SideFacts, width: usize, delta: Option<f64>) -> String {
    let (sign, look) = status_sign(&facts.status);
    let signature = facts.signature.as_deref().map(|slug| Paint::Warn.on(plain(slug)));
    let delta = delta.map(|ms| {
        let sign = if ms < 0.0 { "-" } else { "+" };
        Paint::Faint.on(format!("{sign}{}", duration(ms.abs())))
    });
    let rest: Vec<String> = [delta, signature].into_iter().flatten().collect();
    format!(
        "{} {} {:<8} {}  {:<width$}  {:>9}  {}\n",
        Paint::Strong.on(name),
        look.on(sign),
        plain(&facts.status),
        Paint::Strong.on(plain(&facts.short_id)),
        plain(&facts.title),
        duration(facts.duration_ms),
        rest.join("  ")
    )
}

/// Top-level steps always, for the thread of the story; deeper ones, hooks and fixtures where they differ.
fn steps(rows: &[StepRow]) -> String {
    let is_told = |row: &&StepRow| row.differs() || row.category == "test.step" && row.depth == 0;
    let lines: String = rows.iter().filter(is_told).map(step).collect();
    if lines.is_empty() { lines } else { format!("\n{}\n{lines}", Paint::Strong.on("Steps")) }
}

fn step(row: &StepRow) -> String {
    let number = row.index.map_or_else(|| "  ".to_owned(), |index| format!("{index:>2}"));
    let indent = "  ".repeat(row.depth);
    let title = one_line(&row.title);
    let took = |side: &StepSide| side.duration_ms.map(duration).unwrap_or_default();
    let (mark, change, took) = match (&row.a, &row.b) {
        (Some(a), Some(b)) if a.status == b.status => {
            let mark = if row.moved { Paint::Warn.on("↕") } else { " ".to_owned() };
            (mark, status(a.status), format!("{} → {}", took(a), took(b)))
        }
        (Some(a), Some(b)) => (
            Paint::Warn.on("~"),
            format!("{}→{}", status(a.status), status(b.status)),
            format!("{} → {}", took(a), took(b)),
        ),
        (Some(a), None) => (Paint::Bad.on("-"), status(a.status), took(a)),
        (None, Some(b)) => (Paint::Good.on("+"), status(b.status), took(b)),
        (None, None) => return String::new(),
    };
    let seqs = cite(row.a.as_ref().map(|a| a.seq.get()), row.b.as_ref().map(|b| b.seq.get()));
    let gap = if change.contains('→') { " " } else { "   " };
    let mut line = format!(
        "  {mark} {change}{gap}{number} {indent}{title}  {} {seqs}\n",
        Paint::Faint.on(took)
    );
    if row.differs() {
        for (name, side) in [("A", &row.a), ("B", &row.b)] {
            let error = side.as_ref().and_then(|side| side.error.as_deref());
            if let Some(first) =
                error.and_then(|error| error.lines().find(|line| !line.trim().is_empty()))
            {
                line += &format!(
                    "           {indent}{} {}\n",
                    Paint::Faint.on(name),
                    Paint::Bad.on(one_line(first))
                );
            }
        }
    }
    line
}

fn status(status: StepStatus) -> String {
    match status {
        StepStatus::Passed => Paint::Good.on("✓"),
        StepStatus::Failed => Paint::Bad.on("✗"),
        StepStatus::Skipped => Paint::Faint.on("-"),
        _ => Paint::Warn.on("…"),
    }
}

fn network(network: &NetworkDiff) -> String {
    let count = |fits: fn(&NetworkRow) -> bool| network.rows.iter().filter(|row| fits(row)).count();
    let counts = [
        (network.same, "the same"),
        (count(|row| row.a.is_some() && row.b.is_some()) as u64, "changed"),
        (count(|row| row.b.is_none()) as u64, "only in A"),
        (count(|row| row.a.is_none()) as u64, "only in B"),
        (network.moved, "in another order"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if told.is_empty() {
        return String::new();
    }
    // What came out otherwise before what merely holds other values.
    let mut rows: Vec<&NetworkRow> = network.rows.iter().collect();
    rows.sort_by_key(|row| !row.outcome_differs());
    let lines: String = rows.iter().take(MOST_ROWS).map(|row| exchange(row)).collect();
    let more = rows.len().saturating_sub(MOST_ROWS);
    let more = if more > 0 {
        format!("  {}\n", Paint::Faint.on(format!("and {more} more; --json has them all")))
    } else {
        String::new()
    };
    format!(
        "\n{}  {}\n{lines}{more}",
        Paint::Strong.on("Network"),
        Paint::Faint.on(told.join(", "))
    )
}

fn exchange(row: &NetworkRow) -> String {
    let seqs = cite(
        row.a.as_ref().map(|a| a.answer_seq.unwrap_or(a.seq).get()),
        row.b.as_ref().map(|b| b.answer_seq.unwrap_or(b.seq).get()),
    );
    let name = one_line(&row.name);
    let (mark, change) = match (&row.a, &row.b) {
        (Some(a), Some(b)) if row.outcome_differs() => {
            (Paint::Warn.on("~"), format!("{} → {}", outcome(a), outcome(b)))
        }
        (Some(a), Some(_)) => (Paint::Warn.on("~"), outcome(a)),
        (Some(a), None) => (Paint::Bad.on("-"), outcome(a)),
        (None, Some(b)) => (Paint::Good.on("+"), outcome(b)),
        (None, None) => return String::new(),
    };
    let sent = row.request_body.as_ref().map(|change| body("sent", change)).unwrap_or_default();
    let got = row.response_body.as_ref().map(|change| body("got", change)).unwrap_or_default();
    format!("  {mark} {name}  {change} {seqs}\n{sent}{got}")
}

fn outcome(side: &NetworkSide) -> String {
    match (side.status, &side.error) {
        (Some(status), _) if status >= 400 => Paint::Bad.on(status),
        (Some(status), _) => Paint::Good.on(status),
        (None, Some(error)) => Paint::Bad.on(one_line(error)),
        (None, None) => Paint::Warn.on("no answer"),
    }
}

fn body(what: &str, change: &BodyChange) -> String {
    let size = |size: Option<u64>| size.map_or_else(|| "nothing".to_owned(), bytes);
    let sizes = format!("{} → {}", size(change.a_size), size(change.b_size));
    let shape = match (change.values.is_empty(), change.same_shape) {
        (true, _) => "",
        (false, true) => ", the same shape",
        (false, false) => ", another shape",
    };
    let mut text = format!("      {}\n", Paint::Faint.on(format!("{what} {sizes}{shape}")));
    for value in &change.values {
        let shown =
            |side: &Option<String>| side.as_deref().map_or_else(|| "∅".to_owned(), one_line);
        text += &format!(
            "        {} {} → {}\n",
            one_line(&value.path),
            Paint::Bad.on(shown(&value.a)),
            Paint::Good.on(shown(&value.b))
        );
    }
    if change.more > 0 {
        text +=
            &format!("        {}\n", Paint::Faint.on(format!("and {} more values", change.more)));
    }
    text
}

fn console(rows: &[ConsoleRow]) -> String {
    let line = |row: &ConsoleRow| {
        let (mark, seqs) = if row.a.len() > row.b.len() {
            (Paint::Bad.on("-"), &row.a)
        } else {
            (Paint::Good.on("+"), &row.b)
        };
        let times = match (row.a.len(), row.b.len()) {
            (0, 1) | (1, 0) => String::new(),
            (a, b) => format!(" ×{a} → ×{b}"),
        };
        let first = seqs.first().map(|seq| Paint::Faint.on(format!("(seq:{seq})")));
        format!(
            "  {mark} {} {}{times} {}\n",
            Paint::Faint.on(one_line(&row.level)),
            one_line(&row.text),
            first.unwrap_or_default()
        )
    };
    let lines: String = rows.iter().take(MOST_ROWS).map(line).collect();
    let more = rows.len().saturating_sub(MOST_ROWS);
    let more = if more > 0 {
        format!("  {}\n", Paint::Faint.on(format!("and {more} more")))
    } else {
        String::new()
    };
    if lines.is_empty() {
        lines
    } else {
        format!("\n{}\n{lines}{more}", Paint::Strong.on("Console"))
    }
}

/// `(seq:37)` on one side, `(seq:37 → seq:41)` on both.
fn cite(a: Option<u64>, b: Option<u64>) -> String {
    let text = match (a, b) {
        (Some(a), Some(b)) => format!("(seq:{a} → seq:{b})"),
        (Some(seq), None) | (None, Some(seq)) => format!("(seq:{seq})"),
        (None, None) => return String::new(),
    };
    Paint::Faint.on(text)
}
