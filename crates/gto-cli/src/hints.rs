//! What to type next: the hints under an error, computed from the error itself.
//!
//! The one place where every error of the library gets its advice.

use gto::Error;
use gto::name::ArtifactName;
use gto::query::ShowOptions;
use gto::reference::{Reference, Selector};
use gto::rules::Refusal;
use gto::{Detail, Registry};

use crate::context::Context;
use crate::error::CommandError;
use crate::output::shell_quote;

/// The hints for an error.
pub fn hints(error: &CommandError, context: &mut Context) -> Vec<String> {
    match error {
        CommandError::Arguments { hint, .. } => hint.iter().cloned().collect(),
        CommandError::Registry(error) => registry_hints(error, context),
        CommandError::File { .. } | CommandError::Output(_) | CommandError::Silent => Vec::new(),
    }
}

fn registry_hints(error: &Error, context: &mut Context) -> Vec<String> {
    let hint = match error {
        Error::NoRepository { path } if !std::path::Path::new(path).exists() => {
            format!("there is no folder '{path}'")
        }
        Error::NoRepository { .. } => {
            "run this inside a Git repository, name one with `--repo PATH`, or make one with `git init`"
                .to_owned()
        }
        Error::Open { path, .. } => format!("see what Git says: `git -C {} status`", shell_quote(path)),
        Error::Clone { url, .. } => {
            format!("try whether Git can reach it: `git ls-remote {}`", shell_quote(url))
        }
        Error::Name(_) => "a name looks like model, nlp/model, or folder:model".to_owned(),
        Error::Config(_) => {
            "mend the file or the variable, then run `gto doctor` to see what is in force".to_owned()
        }
        Error::UnreadableFile { .. } => "`.gto` must be a readable file inside the repository".to_owned(),
        Error::MissingObject { .. } => {
            "in a shallow clone, `git fetch --unshallow`; otherwise `git fsck` tells \
             what else is missing, and another clone may still have it"
                .to_owned()
        }
        Error::Refused(refusal) => return refusal_hints(refusal, context),
        Error::RefNotFound { .. } => {
            "name a commit, branch or tag that exists here: `git log --oneline --all` lists them; \
             in a shallow clone, `git fetch --unshallow` first"
                .to_owned()
        }
        Error::AmbiguousRef { .. } => "give more digits of the commit id".to_owned(),
        Error::NotACommit { .. } => "name a commit, a branch or a tag of one".to_owned(),
        Error::NoCommit => "make a commit first: versions are bound to commits".to_owned(),
        Error::InvalidDate { .. } => {
            "dates look like 2026-11-24, '2026-11-24 10:00', '2 weeks ago'".to_owned()
        }
        Error::NoIdentity { .. } => "run `git config --global user.name 'Your Name'` and \
             `git config --global user.email you@example.com`, or pass --author and --author-email"
            .to_owned(),
        Error::Conflict { .. } => {
            "somebody else wrote to this repository just now: look with `gto history`, \
             then run the command again"
                .to_owned()
        }
        Error::Locked { .. } => {
            "wait for it and run the command again; if nothing runs, remove the lock file".to_owned()
        }
        Error::Blocked { by, .. } => {
            format!("Git keeps tags as paths: delete or rename tag '{by}', or choose another name")
        }
        Error::PermissionDenied { .. } => "ask the owner of the repository for the right to write".to_owned(),
        Error::Push { remote, .. } => format!(
            "nothing was changed, here or there; look at `git remote -v` and `git fetch --tags {remote}`, \
             then run the command again"
        ),
        Error::PushNotUndone { tags, .. } | Error::DeletedThereOnly { tags, .. } => {
            let tags: Vec<String> = tags.iter().map(|tag| shell_quote(tag)).collect();
            format!("delete them yourself: `git tag -d {}`", tags.join(" "))
        }
        Error::TooEarly => "mend GIT_COMMITTER_DATE, or the clock of this machine".to_owned(),
        Error::Git { .. } => {
            let repository = shell_quote(&context.repository);
            format!("ask Git what is wrong with the repository: `git -C {repository} fsck`")
        }
        _ => return Vec::new(),
    };
    vec![hint]
}

