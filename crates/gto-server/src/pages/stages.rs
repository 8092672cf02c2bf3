//! `/stages` and `/stages/{stage}`

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::view::age;
use crate::view::moment::Moment;
use crate::view::stage::{StagePage, Stages};

#[derive(Template)]
#[template(path = "stages.html")]
struct List<'a> {
    frame: Frame,
    view: &'a Stages,
}

/// All stages.
pub async fn stages(asked: Asked) -> Response {
    asked
        .answer(|asked| {
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            let view = Stages::new(&asked.app, moment);
            if asked.wants_json() {
                return json(&view);
            }
            page(&List { frame: Frame::new(asked, "stages", &view.moment), view: &view })
        })
        .await
}

#[derive(Template)]
#[template(path = "stage.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a StagePage,
}

/// One of them.
pub async fn stage(Path(stage): Path<String>, asked: Asked) -> Response {
    asked
        .answer(move |asked| {
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            let view = StagePage::new(&asked.app, stage.strip_suffix(".json").unwrap_or(&stage), moment)?;
            if asked.wants_json() {
                return json(&view);
            }
            page(&Page { frame: Frame::new(asked, "stages", &view.moment), view: &view })
        })
        .await
}

impl Page<'_> {
    #[expect(clippy::unused_self, clippy::trivially_copy_pass_by_ref, reason = "templates ask a value")]
    fn time(&self, seconds: &i64) -> String {
        if *seconds < 60 { "under a minute".to_owned() } else { age::of(*seconds) }
    }
}
