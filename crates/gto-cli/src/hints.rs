//! What to type next: the hints under an error, computed from the error itself.
//!
//! The one place where every error of the library gets its advice.

use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use gto::annotation::{Sourced, nearest};
use gto::damage::{Damage, DamagedTag};
use gto::name::ArtifactName;
use gto::query::ShowOptions;
use gto::reference::{Reference, Selector};
use gto::report::VersionReport;
use gto::rules::Refusal;
use gto::tag::TagName;
use gto::version::Version;
use gto::{AnnotateError, Bring, CheckedRef, Detail, Error, Registry};
use gto_frontend::advice::fetch_tags;
use gto_frontend::process::is_remote;
use gto_frontend::text::shell_quote;

use crate::context::Context;
use crate::error::CommandError;

const BUNDLE: &str = "nothing was changed; write in the repository that the bundle is made from, or in a clone of the bundle \
                      without --push";

/// The hints for an error.
pub fn hints(error: &CommandError, context: &mut Context) -> Vec<String> {
    match error {
        CommandError::Arguments { hint, .. } => hint.iter().cloned().collect(),
        CommandError::Meant { hint, .. } => vec![hint.clone()],
        CommandError::Registry(Error::Bundle { .. }) => vec![BUNDLE.to_owned()],
        CommandError::Registry(error) => registry_hints(error, context),
        CommandError::File { .. }
        | CommandError::Output(_)
        | CommandError::Silent
        | CommandError::Different => Vec::new(),
    }
}

fn registry_hints(error: &Error, context: &mut Context) -> Vec<String> {
    let hint = match error {
        Error::Clone { reason, .. } | Error::Fetch { reason, .. } | Error::Push { reason, .. }
            if is_about_logging_in(reason) =>
        {
            LOGIN.to_owned()
        }
        Error::Clone { url, .. } => {
            format!("try whether Git can reach it: `git ls-remote {}`", shell_quote(url))
        }
        Error::Name(_) => "a name looks like model, nlp/model, or folder:model".to_owned(),
        Error::Config(_) => {
            "mend the file or the variable, then run `gto doctor` to see what is in force".to_owned()
        }
        Error::UnreadableFile { .. } => "`.gto` must be a readable file inside the repository".to_owned(),
        Error::Cache { .. } => {
            "it does no harm: what is damaged is not used, and `GTO_CACHE=off` reads past it".to_owned()
        }
        Error::MissingObject { .. } => {
            "in a shallow clone, `git fetch --unshallow`; otherwise `git fsck` tells \
             what else is missing, and another clone may still have it"
                .to_owned()
        }
        Error::Unfetched { .. } => {
            "this clone leaves files with its remote until they are needed: see what Git says to `git fetch`"
                .to_owned()
        }
        Error::DamagedTags { tags } => return damage_hints(tags, context),
        Error::NoEvent { tag, is_lightweight, .. } => no_event_hint(tag, *is_lightweight, context),
        Error::Annotate(error) => return annotate_hint(error, context).into_iter().collect(),
        Error::Refused(refusal) => return refusal_hints(refusal, context),
        Error::Sign { source } => return signing_hints(&source.to_string()),
        Error::RefNotFound { revision } => revision_hint(revision, context),
        Error::NoVersion { .. }
        | Error::SeveralVersions { .. }
        | Error::NotAnnotated { .. }
        | Error::CannotCompare { .. } => return annotation_hints(error, context),
        Error::AmbiguousRef { .. } => "give more digits of the commit id".to_owned(),
        Error::NotACommit { .. } => "name a commit, a branch or a tag of one".to_owned(),
        Error::NoCommit => "make a commit first: versions are bound to commits".to_owned(),
        Error::NoBranch { other, .. } => no_branch_hint(other, context),
        Error::InvalidDate { .. } => {
            "dates look like 2026-11-24, '2026-11-24 10:00', yesterday, '1 day ago', '2 weeks ago'".to_owned()
        }
        Error::InvalidCommitterDate { .. } => {
            "write it as '@1700000000 +0000', '2026-11-24T10:00:00Z' or, for local \
             time, '2026-11-24 10:00:00'"
                .to_owned()
        }
        Error::Quarantined => {
            "nothing was changed; let a `post-receive` hook do it, which runs when the push is taken in"
                .to_owned()
        }
        Error::NoIdentity { .. } => "run `git config --global user.name 'Your Name'` and \
             `git config --global user.email you@example.com`, or pass --author and --author-email"
            .to_owned(),
        Error::Conflict { .. } | Error::Outdated { .. } => {
            "somebody else wrote to this repository just now: look with `gto history`, \
             then run the command again"
                .to_owned()
        }
        Error::Locked { .. } => {
            let lock = error.lock_file().map(|path| shell_quote(&path.display().to_string()));
            let remove = lock.map_or("remove the lock file".to_owned(), |lock| format!("run `rm {lock}`"));
            format!("wait for it and run the command again; if no git and no gto is at work there, {remove}")
        }
        Error::Stopped { .. } => {
            "what was done stays; run the same command again, and it does the rest".to_owned()
        }
        Error::Blocked { by, .. } => {
            format!("Git keeps tags as paths: delete or rename tag '{by}', or choose another name")
        }
        Error::Hook { .. } => "nothing was changed; the hook is `reference-transaction`, in the folder that \
             `git rev-parse --git-path hooks` prints: ask whoever put it there"
            .to_owned(),
        Error::ReadOnly { .. } => {
            "write in a clone on a disk that can be written to, or mount this one so that it can".to_owned()
        }
        Error::NoGit { .. } => {
            "install Git (https://git-scm.com), or add the folder of its program to PATH".to_owned()
        }
        Error::GitSilent { .. } => {
            "GTO_GIT_TIMEOUT=SECONDS gives it longer, GTO_GIT_TIMEOUT=0 as long as it likes; a hook, a \
             signing program or a network may be what it waited for"
                .to_owned()
        }
        Error::PermissionDenied { .. } => "ask the owner of the repository for the right to write".to_owned(),
        Error::TooEarly => "mend GIT_COMMITTER_DATE, or the clock of this machine".to_owned(),
        Error::Git { source: Some(source), .. } if is_about_the_disk(source.as_ref()) => {
            "nothing was changed: look after the disk, then run the command again".to_owned()
        }
        Error::Git { .. } => {
            let repository = shell_quote(&context.repository);
            format!("ask Git what is wrong with the repository: `git -C {repository} fsck`")
        }
        error => {
            let hint = opening_hint(error, context).or_else(|| remote_hint(error, context));
            return hint.into_iter().collect();
        }
    };
    vec![hint]
}

