//! The one error of the HTTP door: a 4xx explains, a 5xx apologises and is logged once.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// What a handler answers when it cannot do what was asked.
#[derive(Debug)]
pub enum AppError {
    /// The caller can do something about it.
    Refused(Box<Refusal>),
    /// The caller cannot; the cause goes to the log.
    Failed(anyhow::Error),
}

/// A refusal: `class` and `code` are stable, `message` says what is wrong, `detail` what to do.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    class: &'static str,
    code: &'static str,
    message: String,
    detail: String,
    extra: Map<String, Value>,
}

impl Refusal {
    /// A refusal of `class` with its more exact `code`.
    pub fn new(
        status: StatusCode,
        class: &'static str,
        code: &'static str,
        message: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (message, detail) = (message.into(), detail.into());
        Self { status, class, code, message, detail, extra: Map::new() }
    }

    /// Adds a member to the body, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:molar:trace:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "error": self.class,
            "message": self.message,
            "detail": self.detail,
        });
        if let Value::Object(members) = &mut body {
            members.extend(self.extra.clone());
        }
        body
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Shorthands for the classes of `docs/api.md`.
impl AppError {
    /// 401.
    pub fn unauthenticated(message: &str) -> Self {
        let detail = "send `Authorization: Bearer molar_sk_…`; keys are made with `trace-server keys create`";
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "unauthenticated",
            message,
            detail,
        )
        .into()
    }

    /// 403.
    pub fn forbidden(code: &'static str, message: String, detail: String) -> Self {
        Refusal::new(StatusCode::FORBIDDEN, "forbidden", code, message, detail).into()
    }

    /// 404, in the same words whether the thing is missing or somebody else's.
    pub fn not_found() -> Self {
        let message = "there is nothing under this address in your organisation";
        let detail = "check the id and which organisation the credential belongs to";
        Refusal::new(StatusCode::NOT_FOUND, "not_found", "not_found", message, detail).into()
    }

    /// 409.
    pub fn conflict(code: &'static str, message: impl Into<String>, detail: &str) -> Refusal {
        Refusal::new(StatusCode::CONFLICT, "conflict", code, message, detail)
    }

    /// 413.
    pub fn too_large(limit: u64) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        let detail = "send smaller pieces, or raise the limit in the server's configuration";
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "too_large", message, detail)
            .with("limit", limit)
            .into()
    }

    /// 422.
    pub fn invalid(code: &'static str, message: impl Into<String>, detail: &str) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", code, message, detail)
    }

    /// 507.
    pub fn storage_full() -> Self {
        let message = "the server's disk is full; nothing of this request was kept";
        let detail = "keep your copy and try again; the operator has to free or add space";
        let status = StatusCode::INSUFFICIENT_STORAGE;
        Refusal::new(status, "storage_full", "storage_full", message, detail).into()
    }
}

/// Any error that is not a refusal: 507 when the disk is full underneath, 500 otherwise.
impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(error: E) -> Self {
        let error = error.into();
        if is_disk_full(&error) { Self::storage_full() } else { Self::Failed(error) }
    }
}

/// Whether `ENOSPC`, `EDQUOT` or SQLite's own "full" stands anywhere in the chain of causes.
fn is_disk_full(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let full_io = cause.downcast_ref::<std::io::Error>().is_some_and(|io| {
            matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        });
        let full_sql = cause
            .downcast_ref::<sqlx::Error>()
            .and_then(sqlx::Error::as_database_error)
            .and_then(|database| database.code().map(|code| code == "13"))
            .unwrap_or(false);
        full_io || full_sql
    })
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => problem(refusal.status, &refusal.body()),
            Self::Failed(error) => {
                tracing::error!(error = format!("{error:#}"), "request failed");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let message = "sorry, the server failed to do this; it was logged";
                let detail = "try again; if it stays, give the operator the time of this request";
                let refusal = Refusal::new(status, "internal", "internal", message, detail);
                problem(status, &refusal.body())
            }
        }
    }
}

fn problem(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_507_wherever_it_hides() {
        let io = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let wrapped = anyhow::Error::new(io).context("cannot write chunk");
        assert!(is_disk_full(&wrapped));
        assert!(!is_disk_full(&anyhow::anyhow!("something else")));
    }
}
