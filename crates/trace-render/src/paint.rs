//! A few named looks. Colour never carries a meaning alone: every mark has a sign or a word as well.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// What came out well.
    Good,
    /// What failed.
    Bad,
    /// What is to be looked at.
    Warn,
    /// What the rest belongs to.
    Strong,
    /// What is there for completeness.
    Faint,
}

impl Paint {
    const fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }

    /// The text in this look.
    pub fn on(self, text: impl Display) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// Text that came out of a trace, made safe for a terminal: recorded pages may hold escape sequences.
pub fn plain(text: &str) -> String {
    let safe = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    text.chars().map(safe).collect()
}

/// The longest piece of a recorded text on one line.
const WIDEST: usize = 160;

/// The same on one line, cut when long.
pub fn one_line(text: &str) -> String {
    let flat = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= WIDEST {
        flat
    } else {
        flat.chars().take(WIDEST - 1).chain(['…']).collect()
    }
}

/// The sign and look of a trace's status.
pub fn status_sign(status: &str) -> (&'static str, Paint) {
    match status {
        "passed" => ("✓", Paint::Good),
        "failed" | "error" => ("✗", Paint::Bad),
        "aborted" => ("◌", Paint::Warn),
        _ => ("…", Paint::Faint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_text_cannot_steer_the_terminal() {
        assert_eq!(plain("a\x1b]0;owned\x07b\u{9b}31m"), "a\u{fffd}]0;owned\u{fffd}b\u{fffd}31m");
    }
}
