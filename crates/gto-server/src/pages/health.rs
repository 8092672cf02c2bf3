//! `/health`

use askama::Template;
use axum::response::Response;

use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::state::findings::FindingsOf;
use crate::state::picture::Failing;
use crate::view::age;
use crate::view::health::Health;
use crate::view::moment::Moment;

#[derive(Template)]
#[template(path = "health.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a Health,
}

/// The state of all repositories.
pub async fn health(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            Moment::none(&asked.params)?;
            let view = Health::new(&asked.app);
            if asked.wants_json() {
                return json(&view);
            }
            let frame = Frame::new(asked, "health", &Moment::default());
            page(&Page { frame, view: &view })
        })
        .await
}

impl Page<'_> {
    /// For how long a repository has not been read.
    fn lasting(&self, failing: &Failing) -> String {
        match self.frame.now.seconds() - failing.since.seconds() {
            ..60 => "for less than a minute".to_owned(),
            seconds => format!("for {}", age::of(seconds)),
        }
    }
}
