//! From headers to an organisation.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::key::same_secret;
use super::{ApiKey, Scope, Scopes};
use crate::app::App;
use crate::error::{AppError, Refusal};
use crate::org::OrgScope;

/// The organisation of a caller who may read traces.
#[derive(Debug, Clone)]
pub struct Reader(pub OrgScope);

/// The organisation of a caller who may send traces.
#[derive(Debug, Clone)]
pub struct Writer(pub OrgScope);

/// The organisation of a caller who may have suites replayed.
#[derive(Debug, Clone)]
pub struct Replayer(pub OrgScope);

impl FromRequestParts<Arc<App>> for Replayer {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppError> {
        authorise(&parts.headers, app, Scope::ReplaysRun).await.map(Self)
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppError> {
        authorise(&parts.headers, app, Scope::TracesRead).await.map(Self)
    }
}

impl FromRequestParts<Arc<App>> for Writer {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppError> {
        authorise(&parts.headers, app, Scope::TracesWrite).await.map(Self)
    }
}

async fn authorise(headers: &HeaderMap, app: &App, wanted: Scope) -> Result<OrgScope, AppError> {
    let (org, scopes) = match text(headers, &["x-internal-token", "internal_service_token"]) {
        Some(token) => (internal(headers, app, token)?, Scopes::all()),
        None => by_key(headers, app).await?,
    };
    if scopes.allow(wanted) {
        return Ok(org);
    }
    let message = format!("this key has not the scope `{wanted}`");
    let detail = format!("make one with `trace-server keys create --org {org} --scope {wanted}`");
    Err(AppError::forbidden("missing_scope", message, detail))
}

fn internal(headers: &HeaderMap, app: &App, token: &str) -> Result<OrgScope, AppError> {
    let known = app.config.auth.internal_token.as_deref();
    if !known.is_some_and(|known| same_secret(known, token)) {
        return Err(AppError::unauthenticated("the internal service token is not valid"));
    }
    let named = named_org(headers).and_then(|org| org.parse().ok());
    named.ok_or_else(|| {
        let message = "the internal service token needs an organisation";
        let detail = "send `x-molar-org: <organisation>`";
        Refusal::new(StatusCode::BAD_REQUEST, "bad_request", "org_required", message, detail).into()
    })
}

async fn by_key(headers: &HeaderMap, app: &App) -> Result<(OrgScope, Scopes), AppError> {
    let invalid = || AppError::unauthenticated("the API key is not valid");
    let bearer = text(headers, &["authorization"])
        .ok_or_else(|| AppError::unauthenticated("this request carries no credentials"))?;
    let (scheme, token) = bearer.split_once(' ').ok_or_else(invalid)?;
    let key: ApiKey = token.trim().parse().map_err(|_| invalid())?;
    let found = app.catalog.find_key(key.id()).await?;
    let (org, row) = found.ok_or_else(invalid)?;
    let good = scheme.eq_ignore_ascii_case("bearer")
        && row.revoked_ms.is_none()
        && key.matches(&row.secret_sha256);
    if !good {
        return Err(invalid());
    }
    match named_org(headers) {
        Some(named) if named != org.as_str() => {
            let message = "this key belongs to another organisation than `x-molar-org` names";
            let detail = "leave the header out, or use a key of that organisation";
            Err(AppError::forbidden("wrong_org", message.to_owned(), detail.to_owned()))
        }
        _ => Ok((org, Scopes::stored(&row.scopes))),
    }
}

fn named_org(headers: &HeaderMap) -> Option<&str> {
    text(headers, &["x-molar-org", "x-org-id"])
}

/// The first of these headers that is there and is text.
fn text<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| headers.get(*name)?.to_str().ok())
}
