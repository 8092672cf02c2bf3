//! The command that a person would type for a request.

use gto::request::{Request, Target};
use gto::rules::{Registering, TagWish, Undo};
use gto_frontend::text::shell_quote;

/// The command, for a shell; `None` for what has none of one line.
pub fn of(request: &Request) -> Option<String> {
    let mut words: Vec<String> = vec!["gto".to_owned()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| shell_quote(word)));
    match request {
        Request::Register { artifact, revision, new, .. } => {
            add(&["register", artifact.as_str()]);
            if revision != "HEAD" {
                add(&[revision]);
            }
            registering(&mut add, new);
        }
        Request::RegisterChanged { new, .. } => {
            add(&["register", "--changed"]);
            registering(&mut add, new);
        }
        Request::Assign { artifact, stage, target: Target::Stage(from), tag, .. } => {
            add(&["promote", artifact.as_str(), "--from", from.as_str(), "--to", stage.as_str()]);
            wish(&mut add, tag);
        }
        Request::Assign { artifact, stage, target, tag, .. } => {
            add(&["assign", artifact.as_str()]);
            match target {
                Target::Version(version) => add(&["--version", &version.to_string()]),
                Target::Commit { revision, .. } => add(&[revision]),
                Target::Latest => add(&["--version", "latest"]),
                _ => return None,
            }
            add(&["--stage", stage.as_str()]);
            wish(&mut add, tag);
        }
        Request::Rollback { artifact, stage, to, tag, .. } => {
            add(&["rollback", artifact.as_str(), stage.as_str()]);
            if let Some(to) = to {
                add(&["--to", &to.to_string()]);
            }
            wish(&mut add, tag);
        }
        Request::Promote { artifacts, from, to, tag, .. } => {
            add(&["promote"]);
            for artifact in artifacts {
                add(&[artifact.as_str()]);
            }
            add(&["--from", from.as_str(), "--to", to.as_str()]);
            wish(&mut add, tag);
        }
        Request::Unassign { artifact, version, stage, undo, tag, .. } => {
            add(&["unassign", artifact.as_str(), stage.as_str()]);
            if let Some(version) = version {
                add(&[&version.to_string()]);
            }
            deleting(&mut add, *undo);
            wish(&mut add, tag);
        }
        Request::Deregister { artifact, version, undo, tag, .. } => {
            add(&["deregister", artifact.as_str(), &version.to_string()]);
            deleting(&mut add, *undo);
            wish(&mut add, tag);
        }
        Request::Deprecate { artifact, undo, tag, .. } => {
            add(&["deprecate", artifact.as_str()]);
            deleting(&mut add, *undo);
            wish(&mut add, tag);
        }
        Request::Approve { artifact, version: Target::Version(version), stage, withdraw, tag, .. } => {
            add(&["approve", &format!("{artifact}@{version}"), "--stage", stage.as_str()]);
            if *withdraw {
                add(&["--withdraw"]);
            }
            wish(&mut add, tag);
        }
        _ => return None,
    }
    Some(words.join(" "))
}

fn registering(add: &mut impl FnMut(&[&str]), new: &Registering) {
    if let Some(version) = &new.version {
        add(&["--version", version]);
    }
    if let Some(message) = &new.message {
        add(&["--message", message]);
    }
}

fn wish(add: &mut impl FnMut(&[&str]), tag: &TagWish) {
    if let Some(message) = &tag.message {
        add(&["--message", message]);
    }
    if tag.force {
        add(&["--force"]);
    }
}

fn deleting(add: &mut impl FnMut(&[&str]), undo: Undo) {
    if undo == Undo::ByDeletion {
        add(&["--delete"]);
    }
}
