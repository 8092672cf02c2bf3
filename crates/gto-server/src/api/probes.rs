//! For whatever starts and watches the server.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;

/// The process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The local repositories were read.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.refresher.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "reading\n")
    }
}
