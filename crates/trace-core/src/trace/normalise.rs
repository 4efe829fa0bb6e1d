//! Text without what changes from run to run: ports, ids, times, digests, temporary directories, line numbers.

use std::sync::LazyLock;

use regex::Regex;

/// (pattern, replacement), carried out in this order.
const RULES: &[(&str, &str)] = &[
    (r"\x1b\[[0-9;]*[A-Za-z]", ""),
    (r"\[REDACTED:([A-Za-z0-9_-]+):\d+\]", "<$1>"),
    (r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"(?:file|webpack(?:-internal)?)://", ""),
    (r"\b(https?|wss?)://[^/\s\x22'`)<>]+", "$1:<host>"),
    (r"(?i)\b(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):\d+", "<host>"),
    // Absolute paths: from the last well-known folder of a project on, else the file's name alone.
    (
        r"(?:[A-Za-z]:)?[/\\](?:[^\s/\\:()]+[/\\])*((?:node_modules|tests?|e2e|specs?|src|app|lib)[/\\][^\s:()]+\.[a-z]{1,4}\b)",
        "$1",
    ),
    (r"(?:[A-Za-z]:)?(?:/[^\s/:()\x22']+){2,}/([^\s/:()]+\.[cm]?[jt]sx?)\b", "$1"),
    (
        r"(?:/private)?(?:/var/folders|/tmp|/var/tmp|/dev/shm)/[^\s\x22'`):]+|(?i)[a-z]:\\(?:[^\s\\]+\\)*te?mp\\[^\s\x22'`):]+",
        "<tmp>",
    ),
    (r"(\.[cm]?[jt]sx?|\.html)(?:\?[^\s:)]*)?:\d+(?::\d+)?", "$1"),
    (r"(?i)\bsha256:[0-9a-f]{64}\b", "<hash>"),
    (r"\b(?:[a-z]{1,12}_)+(?:[A-Za-z0-9]*\d[A-Za-z0-9]*|[A-Za-z0-9]{14,})\b", "<id>"),
    (r"(?i)\b[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]*\b", "<hash>"),
    (r"#\d+\b", "#<n>"),
    (r"(/)\d+\b", "$1<n>"),
    (r"\b\d+(?:\.\d+)?\s?(?:ms|s|seconds|milliseconds)\b", "<duration>"),
    (r"\b\d{4,}(?:\.\d+)?\b", "<n>"),
    (r"\s+", " "),
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    // A rule that does not compile would be left out here; a test compares the counts.
    RULES
        .iter()
        .filter_map(|(pattern, to)| Regex::new(pattern).ok().map(|regex| (regex, *to)))
        .collect()
});

/// Text longer than this is cut first, so that a message with a page in it costs no time.
const LONGEST: usize = 4096;

/// The text as it would read in every run.
pub(crate) fn normalise(text: &str) -> String {
    let cut =
        (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut text = text[..cut].to_owned();
    for (regex, to) in COMPILED.iter() {
        if let std::borrow::Cow::Owned(changed) = regex.replace_all(&text, *to) {
            text = changed;
        }
    }
    text.trim().to_owned()
}

/// The text's first `longest` characters, the last of them an ellipsis where more follows.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// A URL's path with ids and numbers replaced; host, query and fragment left out.
pub(crate) fn url_shape(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<String> = path.split('/').map(segment_shape).collect();
    segments.join("/")
}

/// A segment of a path with ids and numbers replaced.
pub(crate) fn segment_shape(segment: &str) -> String {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let is_version = segment.len() <= 3 && segment.starts_with('v');
    if digits == 0 || is_version {
        segment.to_owned()
    } else {
        normalise(&format!("/{segment}")).trim_start_matches('/').to_owned()
    }
}

/// The functions and files of a stack, without lines and columns, without frames of libraries.
pub(crate) fn stack_shape(stack: &str) -> String {
    const FRAMES: usize = 5;
    let is_frame = |line: &&str| line.trim_start().starts_with("at ") || line.contains('@');
    let own = |line: &&str| !line.contains("node_modules") && !line.contains("node:internal");
    let frames = stack.lines().filter(is_frame).filter(own).take(FRAMES);
    frames.map(|line| normalise(line.trim())).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_goes() {
        assert_eq!(COMPILED.len(), RULES.len());
        for (a, b) in [
            (
                "waiting for http://127.0.0.1:4000/billing?x=1",
                "waiting for http://localhost:51873/billing?x=1",
            ),
            (
                "at /home/ci/w/1/shop/tests/pay.spec.ts:42:7",
                "at /Users/ada/shop/tests/pay.spec.ts:57:9",
            ),
            ("customer cus_NffrFeUfNV2Hib is gone", "customer cus_9s6XKzkNRiz8i3 is gone"),
            ("Timeout 5000ms exceeded.", "Timeout 30000ms exceeded."),
            (
                "open /tmp/shop-a8Xk/db.sqlite: busy",
                "open /var/folders/zz/T/shop-77/db.sqlite: busy",
            ),
            (
                "request 550e8400-e29b-41d4-a716-446655440000",
                "request 650e8400-e29b-41d4-a716-446655440999",
            ),
            ("at 2026-11-21T10:20:17.123Z", "at 2027-01-01T00:00:00Z"),
            ("order #17", "order #4711"),
            ("main-3f2a91bc.js", "main-99aa01bc.js"),
        ] {
            assert_eq!(normalise(a), normalise(b));
        }
        assert_ne!(normalise("click Pay"), normalise("click Cancel"));
        assert_ne!(normalise("tests/a.spec.ts:1:1"), normalise("tests/b.spec.ts:1:1"));
    }

    #[test]
    fn urls_keep_their_shape() {
        assert_eq!(
            url_shape("http://h:1/api/orders/17/items?x=1#f"),
            url_shape("https://g/api/orders/9/items")
        );
        assert_eq!(url_shape("http://h/v1/api/stripe/webhook"), "/v1/api/stripe/webhook");
        assert_ne!(url_shape("http://h/a"), url_shape("http://h/b"));
    }
}
