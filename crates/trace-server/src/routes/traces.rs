//! The list, one trace, its pin.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::{TraceDetail, TraceRow};
use crate::app::App;
use crate::auth::{Reader, Writer};
use crate::catalog::{ListCursor, ListFilter, TraceRecord};
use crate::clock::parse_rfc3339;
use crate::error::AppError;
use crate::org::OrgScope;
use crate::search;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// The filters; each one that is set must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// queued, running, passed, failed, error or aborted.
    status: Option<String>,
    /// pr, schedule, manual or `shadow_diff`.
    source: Option<String>,
    /// Slug or hash of a failure.
    signature: Option<String>,
    /// hot, warm or cold.
    tier: Option<String>,
    /// Words that all occur in the trace.
    q: Option<String>,
    /// Slug or id of a scenario.
    scenario: Option<String>,
    /// The same as `scenario`.
    scenario_id: Option<String>,
    /// A run's id.
    run: Option<String>,
    /// true or false.
    pinned: Option<bool>,
    /// Registered at or after (RFC 3339, or a date).
    from: Option<String>,
    /// Registered before.
    to: Option<String>,
    /// 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceList {
    items: Vec<TraceRow>,
    next_cursor: Option<String>,
}

/// Lists traces, newest first.
#[utoipa::path(get, path = "/traces", tag = "read", params(ListParams),
    responses((status = 200, body = TraceList), (status = 422)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Json<TraceList>, AppError> {
    let Query(params) = params.map_err(|error| bad_params(&error))?;
    let filter = filter(params)?;
    let wanted = filter.limit as usize;
    // One more than asked tells whether there is a next page.
    let filter = ListFilter { limit: filter.limit + 1, ..filter };
    let mut records = app.catalog.list_traces(&org, &filter).await?;
    let has_more = records.len() > wanted;
    records.truncate(wanted);
    let next_cursor = records.last().filter(|_| has_more).map(|last| {
        ListCursor { created_ms: last.created_ms, trace_id: last.trace.id.to_string() }.encode()
    });
    Ok(Json(TraceList { items: records.iter().map(TraceRow::of).collect(), next_cursor }))
}

pub(super) fn bad_params(error: &QueryRejection) -> AppError {
    let message = format!("the query string is not understood: {}", error.body_text());
    AppError::invalid("invalid", message, "see the API's description at /v1/openapi.json").into()
}

fn filter(params: ListParams) -> Result<ListFilter, AppError> {
    Ok(ListFilter {
        status: word("status", params.status)?,
        source: word("source", params.source)?,
        signature: params.signature,
        tier: word("tier", params.tier)?,
        tokens: params.q.as_deref().and_then(search::match_expression),
        scenario: params.scenario.or(params.scenario_id),
        run: params.run,
        from_ms: time("from", params.from)?,
        to_ms: time("to", params.to)?,
        pinned: params.pinned,
        after: params.cursor.map(|text| cursor(&text)).transpose()?,
        limit: params.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT),
    })
}

fn word<T: FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<String>,
) -> Result<Option<T>, AppError> {
    let parsed = value.map(|text| text.parse()).transpose();
    parsed.map_err(|error| {
        AppError::invalid("invalid", format!("`{name}`: {error}"), "use one of the words").into()
    })
}

fn time(name: &str, value: Option<String>) -> Result<Option<i64>, AppError> {
    let Some(text) = value else { return Ok(None) };
    parse_rfc3339(&text).map(Some).ok_or_else(|| {
        let message = format!("`{name}`: `{text}` is no time such as `2026-05-31T10:22:00Z`");
        AppError::invalid("invalid", message, "write RFC 3339, or a date").into()
    })
}

fn cursor(text: &str) -> Result<ListCursor, AppError> {
    ListCursor::decode(text).ok_or_else(|| {
        let message = format!("`cursor`: `{text}` is none of this server's");
        AppError::invalid("invalid", message, "take `next_cursor` of the page before").into()
    })
}

/// One trace.
#[utoipa::path(get, path = "/traces/{id}", tag = "read", params(("id" = String, Path)),
    responses((status = 200, body = TraceDetail), (status = 404)))]
pub(crate) async fn detail(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path(id): Path<String>,
) -> Result<Json<TraceDetail>, AppError> {
    let record = app.trace(&org, &id).await?;
    Ok(Json(detail_of(&app, &org, &record).await?))
}

pub(super) async fn detail_of(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> Result<TraceDetail, AppError> {
    let artifacts = app.catalog.artifacts(org, record.trace.id).await?;
    let blobs = app.catalog.trace_blobs(org, record.trace.id).await?;
    let has_summary = artifacts.iter().any(|row| row.name == "summary.json");
    let summary = if has_summary { summary(app, org, record).await? } else { None };
    Ok(TraceDetail::of(record, summary, &artifacts, &blobs))
}

async fn summary(
    app: &App,
    org: &OrgScope,
    record: &TraceRecord,
) -> Result<Option<serde_json::Value>, AppError> {
    let bytes = app.store.get(&App::prefix(org, record)?.summary()).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Keeps a trace from every expiry.
#[utoipa::path(post, path = "/traces/{id}/pin", tag = "read", params(("id" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(crate) async fn pin(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path(id): Path<String>,
) -> Result<StatusCode, AppError> {
    set_pinned(&app, &org, &id, true).await
}

/// Lets a trace expire again.
#[utoipa::path(delete, path = "/traces/{id}/pin", tag = "read", params(("id" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(crate) async fn unpin(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
    Path(id): Path<String>,
) -> Result<StatusCode, AppError> {
    set_pinned(&app, &org, &id, false).await
}

async fn set_pinned(
    app: &App,
    org: &OrgScope,
    id: &str,
    pinned: bool,
) -> Result<StatusCode, AppError> {
    let id = app.trace(org, id).await?.trace.id;
    app.catalog.set_pinned(org, id, pinned).await?;
    Ok(StatusCode::NO_CONTENT)
}