/// How a file gets into the work tree that Git has left out of it.
fn left_out_hint(bring: &Bring) -> String {
    let command = match bring {
        Bring::Folder(folder) => format!("git sparse-checkout add {}", shell_quote(folder)),
        Bring::Pattern(pattern) => format!("git sparse-checkout add {}", shell_quote(pattern)),
        Bring::File(file) => {
            let file = shell_quote(file);
            format!("git update-index --no-skip-worktree {file} && git checkout -- {file}")
        }
        Bring::Everything => {
            return "nothing was changed: check out a branch first, `git checkout BRANCH`".to_owned();
        }
    };
    format!("nothing was changed: to have it, run `{command}` in the root of the repository")
}

/// What to do about damaged tags: what brings the first of them back, by what is wrong with it.
fn damage_hints(tags: &[DamagedTag], context: &mut Context) -> Vec<String> {
    let Some(first) = tags.first() else { return Vec::new() };
    let registry = open(context);
    let remote = registry.as_ref().filter(|registry| registry.has_remote() && registry.url().is_none());
    let remote = remote.map(|registry| registry.fetched_from().unwrap_or_else(|| registry.remote_name()));
    let refspec = shell_quote(&format!("+refs/tags/{0}:refs/tags/{0}", first.name));
    let fetch = remote.map(|remote| format!("git fetch {} {refspec}", shell_quote(&remote)));
    let remove = |file: &Path| format!("rm {}", shell_quote(&file.display().to_string()));
    let elsewhere = "another clone may still have it";
    let mut hints = vec![match (&first.damage, fetch) {
        (Damage::Ref { file: Some(file) } | Damage::Object { file: Some(file), .. }, Some(fetch)) => {
            format!("remove the damaged file, then fetch the tag again: `{} && {fetch}`", remove(file))
        }
        (Damage::Ref { file: Some(file) }, None) => format!(
            "`{}` removes it; if the tag is not packed too, it is lost here: {elsewhere}",
            remove(file)
        ),
        (Damage::Missing { .. }, Some(fetch)) => format!("fetch the tag again: `{fetch}`"),
        (Damage::Missing { .. } | Damage::Object { file: Some(_), .. }, None) => {
            format!("`git fsck` shows what else is missing; {elsewhere}")
        }
        (Damage::Ref { file: None } | Damage::Name, _) => {
            "`git for-each-ref refs/tags` shows what Git makes of it".to_owned()
        }
        (Damage::Object { file: None, .. }, _) => {
            format!("`git fsck` shows what is damaged; make a fresh clone, {elsewhere}")
        }
    }];
    hints.extend(registry.and_then(|registry| registry.borrowed_from()).map(|alternates| {
        format!(
            "objects are borrowed from the folders that '{}' names: are they there?",
            alternates.display()
        )
    }));
    if tags.len() > 1 {
        hints.push("`gto doctor` shows all of them, with what to do".to_owned());
    }
    hints
}

/// What to do where a tag with a name of the registry is no event.
fn no_event_hint(tag: &str, is_lightweight: bool, context: &mut Context) -> String {
    if !is_lightweight {
        return "`gto doctor` shows how to fix it".to_owned();
    }
    let fetch = open(context).and_then(|registry| fetch_tags(&registry));
    let anew = shell_quote(tag);
    match fetch {
        Some(fetch) => format!("a CI checkout may have made it, of an annotated one: `{fetch}` fetches that"),
        None => format!("make it anew as an annotated one: `git tag -a -f -m {anew} {anew} {anew}^{{}}`"),
    }
}

