//! What all pages have around them.

use std::sync::Arc;

use gto::name::ArtifactName;
use gto::time::Timestamp;
use gto::version::VersionLabel;

use crate::pages::asked::Asked;
use crate::pages::assets::{SCRIPT, STYLE};
use crate::state::picture::{Failing, Picture};
use crate::view::age;
use crate::view::link;
use crate::view::moment::Moment;

/// For more repositories, one notice names these and says how many others there are.
const MOST_NOTICES: usize = 3;

/// What all pages have around them.
pub struct Frame {
    /// The heading of every page.
    pub heading: String,
    /// Which entry of the menu is this page's.
    pub place: &'static str,
    pub now: Timestamp,
    pub user: Option<String>,
    pub moment: Moment,
    /// Repositories that cannot be read now.
    pub failing: Vec<(Arc<str>, Failing, bool)>,
    /// Repositories with tags that cannot be read.
    pub doubtful: Vec<(Arc<str>, Vec<String>)>,
    /// Repositories that were not read yet.
    pub unseen: Vec<Arc<str>>,
    /// Whether there is more than one repository.
    pub has_many: bool,
    pub style: &'static str,
    pub script: &'static str,
    /// The same as JSON.
    pub json: String,
    /// The same as it is now.
    pub without_at: String,
    pub version: &'static str,
    pictures: Vec<(Arc<str>, Arc<Picture>)>,
}

impl Frame {
    /// Around the page that is asked for.
    pub fn new(asked: &Asked, place: &'static str, moment: &Moment) -> Self {
        let app = &asked.app;
        let pictures: Vec<_> = app
            .repositories
            .iter()
            .map(|repository| (Arc::clone(&repository.id), repository.picture()))
            .collect();
        let failing = app.repositories.iter().filter_map(|repository| {
            let failing = repository.failing()?;
            Some((Arc::clone(&repository.id), failing, repository.picture().serial > 0))
        });
        let failing = failing.collect();
        let doubtful = app.repositories.iter().filter_map(|repository| {
            let tags = repository.unreadable_tags();
            (!tags.is_empty()).then(|| (Arc::clone(&repository.id), tags))
        });
        let doubtful = doubtful.collect();
        let unseen = pictures.iter().filter(|(_, picture)| picture.serial == 0 && picture.failing.is_none());
        let unseen = unseen.map(|(id, _)| Arc::clone(id)).collect();
        let path = asked.uri.path();
        let path = if path == "/" { "/index" } else { path };
        let query = asked.uri.query().map(|_| asked.params.with("", None)).unwrap_or_default();
        Self {
            heading: app.settings.title.clone().unwrap_or_else(|| default_heading(&pictures)),
            place,
            now: app.environment.now(),
            user: asked.actor.name().map(ToOwned::to_owned),
            moment: moment.clone(),
            failing,
            doubtful,
            unseen,
            has_many: pictures.len() > 1,
            style: STYLE.path,
            script: SCRIPT.path,
            json: format!("{path}.json{query}"),
            without_at: format!("{}{}", asked.uri.path(), asked.params.with("at", None)),
            version: env!("CARGO_PKG_VERSION"),
            pictures,
        }
    }

    /// How many repositories are named in notices of one kind.
    #[expect(clippy::unused_self, reason = "templates ask a value")]
    pub fn most_notices(&self) -> usize {
        MOST_NOTICES
    }

    /// How many repositories there are.
    pub fn count(&self) -> usize {
        self.pictures.len()
    }

    /// How long ago a time was; on a page of before, the day: it is not clear from when "ago" counts there.
    pub fn ago(&self, time: &Timestamp) -> String {
        match self.moment.at {
            None => age::since(self.now, *time),
            Some(_) => time.to_string().chars().take("2026-11-24".len()).collect(),
        }
    }

    /// How long a time is.
    #[expect(clippy::ref_option, reason = "templates hand over a field")]
    pub fn lasted(&self, from: &Timestamp, to: &Option<Timestamp>) -> String {
        let end = to.as_ref().or(self.moment.until.as_ref()).unwrap_or(&self.now);
        age::of(end.seconds() - from.seconds())
    }

    /// A page of this moment.
    fn then(&self, href: String) -> String {
        match &self.moment.at {
            Some(at) => format!("{href}?at={}", link::part(at)),
            None => href,
        }
    }

    /// A page of the menu.
    pub fn menu(&self, path: &str) -> String {
        self.then(path.to_owned())
    }

    /// The page of an artifact.
    pub fn artifact(&self, repo: &str, name: &impl ToString) -> String {
        self.then(link::artifact(repo, &name.to_string()))
    }

    /// The page of a version.
    pub fn version_of(&self, repo: &str, name: &impl ToString, version: &impl ToString) -> String {
        self.then(link::version(repo, &name.to_string(), &version.to_string()))
    }

    /// The page that compares two versions.
    pub fn compare(
        &self,
        repo: &str,
        name: &impl ToString,
        from: &impl ToString,
        to: &impl ToString,
    ) -> String {
        self.then(link::compare(repo, &name.to_string(), &from.to_string(), &to.to_string()))
    }

    /// Whether a version is there to be looked at.
    pub fn is_known(&self, repo: &str, name: &ArtifactName, version: &VersionLabel) -> bool {
        let picture = self.pictures.iter().find(|(id, _)| **id == *repo).map(|(_, picture)| picture);
        let artifact = picture.and_then(|picture| picture.artifact(name, None));
        artifact.is_some_and(|artifact| artifact.versions().any(|known| known.label() == version))
    }

    /// The page of a stage.
    pub fn stage(&self, stage: &impl ToString) -> String {
        self.then(link::stage(&stage.to_string()))
    }
}

fn default_heading(pictures: &[(Arc<str>, Arc<Picture>)]) -> String {
    match pictures {
        [(id, _)] => id.to_string(),
        _ => "Artifact registry".to_owned(),
    }
}
