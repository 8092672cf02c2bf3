//! One version of an artifact, and two of them side by side.

use gto::name::StageName;
use gto::object_id::ObjectId;
use gto::query::ShownStage;
use gto::reference::Selector;
use gto::state::{Artifact, VersionView as View};
use gto::time::Timestamp;
use gto::version::VersionLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::state::facts::Signature;
use crate::state::picture::Picture;
use crate::state::repository::ServedRepository;
use crate::view::artifact::{VersionRow, find, shown};
use crate::view::commits::{CommitLine, CommitLines};
use crate::view::content::Content;
use crate::view::difference::Differences;
use crate::view::moment::Moment;
use crate::view::timeline::{Stay, Timeline};

/// One version of an artifact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VersionDetail)]
pub struct VersionPage {
    pub moment: Moment,
    pub repo: String,
    pub artifact: String,
    #[serde(flatten)]
    pub row: VersionRow,
    /// The tag that registered it, and what it says.
    #[schema(required)]
    pub tag: Option<String>,
    #[schema(required)]
    pub message: Option<String>,
    #[schema(required)]
    pub signature: Option<Signature>,
    /// Where it is and was.
    pub stays: Vec<StayIn>,
    #[schema(required)]
    pub commit_line: Option<CommitLine>,
    /// Since the version before.
    pub commits: CommitLines,
    #[schema(required)]
    pub differences: Option<Differences>,
    pub content: Content,
    pub approvals: Vec<Approval>,
}

/// A version in a stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StayIn {
    #[schema(value_type = String)]
    pub stage: StageName,
    #[serde(flatten)]
    pub stay: Stay,
}

/// That somebody approved the version for a stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approval {
    #[schema(value_type = String)]
    pub stage: StageName,
    pub by: String,
    #[schema(value_type = String)]
    pub at: Timestamp,
    pub withdrawn: bool,
}

/// Two versions of an artifact.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comparison {
    pub moment: Moment,
    pub repo: String,
    pub artifact: String,
    pub from: Side,
    pub to: Side,
    pub commits: CommitLines,
    pub differences: Differences,
    pub problems: Vec<String>,
    /// The stages that the second one could go to.
    #[schema(value_type = Vec<String>)]
    pub stages: Vec<StageName>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Side {
    #[schema(value_type = String)]
    pub version: VersionLabel,
    #[schema(required, value_type = Option<String>)]
    pub since: Option<Timestamp>,
    #[schema(required)]
    pub author: Option<String>,
    #[schema(value_type = Vec<String>)]
    pub stages: Vec<StageName>,
}

/// The version that a text names: `v1.0.0`, `latest`, `#prod`, or a commit.
pub fn pick<'a>(artifact: &'a Artifact, text: &str) -> Result<View<'a>, Failure> {
    let by_label = artifact.versions_listed().into_iter().find(|version| version.label().to_string() == text);
    let found = by_label.or_else(|| match Selector::of(text, artifact.name())? {
        // Of what is deprecated nothing is in use.
        Selector::Latest | Selector::Stage(_) if !artifact.is_active() => None,
        Selector::Latest => artifact.latest(),
        Selector::Stage(stage) => gto::query::shown_in(artifact, &stage),
        Selector::Version(_) => None,
    });
    found.ok_or_else(|| {
        Failure::not_found(format!("'{}' has no version '{}'", artifact.name(), text.escape_debug()))
            .hint("the page of the artifact lists its versions")
    })
}

impl VersionPage {
    /// What is known of it. Reads its commit.
    pub fn new(
        app: &App,
        repository: &ServedRepository,
        name: &str,
        text: &str,
        moment: Moment,
    ) -> Result<Self, Failure> {
        let picture = repository.picture();
        let artifact = find(&picture, name, &moment)?;
        let version = pick(&artifact, text)?;
        let registry = picture.registry.clone().ok_or_else(not_read)?;
        let listed = artifact.versions_listed();
        let place = listed.iter().position(|other| other.is_same(&version)).unwrap_or_default();
        let row = VersionRow::new(&listed, place, &shown(&artifact, &picture.stages));
        let before = listed.get(place + 1).filter(|before| before.is_registered());
        let content = Content::read(&registry, artifact.name(), version.commit());
        let old = before.map(|before| Content::read(&registry, artifact.name(), before.commit()));
        let now = moment.until.unwrap_or_else(|| app.environment.now());
        let tag = version.registrations().next_back().map(|event| event.tag.clone());
        Ok(Self {
            repo: repository.id.to_string(),
            artifact: artifact.name().to_string(),
            message: tag.as_ref().and_then(|tag| registry.message(&picture.snapshot, tag).ok().flatten()),
            signature: tag.as_ref().and_then(|tag| Signature::of(&registry, tag)),
            stays: stays(&artifact, &picture, version.label(), now),
            commit_line: registry.commit(version.commit()).ok().map(CommitLine::from),
            commits: before
                .map(|before| CommitLines::between(&registry, before.commit(), version.commit()))
                .unwrap_or_default(),
            differences: old.map(|old| Differences::new(&old, &content)),
            approvals: approvals(&picture, &artifact, version.label(), version.commit()),
            content,
            tag,
            row,
            moment,
        })
    }
}

