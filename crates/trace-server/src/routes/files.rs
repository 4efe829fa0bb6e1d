//! Recorded bytes, served so that a browser never runs them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::ops::Range;

use crate::error::{AppError, Refusal};

/// What a caller may get of a file of `size` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Some of it.
    Range(Range<u64>),
    /// Nothing, the caller has it.
    Known,
}

/// Reads `Range`, `If-Range` and `If-None-Match`. Several ranges at once are answered with the whole, as the standard allows.
pub(super) fn part(headers: &HeaderMap, size: u64, tag: &str) -> Result<Part, AppError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let known = text(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags == "*" || tags.split(',').any(|known| known.trim() == tag));
    if known {
        return Ok(Part::Known);
    }
    let is_same = text(header::IF_RANGE).is_none_or(|wanted| wanted == tag);
    let Some(range) = text(header::RANGE).filter(|_| is_same) else { return Ok(Part::Whole) };
    match parse_range(range, size) {
        Some(Ok(range)) => Ok(Part::Range(range)),
        Some(Err(())) => Err(unsatisfiable(size)),
        None => Ok(Part::Whole),
    }
}

/// None: not a single byte range, so to be ignored. An error: beyond the end.
fn parse_range(text: &str, size: u64) -> Option<Result<Range<u64>, ()>> {
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    let range = if first.is_empty() {
        let suffix: u64 = last.parse().ok()?;
        size.saturating_sub(suffix)..size
    } else {
        let first: u64 = first.parse().ok()?;
        let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
        if last < first {
            return None;
        }
        first..last.saturating_add(1).min(size)
    };
    Some(if range.start < range.end { Ok(range) } else { Err(()) })
}

fn unsatisfiable(size: u64) -> AppError {
    let message = format!("the range lies outside of the {size} bytes that there are");
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    Refusal::new(status, "invalid", "bad_range", message, "ask for bytes that exist")
        .with("size", size)
        .into()
}

/// How a file is handed over.
#[derive(Debug)]
pub(super) struct Handover<'a> {
    pub(super) size: u64,
    pub(super) tag: &'a str,
    pub(super) media_type: &'static str,
    pub(super) file_name: &'a str,
    pub(super) is_immutable: bool,
}

/// The response around the bytes. `sandbox` and `nosniff` make a page of it harmless; only pictures and videos open in place.
pub(super) fn respond(handover: &Handover<'_>, part: &Part, body: Body) -> Response {
    let (status, length) = match part {
        Part::Whole => (StatusCode::OK, handover.size),
        Part::Range(range) => (StatusCode::PARTIAL_CONTENT, range.end - range.start),
        Part::Known => (StatusCode::NOT_MODIFIED, 0),
    };
    let body = if *part == Part::Known { Body::empty() } else { body };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let is_media =
        handover.media_type.starts_with("image/") || handover.media_type.starts_with("video/");
    let disposition = if is_media { "inline" } else { "attachment" };
    let cache = if handover.is_immutable {
        "private, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::ETAG, handover.tag);
    set(header::CACHE_CONTROL, cache);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    if *part == Part::Known {
        return response;
    }
    set(header::CONTENT_TYPE, handover.media_type);
    set(header::CONTENT_LENGTH, &length.to_string());
    set(header::ACCEPT_RANGES, "bytes");
    set(
        header::CONTENT_DISPOSITION,
        &format!("{disposition}; filename=\"{}\"", handover.file_name),
    );
    if let Part::Range(range) = part {
        set(
            header::CONTENT_RANGE,
            &format!("bytes {}-{}/{}", range.start, range.end - 1, handover.size),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, expect) in [
            ("bytes=0-9", Some(Ok(0..10))),
            ("bytes=90-", Some(Ok(90..100))),
            ("bytes=-5", Some(Ok(95..100))),
            ("bytes=-500", Some(Ok(0..100))),
            ("bytes=50-500", Some(Ok(50..100))),
            ("bytes=100-", Some(Err(()))),
            ("bytes=5-2", None),
            ("bytes=0-1,5-6", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(parse_range(text, 100), expect, "{text}");
        }
    }
}
