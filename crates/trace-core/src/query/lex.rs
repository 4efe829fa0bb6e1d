//! The query's text, read from left to right by the parser, which knows whether a field or a value comes next.

use super::expr::Segment;
use super::{Problem, QueryError};

/// A cursor over the query's text.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// A piece of text and where it began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) start: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, ch: char) -> bool {
        self.skip_space();
        let found = self.peek() == Some(ch);
        self.at += if found { ch.len_utf8() } else { 0 };
        found
    }

    pub(super) fn error(&self, start: usize, problem: Problem) -> QueryError {
        let next = self.text[start..].chars().next().map_or(0, char::len_utf8);
        QueryError { position: start, length: (self.at.saturating_sub(start)).max(next), problem }
    }

    /// "Expected …, found …" at the next character or word.
    pub(super) fn expected(&mut self, expected: &'static str) -> QueryError {
        self.skip_space();
        let start = self.at;
        let word = self.run(is_word);
        let found = match (word, self.peek()) {
            ("", None) => "the end".to_owned(),
            ("", Some(ch)) => format!("`{ch}`"),
            (word, _) => format!("`{word}`"),
        };
        self.error(start, Problem::Expected { expected, found })
    }

    /// The run of characters that satisfy `wanted`, which may be empty.
    pub(super) fn run(&mut self, wanted: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|ch| !wanted(ch)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// The keyword, in any case, when it stands here as a whole word.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let mut ahead = self.clone();
        let found = ahead.run(is_word).eq_ignore_ascii_case(keyword);
        if found {
            self.at = ahead.at;
        }
        found
    }

    /// An operator of symbols; the longest run of them.
    pub(super) fn operator(&mut self) -> Spanned<&'a str> {
        self.skip_space();
        let start = self.at;
        Spanned { value: self.run(is_operator), start }
    }

    /// The text between quotes, when a quote stands here.
    pub(super) fn quoted(&mut self) -> Result<Option<String>, QueryError> {
        let start = self.at;
        let Some(quote @ ('"' | '\'')) = self.peek() else { return Ok(None) };
        self.at += 1;
        let mut text = String::new();
        while let Some(ch) = self.peek() {
            let here = self.at;
            self.at += ch.len_utf8();
            match ch {
                '\\' => text.push(self.escape(here)?),
                ch if ch == quote => return Ok(Some(text)),
                ch => text.push(ch),
            }
        }
        Err(self.error(start, Problem::UnclosedQuote))
    }

    fn escape(&mut self, start: usize) -> Result<char, QueryError> {
        let Some(ch) = self.peek() else {
            return Err(self.error(start, Problem::UnclosedQuote));
        };
        self.at += ch.len_utf8();
        match ch {
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'r' => Ok('\r'),
            '"' | '\'' | '\\' | '/' => Ok(ch),
            'u' => {
                let code = self.rest().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let read = code.and_then(char::from_u32);
                self.at += if read.is_some() { 4 } else { 0 };
                read.ok_or_else(|| self.error(start, Problem::BadEscape('u')))
            }
            other => Err(self.error(start, Problem::BadEscape(other))),
        }
    }

    /// A path such as `headers.content-type`, `errors[0].message`, `data["odd key"]`.
    pub(super) fn path(&mut self) -> Result<Spanned<Vec<Segment>>, QueryError> {
        self.skip_space();
        let start = self.at;
        let mut path = vec![self.segment()?];
        loop {
            if self.rest().starts_with('.') {
                self.at += 1;
                path.push(self.segment()?);
            } else if self.rest().starts_with('[') {
                self.at += 1;
                path.push(self.segment()?);
                if !self.rest().starts_with(']') {
                    return Err(self.expected("`]`"));
                }
                self.at += 1;
            } else {
                return Ok(Spanned { value: path, start });
            }
        }
    }

    fn segment(&mut self) -> Result<Segment, QueryError> {
        let start = self.at;
        if let Some(name) = self.quoted()? {
            return Ok(Segment { name, place: None });
        }
        let name = self.run(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '$' | '@'));
        if name.is_empty() {
            return Err(self.error(start, Problem::BadPath));
        }
        Ok(Segment { name: name.to_owned(), place: name.parse().ok() })
    }

    /// `/pattern/flags` as a pattern that carries its flags.
    pub(super) fn regex(&mut self) -> Result<Spanned<String>, QueryError> {
        self.skip_space();
        let start = self.at;
        if self.peek() != Some('/') {
            return Err(self.expected("a regular expression such as `/timeout/i`"));
        }
        self.at += 1;
        let (mut pattern, mut escaped) = (String::new(), false);
        while let Some(ch) = self.peek() {
            self.at += ch.len_utf8();
            match ch {
                '/' if escaped => {
                    pattern.pop();
                    pattern.push('/');
                }
                '/' => return self.flags(pattern, start),
                ch => pattern.push(ch),
            }
            escaped = ch == '\\' && !escaped;
        }
        Err(self.error(start, Problem::BadRegex("no closing `/`".to_owned())))
    }

    fn flags(&mut self, pattern: String, start: usize) -> Result<Spanned<String>, QueryError> {
        let flags = self.run(char::is_alphanumeric);
        if let Some(flag) = flags.chars().find(|flag| !"imsx".contains(*flag)) {
            let problem = Problem::BadRegex(format!("unknown flag `{flag}`; known are i, m, s, x"));
            return Err(self.error(start, problem));
        }
        let value = if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") };
        Ok(Spanned { value, start })
    }
}

pub(super) fn is_operator(ch: char) -> bool {
    matches!(ch, '=' | '!' | '<' | '>' | '~' | '&' | '|')
}

pub(super) fn is_word(ch: char) -> bool {
    !ch.is_whitespace() && !is_operator(ch) && !matches!(ch, '(' | ')' | ',' | '"' | '\'')
}