fn refusal_hints(refusal: &Refusal, context: &mut Context) -> Vec<String> {
    let hint = match refusal {
        Refusal::ArtifactNotFound { name } => return artifact_hints(name, context),
        Refusal::NotRegistered { artifact, version } | Refusal::VersionNotFound { artifact, version } => {
            return version_hints(artifact, &version.to_string(), context);
        }
        Refusal::VersionAndBump => {
            "leave out all but one of --version, --bump-major, --bump-minor, --bump-patch".to_owned()
        }
        Refusal::RegisteredOnCommit { artifact, .. } => format!(
            "register another commit (`gto register {artifact} REF`), or add --force for one more tag of this version"
        ),
        Refusal::OnlyVersionOnCommit { version } => {
            format!(
                "a commit has one version: leave out --version and --bump-* to register {version} again, or name another commit"
            )
        }
        Refusal::VersionTaken { version, commit } => {
            format!("{version} is bound to commit {}: choose another version", commit.short())
        }
        Refusal::UnreadableVersion(error) => spelling_of_version(&error.0),
        Refusal::InvalidVersion { version } => spelling_of_version(version),
        Refusal::VersionAndSkip => "leave out --version or --skip-registration".to_owned(),
        Refusal::StageNotAllowed { stage, allowed } => {
            let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            let close = closest(stage.as_str(), &names).map(|name| format!("did you mean '{name}'? "));
            format!("{}add a stage to `stages` in `.gto` to allow it", close.unwrap_or_default())
        }
        Refusal::Deregistered { artifact, version, commit } => format!(
            "register it again first: `gto register {} {} --version {version}`",
            shell_quote(artifact.as_str()),
            commit.short()
        ),
        Refusal::OtherVersionOnCommit { .. } => {
            "leave out --version to assign the version that is there, or name another commit".to_owned()
        }
        Refusal::NotInStage { .. } => "`gto show NAME` lists what is in which stage; \
             --force creates a Git tag nevertheless"
            .to_owned(),
        Refusal::ForceWithSimple => "leave out --simple true, or --force".to_owned(),
        Refusal::DeprecatedAlready | Refusal::DeregisteredAlready { .. } => {
            "--force creates one more tag nevertheless".to_owned()
        }
        Refusal::TagExists { .. } => "leave out --simple true to get a tag with a counter".to_owned(),
        Refusal::NoSuchTagPossible { .. } => {
            "a part between slashes may not be empty, begin with a dot or a dash, end with a dot or `.lock`, \
             or be longer than 250 characters"
                .to_owned()
        }
        Refusal::VersionOnSeveralCommits { .. } | Refusal::CommitWithSeveralVersions { .. } => {
            "`gto doctor` shows how that came about and how to mend it".to_owned()
        }
        Refusal::NoTimeLeft { .. } => "delete the tag with that date: `gto doctor` names it".to_owned(),
        Refusal::NoCounterLeft { .. } => "delete the tag with that counter; `gto doctor` names it".to_owned(),
        _ => return Vec::new(),
    };
    vec![hint]
}

fn open(context: &mut Context) -> Option<Registry> {
    let repository = context.repository.clone();
    context.open(&repository).ok()
}

