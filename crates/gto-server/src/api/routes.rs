//! Which function answers which address.

use axum::Router;
use axum::routing::get;

use crate::api::{artifacts, openapi, probes, stream};
use crate::app::App;

/// What everybody may ask for.
pub fn open() -> Router<App> {
    Router::new().route("/healthz", get(probes::alive)).route("/readyz", get(probes::ready))
}

/// What needs a token or a user.
pub fn api() -> Router<App> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::openapi))
        .route("/api/v1/repos", get(artifacts::repos))
        .route("/api/v1/health", get(artifacts::repos))
        .route("/api/v1/artifacts", get(artifacts::artifacts))
        .route("/api/v1/repos/{repo}/artifacts/{name}", get(artifacts::artifact))
        .route("/api/v1/resolve", get(artifacts::resolve))
        .route("/api/v1/events/stream", get(stream::stream))
}
