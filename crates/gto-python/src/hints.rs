//! What to do about an error, in the words of Python.
//!
//! Defines the hint of each error; see `error` for its class.

use gto::config::ConfigError;
use gto::rules::Refusal;
use gto::{AnnotateError, Error};

/// The hint, if it adds something to the error.
pub fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoRepository { .. } => {
            "name the folder of a Git repository, or make one with `git init`".to_owned()
        }
        Error::Untrusted { path, .. } => format!(
            "if you trust it, say so to Git: `git config --global --add safe.directory {}`",
            path.display()
        ),
        Error::BareNotAllowed { path } => {
            format!("name it in the environment variable GIT_DIR: {}", path.display())
        }
        error if error.bad_git_file().is_some_and(|file| file.ends_with(".git")) => {
            "the file .git should lead to a repository: if that was moved, `git worktree repair` in it mends the file"
                .to_owned()
        }
        Error::Open { path, .. } => format!("see what Git says: `git -C '{path}' status`"),
        Error::Clone { url, .. } => format!("try whether Git can reach it: `git ls-remote {url}`"),
        Error::Name(_) => "a name looks like model, nlp/model, or folder:model".to_owned(),
        Error::Config(ConfigError::File { fault, .. } | ConfigError::Variable { fault, .. }) => fault.clone(),
        Error::UnreadableFile { .. } => "it must be a readable file inside the repository".to_owned(),
        Error::Cache { .. } => {
            "it does no harm; with the environment variable GTO_CACHE=off nothing is kept".to_owned()
        }
        Error::DamagedPackedRefs { .. } => "`gto doctor` shows how to fix that file".to_owned(),
        Error::DamagedTags { .. } | Error::NoEvent { .. } => {
            "`gto doctor` shows how to fix it; in a clone, `git fetch --tags --force` may do".to_owned()
        }
        Error::Refused(refusal) => return of_refusal(refusal),
        Error::Annotate(AnnotateError::PathIsUsed { .. }) => {
            "name another path; `gto annotate --allow-same-path` takes this one nevertheless".to_owned()
        }
        Error::Annotate(AnnotateError::TypeNotAllowed { .. }) => {
            "add the type to `types` in .gto to allow it".to_owned()
        }
        Error::RefNotFound { .. } | Error::NotACommit { .. } => {
            "name a commit, a branch, or a tag of one".to_owned()
        }
        Error::AmbiguousRef { .. } => "give more digits of the commit id".to_owned(),
        Error::NoCommit => "make a commit first: versions are bound to commits".to_owned(),
        Error::NoBranch { other, .. } => {
            format!("name a commit or a branch, such as {other}, or set it there: `git symbolic-ref HEAD refs/heads/{other}`")
        }
        Error::InvalidDate { .. } => {
            "dates look like 2026-11-24, '2026-11-24 10:00', yesterday, '2 weeks ago'".to_owned()
        }
        Error::InvalidCommitterDate { .. } => {
            "write it as '@1700000000 +0000' or '2026-11-24T10:00:00Z'".to_owned()
        }
        Error::NoIdentity { .. } => {
            "set user.name and user.email with `git config --global`, or pass author= and author_email="
                .to_owned()
        }
        Error::Outdated { .. } => "plan it again".to_owned(),
        Error::Conflict { .. } => "somebody else wrote just now: look, then try again".to_owned(),
        Error::Locked { .. } => match error.lock_file() {
            Some(path) => format!(
                "wait and try again; if no git and no gto is at work there, remove {}",
                path.display()
            ),
            None => "wait and try again".to_owned(),
        },
        Error::Stopped { .. } => "what was done stays; the same call again does the rest".to_owned(),
        Error::Blocked { .. } => "Git keeps tags as paths: choose another name".to_owned(),
        Error::TooEarly => "mend GIT_COMMITTER_DATE, or the clock of this machine".to_owned(),
        error => return of_git_or_remote(error),
    })
}

