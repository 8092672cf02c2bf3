//! What to do where Git, a disk, a setting or an argument keeps gto from its work.

use gto::name::{ArtifactName, InvalidName};
use gto::tag::TagName;
use gto::{Error, Registry};

use super::lacking::fetch_tags;
use super::meant::looks_like_version;
use super::scene::Scene;
use super::value::{Advice, Part, Step, advice, either, git};
use crate::process::is_remote;
use crate::text::shell_quote;

/// The same command or call once more.
pub(super) fn again() -> Part {
    either("run the command again", "try again")
}

/// What to do where Git may not ask, or has asked and was told something else than the server wants.
const LOGIN: &str = "nothing was changed; Git logs in with a credential helper, GIT_ASKPASS or a token in the address: see `git help \
                     credentials`; at a terminal it asks";

pub(super) fn of(error: &Error, scene: &mut dyn Scene) -> Option<Advice> {
    Some(match error {
        Error::Clone { login: true, .. }
        | Error::Fetch { login: true, .. }
        | Error::Push { login: true, .. } => LOGIN.into(),
        Error::Clone { url, .. } => {
            format!("try whether Git can reach it: `git ls-remote {}`", shell_quote(url)).into()
        }
        Error::NoRoom { .. } => {
            "make room there, as `gto cache clear --remotes` does, or set `GTO_CACHE_DIR` to a folder on \
                                 another disk"
                .into()
        }
        Error::Bundle { .. } => advice![
            "nothing was changed; write in the repository that the bundle is made from, or in a clone of the bundle without ",
            either("--push", "push=True"),
        ],
        Error::Name(InvalidName(text)) => of_name(text),
        Error::Config(_) => {
            advice![
                "fix the file or the variable, then run ",
                Step::Doctor,
                " to see the effective configuration"
            ]
        }
        Error::UnreadableFile { .. } => "`.gto` must be a readable file inside the repository".into(),
        Error::Cache { .. } => {
            "it does no harm: what is damaged is not used, and `GTO_CACHE=off` reads past it".into()
        }
        Error::MissingObject { .. } => {
            "in a shallow clone, `git fetch --unshallow`; otherwise `git fsck` shows what else is \
                                        missing, and another clone may still have it"
                .into()
        }
        Error::Unfetched { .. } => {
            "this clone leaves files with its remote until they are needed: see what Git says to `git fetch`"
                .into()
        }
        Error::NoEvent { tag, is_lightweight, .. } => of_no_event(tag, *is_lightweight, scene),
        Error::TagsMissing { .. } => of_missing_tags(scene),
        Error::RefNotFound { revision } => of_revision(revision, scene),
        Error::AmbiguousRef { .. } => "give more digits of the commit id".into(),
        Error::NotACommit { .. } => "name a commit, a branch or a tag of one".into(),
        Error::NoCommit => "make a commit first: versions are bound to commits".into(),
        Error::NoBranch { other, .. } => of_no_branch(other, scene.repository()),
        Error::InvalidDate { .. } => {
            "dates look like 2026-11-24, '2026-11-24 10:00', 7d, 12h, yesterday, '1 day ago', '2 weeks ago'"
                .into()
        }
        Error::InvalidCommitterDate { .. } => {
            "write it as '@1700000000 +0000', '2026-11-24T10:00:00Z' or, for local time, \
                                               '2026-11-24 10:00:00'"
                .into()
        }
        Error::NoIdentity { .. } => advice![
            "run `git config --global user.name 'Your Name'` and `git config --global user.email you@example.com`, or pass ",
            either("--author and --author-email", "author= and author_email="),
        ],
        error => return of_write(error).or_else(|| of_git(error)),
    })
}

/// How a name is spelt: the message, which is the Python tool's, asks for two characters and leaves out the folder.
fn of_name(text: &str) -> Advice {
    const SPELLING: &str =
        "a name looks like model, nlp/model, or folder:model; one letter or digit is enough";
    match name_in(text) {
        Some((name, true)) => advice![
            format!("did you mean '{name}'? where its file is goes into its annotation: "),
            Step::Annotate { artifact: name, path: text.to_owned() },
            "; ",
            SPELLING,
        ],
        Some((name, false)) => format!("did you mean '{name}'? {SPELLING}").into(),
        None => SPELLING.into(),
    }
}

/// The name that is nearest to a text, and whether that was the path of a file.
fn name_in(text: &str) -> Option<(String, bool)> {
    let is_name = |name: &str| ArtifactName::from_user(name).is_ok();
    let stem = text.rsplit_once('.').map(|(stem, _)| stem.trim_start_matches("./"));
    if let Some(stem) = stem.filter(|stem| is_name(stem)) {
        return Some((stem.to_owned(), true));
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_/:".contains(c) { c } else { '-' };
    let name: String = text.trim().chars().map(plain).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    // A shortcut or a version is no name with odd letters.
    (is_name(&name) && !text.contains(['@', '#', '!'])).then_some((name, false))
}

/// What kept a write from being made.
fn of_write(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::Quarantined => {
            "nothing was changed; let a `post-receive` hook do it, which runs when the push is taken in"
                .into()
        }
        Error::Conflict { .. } | Error::Outdated { .. } => advice![
            "another process wrote to this repository just now: look with ",
            either("`gto history`", "`registry.history()`"),
            ", then ",
            again(),
        ],
        Error::Locked { .. } => {
            let lock = error.lock_file().map(|path| shell_quote(&path.display().to_string()));
            let remove = lock.map_or("remove the lock file".to_owned(), |lock| format!("run `rm {lock}`"));
            advice!["wait for it and ", again(), format!("; if no git and no gto is at work there, {remove}")]
        }
        Error::Stopped { .. } => {
            advice![
                "what was done stays; ",
                either("run the same command", "make the same call"),
                " again, and it does the rest"
            ]
        }
        Error::Blocked { by, .. } => {
            format!("Git keeps tags as paths: delete or rename tag '{by}', or choose another name").into()
        }
        Error::Hook { .. } => "nothing was changed; the hook is `reference-transaction`, in the folder that \
             `git rev-parse --git-path hooks` prints: ask whoever put it there"
            .into(),
        Error::ReadOnly { .. } => {
            "write in a clone on a disk that can be written to, or mount this one so that it can".into()
        }
        Error::PermissionDenied { .. } => "ask the owner of the repository for the right to write".into(),
        Error::TooEarly => "fix GIT_COMMITTER_DATE, or the clock of this machine".into(),
        _ => return None,
    })
}

