//! Bodies with a size limit and a deadline.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use trace_core::blob::BlobId;

use crate::app::App;
use crate::error::{AppError, Refusal};

/// The header that carries a body's SHA-256.
pub(crate) const DIGEST_HEADER: &str = "x-molar-sha256";

/// The SHA-256 that the caller promises; required, because only it tells a damaged upload from another one.
pub fn digest_header(headers: &HeaderMap) -> Result<BlobId, AppError> {
    let text = headers.get(DIGEST_HEADER).and_then(|value| value.to_str().ok());
    let digest = text.and_then(|text| BlobId::from_hex(text).ok());
    digest.ok_or_else(|| {
        let message = "the header `x-molar-sha256` is missing or no SHA-256";
        let detail = "send the SHA-256 of the body as 64 hexadecimal digits in lower case";
        Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "digest_required", message, detail)
            .into()
    })
}

/// The whole body, at most `limit` bytes.
pub async fn read(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    limit: u64,
) -> Result<Bytes, AppError> {
    refuse_announced(headers, limit)?;
    let mut whole = BytesMut::new();
    let mut stream = body.into_data_stream();
    within(app.config.limits.body_seconds, async {
        while let Some(part) = stream.next().await {
            let part = part.map_err(cut_off)?;
            if (whole.len() + part.len()) as u64 > limit {
                return Err(AppError::too_large(limit));
            }
            whole.extend_from_slice(&part);
        }
        Ok(())
    })
    .await?;
    Ok(whole.freeze())
}

/// 413 before the first byte, when the caller says itself that it is too much.
pub(super) fn refuse_announced(headers: &HeaderMap, limit: u64) -> Result<(), AppError> {
    let announced = headers.get("content-length").and_then(|value| value.to_str().ok());
    let too_large =
        announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|length| length > limit);
    if too_large { Err(AppError::too_large(limit)) } else { Ok(()) }
}

/// The connection ended inside the body; whoever is still listening may try again.
pub(super) fn cut_off(_: axum::Error) -> AppError {
    let message = "the body ended before it was complete";
    let detail = "send the request again; nothing of it was kept";
    Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "body_cut", message, detail).into()
}

/// `receive`, but not for ever: a caller who sends a byte a minute must not hold a connection.
pub(super) async fn within<T>(
    seconds: u64,
    receive: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    let deadline = Duration::from_secs(seconds);
    tokio::time::timeout(deadline, receive).await.unwrap_or_else(|_| {
        let message = format!("the body did not arrive within {} seconds", deadline.as_secs());
        let detail = "send it again over a better connection, or in smaller pieces";
        let status = StatusCode::REQUEST_TIMEOUT;
        Err(Refusal::new(status, "timeout", "timeout", message, detail).into())
    })
}

/// Runs work that would hold up other requests on a thread of its own.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await?
}
