//! Messages for a write that uses an artifact or a stage for the first time.
//!
//! Must not cost a write of known names anything: all tags are listed only for new ones, and only where that is quick.

use std::collections::{BTreeSet, HashSet};

use gto::Registry;
use gto::name::{ArtifactName, StageName};
use gto::plan::{Plan, Step};
use gto::tag::{Action, TagName};
use gto_frontend::advice::closest;
use gto_frontend::near::is_near;

/// So many names are listed.
const SHOWN: usize = 5;

/// Suggestions from the existing tags, without those of the plan.
pub fn hints(plan: &Plan, registry: &Registry) -> Vec<String> {
    // A configuration with stages has been asked about a new one already.
    let is_new_stage =
        plan.new_stage.is_some() && registry.config().is_ok_and(|config| config.stages.is_none());
    if !(plan.is_new_artifact || is_new_stage) || registry.has_many_tags() {
        return Vec::new();
    }
    let is_old = |tag: &String| !plan.steps.iter().any(|step| step.tag() == tag);
    // Stages are in no other names.
    let marks: &[u8] = if plan.is_new_artifact { b"@#" } else { b"#" };
    let tags = registry.listed_names(marks).unwrap_or_default();
    similar(plan, is_new_stage, &tags.into_iter().filter(is_old).collect::<Vec<_>>())
}

fn similar(plan: &Plan, is_new_stage: bool, tags: &[String]) -> Vec<String> {
    let artifact = plan.steps.iter().find_map(|step| match step {
        Step::Create(tag) => Some(&tag.artifact),
        Step::Delete(_) | Step::Approve(_) => None,
    });
    let artifact = artifact.filter(|_| plan.is_new_artifact);
    let artifact_hint = artifact.and_then(|name| similar_artifact(name, tags));
    let stage = plan.new_stage.as_ref().filter(|_| is_new_stage);
    let stage_hint = stage.and_then(|name| similar_stage(name, tags));
    artifact_hint.into_iter().chain(stage_hint).collect()
}

/// The artifacts of tags. Each is parsed once: a registry can have a hundred thousand tags.
fn artifacts(tags: &[String]) -> BTreeSet<ArtifactName> {
    let (mut found, mut seen) = (BTreeSet::new(), HashSet::new());
    for tag in tags {
        let name = &tag[..tag.find(['@', '#']).unwrap_or(tag.len())];
        if !seen.contains(name)
            && let Ok(parsed) = tag.parse::<TagName>()
        {
            found.insert(parsed.artifact);
            seen.insert(name);
        }
    }
    found
}

/// The stages that tags assign, each parsed once.
fn stages(tags: &[String]) -> BTreeSet<String> {
    let (mut found, mut seen) = (BTreeSet::new(), HashSet::new());
    for tag in tags {
        let Some((name, rest)) = tag.split_once('#') else { continue };
        let stage = &rest[..rest.find(['#', '!']).unwrap_or(rest.len())];
        if name.contains('@') || seen.contains(stage) {
            continue;
        }
        if let Ok(TagName { action: Action::Assign(parsed), .. }) = tag.parse() {
            found.insert(parsed.to_string());
            seen.insert(stage);
        }
    }
    found
}

fn similar_artifact(name: &ArtifactName, tags: &[String]) -> Option<String> {
    let known = artifacts(tags);
    let is_same =
        |other: &&ArtifactName| other.as_str().eq_ignore_ascii_case(name.as_str()) && *other != name;
    if let Some(other) = known.iter().find(is_same) {
        return Some(format!("'{name}' is a new artifact; '{other}' differs only in case"));
    }
    let near = known.iter().filter(|other| *other != name && is_near(name.as_str(), other.as_str()));
    let near: Vec<String> = near.take(SHOWN).map(|other| format!("'{other}'")).collect();
    (!near.is_empty()).then(|| format!("'{name}' is a new artifact; there is {} already", near.join(", ")))
}

fn similar_stage(name: &StageName, tags: &[String]) -> Option<String> {
    let in_use: Vec<String> = stages(tags).into_iter().collect();
    closest(name.as_str(), &in_use).filter(|close| *close != name.as_str())?;
    let more = if in_use.len() > SHOWN { ", …" } else { "" };
    let shown = in_use[..in_use.len().min(SHOWN)].join(", ");
    Some(format!("'{name}' is a new stage; in use: {shown}{more}"))
}
