//! Style and script, which hold nothing of a registry: they are open, for the page that asks for the token.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// A file of ours.
pub struct Asset {
    pub path: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// How pages look.
pub const STYLE: Asset = Asset {
    path: concat!("/assets/", env!("CARGO_PKG_VERSION"), ".css"),
    kind: "text/css",
    text: include_str!("../../assets/style.css"),
};
/// What makes them quicker.
pub const SCRIPT: Asset = Asset {
    path: concat!("/assets/", env!("CARGO_PKG_VERSION"), ".js"),
    kind: "text/javascript",
    text: include_str!("../../assets/script.js"),
};

/// The mark of the pages.
const ICON: Asset =
    Asset { path: "/assets/icon.svg", kind: "image/svg+xml", text: include_str!("../../assets/icon.svg") };

/// A file by its name.
pub async fn asset(Path(name): Path<String>) -> Response {
    let asked = |asset: &&Asset| asset.path.rsplit('/').next() == Some(name.as_str());
    let Some(asset) = [&STYLE, &SCRIPT, &ICON].into_iter().find(asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = format!("{}; charset=utf-8", asset.kind);
    // A browser asks again: two builds of one version may differ.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=300".to_owned())], asset.text)
        .into_response()
}
