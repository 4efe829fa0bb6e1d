//! A trace's words for full-text search. One tokenizer serves every database, so that all of them find the same.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

use super::read::{error_message, of, text};
use crate::event::{Event, Kind};

/// The words of a text in order: NFKC, lower case, split at everything that is neither letter nor digit. A word in camel
/// case appears whole and in parts.
pub fn search_tokens(text: &str) -> Vec<String> {
    let normal: String = text.nfkc().collect();
    let words = normal.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut tokens = Vec::new();
    for word in words {
        tokens.push(word.to_lowercase());
        let parts = camel_parts(word);
        if parts.len() > 1 {
            tokens.extend(parts.into_iter().map(str::to_lowercase));
        }
    }
    tokens
}

/// `toHaveURL` as `to`, `Have`, `URL`; `HTTPServer` as `HTTP`, `Server`; digits stay with what is before them.
fn camel_parts(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut cuts = vec![0];
    for at in 1..chars.len() {
        let (before, here) = (chars[at - 1].1, chars[at].1);
        let after_is_lower = chars.get(at + 1).is_some_and(|(_, ch)| ch.is_lowercase());
        let begins = here.is_uppercase() && (!before.is_uppercase() || after_is_lower);
        if begins {
            cuts.push(chars[at].0);
        }
    }
    cuts.push(word.len());
    cuts.windows(2).map(|cut| &word[cut[0]..cut[1]]).filter(|part| !part.is_empty()).collect()
}

/// The words of a whole trace, each once, joined by spaces.
pub fn search_text<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut search = SearchText::default();
    events.into_iter().for_each(|event| search.push(event));
    search.finish()
}

/// Words beyond this many are left out: a trace that prints a dictionary must not fill the index.
const MOST_WORDS: usize = 10_000;
/// Longer words are digests and data, which nobody types.
const LONGEST_WORD: usize = 64;
/// Of one text only so much is read.
const LONGEST_TEXT: usize = 4096;

/// Collects words while a trace is read.
#[derive(Debug, Clone, Default)]
pub struct SearchText {
    seen: HashSet<String>,
    words: Vec<String>,
}

impl SearchText {
    /// Takes in the words of an event that people search for: titles, errors, failing requests, console errors.
    pub fn push(&mut self, event: &Event) {
        match event.kind {
            Kind::RunStart => {
                let named = ["slug", "title", "file"].map(|name| of(event, "scenario", name));
                let plain = ["project", "branch", "code_sha", "short_id", "trace_id"]
                    .map(|name| text(event, name));
                named.into_iter().chain(plain).flatten().for_each(|text| self.add(&text));
                self.add_any(of(event, "run", "id"));
            }
            Kind::StepStart => self.add_fields(event, &["title"]),
            Kind::Assertion if text(event, "error").is_some() || error_message(event).is_some() => {
                self.add_fields(event, &["name", "locator", "expected", "received"]);
            }
            Kind::ConsoleError => self.add_fields(event, &["text"]),
            Kind::NetworkResponse | Kind::NetworkFailed if super::read::is_problem(event) => {
                self.add_fields(event, &["method", "url"]);
                let status = super::read::integer(event, "status");
                self.add_any(status.map(|status| status.to_string()));
            }
            _ => {}
        }
        self.add_any(error_message(event));
    }

    /// Takes in the words of any text.
    pub fn add(&mut self, text: &str) {
        let cut = (0..=LONGEST_TEXT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        for word in search_tokens(&text[..cut.unwrap_or(0)]) {
            let fits = word.len() <= LONGEST_WORD && self.words.len() < MOST_WORDS;
            if fits && self.seen.insert(word.clone()) {
                self.words.push(word);
            }
        }
    }

    fn add_any(&mut self, text: Option<String>) {
        if let Some(text) = text {
            self.add(&text);
        }
    }

    fn add_fields(&mut self, event: &Event, names: &[&str]) {
        for name in names {
            self.add_any(text(event, name));
        }
    }

    /// The words in order of first appearance, joined by spaces.
    pub fn finish(self) -> String {
        self.words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_in_parts() {
        for (text, tokens) in [
            ("toHaveURL", &["tohaveurl", "to", "have", "url"][..]),
            ("HTTPServer2 x", &["httpserver2", "http", "server2", "x"]),
            ("Click 'Upgrade to Pro'", &["click", "upgrade", "to", "pro"]),
            ("webhook-404", &["webhook", "404"]),
            ("/api/stripe/webhook", &["api", "stripe", "webhook"]),
            ("ﬁne Ⅻ ÄRGER", &["fine", "xii", "ärger"]),
            ("…", &[]),
        ] {
            assert_eq!(search_tokens(text), tokens, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn tokens_are_words_in_lower_case(text in ".*") {
            for token in search_tokens(&text) {
                proptest::prop_assert!(!token.is_empty() && !token.contains(' '));
            }
        }
    }
}