fn artifact_hints(name: &str, context: &mut Context) -> Vec<String> {
    let Some(registry) = open(context) else { return Vec::new() };
    let names: Vec<String> =
        registry.artifact_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    // `m@1.0.0` is no shortcut, so that all of it was taken for a name.
    let bare = name.split(['@', '#']).next().unwrap_or(name);
    if bare != name && names.iter().any(|known| known == bare) {
        let rest = &name[bare.len() + 1..];
        let close = as_version(rest).map(|version| format!("{bare}@{version}"));
        return vec![match close {
            Some(close) => format!("did you mean '{close}'?"),
            None => format!("a version is named {bare}@v1.0.0, {bare}@latest or {bare}#stage"),
        }];
    }
    vec![match closest(name, &names) {
        Some(close) if close == name => {
            "it has tags, but none that can be read: `gto doctor` says why".to_owned()
        }
        Some(close) => format!("did you mean '{close}'?"),
        None if names.is_empty() => "nothing is registered here yet: `gto register NAME`; \
             in a fresh clone, fetch the tags first: `git fetch --tags`"
            .to_owned(),
        None => "`gto show` lists the artifacts".to_owned(),
    }]
}

fn version_hints(artifact: &ArtifactName, version: &str, context: &mut Context) -> Vec<String> {
    let Some(registry) = open(context) else { return Vec::new() };
    let reference = Reference { name: artifact.to_string(), selector: None };
    let options = ShowOptions { registered_only: true, deprecated: true, ..ShowOptions::default() };
    let Ok(answer) = registry.show_versions(&reference, &options, Detail::Brief) else {
        return artifact_hints(artifact.as_str(), context);
    };
    let versions: Vec<String> = answer.value.versions.iter().map(|v| v.version.to_string()).collect();
    vec![match closest(version, &versions) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("`gto show {artifact}` lists its versions"),
    }]
}

/// The artifact or shortcut that somebody meant for which the journal has nothing.
pub fn nothing_in_history(name: &str, context: &mut Context) -> Vec<String> {
    let reference = Reference::parse(name);
    let Some(registry) = open(context) else { return Vec::new() };
    let is_known = |known: &ArtifactName| known.as_str() == reference.name;
    if registry.artifact_names().unwrap_or_default().iter().any(is_known) {
        return similar_shortcut(&registry, &reference).into_iter().collect();
    }
    artifact_hints(&reference.name, context)
}

/// The shortcut that somebody meant whose version or stage the artifact does not have.
pub fn similar_shortcut(registry: &Registry, reference: &Reference) -> Option<String> {
    let everything = Reference { name: reference.name.clone(), selector: None };
    let options = ShowOptions { deprecated: true, versions_per_stage: None, ..ShowOptions::default() };
    let versions = registry.show_versions(&everything, &options, Detail::Brief).ok()?.value.versions;
    let (wanted, known): (String, Vec<String>) = match reference.selector.as_ref()? {
        Selector::Latest => return None,
        Selector::Version(version) => {
            (format!("@{version}"), versions.iter().map(|known| format!("@{}", known.version)).collect())
        }
        Selector::Stage(stage) => {
            let stages = versions.iter().flat_map(|version| &version.stages);
            (format!("#{stage}"), stages.map(|known| format!("#{}", known.stage)).collect())
        }
    };
    let close = closest(&wanted, &known).filter(|close| *close != wanted)?;
    Some(format!("did you mean '{}{close}'?", reference.name))
}

fn spelling_of_version(text: &str) -> String {
    match as_version(text) {
        Some(version) => format!("did you mean {version}?"),
        None => "a version looks like v1.0.0, v2.1.0-rc.1 or v1.0.0+build.5 (https://semver.org, with a leading `v`)"
            .to_owned(),
    }
}

/// The version that somebody meant who left out the `v` or some zeros.
fn as_version(text: &str) -> Option<String> {
    let number = text.trim_start_matches(['v', 'V']);
    ["", ".0", ".0.0"]
        .iter()
        .map(|zeros| format!("v{number}{zeros}"))
        .find(|text| text.parse::<gto::version::Version>().is_ok())
}

/// The candidate that is most like `text`, if any is like it.
pub fn closest<'a>(text: &str, candidates: &'a [String]) -> Option<&'a str> {
    const LIKE: f64 = 0.8;
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(text, candidate), candidate.as_str()))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
