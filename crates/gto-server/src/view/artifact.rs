//! One artifact.

use std::sync::Arc;

use gto::annotation::{Annotation, Sourced};
use gto::name::{ArtifactName, StageName};
use gto::query::{self, HistoryOptions, ShowOptions, ShownStage};
use gto::registry::StagesWanted;
use gto::report::EventReport;
use gto::stack::stack;
use gto::state::{Artifact, VersionView};
use gto::time::Timestamp;
use gto::version::VersionLabel;
use gto_frontend::text::shell_quote;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::state::facts::{Fact, Signature};
use crate::state::findings::FoundWrong;
use crate::state::picture::Picture;
use crate::state::repository::ServedRepository;
use crate::state::row::{Placed, Row};
use crate::view::moment::Moment;
use crate::view::params::Params;
use crate::view::timeline::Timeline;

/// So many versions are on a page.
const PAGE: usize = 100;
/// So much of what happened is shown.
const EVENTS: usize = 30;

/// One artifact.
#[derive(Debug, Serialize)]
pub struct ArtifactView {
    pub moment: Moment,
    #[serde(flatten)]
    pub row: Row,
    /// Where its file or folder is.
    pub path: Option<String>,
    /// Anything else that is said of it.
    pub custom: Option<serde_json::Value>,
    /// The file that says what it is.
    pub annotated_in: Option<String>,
    /// The stages in the order of the columns.
    #[serde(skip)]
    pub order: Vec<StageName>,
    /// Whether that is an order that somebody chose, and these are all stages.
    #[serde(skip)]
    pub has_order: bool,
    /// What stages would go back to.
    #[serde(skip)]
    pub earlier: Vec<(StageName, VersionLabel)>,
    pub timeline: Option<Timeline>,
    pub version_list: Vec<ListedVersion>,
    /// Whether commits or signatures of the list are still being looked for.
    pub pending: bool,
    /// How many versions there are on all pages.
    pub total: usize,
    pub page: usize,
    pub pages: usize,
    pub activity: Vec<EventReport>,
    /// What `gto doctor` finds about it, as far as that is known.
    pub findings: Vec<FoundWrong>,
    /// When they were found, if the repository has changed since.
    pub findings_before: Option<Timestamp>,
    /// How to get it.
    #[serde(skip)]
    pub uses: Vec<Use>,
    /// The stage of which that is, if it is of one, and what names it; `None` if nothing can be got.
    #[serde(skip)]
    pub used: Option<(Option<StageName>, String)>,
}

/// A version in the list of an artifact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionRow {
    #[schema(value_type = String)]
    pub version: VersionLabel,
    pub commit: String,
    #[schema(required, value_type = Option<String>)]
    pub since: Option<Timestamp>,
    #[schema(required, value_type = Option<String>)]
    pub author: Option<Arc<str>>,
    pub active: bool,
    pub registered: bool,
    /// The stages that it is in.
    #[schema(value_type = Vec<String>)]
    pub stages: Vec<StageName>,
    /// The subject of its commit, if that could be read.
    #[schema(required)]
    pub subject: Option<String>,
    /// The version below it, to compare with.
    #[schema(required, value_type = Option<String>)]
    pub previous: Option<VersionLabel>,
}

/// A version in the list of an artifact, with what takes longer to find out.
#[derive(Debug, Serialize)]
pub struct ListedVersion {
    #[serde(flatten)]
    pub row: VersionRow,
    /// How many commits it has that the version below it has not; `null` if that is not known.
    pub commits_since_previous: Option<usize>,
    /// What the signature of its tag is worth; `null` if it has no tag, or that is not known yet.
    pub signature: Option<Signature>,
    /// Whether one of these is not known yet.
    pub pending: bool,
}

/// A way to get an artifact.
#[derive(Debug)]
pub struct Use {
    pub name: &'static str,
    pub text: String,
}

/// An artifact of a repository by its name.
pub fn find(picture: &Picture, name: &str, moment: &Moment) -> Result<Artifact, Failure> {
    let parsed = ArtifactName::from_user(name).ok();
    let found = parsed.as_ref().and_then(|name| picture.artifact(name, moment.seconds()));
    found.ok_or_else(|| {
        let shown = name.escape_debug();
        let then = moment.at.as_ref().map(|_| " at that time").unwrap_or_default();
        Failure::not_found(format!("There is no artifact '{shown}'{then}"))
            .hint("the overview lists all artifacts: `/`")
    })
}

