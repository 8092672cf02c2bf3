//! What the calls about a repository have in common: it was read, and the moment that is asked about.

use std::sync::Arc;

use axum::response::Response;

use crate::app::App;
use crate::failure::Failure;
use crate::pages::asked::Asked;
use crate::state::repository::ServedRepository;
use crate::view::moment::Moment;

/// Answers about one repository.
pub async fn in_repository(
    asked: Asked,
    repo: String,
    make: impl FnOnce(&Asked, &Arc<ServedRepository>, Moment) -> Result<Response, Failure> + Send + 'static,
) -> Response {
    asked
        .answer(move |asked| {
            let repository = repository(&asked.app, &repo)?;
            let moment = Moment::read(&asked.app, asked.params.get("at"))?;
            make(asked, &repository, moment)
        })
        .await
}

/// A repository that was read.
pub fn repository(app: &App, id: &str) -> Result<Arc<ServedRepository>, Failure> {
    app.read_repository(id, "`/api/v1/repos` lists them", "`/api/v1/health` says why, and since when")
}
