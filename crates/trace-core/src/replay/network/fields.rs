//! A request taken apart into fields, and the two keys made of them.

use serde::Serialize;
use url::Url;

use super::body;
use super::redacted::Redacted;
use super::volatile::Volatile;
use crate::trace::normalise::url_shape;

/// Headers that decide what is answered; all others change with the browser and the run.
const HEADERS: &[&str] = &["accept", "content-type", "range", "x-requested-with", "x-grpc-web"];

/// Where a field stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A segment of the path; its name is its position.
    Path,
    /// A parameter of the query.
    Query,
    /// A value in the body.
    Body,
    /// A header that decides what is answered.
    Header,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Body => "body",
            Self::Header => "header",
        }
    }
}

/// One value of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Where it stands.
    pub place: Place,
    /// Its name there.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

impl Field {
    /// The values of a body in order.
    pub(in crate::replay) fn of_body(media_type: &str, bytes: &[u8]) -> Vec<Self> {
        let fields = body::fields(media_type, bytes).into_iter();
        let mut fields: Vec<Self> =
            fields.map(|(name, value)| Self { place: Place::Body, name, value }).collect();
        fields.sort();
        fields
    }

    /// A value by itself.
    pub(in crate::replay) fn leaf(value: String) -> Self {
        Self { place: Place::Body, name: String::new(), value }
    }

    pub(super) fn name_in_place(&self) -> String {
        [self.place.name(), self.name.as_str()].join(" ")
    }
}

/// A request as it is compared.
#[derive(Debug, Clone)]
pub(in crate::replay) struct Shape {
    /// Method, origin and path with ids replaced; only requests with the same one are ever alike.
    pub(super) address: String,
    /// Method and origin.
    pub(super) origin: String,
    pub(super) fields: Vec<Field>,
}

impl Shape {
    /// Takes a request apart. An address that is no URL is compared as one segment.
    pub(in crate::replay) fn of(
        method: &str,
        url: &str,
        headers: &[(String, String)],
        bytes: &[u8],
    ) -> Self {
        let mut fields = Vec::new();
        let mut add =
            |place, name: String, value: String| fields.push(Field { place, name, value });
        let parsed = Url::parse(url).ok().filter(Url::has_host);
        let origin =
            parsed.as_ref().map_or_else(String::new, |url| url.origin().ascii_serialization());
        if let Some(url) = &parsed {
            let segments = url.path_segments().into_iter().flatten().enumerate();
            segments.for_each(|(at, text)| add(Place::Path, at.to_string(), text.to_owned()));
            for part in url.query().into_iter().flat_map(|query| query.split('&')) {
                for (name, value) in url::form_urlencoded::parse(part.as_bytes()) {
                    // `?1795342297438` is a value that keeps caches away, and no name.
                    let pair = if part.contains('=') { (name, value) } else { (value, name) };
                    add(Place::Query, pair.0.into(), pair.1.into());
                }
            }
        } else {
            add(Place::Path, "0".to_owned(), url.to_owned());
        }
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            let says_nothing = match name.as_str() {
                "accept" => is_the_browsers_own(value),
                // Where a form was sent and the answer leads on, browsers name the form's type without sending it.
                "content-type" => bytes.is_empty() && matches!(method, "GET" | "HEAD"),
                _ => false,
            };
            if HEADERS.contains(&name.as_str()) && !says_nothing {
                add(Place::Header, name, without_boundary(value).to_owned());
            }
        }
        let media_type = header(headers, "content-type").unwrap_or_default();
        fields.extend(Field::of_body(media_type, bytes));
        fields.sort();
        let origin = format!("{} {origin}", method.to_ascii_uppercase());
        Self { address: format!("{origin}{}", url_shape(url)), origin, fields }
    }

    /// Its fields in order.
    pub(in crate::replay) fn into_fields(self) -> Vec<Field> {
        self.fields
    }

    /// The key under which only the same request is found.
    pub(super) fn exact(&self) -> String {
        self.key(|field| field.value.as_str())
    }

    /// The key without what changes from run to run.
    pub(super) fn normalised(&self, volatile: &Volatile, redacted: &Redacted) -> String {
        self.key(|field| self.stands_for(field, volatile, redacted))
    }

    /// What a value is compared as: itself, or its kind when it changes from run to run or is kept back.
    pub(super) fn stands_for<'f>(
        &self,
        field: &'f Field,
        volatile: &Volatile,
        redacted: &Redacted,
    ) -> &'f str {
        if redacted.is_open(self, field) {
            return "redacted";
        }
        volatile.kind(&self.address, field).unwrap_or(&field.value)
    }

    fn key<'f>(&'f self, value: impl Fn(&'f Field) -> &'f str) -> String {
        let mut parts: Vec<(Place, &str, &str)> =
            self.fields.iter().map(|field| (field.place, &*field.name, value(field))).collect();
        // Repeats of a name stand in the order of their values, which what stands for them need not have.
        parts.sort_unstable();
        let mut key = self.origin.clone();
        for (place, name, value) in parts {
            // Control characters stand in no field of a URL or header, and a body's are escaped or digested.
            key.extend(["\u{1}", place.name(), "\u{2}", name, "\u{3}", value]);
        }
        key
    }

    /// The same request for the whole of what was asked for in part.
    pub(super) fn without_range(&self) -> Option<(Self, String)> {
        let is_range = |field: &&Field| field.place == Place::Header && field.name == "range";
        let range = self.fields.iter().find(is_range)?.value.clone();
        let fields = self.fields.iter().filter(|field| !is_range(field)).cloned().collect();
        Some((Self { fields, ..self.clone() }, range))
    }
}

/// Whether an `accept` is one that browsers write by themselves and not a page's code. It says nothing: anything is accepted without the
/// header too, each release has another list, and of a request that was answered on its way, or sent by a worker, the browser does
/// not tell it at all. Firefox and Safari begin theirs with the same types.
fn is_the_browsers_own(accept: &str) -> bool {
    const BEGIN: &[&str] = &["*/*", "text/html,application/xhtml+xml", "image/", "text/css,*/*"];
    accept.contains("*/*") && BEGIN.iter().any(|begin| accept.trim_start().starts_with(begin))
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn without_boundary(value: &str) -> &str {
    value.split_once("; boundary=").map_or(value, |(essence, _)| essence)
}
