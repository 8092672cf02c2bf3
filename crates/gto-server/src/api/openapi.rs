//! The description of the API, made from its functions.

use axum::response::Response;
use utoipa::OpenApi;

use crate::api::{artifacts, events, plans, versions};
use crate::failure::{Failure, Problem};
use crate::pages::asked::json;
use crate::schema::EventWord;
use crate::view::overview::Sort;

#[derive(OpenApi)]
#[openapi(
    info(title = "gto serve", description = "Registries of artifacts, made of Git tags."),
    paths(
        artifacts::repos,
        artifacts::health,
        artifacts::artifacts,
        artifacts::artifact,
        artifacts::resolve,
        artifacts::stage,
        versions::versions,
        versions::version,
        versions::files,
        versions::compare,
        events::events,
        events::history,
        plans::plan,
        plans::apply
    ),
    components(schemas(Problem, Sort, EventWord))
)]
struct Api;

/// `/api/v1/openapi.json`
pub async fn openapi() -> Result<Response, axum::http::StatusCode> {
    let described = json(&Api::openapi());
    described.map_err(|_: Failure| axum::http::StatusCode::INTERNAL_SERVER_ERROR)
}
