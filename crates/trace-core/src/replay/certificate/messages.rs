//! Messages of failed calls and assertions, without how often and when Playwright looked.
//!
//! A message ends in a call log. Playwright waits by looking again and again, so the number of looks, what was seen before the last of
//! them, and in the middle of which look the log ends is the machine's speed. What was waited for counts like the rest of the message.
//! What was seen last never parts two messages, because the message itself says what was received; but then they are not identical.

use super::alike::texts;
use super::channel::Alike;

/// Two messages of errors.
pub(super) fn messages(what: &str, a: &str, b: &str) -> Alike {
    if a == b {
        return Alike::Identical;
    }
    let (one, other) = (Message::read(a), Message::read(b));
    let seen = || match texts(what, &one.seen, &other.seen) {
        Alike::Diverged(_) => Alike::Equivalent,
        alike => alike,
    };
    texts(what, &one.said, &other.said).and(seen)
}

/// How an entry of a call log begins and ends that only tells how far a look had come, in Playwright from 1.60 on.
const PACE: &[(&str, &str)] = &[
    ("waiting ", "ms"),
    ("waiting ", "ms before taking screenshot"),
    ("attempting ", " action"),
    ("attempting ", " action (trial run)"),
    ("retrying ", " action"),
    ("retrying ", " action (trial run)"),
    ("waiting for element to be ", " stable"),
    ("element is visible", " stable"),
    ("scrolling into view if needed", ""),
    ("done scrolling", ""),
    ("forcing action", ""),
    ("performing ", " action"),
    ("", " action done"),
    ("waiting for ", " to finish"),
    ("waiting for ", " to finish..."),
    ("navigations have finished", ""),
];
/// How an entry begins that tells what was waited for, and for how long.
const AIM: &[&str] = &["Expect ", "waiting for ", "navigating to ", "checking visibility of "];
/// How an entry begins that tells which element was there.
const ELEMENT: &str = "locator resolved to ";

/// What counts of a message.
#[derive(Default)]
struct Message {
    /// What stands outside its call logs, and what they waited for.
    said: String,
    /// What each of its call logs saw last.
    seen: String,
}

impl Message {
    fn read(text: &str) -> Self {
        let mut message = Self::default();
        let mut log: Option<CallLog> = None;
        for line in text.split_inclusive('\n') {
            if line.trim().eq_ignore_ascii_case("call log:") {
                // `toPass` quotes a message with its log and appends a log of its own.
                log.replace(CallLog::default()).unwrap_or_default().close(&mut message);
            } else if let Some(log) = &mut log {
                log.push(line);
            } else {
                message.said += line;
            }
        }
        log.unwrap_or_default().close(&mut message);
        message
    }
}

/// One call log while it is read.
#[derive(Default)]
struct CallLog {
    /// The entry at hand. A value in it may have several lines.
    entry: String,
    aims: Vec<String>,
    element: String,
    /// What was found last, but for the element.
    finding: String,
}

impl CallLog {
    fn push(&mut self, line: &str) {
        if let Some(entry) = marked(line) {
            self.end_entry();
            entry.clone_into(&mut self.entry);
        } else if !line.trim().is_empty() {
            self.entry.push('\n');
            self.entry += line.trim_end();
        }
    }

    fn end_entry(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let is = |(begin, end): &(&str, &str)| entry.starts_with(begin) && entry.ends_with(end);
        if entry.is_empty() || !entry.contains('\n') && PACE.iter().any(is) {
            return;
        }
        if AIM.iter().any(|begin| entry.starts_with(begin)) {
            if !self.aims.contains(&entry) {
                self.aims.push(entry);
            }
        } else if entry.starts_with(ELEMENT) {
            self.element = entry;
        } else {
            self.finding = entry;
        }
    }

    fn close(mut self, message: &mut Message) {
        self.end_entry();
        for aim in &self.aims {
            message.said += aim;
            message.said.push('\n');
        }
        message.seen += &format!("{}\n{}\n", self.element, self.finding);
    }
}