fn of_git(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::NoGit { .. } => {
            "install Git (https://git-scm.com), or add the folder of its program to PATH".into()
        }
        Error::GitSilent { .. } => {
            "GTO_GIT_TIMEOUT=SECONDS gives it longer, GTO_GIT_TIMEOUT=0 as long as it likes; a hook, a \
                                    signing program or a network may be what it waited for"
                .into()
        }
        Error::Git { source: Some(source), .. } if is_about_the_disk(source.as_ref()) => {
            advice!["nothing was changed: look after the disk, then ", again()]
        }
        _ => return None,
    })
}

/// What to do if a tag cannot be signed.
pub(super) fn of_signing(lacks_terminal: bool) -> Vec<Advice> {
    let terminal = "gpg finds no terminal to ask for the passphrase in: `export GPG_TTY=$(tty)`";
    let mut all: Vec<Advice> = lacks_terminal.then(|| terminal.into()).into_iter().collect();
    all.push(advice![
        "nothing was changed; choose a key with `git config user.signingKey KEY` or ",
        either("--local-user KEY", "local_user=KEY"),
    ]);
    all.push(advice![either("--no-sign", "sign=False"), " makes the tag without a signature"]);
    all
}

/// What to do where a tag with a name of the registry is no event.
fn of_no_event(tag: &str, is_lightweight: bool, scene: &mut dyn Scene) -> Advice {
    if !is_lightweight {
        return advice![Step::Doctor, " shows how to fix it"];
    }
    let anew = shell_quote(tag);
    match scene.registry().and_then(|registry| fetch_tags(&registry)) {
        Some(fetch) => {
            format!(
                "a CI checkout may have made it, of an annotated one: `{fetch}` fetches that; if it is lightweight after that, it \
                 is on the remote too, where it says nothing: delete it there"
            )
            .into()
        }
        None => {
            format!("recreate it as an annotated tag: `git tag -a -f -m {anew} {anew} {anew}^{{}}`").into()
        }
    }
}

/// What to do where a clone lacks tags that decide the answer.
fn of_missing_tags(scene: &mut dyn Scene) -> Advice {
    let fetch = scene.registry().and_then(|registry| fetch_tags(&registry));
    let all = fetch.map(|fetch| format!(", or fetch all tags: `{fetch}`")).unwrap_or_default();
    format!("without --no-fetch gto fetches what it needs{all}").into()
}

fn of_no_branch(other: &str, repository: &str) -> Advice {
    let head = format!("symbolic-ref HEAD {}", shell_quote(&format!("refs/heads/{other}")));
    let other = shell_quote(other);
    if is_remote(repository) {
        return format!(
            "name a REF, such as {other}, or set it for all in the remote repository: `git {head}`"
        )
        .into();
    }
    advice![
        "name a ",
        either("REF", "commit or a branch"),
        format!(", such as {other}, make the first commit on that branch, or leave it: "),
        git(head),
    ]
}

fn of_revision(revision: &str, scene: &mut dyn Scene) -> Advice {
    const SHOWN: usize = 3;
    let registry = scene.registry();
    let version = looks_like_version(revision).map(|version| format!("@{version}"));
    let tags = registry.as_ref().and_then(|registry| registry.tag_names().ok()).unwrap_or_default();
    let of_version = |tag: &&String| version.as_ref().is_some_and(|version| tag.ends_with(version));
    let tags: Vec<String> =
        tags.iter().filter(of_version).take(SHOWN).map(|tag| format!("'{tag}'")).collect();
    if !tags.is_empty() {
        return format!("did you mean {}?", tags.join(" or ")).into();
    }
    if let Some(url) = registry.as_ref().and_then(Registry::url) {
        return format!(
            "name a branch, tag or commit of it: `git ls-remote {}` lists them",
            shell_quote(url)
        )
        .into();
    }
    let is_tag = revision.strip_prefix("refs/tags/").unwrap_or(revision).parse::<TagName>().is_ok();
    if let Some(fetch) = registry.as_ref().and_then(fetch_tags).filter(|_| is_tag) {
        return format!("`{fetch}` fetches the tags of the remote").into();
    }
    let shallow = registry.is_some_and(|registry| registry.is_shallow());
    let fetch = if shallow { "; this clone is shallow: `git fetch --unshallow` first" } else { "" };
    format!("name a commit, branch or tag that exists here: `git log --oneline --all` lists them{fetch}")
        .into()
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
