//! `/r/{repo}/{name}`

use askama::Template;
use axum::response::Response;
use gto::name::StageName;
use gto::tag::TagName;
use gto::version::VersionLabel;
use gto_frontend::text::shell_quote;

use crate::config::settings::WriteMode;
use crate::failure::Failure;
use crate::pages::asked::{Asked, json, page};
use crate::pages::frame::Frame;
use crate::pages::offers::{Offer, Offers};
use crate::pages::overview::{marks, wants_marks};
use crate::state::marks::Mark;
use crate::state::repository::ServedRepository;
use crate::state::row::{InStage, Placed};
use crate::view::artifact::{ArtifactView, Use};
use crate::view::link;
use crate::view::moment::Moment;
use crate::view::params::Params;

/// For more stages nothing is offered.
const MOST_STAGES: usize = 10;

#[derive(Template)]
#[template(path = "artifact.html")]
struct Page<'a> {
    frame: Frame,
    view: &'a ArtifactView,
    repo: &'a str,
    name: &'a str,
    asked: &'a Asked,
    offers: Offers,
    /// Whether marks are still being found out.
    pending: bool,
    /// The tags of it that cannot be read.
    unreadable: Vec<String>,
    /// Where tags of this repository are pushed to, if somebody has to.
    remote: Option<String>,
}

/// The page of an artifact.
pub fn artifact(asked: &Asked, repository: &ServedRepository, name: &str) -> Result<Response, Failure> {
    let moment = Moment::read(&asked.app, asked.params.get("at"))?;
    let mut view = ArtifactView::new(&asked.app, repository, name, moment, &asked.params)?;
    view.uses.extend(curl(asked, &repository.id, &view));
    if asked.wants_json() {
        return json(&view);
    }
    let frame = Frame::new(asked, "", &view.moment);
    let offers = Offers::new(&asked.app, repository, &view.moment);
    let pending = wants_marks(asked, repository.picture().rows.get(&view.row.name));
    let is_of_it = |tag: &String| tag.parse::<TagName>().is_ok_and(|parsed| parsed.artifact == view.row.name);
    let unreadable = repository.unreadable_tags().into_iter().filter(is_of_it).collect();
    let (repo, name) = (&*repository.id, view.row.name.as_str());
    let remote = unpushed_to(asked, repository);
    page(&Page { frame, repo, name, view: &view, asked, offers, pending, unreadable, remote })
}

/// The remote that a tag made here is not on yet: a repository of this machine is written to alone.
fn unpushed_to(asked: &Asked, repository: &ServedRepository) -> Option<String> {
    let registry = repository.picture().registry.clone()?;
    let is_ours = asked.app.settings.write == WriteMode::Local && !repository.is_remote();
    (is_ours && registry.has_remote()).then(|| registry.remote_name())
}

/// How to ask this server.
fn curl(asked: &Asked, repo: &str, view: &ArtifactView) -> Option<Use> {
    let (_, reference) = view.used.as_ref()?;
    let address =
        format!("{}/api/v1/resolve?repo={}&ref={}", asked.base(), link::part(repo), link::part(reference));
    let text = format!("curl -H \"Authorization: Bearer $GTO_SERVE_TOKEN\" {}", shell_quote(&address));
    Some(Use { name: "curl", text })
}

impl Page<'_> {
    fn marks(&self, placed: &Placed) -> Vec<Mark> {
        marks(self.asked, &self.view.row, placed)
    }

    fn offers_of(&self, found: &InStage) -> Vec<Offer> {
        let order = self.view.has_order.then_some(&self.view.order[..]);
        let earlier = self.view.earlier.iter().find(|(stage, _)| *stage == found.stage);
        self.offers.of_stage(&self.view.row, found, order, earlier.map(|(_, version)| version))
    }

    /// The versions that a stage can be assigned to.
    fn assignable(&self) -> Vec<String> {
        let versions = self.view.version_list.iter().map(|version| &version.row);
        let versions = versions.filter(|version| version.active && version.registered);
        versions.filter_map(|version| Some(version.version.number()?.to_string())).collect()
    }

    /// What can be done that is about no stage; where the server only shows, what its forms would do.
    fn others(&self) -> Vec<Offer> {
        let (row, offers) = (&self.view.row, &self.offers);
        let mut others = Vec::new();
        if !offers.is_writing {
            others.extend(offers.register(row));
            let latest = row.latest.as_ref().map(|latest| &latest.version);
            let open = self.view.order.iter().filter(|stage| {
                latest.is_some() && row.in_stage(stage).map(|placed| &placed.version) != latest
            });
            let label =
                |stage: &StageName, latest: &VersionLabel| format!("Assign {} to {stage}", latest.short());
            others.extend(open.take(MOST_STAGES).filter_map(|stage| {
                latest.and_then(|latest| offers.assign(row, latest, stage, label(stage, latest)))
            }));
        }
        others.extend(offers.retire(row, None).filter(|_| row.registered));
        others
    }

    /// What to type to put the first version into a stage; nothing where that is not so, or not known.
    fn first_assignment(&self) -> Option<String> {
        let row = &self.view.row;
        let latest = row.latest.as_ref().filter(|_| row.active && self.unreadable.is_empty())?;
        self.offers.first_assignment(row, &latest.version, &self.view.order)
    }

    /// What to type to register the first version.
    fn first_registration(&self) -> Option<String> {
        Some(self.offers.register(&self.view.row)?.command)
    }

    /// What to type to push a tag that was made here.
    fn push(&self, tag: &str) -> Option<String> {
        let remote = shell_quote(self.remote.as_ref()?);
        Some(format!("git -C {} push {remote} {}", self.offers.source(), shell_quote(tag)))
    }

    /// The tag that was made before this page, if it is there.
    fn wrote(&self) -> Option<&str> {
        let tag = self.asked.params.get("wrote")?;
        self.view.activity.iter().any(|event| *event.tag == *tag).then_some(tag)
    }

    fn all_activity(&self) -> String {
        let query = Params::default().with("artifact", Some(self.name));
        let with_repo = Params::of(query.strip_prefix('?')).with("repo", Some(self.repo));
        format!("/activity{with_repo}")
    }

    fn page_href(&self, page: usize) -> String {
        let query = self.asked.params.with("page", Some(&page.to_string()));
        format!("{}{query}#versions", link::artifact(self.repo, self.name))
    }
}