/// What to do where a tag that is no event has the name of a version.
fn held_hint(artifact: &ArtifactName, version: &Version, tag: &str, context: &mut Context) -> String {
    let fetch = open(context).and_then(|registry| fetch_tags(&registry));
    let fix = fetch.map_or_else(
        || "`gto doctor` shows how to fix the tag".to_owned(),
        |fetch| format!("if '{tag}' is an annotated tag on the remote, `{fetch}` fetches it"),
    );
    format!("choose another version than {version}, or leave it out: `gto register {artifact}`; {fix}")
}

/// What to do where there is no repository to be opened, or no ref of it to be read.
fn opening_hint(error: &Error, context: &Context) -> Option<String> {
    Some(match error {
        Error::DamagedPackedRefs { .. } => "`gto doctor` shows how to fix that file".to_owned(),
        Error::NoRepository { path } if context.git_dir().is_some_and(|git_dir| git_dir == *path) => {
            "the variable GIT_DIR names it: unset it, or name a repository with `--repo PATH`".to_owned()
        }
        Error::Untrusted { path, .. } => format!(
            "if you trust it, say so to Git: `git config --global --add safe.directory {}`",
            shell_quote(&path.to_string_lossy())
        ),
        Error::BareNotAllowed { path } => {
            format!("name it in the variable GIT_DIR: `GIT_DIR={}`", shell_quote(&path.to_string_lossy()))
        }
        Error::NoRepository { path } if !Path::new(path).exists() => {
            format!("there is no folder '{path}'")
        }
        Error::NoRepository { .. } => {
            "run this inside a Git repository, name one with `--repo PATH`, or make one with `git init`"
                .to_owned()
        }
        error if error.bad_git_file().is_some_and(|file| file.ends_with(".git")) => {
            let file = error.bad_git_file().unwrap_or(Path::new(".git"));
            let worktree = shell_quote(&file.parent().unwrap_or(file).to_string_lossy());
            format!(
                "'{}' should lead to a repository: if that was moved, run `git worktree repair {worktree}` in it, or for a \
                 submodule `git submodule update --init`; nothing above this folder was looked at",
                file.display()
            )
        }
        Error::Open { path, .. } => format!("see what Git says: `git -C {} status`", shell_quote(path)),
        _ => return None,
    })
}

/// What to do where Git may not ask, or has asked and was told something else than the server wants.
const LOGIN: &str = "nothing was changed; Git logs in with a credential helper, GIT_ASKPASS or a token in the address: see `git help \
                     credentials`; at a terminal it asks";

/// Whether git says that it could not log in, by its own words.
fn is_about_logging_in(reason: &str) -> bool {
    ["could not read Username for", "could not read Password for", "Authentication failed for"]
        .iter()
        .any(|words| reason.contains(words))
}

/// What to do about a lock file on a remote, which goes by itself only if somebody holds it.
const STALE_LOCK: &str = "nothing was changed; if nobody is pushing, a push that broke off left this file on the server: \
                          whoever runs the server removes it, then run the command again";

/// What to do after a push of which a part landed.
const PARTLY: &str = "what landed is so here, too, and the rest is changed neither here nor there: see to what the remote says, \
                      then run the command again for the rest";

/// What to do about a tag in the place of a folder.
const PATHS: &str = "nothing was changed: Git keeps tags as paths; delete or rename that tag on the remote, or choose another \
                     name";

