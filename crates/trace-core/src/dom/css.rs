//! What a style sheet refers to: `url(…)` and `@import`, by one walk over its text.

use std::collections::HashMap;

/// Addresses in the order in which they stand; of fragments and data addresses none.
pub(super) fn references(css: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = css;
    while let Some(at) = rest.find(['u', 'U', '@', '/', '"', '\'']) {
        rest = &rest[at..];
        let (url, len) = if rest.starts_with("/*") {
            (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            (None, quoted(rest, quote).1)
        } else if starts(rest, "url(") {
            bracketed(rest)
        } else if starts(rest, "@import") {
            let after = rest[7..].trim_start();
            match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let (text, len) = quoted(after, quote);
                    (Some(text), rest.len() - after.len() + len)
                }
                _ => (None, 7),
            }
        } else {
            (None, 1)
        };
        found.extend(
            url.filter(|url| !url.is_empty() && !url.starts_with('#') && !starts(url, "data:")),
        );
        rest = &rest[len.min(rest.len())..];
    }
    found
}

fn starts(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// The text between quotes, escapes resolved, and the bytes it takes with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => inside.extend(characters.next().map(|(_, escaped)| escaped)),
            c if c == quote => return (inside, at + c.len_utf8()),
            c => inside.push(c),
        }
    }
    (inside, text.len())
}

fn bracketed(text: &str) -> (Option<String>, usize) {
    let inside = text[4..].trim_start();
    let start = text.len() - inside.len();
    if let Some(quote @ ('"' | '\'')) = inside.chars().next() {
        let (url, len) = quoted(inside, quote);
        return (Some(url), start + len);
    }
    let end = inside.find(')').unwrap_or(inside.len());
    let url: String = inside[..end].trim().replace('\\', "");
    (Some(url), start + end)
}

/// What each style sheet refers to, by the digest of its text: the same sheet is read once.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    known: HashMap<String, Vec<String>>,
}

impl Sheets {
    /// The references of a sheet, read only when it is not known.
    pub(super) fn references(
        &mut self,
        name: &str,
        read: impl FnOnce() -> Option<Vec<u8>>,
    ) -> &[String] {
        self.known.entry(name.to_owned()).or_insert_with(|| {
            read().map(|bytes| references(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::references;

    fn check(css: &str, want: &[&str]) {
        assert_eq!(references(css), want, "{css}");
    }

    #[test]
    fn finds_what_a_browser_would_fetch() {
        check("a{background:url(a.png)}", &["a.png"]);
        check("@import \"b.css\" screen; @import url('c.css');", &["b.css", "c.css"]);
        check(
            "@font-face{src:URL( \"f(1).woff2\" ) format('woff2'),url(g\\).woff)}",
            &["f(1).woff2", "g"],
        );
        check(
            "/* url(no.png) */ p::after{content:'url(no.png)'} i{mask:url(#m)} b{c:url(data:image/png;base64,AA)}",
            &[],
        );
        check("url(", &[]);
        check("url(\"open", &["open"]);
        check("é url(ü.png)", &["ü.png"]);
    }
}
