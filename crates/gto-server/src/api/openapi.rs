//! The description of the API, made from its functions.

use axum::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::api::{artifacts, events, plans, stream, versions};
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
        stream::stream,
        plans::plan,
        plans::apply
    ),
    components(schemas(Problem, Sort, EventWord)),
    modifiers(&Tokens),
    security(("token" = []))
)]
struct Api;

/// What all calls have in common: the token, and the answer without it.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "The token of the server. With `auth: proxy` the proxy knows who asks, and there is none.",
        ));
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let refused = |why: &str| {
            let response = ResponseBuilder::new().description(why);
            RefOr::T(response.content("application/problem+json", problem.clone()).build())
        };
        for item in api.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                responses.entry("401".to_owned()).or_insert_with(|| refused("The token is missing or wrong"));
            }
        }
    }
}

/// `/api/v1/openapi.json`
pub async fn openapi() -> Result<Response, axum::http::StatusCode> {
    let described = json(&Api::openapi());
    described.map_err(|_: Failure| axum::http::StatusCode::INTERNAL_SERVER_ERROR)
}
