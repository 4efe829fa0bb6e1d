//! Payment card numbers and random-looking words.

use std::ops::Range;

/// Where card numbers stand in the text.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (digits, end) = run(bytes, at);
        let alone = !touches_word(bytes, at, end);
        if alone && is_card(&digits) {
            found.push(at..end);
        }
        at = end;
    }
    found
}

/// The digits from `at` on, with single separators between them, and where they end.
fn run(bytes: &[u8], at: usize) -> (Vec<u8>, usize) {
    let (mut digits, mut end) = (Vec::new(), at);
    loop {
        match bytes.get(end) {
            Some(digit) if digit.is_ascii_digit() => {
                digits.push(digit - b'0');
                end += 1;
            }
            Some(b' ' | b'-' | b'+') if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
                end += 1;
            }
            Some(b'%')
                if bytes[end..].starts_with(b"%20")
                    && bytes.get(end + 3).is_some_and(u8::is_ascii_digit) =>
            {
                end += 3;
            }
            _ => return (digits, end),
        }
    }
}

/// Part of a longer word such as a UUID, a digest, a decimal or a path of hexadecimal groups.
fn touches_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let wordy = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let before = start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(wordy);
    let after = bytes
        .get(end)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let decimal =
        bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    before || after || decimal
}

/// A known issuer's range and length, and a valid checksum. Millisecond and microsecond clocks begin with 1 and stay.
fn is_card(digits: &[u8]) -> bool {
    if !(14..=19).contains(&digits.len()) {
        return false;
    }
    let prefix =
        |n: usize| digits[..n].iter().fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    let (two, four) = (prefix(2), prefix(4));
    let known = match digits.len() {
        14 => matches!(two, 36 | 38 | 39) || matches!(prefix(3), 300..=305),
        15 => matches!(two, 34 | 37),
        16 => {
            digits[0] == 4 || matches!(two, 51..=55 | 65 | 35) || matches!(four, 2221..=2720 | 6011)
        }
        19 => digits[0] == 4 || two == 62,
        _ => false,
    };
    known && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum = digits.iter().rev().enumerate().fold(0, |sum, (place, digit)| {
        let digit = u32::from(*digit);
        sum + if place % 2 == 1 { doubled(digit) } else { digit }
    });
    sum % 10 == 0
}

/// Where random-looking words of 24 characters or more stand; UUIDs, digests in hexadecimal and words with dots are not among them.
pub(super) fn find_entropy(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let in_word = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=')
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| in_word(byte)).count();
        let word = &bytes[at..at + length];
        if (24..=256).contains(&length) && looks_random(word) && !is_public(&text[..at], word) {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
    found
}

/// Digests of scripts, embedded files, and ids that name their kind, such as `cs_test_…`, are random and no secrets.
fn is_public(before: &str, word: &[u8]) -> bool {
    let named = word
        .iter()
        .position(|byte| *byte == b'_')
        .is_some_and(|at| (2..=8).contains(&at) && word[..at].iter().all(u8::is_ascii_lowercase));
    let digest =
        [&b"sha256-"[..], b"sha384-", b"sha512-"].iter().any(|kind| word.starts_with(kind));
    named || digest || before.ends_with("base64,") || before.ends_with('/')
}

fn looks_random(word: &[u8]) -> bool {
    let has = |wanted: fn(&u8) -> bool| word.iter().any(wanted);
    let mixed =
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let path = memchr::memchr_iter(b'/', word).count() > 2;
    mixed && !path && entropy_bits(word) > 4.0
}

/// Shannon entropy per character.
pub(super) fn entropy_bits(word: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in word {
        counts[usize::from(*byte)] += 1;
    }
    let total = word.len() as f64;
    let share = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total);
    share.map(|p| -p * p.log2()).sum()
}
