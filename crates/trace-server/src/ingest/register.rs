//! A new trace: the payload of `run.start` becomes a row.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trace_core::event::FORMAT_VERSION;
use trace_core::{ShortId, TraceId};
use utoipa::ToSchema;

use crate::app::App;
use crate::catalog::{CatalogError, NewTrace, Source};
use crate::clock::EpochMs;
use crate::error::AppError;
use crate::org::OrgScope;
use crate::vault;

const DETAIL: &str = "send the payload of `run.start` as docs/format.md describes it";

/// What a recorder learns when it registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Registered {
    /// The UUID.
    pub id: String,
    /// The nine characters that people read out.
    pub short_id: String,
    /// Last chunk number of the gapless durable prefix; above 0 when a recorder comes back.
    pub high_water: u32,
    /// The page of this trace.
    pub url: String,
    /// The public key that the trace's vault should be encrypted to, when this server has one for the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault_recipient: Option<String>,
}

/// The fields of `run.start` that rows need. Others are kept in the text.
#[derive(Debug, Deserialize)]
struct RunStart {
    format: u64,
    trace_id: TraceId,
    #[serde(default)]
    short_id: Option<ShortId>,
    wall_ms: EpochMs,
    #[serde(default)]
    project: String,
    scenario: Scenario,
    #[serde(default)]
    run: Run,
    #[serde(default)]
    retry: u32,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    code_sha: Option<String>,
    #[serde(default)]
    parent_trace_id: Option<TraceId>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    #[serde(default)]
    id: Option<String>,
    slug: String,
    #[serde(default)]
    title: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Run {
    #[serde(default)]
    id: String,
}

/// Adds the trace, or finds the one that a recorder comes back to.
pub async fn register(
    app: &App,
    org: &OrgScope,
    new: &NewTrace,
) -> Result<(StatusCode, Registered), AppError> {
    let registered = app.catalog.register(org, new, app.clock.now_ms()).await;
    let (record, is_new) = match registered {
        Err(CatalogError::ShortIdTaken(short_id)) => {
            let message = format!("short id `{short_id}` belongs to another trace");
            let detail = "leave `short_id` out, or draw another trace id";
            return Err(AppError::conflict("short_id_taken", message, detail).into());
        }
        other => other?,
    };
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    app.metrics.registered(is_new);
    let reply = Registered {
        id: record.trace.id.to_string(),
        short_id: record.trace.short_id.to_string(),
        high_water: record.high_water,
        url: app.trace_url(record.trace.id),
        vault_recipient: vault::recipient(app, org),
    };
    Ok((status, reply))
}

/// Reads the payload of `run.start`.
pub fn parse(body: &[u8]) -> Result<NewTrace, AppError> {
    let text = std::str::from_utf8(body).map_err(|error| invalid(&error.to_string()))?;
    // The version comes first: a newer payload may have another shape, and then the shape is not what is wrong.
    refuse_future(text)?;
    let start: RunStart =
        serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
    if start.format == 0 || !(0..=253_402_300_799_999).contains(&start.wall_ms) {
        return Err(invalid("`format` counts from 1 and `wall_ms` lies in years 1970 to 9999"));
    }
    let source = start.source.as_deref().unwrap_or(Source::Manual.as_str());
    let source = source.parse().map_err(|error| invalid(&format!("`source`: {error}")))?;
    Ok(NewTrace {
        id: start.trace_id,
        short_id: start.short_id.unwrap_or_else(|| start.trace_id.short()),
        wall_ms: start.wall_ms,
        scenario_id: start
            .scenario
            .id
            .unwrap_or_else(|| scenario_id(&start.project, &start.scenario.slug)),
        scenario_title: start.scenario.title.unwrap_or_else(|| start.scenario.slug.clone()),
        scenario_slug: start.scenario.slug,
        project: start.project,
        run_id: start.run.id,
        retry: start.retry,
        source,
        code_sha: start.code_sha,
        parent_trace_id: start.parent_trace_id,
        run_start: text.to_owned(),
    })
}

fn invalid(message: &str) -> AppError {
    AppError::invalid("invalid", format!("this is no `run.start`: {message}"), DETAIL).into()
}

fn refuse_future(text: &str) -> Result<(), AppError> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        format: u64,
    }
    let found = serde_json::from_str::<Version>(text).map_or(0, |version| version.format);
    if found <= u64::from(FORMAT_VERSION) {
        return Ok(());
    }
    let message =
        format!("this trace has format {found}, this server knows formats up to {FORMAT_VERSION}");
    Err(AppError::invalid("from_the_future", message, "update this server").into())
}

/// The same id for the same scenario in every run: a UUID from the hash of project and slug.
fn scenario_id(project: &str, slug: &str) -> String {
    let digest =
        Sha256::new().chain_update(project).chain_update([0]).chain_update(slug).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    TraceId::from_random(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expect: Result<&str, &str>) {
        let found = parse(body.as_bytes()).map(|new| new.scenario_title);
        let found = found.map_err(|error| match error {
            AppError::Refused(refusal) => format!("{refusal:?}"),
            AppError::Failed(error) => panic!("{error}"),
        });
        match (found, expect) {
            (Ok(title), Ok(wanted)) => assert_eq!(title, wanted),
            (Err(text), Err(wanted)) => assert!(text.contains(wanted), "{text}"),
            (found, _) => panic!("{found:?} for {body}"),
        }
    }

    #[test]
    fn reads_what_it_needs_and_says_what_is_wrong() {
        let id = "550e8400-e29b-41d4-a716-446655440000";
        let start = |more: &str| {
            format!(
                r#"{{"format":1,"trace_id":"{id}","wall_ms":1,"scenario":{{"slug":"s"}}{more}}}"#
            )
        };
        check(&start(""), Ok("s"));
        check(&start(r#","source":"shadow_diff","new_field":{}"#), Ok("s"));
        check(&start(r#","source":"cron""#), Err("none of pr schedule manual"));
        check(r#"{"format":2,"everything":"else"}"#, Err("from_the_future"));
        check(r#"{"format":1}"#, Err("trace_id"));
        check("[", Err("no `run.start`"));
    }

    #[test]
    fn a_scenario_keeps_its_id() {
        assert_eq!(scenario_id("chromium", "a"), scenario_id("chromium", "a"));
        assert_ne!(scenario_id("chromium", "a"), scenario_id("chromiu", "ma"));
    }
}
