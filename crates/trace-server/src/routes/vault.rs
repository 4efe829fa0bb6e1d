//! To whom recorders encrypt what they redact.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Writer;
use crate::error::AppError;
use crate::vault;

/// The organisation's public key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultReply {
    /// `age1…`.
    recipient: String,
}

/// The public key that vaults of this organisation are encrypted to; 404 where the server has none.
#[utoipa::path(get, path = "/vault", tag = "ingest",
    responses((status = 200, body = VaultReply), (status = 404)))]
pub(crate) async fn vault(
    State(app): State<Arc<App>>,
    Writer(org): Writer,
) -> Result<Json<VaultReply>, AppError> {
    let recipient = vault::recipient(&app, &org).ok_or_else(AppError::not_found)?;
    Ok(Json(VaultReply { recipient }))
}
