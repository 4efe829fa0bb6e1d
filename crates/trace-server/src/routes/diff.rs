//! Two traces side by side.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use trace_core::diff::CompareOptions;
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
    /// steps, network, console, clones, dom or patch; all but dom when absent.
    dimension: Option<Dimension>,
    /// Simulators and documents at the end of this top-level step; at the end of the traces, and of every step, when absent.
    step: Option<u64>,
    /// `NAME=EXPRESSION`, several one a line: only what this JMESPath expression makes of that simulator's states (`*`: of all) is compared.
    clone_project: Option<String>,
    /// `NAME=PATTERN`, several one a line: a key, a JSON Pointer with `*` and `**`, or a JMESPath expression whose places do not count.
    clone_ignore: Option<String>,
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
    let lines = |given: &Option<String>| -> Vec<String> {
        let text = given.as_deref().unwrap_or_default();
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    };
    let rules = (lines(&params.clone_project), lines(&params.clone_ignore));
    let dimension = params.dimension.map(Into::into);
    let options =
        CompareOptions::parse(dimension, params.step, (&rules.0, &rules.1)).map_err(|error| {
            let todo =
                "several rules stand one a line; see the API's description at /v1/openapi.json";
            AppError::from(AppError::invalid("invalid", error.to_string(), todo))
        })?;
    let (a, b) = (app.trace(&org, &a).await?, app.trace(&org, &b).await?);
    Ok(Json(compare(&app, &org, (&a, &b), options).await?))
}
