//! Slices of a trace's events.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trace_core::query::{Query as TraceQuery, QueryDiagnostic, QueryError, Slice};
use utoipa::{IntoParams, ToSchema};

use super::traces::bad_params;
use crate::app::App;
use crate::auth::Reader;
use crate::error::AppError;
use crate::read::{Page, SliceRequest, slice};

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 5000;

/// Which events; every part that is set must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// The query language, such as `kind=network.response AND status>=400`.
    query: Option<String>,
    /// Kinds, separated by commas, with `*`.
    kind: Option<String>,
    /// A step's id or the number of a top-level step.
    step: Option<String>,
    /// First seq, included.
    from_seq: Option<u64>,
    /// Last seq, included.
    to_seq: Option<u64>,
    /// First time in milliseconds, included.
    from_ts: Option<f64>,
    /// Last time in milliseconds, included.
    to_ts: Option<f64>,
    /// 1 to 5000.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<u64>,
}

/// One page of events, each exactly as it was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    #[schema(value_type = Vec<serde_json::Value>)]
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
    #[schema(value_type = Vec<serde_json::Value>)]
    diagnostics: Vec<QueryDiagnostic>,
}

/// Reads a slice of events, while the trace is recorded as well as later.
#[utoipa::path(get, path = "/traces/{id}/events", tag = "read",
    params(("id" = String, Path), EventParams),
    responses((status = 200, body = EventPage), (status = 404), (status = 422)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
    params: Result<Query<EventParams>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let Query(params) = params.map_err(|error| bad_params(&error))?;
    let (request, diagnostics) = request(&params)?;
    let record = app.trace(&org, &id).await?;
    let page = slice(&app, &org, record.trace.id, request).await?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/x-ndjson")) {
        return Ok(as_lines(&page));
    }
    let items = page.lines.into_iter().map(|line| RawValue::from_string(line.text));
    let items = items.collect::<Result<_, _>>()?;
    let next_cursor = page.next_seq.map(|seq| seq.to_string());
    Ok(Json(EventPage { items, next_cursor, diagnostics }).into_response())
}

fn request(params: &EventParams) -> Result<(SliceRequest, Vec<QueryDiagnostic>), AppError> {
    let mut cut = Slice::default();
    if let Some(kinds) = &params.kind {
        cut = cut.kinds(kinds);
    }
    if let Some(step) = &params.step {
        cut = cut.step(step.as_str());
    }
    let (mut query, mut diagnostics) = (cut.query(), Vec::new());
    if let Some(text) = &params.query {
        let parsed = TraceQuery::parse(text).map_err(|error| bad_query(text, &error))?;
        diagnostics = parsed.diagnostics().to_vec();
        query = query.and(parsed);
    }
    let asks_steps =
        params.query.as_deref().is_some_and(|text| text.to_lowercase().contains("step"));
    let request = SliceRequest {
        query,
        needs_steps: asks_steps || params.step.is_some(),
        from_seq: params.cursor.or(params.from_seq).unwrap_or(1).max(params.from_seq.unwrap_or(1)),
        to_seq: params.to_seq.unwrap_or(u64::MAX),
        from_ts: params.from_ts,
        to_ts: params.to_ts,
        limit: params.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT),
    };
    Ok((request, diagnostics))
}

fn bad_query(text: &str, error: &QueryError) -> AppError {
    AppError::invalid("bad_query", error.to_string(), &error.render(text))
        .with("position", error.position)
        .with("length", error.length)
        .into()
}

/// Plain lines; the cursor travels in a header.
fn as_lines(page: &Page) -> Response {
    let mut text = String::with_capacity(page.lines.iter().map(|line| line.text.len() + 1).sum());
    for line in &page.lines {
        text.push_str(&line.text);
        text.push('\n');
    }
    let mut response = ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response();
    if let Some(seq) = page.next_seq {
        let name = HeaderName::from_static("x-next-cursor");
        response.headers_mut().insert(name, seq.into());
    }
    response
}