/// Of what Git, a disk or a remote did not do.
fn of_git_or_remote(error: &Error) -> Option<String> {
    let hint = match error {
        Error::Hook { .. } => "nothing was changed; the hook is `reference-transaction` of the repository",
        Error::PermissionDenied { .. } | Error::ReadOnly { .. } => {
            "nothing was changed: write where you may, in a clone for example"
        }
        Error::Quarantined => "nothing was changed; let a `post-receive` hook do it",
        Error::NoGit { .. } => "install Git (https://git-scm.com), or add the folder of its program to PATH",
        Error::Sign { .. } => {
            "nothing was changed; sign=False leaves the tag unsigned, whatever the settings say"
        }
        Error::MissingObject { .. } => {
            "in a shallow clone, `git fetch --unshallow`; otherwise `git fsck` tells what is missing"
        }
        Error::Unfetched { .. } => "see what Git says to `git fetch`",
        Error::Git { .. } => "ask Git what is wrong: `git fsck`",
        Error::UnknownRemote { known, .. } | Error::NoRemote { known } if !known.is_empty() => {
            let known = known.join(", ");
            return Some(format!("this repository has: {known}; GTO_REMOTE or `remote` in .gto names one"));
        }
        Error::UnknownRemote { .. } | Error::NoRemote { .. } => {
            "this repository has no remote: add one with `git remote add origin URL`"
        }
        Error::Bundle { .. } => {
            "nothing was changed; write in the repository that the bundle is made from, or in a clone without push=True"
        }
        Error::ManyAddresses { .. } => {
            "nothing was changed; give one address a remote of its own, and name that with GTO_REMOTE"
        }
        Error::Push { broke_off: true, .. } => {
            "nothing was changed here; the remote does not have the tags now, but may be still at work: look again"
        }
        Error::InTheWay { .. } => {
            "nothing was changed: Git keeps tags as paths; delete that tag on the remote, or choose another name"
        }
        Error::Fetch { .. } | Error::Push { .. } | Error::TooManyTags { .. } => {
            "nothing was changed, here or there; see whether Git can reach the remote, then try again"
        }
        Error::PrePush { .. } => {
            "nothing was changed, here or there; the hook is `pre-push` of this repository"
        }
        Error::RemoteMoved { .. } => "nothing was changed, here or there; try again",
        Error::RemoteLocked { .. } => {
            "nothing was changed; if nobody is pushing, a lock file was left on the server"
        }
        Error::NotAtomic { .. } => {
            "nothing was changed, here or there; make the tags one by one: register, then assign"
        }
        Error::Differ { .. } => "nothing was changed; `gto status` shows both",
        Error::PartialPush(push) if push.unknown.is_empty() => {
            "what landed is so here, too, and the rest is changed neither here nor there: try again for the rest"
        }
        Error::PartialPush(_) => {
            "none of those that are not known was changed here; when the remote can be reached again, `gto status` tells"
        }
        Error::MadeThereOnly { .. } => "get the tags from there: `git fetch --tags`",
        Error::DeletedThereOnly { .. } => "delete the tags here, too: `git tag -d`",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn of_refusal(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::VersionAndBump => "leave out all but one of version, bump_major, bump_minor, bump_patch",
        Refusal::RegisteredOnCommit { .. } => {
            "register another commit, or pass force=True for one more tag of this version"
        }
        Refusal::OnlyVersionOnCommit { .. } => {
            "a commit has one version: leave out the version, or name another commit"
        }
        Refusal::VersionTaken { commit, .. } => {
            return Some(format!("it is bound to commit {}: choose another version", commit.short()));
        }
        Refusal::VersionHeld { .. } => "choose another version, or leave it out",
        Refusal::UnreadableVersion(_) => "a version looks like v1.0.0",
        Refusal::VersionAndSkip => "leave out name_version or skip_registration",
        Refusal::StageNotAllowed { .. } => "add the stage to `stages` in .gto to allow it",
        Refusal::NotRegistered { artifact, .. } | Refusal::VersionNotFound { artifact, .. } => {
            return Some(format!("the versions of it: gto.api.show(name='{artifact}')"));
        }
        Refusal::Deregistered { .. } => "register it again first, at its commit",
        Refusal::OtherVersionOnCommit { .. } => {
            "leave out the version to assign the one that is there, or name another commit"
        }
        Refusal::ArtifactNotFound { .. } => {
            "the artifacts are the keys of gto.api.show(); in a clone without tags, `git fetch --tags`"
        }
        Refusal::AlreadyInStage { .. } | Refusal::DeregisteredAlready { .. } | Refusal::DeprecatedAlready => {
            "force=True creates one more tag nevertheless"
        }
        Refusal::ForceWithSimple => "leave out simple=True, or force=True",
        Refusal::TagExists { .. } => "leave out simple=True to get a tag with a counter",
        Refusal::NoSuchTagPossible { .. } => {
            "a part between slashes may not be empty, begin with a dot or a dash, or end with `.lock`"
        }
        Refusal::VersionOnSeveralCommits { .. } | Refusal::CommitWithSeveralVersions { .. } => {
            "`gto doctor` shows how to mend it"
        }
        Refusal::NoTimeLeft { .. } | Refusal::NoCounterLeft { .. } => {
            "delete the tag that `gto doctor` names"
        }
        Refusal::InvalidVersion { .. }
        | Refusal::NoNextVersion { .. }
        | Refusal::NotInStage { .. }
        | Refusal::NeverRegistered { .. }
        | Refusal::NoTags
        | Refusal::RevisionAndShortcut
        | Refusal::TagNotFound { .. } => return None,
    };
    Some(hint.to_owned())
}