impl ArtifactView {
    /// What is known of it. Reads the commits of versions.
    pub fn new(
        app: &App,
        repository: &ServedRepository,
        name: &str,
        moment: Moment,
        params: &Params,
    ) -> Result<Self, Failure> {
        let picture = repository.picture();
        let artifact = find(&picture, name, &moment)?;
        let sourced = moment.annotation_of(&picture, artifact.name());
        let annotation = sourced.as_ref().map(|sourced| &sourced.annotation);
        let now = moment.until.unwrap_or_else(|| app.environment.now());
        let listed = artifact.versions_listed();
        let shown = shown(&artifact, &picture.stages);
        let total = listed.len();
        let pages = total.div_ceil(PAGE).max(1);
        let page = params.number("page", 1, pages);
        let first = (page - 1) * PAGE;
        let on_page = first..total.min(first + PAGE);
        let mut version_list: Vec<ListedVersion> = on_page
            .map(|place| {
                ListedVersion::new(repository, &listed, place, VersionRow::new(&listed, place, &shown))
            })
            .collect();
        add_commits(&picture, version_list.iter_mut().map(|version| &mut version.row));
        if repository.facts().are_wanted() {
            app.refresher.find_facts(repository);
        }
        let timeline = Timeline::new(&artifact, &picture.stages, now);
        let row = Row::new(&repository.id, &artifact, annotation);
        let has_order = picture.snapshot.stages(StagesWanted::Allowed).is_some();
        let used = Used::of(&row, &picture.stages, has_order, &moment);
        let uses = used.as_ref().map(|used| uses(repository, used, annotation)).unwrap_or_default();
        let used = used.map(|used| (used.stage.cloned(), used.reference));
        let newest = HistoryOptions { limit: Some(EVENTS), ..HistoryOptions::default() };
        let mut activity = activity(artifact.clone(), &newest);
        add_messages(&picture, &mut activity);
        let (findings, findings_before) = repository.findings_of(artifact.name());
        Ok(Self {
            moment,
            path: annotation.and_then(|annotation| annotation.path.clone()),
            custom: annotation.map(|annotation| annotation.custom.clone()).filter(|custom| !custom.is_null()),
            annotated_in: sourced.as_ref().map(|Sourced { file, .. }| file.to_string()),
            order: picture.stages.clone(),
            earlier: earlier(&artifact, &picture.stages),
            has_order,
            used,
            row,
            timeline,
            // Of what does not answer nothing more is found out.
            pending: picture.registry.is_some() && version_list.iter().any(|version| version.pending),
            version_list,
            total,
            page,
            pages,
            activity,
            findings,
            findings_before,
            uses,
        })
    }

    /// The stages that something is in, in the order of the columns.
    pub fn in_order(&self) -> Vec<&crate::state::row::InStage> {
        let mut stages: Vec<_> = self.row.stages.iter().collect();
        let place = |stage: &StageName| {
            self.order.iter().position(|known| known == stage).unwrap_or(self.order.len())
        };
        stages.sort_by_key(|found| place(&found.stage));
        stages
    }
}

/// What the stages of an artifact show, in the order of the columns: nothing if it is deprecated.
pub fn shown<'a>(artifact: &'a Artifact, order: &[StageName]) -> Vec<ShownStage<'a>> {
    if !artifact.is_active() {
        return Vec::new();
    }
    let mut stages = query::shown_stages(artifact, &ShowOptions::default());
    stages.sort_by_key(|shown| order.iter().position(|known| known == shown.stage).unwrap_or(order.len()));
    stages
}

/// What each of these stages would go back to, where there is anything.
fn earlier(artifact: &Artifact, stages: &[StageName]) -> Vec<(StageName, VersionLabel)> {
    let below = |stage: &StageName| {
        let below = stack(artifact, stage).get(1).map(|version| version.label().clone());
        Some((stage.clone(), below?))
    };
    stages.iter().filter_map(below).collect()
}

fn activity(artifact: Artifact, options: &HistoryOptions) -> Vec<EventReport> {
    let mut events = EventReport::of(artifact, options);
    events.reverse();
    events.truncate(options.limit.unwrap_or(usize::MAX));
    events
}

