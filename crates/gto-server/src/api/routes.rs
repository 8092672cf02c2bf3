//! Which function answers which address.

use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::api::{artifacts, cache, events, openapi, plans, probes, stream, versions};
use crate::app::App;
use crate::{badge, hooks, metrics, mlflow};

/// What everybody may ask for.
pub fn open() -> Router<App> {
    Router::new()
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        // These check tokens of their own.
        .route("/metrics", get(metrics::metrics))
        .route("/badge/{repo}/{name}/{stage}", get(badge::badge))
        .route("/hooks/{host}", post(hooks::hook))
}

/// What needs a token or a user.
pub fn api(app: &App) -> Router<App> {
    of_refs(app)
        .route("/api/v1/openapi.json", get(openapi::openapi))
        .merge(of_looks())
        .route("/api/v1/events/stream", get(stream::stream))
        .route("/api/v1/repos/{repo}/plans", post(plans::plan))
        .route("/api/v1/repos/{repo}/plans/{id}/apply", post(plans::apply))
        .merge(mlflow::routes::calls(app))
        .route("/api/{*rest}", axum::routing::any(nowhere))
}

/// What also says when repositories were seen.
fn of_looks() -> Router<App> {
    Router::new()
        .route("/api/v1/repos", get(artifacts::repos))
        .route("/api/v1/health", get(artifacts::health))
        .route_layer(middleware::from_fn(cache::by_content))
}

/// What follows from the refs alone.
fn of_refs(app: &App) -> Router<App> {
    const ARTIFACT: &str = "/api/v1/repos/{repo}/artifacts/{name}";
    let below = |path: &str| format!("{ARTIFACT}/{path}");
    Router::new()
        .route("/api/v1/artifacts", get(artifacts::artifacts))
        .route("/api/v1/resolve", get(artifacts::resolve))
        .route("/api/v1/stages/{stage}", get(artifacts::stage))
        .route("/api/v1/events", get(events::events))
        .route(ARTIFACT, get(artifacts::artifact))
        .route(&below("versions"), get(versions::versions))
        .route(&below("versions/{version}"), get(versions::version))
        .route(&below("versions/{version}/files"), get(versions::files))
        .route(&below("compare/{range}"), get(versions::compare))
        .route(&below("history"), get(events::history))
        .route_layer(middleware::from_fn_with_state(app.clone(), cache::remember))
}

async fn nowhere(asked: crate::pages::asked::Asked) -> axum::response::Response {
    crate::failure::Failure::not_found("There is no such resource")
        .hint("`/api/v1/openapi.json` lists them")
        .respond(&asked.uri, &asked.headers)
}