/// What to do about a remote that refuses, is gone, or is not what it should be.
fn remote_hint(error: &Error, context: &Context) -> Option<String> {
    // A remote repository that was cloned for this one command: there is no folder for the user to work in.
    if !Path::new(&context.repository).exists() {
        return Some(match error {
            Error::RemoteLocked { .. } => STALE_LOCK.to_owned(),
            Error::RemoteMoved { .. } => "nothing was changed; run the command again".to_owned(),
            Error::NotAtomic { .. } => "nothing was changed; register first, then assign".to_owned(),
            Error::PartialPush(push) if push.unknown.is_empty() => PARTLY.to_owned(),
            Error::PartialPush(_) => {
                "when it can be reached again, see which of them it has: `git ls-remote --tags URL`".to_owned()
            }
            Error::InTheWay { .. } => PATHS.to_owned(),
            Error::Push { broke_off: true, .. } => {
                "the remote does not have the tags now; if it is still at work they may appear: `git ls-remote --tags URL`"
                    .to_owned()
            }
            Error::MadeThereOnly { .. } | Error::DeletedThereOnly { .. } => {
                "it is done on the remote".to_owned()
            }
            Error::Fetch { .. } | Error::Push { .. } | Error::TooManyTags { .. } => {
                "nothing was changed; see whether Git can reach it: `git ls-remote URL`".to_owned()
            }
            _ => return None,
        });
    }
    let git = |arguments: &str| {
        let repository = &context.repository;
        let folder =
            if repository == "." { String::new() } else { format!("-C {} ", shell_quote(repository)) };
        format!("`git {folder}{arguments}`")
    };
    let words = |tags: &[String]| tags.iter().map(|tag| shell_quote(tag)).collect::<Vec<_>>().join(" ");
    Some(match error {
        Error::UnknownRemote { known, .. } | Error::NoRemote { known } if known.is_empty() => format!(
            "this repository has no remote: add one with {}; a write needs none without --push and --fetch",
            git("remote add origin URL")
        ),
        Error::UnknownRemote { known, .. } => format!(
            "--remote, GTO_REMOTE or `remote` in `.gto` names it; this repository has: {}",
            known.join(", ")
        ),
        Error::NoRemote { known } => format!(
            "this repository has several ({}): choose one with GTO_REMOTE=NAME, or for good with {}",
            known.join(", "),
            git("config remote.pushDefault NAME")
        ),
        Error::ManyAddresses { remote, .. } => format!(
            "nothing was changed; give one of them a remote of its own and name that with GTO_REMOTE or `remote:` in \
             `.gto`: {} shows them, {} adds it",
            git(&format!("remote get-url --push --all {}", shell_quote(remote))),
            git("remote add NAME URL")
        ),
        Error::Fetch { remote, .. } => {
            format!(
                "nothing was changed; see whether Git can reach it: {}",
                git(&format!("ls-remote {}", shell_quote(remote)))
            )
        }
        Error::Differ { remote, tags } => format!(
            "nothing was changed; `gto status` shows both; to take those of {remote}: {}",
            git(&format!("fetch --force {} {}", shell_quote(remote), refspecs(tags)))
        ),
        Error::Push { address, tags, broke_off: true, .. } => format!(
            "nothing was changed here, and {address} does not have the tags now; if it is still at work they may appear: {}",
            git(&format!("ls-remote {} {}", shell_quote(address), full_names(tags)))
        ),
        Error::InTheWay { .. } => PATHS.to_owned(),
        Error::Push { address, .. } => format!(
            "nothing was changed, here or there; look at {} and {}, then run the command again",
            git("remote -v"),
            git(&format!("ls-remote {}", shell_quote(address)))
        ),
        Error::PrePush { .. } => format!(
            "nothing was changed, here or there; the hook is in the folder that {} prints",
            git("rev-parse --git-path hooks")
        ),
        Error::RemoteLocked { .. } => STALE_LOCK.to_owned(),
        Error::RemoteMoved { .. } => "nothing was changed, here or there; run the command again".to_owned(),
        Error::NotAtomic { remote, tags } => format!(
            "nothing was changed, here or there; make the tags one by one, register first, then assign; push those that are \
             here one by one: {}",
            git(&format!("push {} {}", shell_quote(remote), shell_quote(&format!("refs/tags/{}", tags[0]))))
        ),
        Error::TooManyTags { remote, .. } => format!(
            "nothing was changed, here or there; take them artifact by artifact, or push all tags: {}",
            git(&format!("push --atomic --tags {}", shell_quote(remote)))
        ),
        Error::PartialPush(push) if push.unknown.is_empty() => PARTLY.to_owned(),
        Error::PartialPush(push) => format!(
            "none of those that are not known was changed here; when the remote can be reached again, see what it has: {}; \
             `gto status` tells the rest",
            git(&format!("ls-remote {} {}", shell_quote(&push.address), full_names(&push.unknown)))
        ),
        Error::MadeThereOnly { remote, tags, .. } => format!(
            "get them from there: {}",
            git(&format!("fetch {} {}", shell_quote(remote), refspecs(tags)))
        ),
        Error::DeletedThereOnly { tags, .. } => {
            format!("delete them yourself: {}", git(&format!("tag -d {}", words(tags))))
        }
        _ => return None,
    })
}

/// What to ask `git ls-remote` for.
fn full_names(tags: &[String]) -> String {
    const SHOWN: usize = 20;
    let full_name = |tag: &String| shell_quote(&format!("refs/tags/{tag}"));
    tags.iter().take(SHOWN).map(full_name).collect::<Vec<_>>().join(" ")
}

/// What to tell `git fetch` to get these tags and no others.
fn refspecs(tags: &[String]) -> String {
    const SHOWN: usize = 20;
    let refspec = |tag: &String| shell_quote(&format!("refs/tags/{tag}:refs/tags/{tag}"));
    tags.iter().take(SHOWN).map(refspec).collect::<Vec<_>>().join(" ")
}

/// Whether there is no room, or something is wrong with the disk.
fn is_about_the_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::{self, ErrorKind};
    let is_io = |error: &io::Error| {
        let is_eio = error.raw_os_error() == Some(5) && cfg!(unix);
        is_eio || matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
    };
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors.filter_map(|error| error.downcast_ref::<io::Error>()).any(is_io)
}