/// An entry behind its mark: `- ` for one, `14 × ` where it begins a sequence that came so often.
fn marked(line: &str) -> Option<&str> {
    let line = line.trim();
    let times = line.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let repeated = times.strip_prefix(" × ").filter(|_| times.len() < line.len());
    line.strip_prefix("- ").or(repeated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::certificate::Grade;

    /// A message of `toHaveCount` with what its call log has behind its first line.
    fn count(locator: &str, received: u8, timeout_ms: u32, looks: &str) -> String {
        format!(
            "Error: expect(locator).toHaveCount(expected) failed\n\nLocator:  {locator}\nExpected: 10\nReceived: {received}\n\
             Timeout:  {timeout_ms}ms\n\nCall log:\n  - Expect \"toHaveCount\" {locator} with timeout {timeout_ms}ms\n  \
             - waiting for {locator}\n{looks}"
        )
    }

    fn click(looks: &str) -> String {
        format!(
            "locator.click: Timeout 1500ms exceeded.\nCall log:\n  - waiting for getByRole('button')\n{looks}"
        )
    }

    fn check(a: &str, b: &str, expect: Grade) {
        for (a, b) in [(a, b), (b, a)] {
            assert_eq!(messages("error", a, b).grade(), expect, "{a}\n{b}");
        }
    }

    #[test]
    fn the_number_of_looks_and_what_was_seen_on_the_way_do_not_count() {
        let once = "    - locator resolved to 5 elements\n    - unexpected value \"5\"\n";
        let nine = "    9 × locator resolved to 5 elements\n      - unexpected value \"5\"\n";
        let fourteen = "    14 × locator resolved to 5 elements\n       - unexpected value \"5\"\n";
        let cut = format!("{nine}    - locator resolved to 5 elements\n");
        let grown = format!(
            "    3 × locator resolved to 4 elements\n      - unexpected value \"4\"\n{nine}"
        );
        let several = format!("    - unexpected value \"4\n  of\n\n  10\"\n{nine}");
        for looks in [once, nine, fourteen, &cut, &grown, &several] {
            check(
                &count("locator('li')", 5, 500, nine),
                &count("locator('li')", 5, 500, looks),
                Grade::Identical,
            );
        }
        let not_visible = "      - waiting for element to be visible, enabled and stable\n        - element is not visible\n";
        let begun = "    - locator resolved to <button>Pay</button>\n  - attempting click action\n";
        let again = "    - retrying click action\n      - waiting 100ms\n";
        let short = format!("{begun}{not_visible}{again}");
        let long = format!(
            "{begun}    2 × waiting for element to be visible, enabled and stable\n      - element is not stable\n    - retrying click action\n    \
             - waiting 20ms\n    13 × waiting for element to be visible, enabled and stable\n       - element is not visible\n     - retrying click action\n       \
             - waiting 500ms\n    - waiting for element to be visible, enabled and stable\n"
        );
        check(&click(&short), &click(&long), Grade::Identical);
    }

    #[test]
    fn what_was_waited_for_and_what_came_of_it_counts() {
        let looks = |n: u8| {
            format!("    9 × locator resolved to {n} elements\n      - unexpected value \"{n}\"\n")
        };
        let recorded = count("locator('li')", 5, 500, &looks(5));
        check(&recorded, &count("locator('li')", 6, 500, &looks(6)), Grade::Diverged);
        check(&recorded, &count("locator('li')", 6, 500, &looks(5)), Grade::Diverged);
        check(&recorded, &count("locator('tr')", 5, 500, &looks(5)), Grade::Diverged);
        check(&recorded, &recorded.replace("Expected: 10", "Expected: 11"), Grade::Diverged);
        check(&recorded, &recorded.replace("toHaveCount", "toHaveText"), Grade::Diverged);
        check(
            &recorded,
            &recorded.replace("\nCall", "\nstrict mode violation\nCall"),
            Grade::Diverged,
        );
        check(
            &recorded,
            &recorded.replace("waiting for locator('li')", "waiting for locator('tr')"),
            Grade::Diverged,
        );
        // Lengths of time are as alike here as in any other message.
        check(&recorded, &count("locator('li')", 5, 5000, &looks(5)), Grade::Equivalent);
        // The last look alone, which may be one that the deadline cut short.
        check(&recorded, &count("locator('li')", 5, 500, &looks(4)), Grade::Equivalent);
        let by =
            |what: &str| click(&format!("    - locator resolved to <b>Pay</b>\n    7 × {what}\n"));
        check(
            &by("element is not visible"),
            &by("<i></i> intercepts pointer events"),
            Grade::Equivalent,
        );
        check(&click(""), &click("").replace("button", "link"), Grade::Diverged);
    }

    #[test]
    fn a_message_in_a_message_has_its_own_log() {
        let looks = |n: u8| {
            format!("    {n} × locator resolved to 5 elements\n      - unexpected value \"5\"\n")
        };
        let to_pass = |locator: &str, n: u8, ms: u32| {
            let inner = count(locator, 5, 500, &looks(n));
            format!(
                "{inner}\n\nCall Log:\n- Timeout {ms}ms exceeded while waiting on the predicate"
            )
        };
        check(
            &to_pass("locator('li')", 3, 2000),
            &to_pass("locator('li')", 4, 2000),
            Grade::Identical,
        );
        check(
            &to_pass("locator('li')", 3, 2000),
            &to_pass("locator('li')", 3, 3000),
            Grade::Equivalent,
        );
        check(
            &to_pass("locator('li')", 3, 2000),
            &to_pass("locator('tr')", 3, 2000),
            Grade::Diverged,
        );
    }

    #[test]
    fn what_is_no_log_is_compared_whole() {
        check("late: 14 × tried", "late: 17 × tried", Grade::Diverged);
        check("- unexpected value \"4\"", "- unexpected value \"5\"", Grade::Diverged);
        check("a\nb", "a\nc", Grade::Diverged);
        check("order #17 is late", "order #18 is late", Grade::Equivalent);
        check("a\nCall log:\n  - waiting for b", "a", Grade::Diverged);
    }
}
