//! What to do about a remote that refuses, is gone, or is not what it should be.

use std::path::Path;

use gto::Error;

use super::failure::again;
use super::scene::Scene;
use super::value::{Advice, Part, Step, advice, either, git};
use crate::text::shell_quote;

/// What to do about a lock file on a remote, which goes by itself only if a push is at work.
fn stale_lock() -> Advice {
    advice![
        "nothing was changed; if nobody is pushing, a push that broke off left this file on the server: whoever runs the \
         server removes it, then ",
        again(),
    ]
}

/// What to do after a push of which a part landed.
fn partly() -> Advice {
    advice![
        "what landed is so here, too, and the rest is changed neither here nor there: see to what the remote says, then ",
        again(),
        " for the rest",
    ]
}

/// What to do about a tag in the place of a folder.
const PATHS: &str = "nothing was changed: Git keeps tags as paths; delete or rename that tag on the remote, or choose another \
                     name";

pub(super) fn of(error: &Error, scene: &dyn Scene) -> Option<Advice> {
    match error {
        Error::RemoteLocked { .. } => Some(stale_lock()),
        Error::PartialPush(push) if push.unknown.is_empty() => Some(partly()),
        Error::InTheWay { .. } => Some(PATHS.into()),
        Error::NotOnRemote { .. } => Some(
            "it may have been deleted since it started the pipeline; `gto history` in a clone shows what came after it".into(),
        ),
        error if Path::new(scene.repository()).exists() => of_settings(error).or_else(|| of_tags(error)),
        error => of_address(error),
    }
}

/// Of a remote repository that was cloned for this one command: there is no folder for the user to work in.
fn of_address(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::RemoteMoved { .. } => advice!["nothing was changed; ", again()],
        Error::NotAtomic { .. } => "nothing was changed; register first, then assign".into(),
        Error::PartialPush(_) => {
            "when it can be reached again, see which of them it has: `git ls-remote --tags URL`".into()
        }
        Error::Push { broke_off: true, .. } => {
            "the remote does not have the tags now; if it is still at work they may appear: `git ls-remote --tags URL`"
                .into()
        }
        Error::MadeThereOnly { .. } | Error::DeletedThereOnly { .. } => "it is done on the remote".into(),
        Error::Fetch { .. } | Error::Push { .. } | Error::TooManyTags { .. } => {
            "nothing was changed; see whether Git can reach it: `git ls-remote URL`".into()
        }
        _ => return None,
    })
}

/// Which remote, and whether it is one that can be pushed to.
fn of_settings(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::UnknownRemote { known, .. } | Error::NoRemote { known } if known.is_empty() => advice![
            "this repository has no remote: add one with ",
            git("remote add origin URL"),
            "; a write needs none without ",
            either("--push and --fetch", "push and fetch"),
        ],
        Error::UnknownRemote { known, .. } => advice![
            either("--remote", "remote="),
            format!(
                ", GTO_REMOTE, `gto.remote` in Git's configuration or `remote` in `.gto` names it; this repository has: {}",
                known.join(", ")
            ),
        ],
        Error::NoRemote { known } => advice![
            format!(
                "this repository has several ({}): choose one with GTO_REMOTE=NAME, or for good with ",
                known.join(", ")
            ),
            git("config remote.pushDefault NAME"),
        ],
        Error::ManyAddresses { remote, .. } => advice![
            "nothing was changed; give one of them a remote of its own and name that with GTO_REMOTE or ",
            git("config gto.remote NAME"),
            ": ",
            git(format!("remote get-url --push --all {}", shell_quote(remote))),
            " shows them, ",
            git("remote add NAME URL"),
            " adds it",
        ],
        Error::PrePush { .. } => advice![
            "nothing was changed, here or there; the hook is in the folder that ",
            git("rev-parse --git-path hooks"),
            " prints",
        ],
        _ => return None,
    })
}

/// Tags that did not get there, or not from there.
fn of_tags(error: &Error) -> Option<Advice> {
    let words = |tags: &[String]| tags.iter().map(|tag| shell_quote(tag)).collect::<Vec<_>>().join(" ");
    Some(match error {
        Error::Fetch { remote, .. } => advice![
            "nothing was changed; see whether Git can reach it: ",
            git(format!("ls-remote {}", shell_quote(remote))),
        ],
        Error::Differ { remote, tags } => advice![
            "nothing was changed; ",
            Step::Status,
            format!(" shows both; to take those of {remote}: "),
            git(format!("fetch --force {} {}", shell_quote(remote), refspecs(tags))),
        ],
        Error::Push { address, tags, broke_off: true, .. } => advice![
            format!(
                "nothing was changed here, and {address} does not have the tags now; if it is still at work they may appear: "
            ),
            ls_remote(address, tags),
        ],
        Error::Push { address, .. } => advice![
            "nothing was changed, here or there; look at ",
            git("remote -v"),
            " and ",
            git(format!("ls-remote {}", shell_quote(address))),
            ", then ",
            again(),
        ],
        Error::RemoteMoved { .. } => advice!["nothing was changed, here or there; ", again()],
        Error::NotAtomic { remote, tags } => advice![
            "nothing was changed, here or there; make the tags one by one, register first, then assign; push those that are here \
             one by one: ",
            git(format!("push {} {}", shell_quote(remote), full_names(tags.get(..1).unwrap_or_default()))),
        ],
        Error::TooManyTags { remote, .. } => advice![
            "nothing was changed, here or there; take them artifact by artifact, or push all tags: ",
            git(format!("push --atomic --tags {}", shell_quote(remote))),
        ],
        Error::PartialPush(push) => advice![
            "none of those that are not known was changed here; when the remote can be reached again, see what it has: ",
            ls_remote(&push.address, &push.unknown),
            "; ",
            Step::Status,
            " shows the rest",
        ],
        Error::MadeThereOnly { remote, tags, source } => {
            advice![
                lock_of(source),
                "get them from there: ",
                git(format!("fetch {} {}", shell_quote(remote), refspecs(tags))),
            ]
        }
        Error::DeletedThereOnly { tags, source, .. } => {
            advice![lock_of(source), "delete them yourself: ", git(format!("tag -d {}", words(tags)))]
        }
        _ => return None,
    })
}

/// What is to be done first about the lock that kept tags from being changed here; nothing if there was none.
fn lock_of(error: &Error) -> String {
    error.lock_file().map_or_else(String::new, |path| {
        let lock = shell_quote(&path.display().to_string());
        format!("if no git and no gto is at work here, run `rm {lock}`; then ")
    })
}

fn ls_remote(address: &str, tags: &[String]) -> Part {
    git(format!("ls-remote {} {}", shell_quote(address), full_names(tags)))
}

/// What to ask `git ls-remote` for.
fn full_names(tags: &[String]) -> String {
    words(tags, |tag| format!("refs/tags/{tag}"))
}

/// What to tell `git fetch` to get these tags and no others.
fn refspecs(tags: &[String]) -> String {
    words(tags, |tag| format!("refs/tags/{tag}:refs/tags/{tag}"))
}

/// The first of many tags, as arguments.
fn words(tags: &[String], word: impl Fn(&str) -> String) -> String {
    const SHOWN: usize = 20;
    tags.iter().take(SHOWN).map(|tag| shell_quote(&word(tag))).collect::<Vec<_>>().join(" ")
}
