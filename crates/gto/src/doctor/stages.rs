//! Problems of stages: of deregistered versions, on commits without a version, with unintended names.

use std::collections::BTreeMap;

use super::command::{Command, delete, fetch, gto};
use super::evidence::Evidence;
use super::finding::{Check, Finding, quoted};
use crate::event::{Event, EventKind};
use crate::name::{ArtifactName, StageName};
use crate::state::{Artifact, StageView, VersionView};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let artifacts = evidence.state.artifacts_by_name();
    let mut in_use: BTreeMap<&StageName, Vec<StageView<'_>>> = BTreeMap::new();
    for &artifact in &artifacts {
        findings.extend(unregistered(artifact, evidence));
        for version in artifact.versions() {
            findings.extend(out_of_use(version, evidence.allowed_stages));
            for stage in version.active_stages() {
                in_use.entry(stage.stage()).or_default().push(stage);
            }
        }
    }
    findings.extend(not_allowed(&in_use, evidence.allowed_stages));
    findings.extend(case_only(&in_use, evidence.allowed_stages));
}

/// Ends an assignment. The command line only lets go of stages that the configuration has.
fn unassign(stage: &StageView<'_>, allowed: Option<&[StageName]>) -> Vec<Command> {
    let name = stage.stage();
    let number = stage.version().label().number();
    let command = number.and_then(|number| {
        gto(&["deprecate"], stage.version().artifact().name(), [number.to_string(), name.to_string()])
    });
    match command {
        Some(command) if allowed.is_none_or(|allowed| allowed.contains(name)) => vec![command],
        Some(command) => vec![command.variable("GTO_STAGES", format!("[\"{name}\"]"))],
        None => delete(stage.assignments().map(|event| event.tag.as_str())),
    }
}

/// Stage tags on commits that no version was registered on, or whose version was not fetched.
fn unregistered(artifact: &Artifact, evidence: &Evidence<'_>) -> Option<Finding> {
    let versions: Vec<VersionView<'_>> = artifact
        .versions()
        .filter(|version| version.label().number().is_none() && version.stages().next().is_some())
        .collect();
    if versions.is_empty() {
        return None;
    }
    let events: Vec<&Event> = versions.iter().flat_map(VersionView::events).collect();
    let register = |version: &VersionView<'_>| register(artifact.name(), version, None);
    let message =
        format!("artifact '{}' has stage tags on commits where no version is registered", artifact.name());
    let removed = delete(events.iter().map(|event| event.tag.as_str()));
    let finding = Finding::new(Check::UnregisteredStage, message).events(events);
    let registered = versions.iter().filter_map(register);
    if evidence.is_shallow || !evidence.remotes.is_empty() {
        // The version may exist elsewhere: registered here, the commit would get another one.
        let options: &[&str] = if evidence.is_shallow { &["--unshallow", "--tags"] } else { &["--tags"] };
        return Some(finding.fix(fetch(&evidence.remotes, options)).otherwise(registered));
    }
    Some(finding.fix(registered).otherwise(removed))
}

fn register(artifact: &ArtifactName, version: &VersionView<'_>, number: Option<&str>) -> Option<Command> {
    let options: Vec<&str> = match number {
        Some(number) => vec!["register", "--version", number],
        None => vec!["register"],
    };
    gto(&options, artifact, [version.commit().to_string()])
}

/// Decision D7: what was assigned after the version was deregistered, and not taken back since.
fn out_of_use(version: VersionView<'_>, allowed: Option<&[StageName]>) -> Option<Finding> {
    if version.is_active() {
        return None;
    }
    let mut is_deregistered = false;
    let mut assigned: Vec<&Event> = Vec::new();
    for event in version.events() {
        match event.kind() {
            EventKind::Deregistration => is_deregistered = true,
            EventKind::Registration => {
                is_deregistered = false;
                assigned.clear();
            }
            EventKind::Assignment if is_deregistered => assigned.push(event),
            EventKind::Unassignment => assigned.retain(|known| known.stage() != event.stage()),
            EventKind::Assignment | EventKind::Deprecation => {}
        }
    }
    if assigned.is_empty() {
        return None;
    }
    let name = version.artifact().name();
    let message = format!(
        "version '{}' of artifact '{name}' was assigned after it had been deregistered, so that is shown nowhere",
        version.label()
    );
    let stages = version.active_stages();
    let stages =
        stages.iter().filter(|stage| assigned.iter().any(|event| event.stage() == Some(stage.stage())));
    let fix: Vec<Command> = stages.flat_map(|stage| unassign(stage, allowed)).collect();
    let again = register(name, &version, Some(&version.label().to_string()));
    Some(Finding::new(Check::AssignedWhileDeregistered, message).events(assigned).fix(fix).otherwise(again))
}

type InUse<'a> = BTreeMap<&'a StageName, Vec<StageView<'a>>>;

fn newest<'a>(stages: &[StageView<'a>]) -> Vec<&'a Event> {
    stages.iter().filter_map(|stage| stage.assignments().next_back()).collect()
}

fn not_allowed(in_use: &InUse<'_>, allowed: Option<&[StageName]>) -> Vec<Finding> {
    let Some(names) = allowed else { return Vec::new() };
    let finding = |(name, stages): (&&StageName, &Vec<StageView<'_>>)| {
        let message = format!(
            "versions are in stage '{name}', which is not among `stages` of the configuration: add it there, or end that"
        );
        Finding::new(Check::StageNotAllowed, message)
            .events(newest(stages))
            .fix(stages.iter().flat_map(|stage| unassign(stage, allowed)))
    };
    in_use.iter().filter(|(name, _)| !names.contains(name)).map(finding).collect()
}

fn case_only(in_use: &InUse<'_>, allowed: Option<&[StageName]>) -> Vec<Finding> {
    let mut by_name: BTreeMap<String, Vec<(&StageName, &[StageView<'_>])>> = BTreeMap::new();
    for (&name, stages) in in_use {
        by_name.entry(name.as_str().to_ascii_lowercase()).or_default().push((name, stages));
    }
    let finding = |mut spellings: Vec<(&StageName, &[StageView<'_>])>| {
        // The one that is used most is likely the right one.
        spellings.sort_by_key(|(_, stages)| std::cmp::Reverse(stages.len()));
        let names: Vec<_> = spellings.iter().map(|(name, _)| name).collect();
        let message = format!("the names of stages {} differ only in case", quoted(&names));
        let others = spellings[1..].iter().flat_map(|(_, stages)| *stages);
        Finding::new(Check::CaseOnly, message)
            .events(spellings.iter().flat_map(|(_, stages)| newest(stages)))
            .fix(others.flat_map(|stage| unassign(stage, allowed)))
    };
    by_name.into_values().filter(|spellings| spellings.len() > 1).map(finding).collect()
}
