//! Two traces side by side.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::traces::bad_params;
use crate::app::App;
use crate::auth::Reader;
use crate::compare::{Dimension, compare};
use crate::error::AppError;

/// What is compared.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffParams {
    /// steps, network, console, clones or dom; all but dom when absent.
    dimension: Option<Dimension>,
    /// Simulators and documents at the end of this top-level step; at the end of the traces, and of every step, when absent.
    step: Option<u64>,
}

/// Compares two traces of the organisation.
#[utoipa::path(get, path = "/traces/{a}/diff/{b}", tag = "read",
    params(("a" = String, Path), ("b" = String, Path), DiffParams),
    responses((status = 200, body = serde_json::Value), (status = 404), (status = 409), (status = 413),
        (status = 422)))]
pub(crate) async fn diff(
    State(app): State<Arc<App>>,
    Reader(org): Reader,
    Path((a, b)): Path<(String, String)>,
    params: Result<Query<DiffParams>, QueryRejection>,
) -> Result<Json<serde_json::Value>, AppError> {
    let Query(params) = params.map_err(|error| bad_params(&error))?;
    let (a, b) = (app.trace(&org, &a).await?, app.trace(&org, &b).await?);
    Ok(Json(compare(&app, &org, (&a, &b), params.dimension, params.step).await?))
}