fn refusal_hints(refusal: &Refusal, context: &mut Context) -> Vec<String> {
    let hint = match refusal {
        Refusal::ArtifactNotFound { name } => return artifact_hints(name, context),
        Refusal::NotRegistered { artifact, version } | Refusal::VersionNotFound { artifact, version } => {
            return version_hints(artifact, &version.to_string(), context);
        }
        Refusal::RevisionAndShortcut => "leave out --rev, or name the artifact alone".to_owned(),
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
        Refusal::VersionHeld { artifact, version, tag } => held_hint(artifact, version, tag, context),
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
        Refusal::NotInStage { artifact, version, stage } => {
            not_in_stage_hint(artifact, &version.to_string(), stage.as_str(), context)
        }
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
    context.open_again(&repository)
}

fn artifact_hints(name: &str, context: &mut Context) -> Vec<String> {
    let Some(registry) = open(context) else { return Vec::new() };
    let names: Vec<String> =
        registry.artifact_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    if let Some(meant) = shortcut_meant(name, &names, &registry) {
        return vec![meant];
    }
    if let Some(hint) = name.parse().ok().and_then(|name| uncommitted(&name, context)) {
        return vec![hint];
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

/// What was meant by a name with more in it than a name, which no shortcut is: `m@1.0.0`, `m#prod#1`.
fn shortcut_meant(text: &str, names: &[String], registry: &Registry) -> Option<String> {
    if text.contains('.')
        && let Some(version) = looks_like_version(text)
    {
        return Some(format!("'{text}' is a version, name its artifact too: `gto show NAME@{version}`"));
    }
    let is_tag = || registry.check_ref(text).is_ok_and(|answer| answer.value != CheckedRef::NoTag);
    if text.parse::<TagName>().is_ok() && is_tag() {
        return Some(format!("'{text}' is a tag: `gto check-ref {}`", shell_quote(text)));
    }
    let (bare, rest) = text.split_at(text.find(['@', '#'])?);
    if !names.iter().any(|known| known == bare) {
        return None;
    }
    let rest = &rest[1..];
    if let Some((version, stage)) = rest.split_once('#')
        && let Some(version) = as_version(version)
    {
        return Some(format!("ask for the version or for the stage: '{bare}@{version}' or '{bare}#{stage}'"));
    }
    let versions = versions_of(registry, bare);
    let is_there = |version: &str| versions.iter().any(|known| known.version.to_string() == version);
    let version = as_version(rest);
    if let Some(version) = version.as_ref().filter(|version| !is_there(version)) {
        return Some(format!("'{bare}' has no version {version}: `gto show {bare}` lists its versions"));
    }
    let stages: Vec<String> = versions.iter().flat_map(stages_of).collect();
    let selector = version
        .map(|version| format!("@{version}"))
        .or_else(|| closest(rest, &["latest".to_owned()]).map(|close| format!("@{close}")))
        .or_else(|| closest(rest, &stages).map(|close| format!("#{close}")));
    Some(match selector {
        Some(selector) => format!("did you mean '{bare}{selector}'?"),
        None => format!("a version is named {bare}@v1.0.0, {bare}@latest or {bare}#stage"),
    })
}

/// Everything that is known of the versions of an artifact; nothing if it does not exist.
fn versions_of(registry: &Registry, name: &str) -> Vec<VersionReport> {
    let reference = Reference { name: name.to_owned(), selector: None };
    let options = ShowOptions { deprecated: true, versions_per_stage: None, ..ShowOptions::default() };
    let answer = registry.show_versions(&reference, &options, Detail::Brief);
    answer.map(|answer| answer.value.versions).unwrap_or_default()
}

fn stages_of(version: &VersionReport) -> Vec<String> {
    version.assignments.iter().map(|known| known.stage.to_string()).collect()
}

fn no_branch_hint(other: &str, context: &Context) -> String {
    let head = format!("symbolic-ref HEAD {}", shell_quote(&format!("refs/heads/{other}")));
    let other = shell_quote(other);
    if is_remote(&context.repository) {
        return format!(
            "name a REF, such as {other}, or set it for all in the remote repository: `git {head}`"
        );
    }
    format!(
        "name a REF, such as {other}, make the first commit on that branch, or leave it: {}",
        git(&head, context)
    )
}

fn revision_hint(revision: &str, context: &mut Context) -> String {
    const SHOWN: usize = 3;
    let registry = open(context);
    let version = looks_like_version(revision).map(|version| format!("@{version}"));
    let tags = registry.as_ref().and_then(|registry| registry.tag_names().ok()).unwrap_or_default();
    let of_version = |tag: &&String| version.as_ref().is_some_and(|version| tag.ends_with(version));
    let tags: Vec<String> =
        tags.iter().filter(of_version).take(SHOWN).map(|tag| format!("'{tag}'")).collect();
    if !tags.is_empty() {
        return format!("did you mean {}?", tags.join(" or "));
    }
    let shallow = registry.is_some_and(|registry| registry.is_shallow());
    let fetch = if shallow { "; this clone is shallow: `git fetch --unshallow` first" } else { "" };
    format!("name a commit, branch or tag that exists here: `git log --oneline --all` lists them{fetch}")
}

fn not_in_stage_hint(artifact: &ArtifactName, version: &str, stage: &str, context: &mut Context) -> String {
    let versions =
        open(context).map(|registry| versions_of(&registry, artifact.as_str())).unwrap_or_default();
    let versions = versions.iter().filter(|known| known.version.to_string() == version);
    let stages: Vec<String> = versions.flat_map(stages_of).filter(|known| known != stage).collect();
    let close = closest(stage, &stages).map(|close| format!("did you mean '{close}'? "));
    format!(
        "{}`gto show {artifact}` lists what is in which stage; --force creates a Git tag nevertheless",
        close.unwrap_or_default()
    )
}

fn version_hints(artifact: &ArtifactName, version: &str, context: &mut Context) -> Vec<String> {
    let Some(registry) = open(context) else { return Vec::new() };
    let reference = Reference { name: artifact.to_string(), selector: None };
    let options = ShowOptions { registered_only: true, deprecated: true, ..ShowOptions::default() };
    let Ok(answer) = registry.show_versions(&reference, &options, Detail::Brief) else {
        let hints = artifact_hints(artifact.as_str(), context).into_iter();
        return hints.map(|hint| format!("there is no artifact '{artifact}': {hint}")).collect();
    };
    let versions: Vec<String> = answer.value.versions.iter().map(|v| v.version.to_string()).collect();
    vec![match closest(version, &versions) {
        Some(close) if close == version => {
            format!(
                "it was taken out of use: `gto history {}` tells when",
                shell_quote(&format!("{artifact}@{version}"))
            )
        }
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
    let versions = versions_of(registry, &reference.name);
    let (wanted, known): (String, Vec<String>) = match reference.selector.as_ref()? {
        Selector::Latest => return None,
        Selector::Version(version) => {
            (format!("@{version}"), versions.iter().map(|known| format!("@{}", known.version)).collect())
        }
        Selector::Stage(stage) => {
            let stages = versions.iter().flat_map(stages_of);
            (format!("#{stage}"), stages.map(|known| format!("#{known}")).collect())
        }
    };
    let close = closest(&wanted, &known).filter(|close| *close != wanted)?;
    Some(format!("did you mean '{}{close}'?", reference.name))
}

/// How to see what is not shown because it was deprecated.
pub fn deprecated_version(
    registry: &Registry,
    name: &str,
    reference: &Reference,
    options: &ShowOptions,
) -> Option<String> {
    let options = ShowOptions { deprecated: true, ..options.clone() };
    let answer = registry.show_versions(reference, &options, Detail::Brief).ok()?;
    let command = format!("gto show {} --deprecated", shell_quote(name));
    (!answer.value.versions.is_empty()).then(|| format!("'{name}' was deprecated: `{command}`"))
}

/// What to do about a registry in which there is nothing.
pub fn nothing_registered(registry: &Registry) -> Option<String> {
    let has_events = registry.tag_names().ok()?.iter().any(|tag| tag.parse::<TagName>().is_ok());
    if has_events {
        return None;
    }
    Some(match fetch_tags(registry) {
        Some(fetch) => format!(
            "no tag of a registry is here: `{fetch}` fetches those of the remote, `gto register NAME` makes the first"
        ),
        None => "`gto register NAME` registers the first version".to_owned(),
    })
}

/// What to do where a version or an annotation was pointed at, and there is none.
fn annotation_hints(error: &Error, context: &mut Context) -> Vec<String> {
    let hint = match error {
        Error::NoVersion { artifact, stage: None } => {
            format!(
                "register one: `gto register {artifact}`; in a fresh clone, fetch the tags first: `git fetch --tags`"
            )
        }
        Error::NoVersion { artifact, stage: Some(stage) } => {
            format!(
                "`gto history {artifact}` tells what was there; `gto assign {artifact} --stage {stage}` puts a version there"
            )
        }
        Error::CannotCompare { artifact, .. } => {
            let first = uncommitted(artifact, context)
                .unwrap_or_else(|| format!("`gto describe {artifact}` tells its path"));
            format!("{first}; leave out --if-changed to register it anyway")
        }
        Error::SeveralVersions { .. } => {
            "name the commit, or a tag; `gto doctor` tells how to mend that".to_owned()
        }
        Error::NotAnnotated { reasons, .. } if !reasons.is_empty() => return reasons.clone(),
        Error::NotAnnotated { artifact, place, .. } => not_annotated_hint(artifact, place),
        _ => return Vec::new(),
    };
    vec![hint]
}

/// What to type if only a file that is not committed says where an artifact lies.
fn uncommitted(artifact: &ArtifactName, context: &mut Context) -> Option<String> {
    let registry = open(context)?;
    let here = registry.annotations_of(artifact, None);
    let here = nearest(&here)?;
    let commit = registry.resolve("HEAD").ok();
    let committed = commit.map(|commit| registry.annotations_of(artifact, Some(commit))).unwrap_or_default();
    let is_known = |known: &Sourced| known.annotation.path.is_some() || known.annotation == here.annotation;
    if nearest(&committed).is_some_and(is_known) {
        return None;
    }
    let file = pathspec(&here.file, context);
    let (add, commit) = (git(&format!("add -- {file}"), context), git(&format!("commit -- {file}"), context));
    Some(format!("'{}' annotates it, and that is not committed: {add}, then {commit}", here.file))
}

/// How the library calls what is in no commit.
const WORK_TREE: &str = "in the work tree";

/// Where an annotation would stand.
fn not_annotated_hint(artifact: &ArtifactName, place: &str) -> String {
    let (folder, name) = artifact.as_str().rsplit_once(':').unwrap_or(("", artifact.as_str()));
    let slash = if folder.is_empty() { "" } else { "/" };
    let or = if folder.is_empty() { " or in `artifacts.yaml`" } else { "" };
    // A version has the commit that it has.
    let elsewhere = if place == WORK_TREE {
        "to see another commit, add `--rev REV`".to_owned()
    } else {
        format!("what the files say now: `gto describe {artifact}`")
    };
    format!("it would stand as '{name}' under `artifacts` in '{folder}{slash}dvc.yaml'{or}; {elsewhere}")
}

/// What to do about an annotation that cannot be changed.
fn annotate_hint(error: &AnnotateError, context: &mut Context) -> Option<String> {
    Some(match error {
        AnnotateError::NoWorkTree { path } => {
            let url = shell_quote(&format!("file://{}", path.display()));
            format!(
                "name it by its address, and a clone is edited and pushed: `--repo {url}`; or work in a clone"
            )
        }
        AnnotateError::Exists { .. } => "`gto describe` tells what is there".to_owned(),
        AnnotateError::NotFound { name, file } => {
            format!("'{file}' has no entry for it; tags are another matter: `gto show {name}`")
        }
        AnnotateError::InOtherFile { name, file } => {
            let to = if file.ends_with("dvc.yaml") { "artifacts" } else { "dvc" };
            format!(
                "leave out --file to edit '{file}', or move it: `gto migrate annotations {name} --to {to}`"
            )
        }
        AnnotateError::PathIsUsed { by, .. } => {
            format!(
                "that is the path of '{by}', or overlaps it: add --allow-same-path if that is as it should be"
            )
        }
        AnnotateError::TypeNotAllowed { kind, types } => {
            let close = closest(kind, types).map(|name| format!("did you mean '{name}'? "));
            format!("{}add a type to `types` in `.gto` to allow it", close.unwrap_or_default())
        }
        AnnotateError::PathNeeded | AnnotateError::NoPath { .. } => "add --path PATH".to_owned(),
        AnnotateError::PathNotThere { .. } => {
            "commit the file first, or leave out --must-exist: what DVC or another store keeps is not in Git"
                .to_owned()
        }
        AnnotateError::PathOutside { .. } => {
            "a path is from the root of the repository; what is elsewhere has an absolute path or an address"
                .to_owned()
        }
        AnnotateError::PathUnprintable { .. } => {
            "give the file a name without them: what reads paths line by line could not name it".to_owned()
        }
        AnnotateError::ReadOnly { file } => {
            format!("nothing was changed; to allow it: `chmod u+w {}`", path_from_here(file, context))
        }
        AnnotateError::NoFolder { folder, .. } if is_remote(&context.repository) => format!(
            "nothing was changed: Git keeps no folder without a file; in a clone, make '{folder}' and run the command there"
        ),
        AnnotateError::NoFolder { folder, .. } => {
            format!("nothing was changed: make it, `mkdir -p {}`", path_from_here(folder, context))
        }
        AnnotateError::LeftOut { bring, .. } => left_out_hint(bring),
        AnnotateError::LabelBothWays { .. } => {
            "nothing was changed: leave out --label or --remove-label".to_owned()
        }
        AnnotateError::HasFolder { .. } => "leave out --file".to_owned(),
        AnnotateError::Text { .. } | AnnotateError::Place { .. } if is_remote(&context.repository) => {
            "nothing was changed: mend that in a clone, and push it".to_owned()
        }
        AnnotateError::Text { .. } | AnnotateError::Place { .. } => {
            "nothing was changed: mend that, or edit the file by hand".to_owned()
        }
        AnnotateError::ReadBack { name, file, reason } if reason.contains("the name must be a text") => {
            let own = name.as_str().rsplit(':').next().unwrap_or_default();
            format!("nothing was changed: write the name in quotes in '{file}', as \"{own}\": …")
        }
        AnnotateError::ReadBack { reason, .. } if !reason.contains("${") && !reason.contains("param") => {
            "nothing was changed: mend that in the file by hand, then run the command again".to_owned()
        }
        AnnotateError::ReadBack { .. } => {
            "nothing was changed; in dvc.yaml `${x}` is a parameter: give `x` a value in params.yaml, or type \
             '\\${x}', in single quotes, for the text itself"
                .to_owned()
        }
        AnnotateError::Unmovable => {
            "nothing was changed: mend what keeps them, name those that should move, or add --skip-unmovable"
                .to_owned()
        }
        AnnotateError::Changed { .. } => "nothing was changed: run the command again".to_owned(),
        AnnotateError::Write { .. } => "nothing was changed: look after the folder and the disk".to_owned(),
        error => return commit_hint(error, context),
    })
}

/// What to do about one that cannot be committed or pushed.
fn commit_hint(error: &AnnotateError, context: &Context) -> Option<String> {
    Some(match error {
        AnnotateError::Uncommitted { file, is_new } => {
            let file = pathspec(file, context);
            let add = is_new
                .then(|| format!("{}, then ", git(&format!("add -- {file}"), context)))
                .unwrap_or_default();
            let commit = git(&format!("commit -- {file}"), context);
            format!("nothing was changed: commit them first ({add}{commit}), or leave out --commit")
        }
        AnnotateError::Commit { left, .. } => match left.as_slice() {
            [] => "nothing was changed; leave out --commit to only edit the file".to_owned(),
            left => {
                let diff = left.iter().map(|file| pathspec(file, context)).collect::<Vec<_>>().join(" ");
                let diff = git(&format!("diff -- {diff}"), context);
                format!(
                    "the file was changed by somebody else meanwhile, such as a hook, and is left so: see {diff}; \
                     if that is as it should be, run the command again"
                )
            }
        },
        AnnotateError::Unfinished { .. } => {
            "the file and the commit are as they should be, and nothing was pushed: see what comes after a \
             commit, such as a hook `post-commit`"
                .to_owned()
        }
        AnnotateError::NoBranch => "nothing was changed: check out a branch, or leave out --push".to_owned(),
        AnnotateError::NotPushed { commit: None, .. } if is_remote(&context.repository) => {
            "nothing was changed: if the remote has newer commits, run the command again".to_owned()
        }
        AnnotateError::NotPushed { remote, .. } => {
            let pull = git("pull --rebase", context);
            let push = git(&format!("push {}", shell_quote(remote)), context);
            format!("push it when that is mended: {push}; if the remote has newer commits, {pull} first")
        }
        AnnotateError::PushInDoubt { remote, .. } => {
            let look = git(&format!("ls-remote --heads {}", shell_quote(remote)), context);
            format!("when the remote can be reached again, see whether it has the commit: {look}")
        }
        _ => return None,
    })
}

/// A command of Git on the repository that was named.
fn git(command: &str, context: &Context) -> String {
    match context.repository.as_str() {
        "." => format!("`git {command}`"),
        repository => format!("`git -C {} {command}`", shell_quote(repository)),
    }
}

/// A file of the repository for a command of Git, which may run in a folder of it.
fn pathspec(file: &str, context: &Context) -> String {
    let is_root = Path::new(&context.repository).join(".git").exists();
    shell_quote(&if is_root { file.to_owned() } else { format!(":/{file}") })
}

/// A file of the repository for a command that knows nothing of Git.
fn path_from_here(file: &str, context: &mut Context) -> String {
    let root = Path::new(&context.repository);
    let path = if root.join(".git").exists() {
        if context.repository == "." { PathBuf::from(file) } else { root.join(file) }
    } else {
        open(context).map_or_else(|| PathBuf::from(file), |registry| registry.root().join(file))
    };
    shell_quote(&path.to_string_lossy())
}

/// What to do if a tag cannot be signed, by what the program said.
fn signing_hints(said: &str) -> Vec<String> {
    let mut hints = Vec::new();
    // What gpg says if its pinentry finds no terminal.
    if said.contains("ioctl") || said.contains("No pinentry") {
        hints.push("gpg finds no terminal to ask for the passphrase in: `export GPG_TTY=$(tty)`".to_owned());
    }
    hints.push(
        "nothing was changed; choose a key with `git config user.signingKey KEY` or --local-user KEY"
            .to_owned(),
    );
    hints.push("--no-sign makes the tag without a signature".to_owned());
    hints
}

/// What to type instead of a command that Git Tag Ops does not have, or has under another name.
pub fn usage(error: &clap::Error) -> Option<&'static str> {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && value.is_empty()
    {
        return Some(match error.get(ContextKind::Custom) {
            Some(ContextValue::Bool(false)) => {
                "a variable of the shell may be unset: \"${NAME:?}\" stops a script there; \
                 leave the argument out if none is meant"
            }
            _ => "a variable of the shell may be unset: \"${NAME:?}\" stops a script there",
        });
    }
    match (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::InvalidArg)) {
        (Some(ContextValue::String(word)), _) => Some(match word.as_str() {
            "unassign" => "unassign a stage with `gto deprecate NAME VERSION STAGE`",
            "deregister" | "unregister" => "deregister a version with `gto deprecate NAME VERSION`",
            "delete" | "remove" | "rm" => {
                "`gto deprecate NAME VERSION` takes a version out of use, with --delete it removes the tags"
            }
            "list" | "ls" => "list the registry with `gto show`",
            _ => return None,
        }),
        (None, Some(ContextValue::Strings(missing)))
            if error.kind() == ErrorKind::MissingRequiredArgument
                && missing.iter().any(|argument| argument.starts_with("--stage")) =>
        {
            Some("`gto assign NAME --version VERSION --stage STAGE`")
        }
        _ => None,
    }
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
        .find(|text| text.parse::<Version>().is_ok())
}

/// As [`as_version`], for text that may be something else: a number alone is rather a commit.
pub fn looks_like_version(text: &str) -> Option<String> {
    if text.starts_with(['v', 'V']) || text.contains('.') { as_version(text) } else { None }
}

/// The candidate that is most like `text`, if any is like it. Equal but for the case is next to equal.
pub fn closest<'a>(text: &str, candidates: &'a [String]) -> Option<&'a str> {
    const LIKE: f64 = 0.8;
    let lower = text.to_lowercase();
    let likeness = |candidate: &String| {
        let bonus = if candidate == text { 1.0 } else { 0.0 };
        bonus + strsim::jaro_winkler(&lower, &candidate.to_lowercase())
    };
    candidates
        .iter()
        .map(|candidate| (likeness(candidate), candidate.as_str()))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
