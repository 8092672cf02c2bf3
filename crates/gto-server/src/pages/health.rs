//! `/health`

use askama::Template;
use axum::response::Response;

use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::view::health::Health;
use crate::view::moment::Moment;

#[derive(Template)]
#[template(path = "health.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a Health,
    refresh: u64,
}

/// The state of all repositories.
pub async fn health(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let view = Health::new(&asked.app);
            if asked.wants_json() {
                return json(&view);
            }
            let frame = Frame::new(asked, "health", &Moment::default());
            page(&Page { frame, view: &view, refresh: asked.app.settings.refresh.as_secs() })
        })
        .await
}
