//! The moment of which a page shows the registry.

use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::view::params::Params;

/// The moment: now, or a time of before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Moment {
    /// As it was asked for.
    #[schema(required)]
    pub at: Option<String>,
    /// The last second that counts.
    #[schema(required, value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

impl Moment {
    /// Reads `?at=`. Looks at repositories.
    pub fn read(app: &App, at: Option<&str>) -> Result<Self, Failure> {
        let Some(at) = at else { return Ok(Self::default()) };
        let pictures = app.repositories.iter().map(|repository| repository.picture());
        let mut registries = pictures.filter_map(|picture| picture.registry.clone()).peekable();
        let is_commit = at.len() >= 7 && at.len() <= 64 && at.bytes().all(|b| b.is_ascii_hexdigit());
        let found = if is_commit {
            registries.find_map(|registry| registry.time_of_reachable_commit(at).ok().flatten())
        } else {
            registries.peek().and_then(|registry| registry.end_date(at).ok())
        };
        let until = found.ok_or_else(|| {
            let shown = at.escape_debug();
            Failure::invalid(format!("'{shown}' is neither a time nor a commit of a branch or tag"))
                .hint("as in `?at=2026-11-24`, `?at=2026-11-24T05:39:01Z` or `?at=COMMIT`")
        })?;
        Ok(Self { at: Some(at.to_owned()), until: Some(until) })
    }

    /// Refuses a moment, where an answer is always of now.
    pub fn none(params: &Params) -> Result<(), Failure> {
        match params.get("at") {
            None => Ok(()),
            Some(_) => Err(Failure::invalid("This is always of now: it is not known how it was `at` a time")
                .hint("leave out `at`; `/` and `/activity` show the registry as it was")),
        }
    }

    /// The last second that counts.
    pub fn seconds(&self) -> Option<i64> {
        self.until.map(Timestamp::seconds)
    }
}
