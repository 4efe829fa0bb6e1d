//! From text to events. Documents nest deeper than `serde_json` reads, so containers are walked here, without recursion.

use serde_json::{Map, Value};

use super::DomError;

/// Deepest nesting of JSON that is read: twice the 512 elements at which browsers stop nesting what they parse.
pub const MAX_DEPTH: usize = 1100;

/// Reads a JSON array of rrweb events.
pub fn parse_events(text: &str) -> Result<Vec<Value>, DomError> {
    match parse(text)? {
        Value::Array(events) => Ok(events),
        _ => Err(DomError::NotAnArray),
    }
}

/// A container that is not closed yet.
enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

/// Reads JSON that may be nested as deep as a document.
pub(super) fn parse(text: &str) -> Result<Value, DomError> {
    let mut reader = Reader { text, at: 0 };
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut value = match reader.peek() {
            Some(b'[') => {
                reader.at += 1;
                open.push(Open::Array(Vec::new()));
                fits(&open)?;
                if reader.peek() != Some(b']') {
                    continue;
                }
                None
            }
            Some(b'{') => {
                reader.at += 1;
                let is_empty = reader.peek() == Some(b'}');
                let key = if is_empty { None } else { Some(reader.key()?) };
                open.push(Open::Object(Map::new(), key));
                fits(&open)?;
                if !is_empty {
                    continue;
                }
                None
            }
            _ => Some(reader.scalar()?),
        };
        // A value is complete; it may complete those around it.
        loop {
            let Some(around) = open.last_mut() else {
                return reader.end(value.take());
            };
            if let Some(value) = value.take() {
                around.take(value);
            }
            match (reader.peek(), around) {
                (Some(b','), Open::Array(_)) => {
                    reader.at += 1;
                    break;
                }
                (Some(b','), Open::Object(_, key)) => {
                    reader.at += 1;
                    *key = Some(reader.key()?);
                    break;
                }
                (Some(b']'), Open::Array(_)) | (Some(b'}'), Open::Object(..)) => {
                    reader.at += 1;
                    value = open.pop().map(Open::close);
                }
                _ => return Err(reader.malformed()),
            }
        }
    }
}

fn fits(open: &[Open]) -> Result<(), DomError> {
    let too_deep = DomError::TooDeep { limit: MAX_DEPTH };
    if open.len() > MAX_DEPTH { Err(too_deep) } else { Ok(()) }
}

impl Open {
    fn take(&mut self, value: Value) {
        match self {
            Self::Array(items) => items.push(value),
            Self::Object(fields, key) => {
                if let Some(key) = key.take() {
                    fields.insert(key, value);
                }
            }
        }
    }

    fn close(self) -> Value {
        match self {
            Self::Array(items) => Value::Array(items),
            Self::Object(fields, _) => Value::Object(fields),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn malformed(&self) -> DomError {
        DomError::Malformed { at: self.at }
    }

    fn key(&mut self) -> Result<String, DomError> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed());
        }
        let key = serde_json::from_str(self.string())?;
        if self.peek() != Some(b':') {
            return Err(self.malformed());
        }
        self.at += 1;
        Ok(key)
    }

    /// A string, number or word; what is none of them is refused by the parser of scalars.
    fn scalar(&mut self) -> Result<Value, DomError> {
        let text = match self.peek() {
            Some(b'"') => self.string(),
            Some(b'[' | b'{') | None => return Err(self.malformed()),
            Some(_) => self.word(),
        };
        Ok(serde_json::from_str(text)?)
    }

    fn word(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let ends = |c: char| matches!(c, ',' | ']' | '}' | ':') || c.is_ascii_whitespace();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// The string that begins here, with its quotes; up to the end where it has no second one.
    fn string(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let mut end = 1;
        while let Some(found) =
            memchr::memchr2(b'"', b'\\', &rest.as_bytes()[end.min(rest.len())..])
        {
            end += found;
            if rest.as_bytes()[end] == b'"' {
                self.at += end + 1;
                return &rest[..=end];
            }
            end += 2;
        }
        self.at = self.text.len();
        rest
    }

    fn end(&mut self, value: Option<Value>) -> Result<Value, DomError> {
        match (self.peek(), value) {
            (None, Some(value)) => Ok(value),
            _ => Err(self.malformed()),
        }
    }
}