fn not_read() -> Failure {
    Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "The repository was not read yet")
}

fn stays(artifact: &Artifact, picture: &Picture, label: &VersionLabel, now: Timestamp) -> Vec<StayIn> {
    let lanes =
        Timeline::new(artifact, &picture.stages, now).map(|timeline| timeline.lanes).unwrap_or_default();
    let of_lane = lanes.into_iter().flat_map(|lane| {
        let stage = lane.stage;
        lane.stays.into_iter().map(move |stay| StayIn { stage: stage.clone(), stay })
    });
    let mut found: Vec<StayIn> = of_lane.filter(|found| found.stay.version == *label).collect();
    found.sort_by_key(|found| (found.stay.to.is_some(), std::cmp::Reverse(found.stay.from.seconds())));
    found
}

fn approvals(
    picture: &Picture,
    artifact: &Artifact,
    label: &VersionLabel,
    commit: ObjectId,
) -> Vec<Approval> {
    let found = picture.registry.as_ref().and_then(|registry| registry.approvals(Some(artifact.name())).ok());
    let all = found.map(|answer| answer.value).unwrap_or_default();
    let is_of_it = |tag: &gto::approval::ApprovalTag| {
        !tag.name.is_withdrawal && tag.commit == commit && label.number() == Some(&tag.name.version)
    };
    let approval = |tag: gto::approval::ApprovalTag| Approval {
        stage: tag.name.stage.clone(),
        by: tag.tagger.name.to_string(),
        at: tag.tagger.time,
        withdrawn: tag.is_withdrawn,
    };
    all.into_iter().filter(is_of_it).map(approval).collect()
}

impl Comparison {
    /// From one version to the other. Reads both commits.
    pub fn new(
        repository: &ServedRepository,
        name: &str,
        (from, to): (&str, &str),
        moment: Moment,
    ) -> Result<Self, Failure> {
        let picture = repository.picture();
        let artifact = find(&picture, name, &moment)?;
        let (from, to) = (pick(&artifact, from)?, pick(&artifact, to)?);
        let registry = picture.registry.clone().ok_or_else(not_read)?;
        let (old, new) = (
            Content::read(&registry, artifact.name(), from.commit()),
            Content::read(&registry, artifact.name(), to.commit()),
        );
        let commits = CommitLines::between(&registry, from.commit(), to.commit());
        let mut problems: Vec<String> =
            old.problems.iter().map(|problem| format!("{}: {problem}", from.label().short())).collect();
        problems.extend(new.problems.iter().map(|problem| format!("{}: {problem}", to.label().short())));
        let (from, to) =
            (Side::new(&artifact, from, &picture.stages), Side::new(&artifact, to, &picture.stages));
        Ok(Self {
            moment,
            repo: repository.id.to_string(),
            artifact: artifact.name().to_string(),
            commits,
            differences: Differences::new(&old, &new),
            stages: picture.stages.iter().filter(|stage| !to.stages.contains(stage)).cloned().collect(),
            from,
            to,
            problems,
        })
    }
}

impl Side {
    fn new(artifact: &Artifact, version: View<'_>, order: &[StageName]) -> Self {
        let authoring = version.authoring();
        let shown = shown(artifact, order);
        let shows =
            |stage: &&ShownStage<'_>| stage.versions.iter().any(|found| found.version().is_same(&version));
        Self {
            version: version.label().clone(),
            since: authoring.map(|authoring| authoring.time()),
            author: authoring.map(|authoring| authoring.signature().name.to_string()),
            stages: shown.iter().filter(shows).map(|stage| stage.stage.clone()).collect(),
        }
    }
}
