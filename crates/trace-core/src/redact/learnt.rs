//! Values known to be secret in this trace, found again wherever they stand, also in another spelling.
//!
//! An index of four-byte grams instead of an automaton, because values are learnt one by one while lines come by: adding one
//! costs a few table entries, where an automaton would be built again. A text is looked at only at every third byte.

use std::collections::HashMap;
use std::ops::Range;

use super::spellings::{self, Spelling};

/// A shorter value is met by chance.
pub(super) const MIN_BYTES: usize = 6;
/// A longer one has a shape of its own, such as a PEM.
const MAX_BYTES: usize = 4096;
/// What one trace learns at most; the rest is counted.
const MAX_VALUES: usize = 4096;
/// The same in bytes of all spellings together.
const MAX_TOTAL_BYTES: usize = 8 << 20;
/// Bytes that are looked up together.
const GRAM: usize = 4;
/// Every form of [`MIN_BYTES`] or more has a whole gram at each of this many offsets, so looking at every third byte finds it.
const STRIDE: usize = MIN_BYTES - GRAM + 1;
/// One bit per slot of a gram's hash; 32 KiB stay in the first-level cache.
const FILTER_BITS: u32 = 18;

/// One spelling of one value.
struct Form {
    bytes: Box<[u8]>,
    value: u32,
    spelling: Spelling,
    /// Digits or letters only: part of a longer word it is another word.
    is_word: bool,
}

/// Where a learnt value stands in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) range: Range<usize>,
    pub(super) value: usize,
    pub(super) spelling: Spelling,
}

/// The values of one trace. It lives in the memory of the process that has the secrets anyway, and never prints them.
pub(super) struct Learnt {
    values: HashMap<String, String>,
    kinds: Vec<String>,
    forms: Vec<Form>,
    grams: HashMap<u32, Vec<(u32, usize)>>,
    filter: Vec<u64>,
    bytes: usize,
    refused: u64,
}

impl std::fmt::Debug for Learnt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learnt").field("values", &self.kinds.len()).finish_non_exhaustive()
    }
}

impl Default for Learnt {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            kinds: Vec::new(),
            forms: Vec::new(),
            grams: HashMap::new(),
            filter: vec![0; 1 << (FILTER_BITS - 6)],
            bytes: 0,
            refused: 0,
        }
    }
}

impl Learnt {
    /// Whether the value was new and is kept.
    pub(super) fn add(&mut self, kind: &str, value: &str) -> bool {
        if !(MIN_BYTES..=MAX_BYTES).contains(&value.len()) || self.values.contains_key(value) {
            return false;
        }
        if self.kinds.len() >= MAX_VALUES || self.bytes > MAX_TOTAL_BYTES {
            self.refused += 1;
            return false;
        }
        let number = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        self.values.insert(value.to_owned(), kind.to_owned());
        self.kinds.push(kind.to_owned());
        for (spelling, bytes) in spellings::of(value) {
            self.add_form(number, spelling, &bytes);
        }
        true
    }

    fn add_form(&mut self, value: u32, spelling: Spelling, bytes: &[u8]) {
        if bytes.len() < MIN_BYTES {
            return;
        }
        let form = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
        for offset in 0..STRIDE {
            let gram = gram_at(bytes, offset);
            let slot = slot(gram);
            self.filter[slot >> 6] |= 1 << (slot & 63);
            self.grams.entry(gram).or_default().push((form, offset));
        }
        self.bytes += bytes.len();
        let plain = spelling == Spelling::Plain;
        let is_word =
            plain && (all(bytes, u8::is_ascii_digit) || all(bytes, u8::is_ascii_alphabetic));
        self.forms.push(Form { bytes: bytes.into(), value, spelling, is_word });
    }

    /// The kind under which the value was learnt.
    pub(super) fn kind(&self, value: usize) -> &str {
        self.kinds.get(value).map_or("value", String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// How many values were not kept, because the trace had too many.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// False when no learnt value stands in the text.
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        self.sightings(text).next().is_some()
    }

    /// Every place where a learnt value stands, from left to right; they may overlap.
    pub(super) fn sightings<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Sighting> + 'a {
        let end = if self.forms.is_empty() { 0 } else { (text.len() + 1).saturating_sub(GRAM) };
        (0..end).step_by(STRIDE).flat_map(move |at| self.at(text, at))
    }

    fn at<'a>(&'a self, text: &'a [u8], at: usize) -> impl Iterator<Item = Sighting> + 'a {
        let gram = gram_at(text, at);
        let slot = slot(gram);
        let passes = self.filter[slot >> 6] & (1 << (slot & 63)) != 0;
        let candidates =
            if passes { self.grams.get(&gram).map_or(&[][..], Vec::as_slice) } else { &[] };
        candidates.iter().filter_map(move |&(form, offset)| {
            let form = &self.forms[form as usize];
            let start = at.checked_sub(offset)?;
            let range = start..start + form.bytes.len();
            let stands = text.get(range.clone())? == &*form.bytes;
            let fits = stands && !(form.is_word && is_inside_word(text, &range));
            let (value, spelling) = (form.value as usize, form.spelling);
            fits.then_some(Sighting { range, value, spelling })
        })
    }
}

fn gram_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Fibonacci hashing: the upper bits of the product depend on all bits of the gram.
fn slot(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> (32 - FILTER_BITS)) as usize
}

fn all(bytes: &[u8], is: fn(&u8) -> bool) -> bool {
    bytes.iter().all(is)
}

fn is_inside_word(text: &[u8], range: &Range<usize>) -> bool {
    let wordy = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    wordy(range.start.checked_sub(1)) || wordy(Some(range.end))
}

/// Whether a value found in a secret place is so particular that meeting it elsewhere is no chance. `token: "required"`,
/// `lang=en-US` and `cart=sku_1234` are not.
pub(super) fn is_particular(value: &str) -> bool {
    let bytes = value.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let letter_and_digit = has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit);
    let long_mixed =
        bytes.len() >= 20 && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let marked = has(|b| matches!(b, b'!' | b'$' | b'%' | b'^' | b'*' | b'#'))
        && has(u8::is_ascii_alphabetic);
    let is_address = value.contains("://") || value.starts_with('/');
    let phrase = value.split_ascii_whitespace().count() > 4;
    bytes.len() >= 8
        && (letter_and_digit || long_mixed || marked)
        && !is_address
        && !phrase
        && !is_name_and_number(value)
}

/// `sku_1234`, `order-99`: the names of things.
fn is_name_and_number(value: &str) -> bool {
    let digits = value.len() - value.trim_end_matches(|ch: char| ch.is_ascii_digit()).len();
    let name = value[..value.len() - digits].trim_end_matches(['_', '-', ':', '.', ' ']);
    digits <= 7
        && name.len() + digits < value.len()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