impl VersionRow {
    /// The version at a place of the list.
    pub fn new(listed: &[VersionView<'_>], place: usize, shown: &[ShownStage<'_>]) -> Self {
        let version = &listed[place];
        let authoring = version.authoring();
        let below = listed.get(place + 1).filter(|below| below.is_registered());
        // A stage shows one version: those that were there before are in it still, as far as tags go, and not for people.
        let shows =
            |stage: &&ShownStage<'_>| stage.versions.iter().any(|found| found.version().is_same(version));
        Self {
            version: version.label().clone(),
            commit: version.commit().to_string(),
            since: authoring.map(|authoring| authoring.time()),
            author: authoring.map(|authoring| Arc::clone(&authoring.signature().name)),
            active: version.is_active(),
            registered: version.is_registered(),
            stages: shown.iter().filter(shows).map(|stage| stage.stage.clone()).collect(),
            subject: None,
            previous: below.map(|below| below.label().clone()),
        }
    }

    /// The commit for tables.
    pub fn short_commit(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }
}

impl ListedVersion {
    fn new(repository: &ServedRepository, listed: &[VersionView<'_>], place: usize, row: VersionRow) -> Self {
        let (version, facts) = (&listed[place], repository.facts());
        let below = listed.get(place + 1).filter(|_| row.previous.is_some());
        let commits = below.map(|below| facts.commits(below.commit(), version.commit()));
        let tag = version.registrations().next_back();
        let signature = tag.map(|event| facts.signature(&event.tag, event.tag_id));
        Self {
            pending: commits.as_ref().is_some_and(Fact::is_coming)
                || signature.as_ref().is_some_and(Fact::is_coming),
            commits_since_previous: commits.and_then(Fact::value),
            signature: signature.and_then(Fact::value),
            row,
        }
    }
}

/// Reads the subjects of the versions' commits. A version whose commit cannot be read is still a version.
fn add_commits<'r>(picture: &Picture, versions: impl Iterator<Item = &'r mut VersionRow>) {
    let Some(registry) = &picture.registry else { return };
    for version in versions {
        let commit = version.commit.parse().ok().and_then(|id| registry.commit(id).ok());
        version.subject =
            commit.map(|commit| commit.message.lines().next().unwrap_or_default().trim().to_owned());
    }
}

/// What the tags say: a picture has no messages.
pub fn add_messages<'e>(picture: &Picture, events: impl IntoIterator<Item = &'e mut EventReport>) {
    let Some(registry) = &picture.registry else { return };
    for event in events {
        if let Ok(Some(message)) = registry.message(&picture.snapshot, &event.tag) {
            // Most write a line, and some write a book.
            event.message = message.chars().take(2000).collect::<String>().into();
        }
    }
}

/// Which version one would use: what is in production, or in the last stage if stages have an order; otherwise the latest.
struct Used<'a> {
    stage: Option<&'a StageName>,
    placed: &'a Placed,
    /// What names it; of before, the version that it was.
    reference: String,
}

impl<'a> Used<'a> {
    fn of(row: &'a Row, order: &'a [StageName], has_order: bool, moment: &Moment) -> Option<Self> {
        let is_production = |stage: &&StageName| stage.as_str().to_ascii_lowercase().starts_with("prod");
        let mut filled = order.iter().filter(|stage| row.in_stage(stage).is_some());
        let stage = filled.clone().find(is_production).or_else(|| filled.next_back().filter(|_| has_order));
        let placed = stage.and_then(|stage| row.in_stage(stage)).or(row.latest.as_ref())?;
        let name = &row.name;
        let reference = match stage {
            _ if !row.active => return None,
            _ if moment.at.is_some() => format!("{name}@{}", placed.version.number()?),
            Some(stage) => format!("{name}#{stage}"),
            None => format!("{name}@latest"),
        };
        Some(Self { stage, placed, reference })
    }
}

/// How to get it, in the words of each tool.
fn uses(repository: &ServedRepository, used: &Used<'_>, annotation: Option<&Annotation>) -> Vec<Use> {
    let source = repository.shown_source();
    let (quoted, which) = (shell_quote(&source), &used.reference);
    let mut uses = vec![
        Use { name: "Command line", text: format!("gto get {} --repo {quoted}", shell_quote(which)) },
        Use {
            name: "Python",
            text: format!("import gto\n\ngto.get({}, repo={})", python(which), python(&source)),
        },
    ];
    let path = annotation.and_then(|annotation| annotation.path.as_ref());
    if let Some((path, tag)) = path.zip(used.placed.tag.as_ref()).filter(|(path, _)| !path.contains("://")) {
        let text = format!("dvc get {quoted} {} --rev {}", shell_quote(path), shell_quote(tag));
        uses.push(Use { name: "DVC", text });
    }
    uses
}

/// A text as Python writes it.
fn python(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
