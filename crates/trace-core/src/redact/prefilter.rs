//! One pass that tells whether a line can hold a secret at all. Most lines cannot, and cost nothing more.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem;

use super::keys::{HEADERS, KEYS, URL_KEYS, WEAK_KEYS, spellings};
use super::ledger::OPEN;
use super::{Rules, encoded, patterns};

/// Finds words without which no rule fires. Says "maybe" too often and never "no" wrongly.
#[derive(Debug)]
pub(super) struct Prefilter {
    words: Option<AhoCorasick>,
    cards: bool,
}

impl Prefilter {
    pub(super) fn new(rules: &Rules) -> Self {
        let names = HEADERS.iter().chain(KEYS).chain(URL_KEYS).map(|name| (*name).to_owned());
        let own = rules.headers.iter().chain(&rules.query_keys).chain(&rules.json_keys).cloned();
        let mut words: Vec<String> = names.chain(own).flat_map(|name| spellings(&name)).collect();
        words.extend(patterns::LITERALS.iter().map(|literal| (*literal).to_owned()));
        words.extend([OPEN, "\"base64\"", "httponly", "samesite"].map(str::to_owned));
        words.extend(super::redactor::TYPED_SECRETS.map(str::to_owned));
        // These are parts of ordinary words, so they count only before a value.
        let before_value = ["=", "%3d", "\":", "\\\":", "':"];
        words
            .extend(WEAK_KEYS.iter().flat_map(|key| before_value.map(|end| format!("{key}{end}"))));
        shortest_only(&mut words);
        // Rules without a fixed word must look at every text themselves.
        let unbounded = rules.high_entropy || !rules.extra.is_empty();
        let built = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words);
        Self { words: built.ok().filter(|_| !unbounded), cards: rules.card_numbers }
    }

    /// False when no rule can fire on the text, JSON or plain.
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        let Some(words) = &self.words else { return true };
        words.is_match(text)
            || (self.cards && may_hold_card(text))
            || has_userinfo(text)
            // The word search cannot see through encodings.
            || encoded::may_hold(text)
    }
}

/// A word that holds a shorter one of the list is found with it.
fn shortest_only(words: &mut Vec<String>) {
    for word in words.iter_mut() {
        word.make_ascii_lowercase();
    }
    words.sort_by_key(String::len);
    let mut kept: Vec<String> = Vec::new();
    for word in words.drain(..) {
        if !kept.iter().any(|shorter| word.contains(shorter.as_str())) {
            kept.push(word);
        }
    }
    *words = kept;
}

/// Fourteen digits with separators among them span every fourteenth byte, so looking at those is enough to find a candidate.
fn may_hold_card(text: &[u8]) -> bool {
    let part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+' | b'%');
    let mut at = 13;
    while at < text.len() {
        if part(text[at]) {
            let before = text[..at].iter().rev().take_while(|byte| part(**byte)).count();
            let after = text[at..].iter().take_while(|byte| part(**byte)).count();
            let digits =
                text[at - before..at + after].iter().filter(|byte| byte.is_ascii_digit()).count();
            if digits >= 14 {
                return true;
            }
            at += after;
        }
        at += 14;
    }
    false
}

fn has_userinfo(text: &[u8]) -> bool {
    memchr::memchr(b'@', text).is_some_and(|_| memmem::find(text, b"://").is_some())
}
