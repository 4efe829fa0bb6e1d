//! Every route on one page, grouped by who uses it.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::AppError;
use crate::routes::{
    artifacts, blobs, bundle, diff, events, health, ingest, replays, stream, traces, vault,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Molar Trace",
    description = "Ingest, read, follow and replay traces. Every path stands under /v1 and again under /v1/trace."
))]
struct Described;

/// The routes under `/v1`, with their description.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Described::openapi())
        // recorders
        .routes(routes!(ingest::register, traces::list))
        .routes(routes!(bundle::ingest_bundle))
        .routes(routes!(vault::vault))
        .routes(routes!(ingest::put_chunk))
        .routes(routes!(ingest::missing_blobs))
        .routes(routes!(ingest::put_blob, blobs::blob))
        .routes(routes!(ingest::put_artifact, artifacts::artifact))
        .routes(routes!(ingest::finalize))
        .routes(routes!(ingest::abort))
        // readers
        .routes(routes!(traces::detail))
        .routes(routes!(traces::pin, traces::unpin))
        .routes(routes!(events::events))
        .routes(routes!(stream::stream))
        .routes(routes!(diff::diff))
        // replays
        .routes(routes!(replays::request))
        .routes(routes!(replays::list))
        .routes(routes!(replays::detail))
        .routes(routes!(replays::cancel))
        .routes(routes!(replays::events))
        // anybody
        .routes(routes!(health::openapi))
}

/// The whole server: what `main` and the tests both call.
pub fn build_router(app: Arc<App>) -> Router {
    let (api, _) = api().split_for_parts();
    Router::new()
        .nest("/v1", api.clone())
        .nest("/v1/trace", api)
        .route("/health", axum::routing::get(health::health))
        .route("/metrics", axum::routing::get(health::metrics))
        .fallback(|| async { AppError::not_found() })
        .method_not_allowed_fallback(|| async { AppError::not_found() })
        .layer(from_fn_with_state(Arc::clone(&app), observe))
        .layer(CatchPanicLayer::custom(apologise))
        .with_state(app)
}

/// The description of the API, as it is committed in `docs/openapi.json`.
pub fn openapi_json() -> String {
    let operate = OpenApiRouter::<Arc<App>>::new()
        .routes(routes!(health::health))
        .routes(routes!(health::metrics));
    let described = OpenApiRouter::with_openapi(Described::openapi())
        .nest("/v1", api())
        .merge(operate)
        .into_openapi();
    let mut text = serde_json::to_string_pretty(&described).unwrap_or_default();
    text.push('\n');
    text
}

/// A panic in a handler is a fault of ours: one request fails, the server stays.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
fn apologise(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let text = text.unwrap_or_else(|| "unknown panic".to_owned());
    AppError::Failed(anyhow::anyhow!("a handler panicked: {text}")).into_response()
}

/// Counts and logs each request once, by its route and never by its query, which may hold what a test saw.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    let route = route.as_deref().unwrap_or("unmatched");
    app.metrics.request(method.as_str(), route, status, took);
    tracing::debug!(%method, path, status, took_ms = took.as_secs_f64() * 1000.0, "request");
    response
}
