//! What to do about what the rules of the registry forbid.

use gto::name::{ArtifactName, StageName};
use gto::rules::Refusal;
use gto::version::Version;

use super::lacking::fetch_tags;
use super::meant;
use super::scene::Scene;
use super::value::{Advice, Part, Step, advice, either};

fn simple() -> Part {
    either("--simple true", "simple=True")
}

fn force() -> Part {
    either("--force", "force=True")
}

pub(super) fn of(refusal: &Refusal, scene: &mut dyn Scene) -> Vec<Advice> {
    of_what_is_there(refusal, scene).or_else(|| of_arguments(refusal)).into_iter().collect()
}

/// Where the registry is not as the write wants it.
fn of_what_is_there(refusal: &Refusal, scene: &mut dyn Scene) -> Option<Advice> {
    Some(match refusal {
        Refusal::ArtifactNotFound { name } => meant::artifact(name, scene),
        Refusal::NotRegistered { artifact, version } | Refusal::VersionNotFound { artifact, version } => {
            meant::version(artifact.as_str(), &version.to_string(), scene)
        }
        Refusal::NotInStage { artifact, version, stage } => {
            meant::stage(artifact.as_str(), &version.to_string(), stage.as_str(), scene).and([
                "; ".into(),
                force(),
                " creates a Git tag nevertheless".into(),
            ])
        }
        Refusal::RegisteredOnCommit { artifact, .. } => {
            let rev = Some("REF".to_owned());
            let register = Step::Register { artifact: artifact.to_string(), rev, version: None };
            advice![
                "register another commit (",
                register,
                "), or add ",
                force(),
                " for one more tag of this version"
            ]
        }
        Refusal::OnlyVersionOnCommit { version } => advice![
            "a commit has one version: leave out ",
            either("--version and --bump-*", "the version"),
            format!(" to register {version} again, or name another commit"),
        ],
        Refusal::VersionTaken { version, commit } => {
            format!("{version} is bound to commit {}: choose another version", commit.short()).into()
        }
        Refusal::VersionHeld { artifact, version, tag } => held(artifact, version, tag, scene),
        Refusal::Deregistered { artifact, version, commit } => {
            let (rev, version) = (Some(commit.short().to_string()), Some(version.to_string()));
            advice![
                "register it again first: ",
                Step::Register { artifact: artifact.to_string(), rev, version }
            ]
        }
        Refusal::OtherVersionOnCommit { .. } => advice![
            "leave out ",
            either("--version", "the version"),
            " to assign the version that is there, or name another commit",
        ],
        Refusal::Deprecated { artifact } => comes_back(artifact),
        Refusal::NoLatest { artifact } => {
            advice![
                Step::register(artifact.as_str()),
                " registers one; ",
                Step::History(artifact.to_string()),
                " lists what there was"
            ]
        }
        Refusal::NothingInStage { artifact, stage } => {
            meant::empty_stage(artifact.as_str(), stage.as_str(), scene)
        }
        Refusal::AlreadyInStage { artifact, .. } => advice![
            format!("'{artifact}' has it there: "),
            either("with --exist-ok that is no failure", "force=True creates one more tag nevertheless"),
        ],
        Refusal::ApprovedAlready { .. } => {
            advice![either("with --exist-ok that is no failure", "nothing is to be done")]
        }
        Refusal::NotApproved { artifact, .. } => {
            advice![format!("`gto approve --list {artifact}` shows who has")]
        }
        Refusal::ApprovalWithdrawn { .. } => {
            advice!["a withdrawal is final for that commit: someone else may approve it"]
        }
        Refusal::NoEarlierVersion { artifact, stage, .. } => advice![
            Step::History(artifact.to_string()),
            " lists what was there; ",
            either(
                format!("`gto rollback {artifact} {stage} --to VERSION`"),
                format!("`registry.rollback('{artifact}', '{stage}', version)`"),
            ),
            " goes back to any of them",
        ],
        Refusal::NeverInStage { artifact, version, stage } => {
            advice!["to put it there: ", assign(artifact, stage, &version.to_string())]
        }
        Refusal::OtherInStage { artifact, stage, .. } => advice![
            "nothing was changed; another user may have assigned: ",
            Step::History(format!("{artifact}#{stage}")),
            " shows who and when",
        ],
        Refusal::DeprecatedAlready | Refusal::DeregisteredAlready { .. } => {
            advice![force(), " creates one more tag nevertheless"]
        }
        Refusal::VersionOnSeveralCommits { .. } | Refusal::CommitWithSeveralVersions { .. } => {
            advice![Step::Doctor, " shows the cause and how to fix it"]
        }
        Refusal::NoTimeLeft { .. } => advice!["delete the tag with that date: ", Step::Doctor, " names it"],
        Refusal::NoCounterLeft { .. } => {
            advice!["delete the tag with that counter; ", Step::Doctor, " names it"]
        }
        _ => return None,
    })
}

/// How a deprecated artifact comes back.
pub(super) fn comes_back(artifact: &ArtifactName) -> Advice {
    let register =
        Step::Register { artifact: artifact.to_string(), rev: Some("REF".to_owned()), version: None };
    advice!["a new version (", register, ") or assignment brings it back"]
}

fn assign(artifact: &ArtifactName, stage: &StageName, version: &str) -> Step {
    let version = Some(version.to_owned());
    Step::Assign { artifact: artifact.to_string(), stage: stage.to_string(), version }
}

/// Where the arguments cannot be meant so.
fn of_arguments(refusal: &Refusal) -> Option<Advice> {
    Some(match refusal {
        Refusal::RevisionAndShortcut => {
            advice!["leave out ", either("--rev", "the revision"), ", or name the artifact alone"]
        }
        Refusal::VersionAndBump => advice![
            "leave out all but one of ",
            either("--version, --bump-major, --bump-minor, --bump-patch", "version and bump"),
        ],
        Refusal::UnreadableVersion(error) => meant::spelling_of_version(&error.0),
        Refusal::InvalidVersion { version } => meant::spelling_of_version(version),
        Refusal::VersionAndSkip => advice![
            "leave out ",
            either("--version or --skip-registration", "the version or skip_registration"),
        ],
        Refusal::StageNotAllowed { stage, allowed } => {
            let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            let close = meant::closest(stage.as_str(), &names).map(|name| format!("did you mean '{name}'? "));
            format!("{}add a stage to `stages` in `.gto` to allow it", close.unwrap_or_default()).into()
        }
        Refusal::ForceWithSimple => advice!["leave out ", simple(), ", or ", force()],
        Refusal::TagExists { .. } => advice!["leave out ", simple(), " to get a tag with a counter"],
        Refusal::NoSuchTagPossible { .. } => {
            "a part between slashes may not be empty, begin with a dot or a dash, end with a dot or `.lock`, \
             or be longer than 250 characters"
                .into()
        }
        _ => return None,
    })
}

/// What to do where a tag that is no event has the name of a version.
fn held(artifact: &ArtifactName, version: &Version, tag: &str, scene: &mut dyn Scene) -> Advice {
    let fetch = scene.registry().and_then(|registry| fetch_tags(&registry));
    let another = advice![
        format!("choose another version than {version}, or leave it out: "),
        Step::register(artifact.as_str()),
        "; ",
    ];
    match fetch {
        None => another.and([Step::Doctor.into(), " shows how to fix the tag".into()]),
        Some(fetch) => another
            .and([format!("if '{tag}' is an annotated tag on the remote, `{fetch}` fetches it").into()]),
    }
}
