//! Asking a person at a terminal before a write that takes something away, or that a typing error may have made.
//!
//! Owns the questions. A script is never asked: it goes on as with the Python tool.

use std::collections::{BTreeMap, BTreeSet};

use gto::event::EventKind;
use gto::name::ArtifactName;
use gto::plan::{Plan, Step};
use gto::query::ShowOptions;
use gto::reference::Reference;
use gto::tag::{Action, TagName};
use gto::{Detail, Registry, Request, WriteOptions};

use super::first_use;
use crate::args::WriteArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::printer::Printer;

/// So many tags are named one by one.
const NAMED: usize = 5;

/// What a user has agreed to.
pub enum Agreed {
    /// Nothing was asked, or it needs no care when it is carried out.
    Nothing,
    /// To delete these tags and no others.
    Deletion(Box<Plan>),
    /// That a name that is much like another is meant.
    NewName,
}

/// Asks about a request, if that is to be asked and a user is there. No lock is held meanwhile.
pub fn confirm(
    context: &mut Context,
    registry: &Registry,
    request: &Request,
    options: &WriteOptions,
    args: &WriteArgs,
) -> Result<Agreed> {
    if args.yes || args.dry_run || !Printer::can_ask() {
        return Ok(Agreed::Nothing);
    }
    // What fails here fails again when it is carried out, and is reported there.
    let Ok(mut plan) = registry.plan(request) else { return Ok(Agreed::Nothing) };
    if question(registry, &plan).is_none() {
        return Ok(Agreed::Nothing);
    }
    if registry.pushes(options)? || options.fetch {
        // The remote may know more tags.
        plan = registry.plan_with(request, options)?;
    }
    let Some((what, agreed)) = question(registry, &plan) else { return Ok(Agreed::Nothing) };
    if !context.printer.ask(&what)? {
        return Err(CommandError::Declined);
    }
    Ok(match agreed {
        About::Deletion => Agreed::Deletion(Box::new(plan)),
        About::NewName => Agreed::NewName,
        About::Deprecation => Agreed::Nothing,
    })
}

/// What a question is about.
enum About {
    Deletion,
    Deprecation,
    NewName,
}

/// What there is to ask about a plan.
fn question(registry: &Registry, plan: &Plan) -> Option<(String, About)> {
    let gone = deletions(plan);
    if !gone.is_empty() {
        return Some((deletion(&gone), About::Deletion));
    }
    let deprecated = plan.steps.iter().find_map(|step| match step {
        Step::Create(tag) if tag.kind == EventKind::Deprecation => Some(&tag.artifact),
        _ => None,
    });
    if let Some(artifact) = deprecated {
        return Some((deprecation(registry, artifact), About::Deprecation));
    }
    let similar = first_use::hints(plan, registry);
    (!similar.is_empty()).then(|| (similar.join("\n"), About::NewName))
}

fn deletions(plan: &Plan) -> BTreeSet<String> {
    let deleted = plan.steps.iter().filter(|step| matches!(step, Step::Delete(_)));
    deleted.map(|step| step.tag().to_owned()).collect()
}

fn deletion(tags: &BTreeSet<String>) -> String {
    let parsed: Vec<TagName> = tags.iter().filter_map(|tag| tag.parse().ok()).collect();
    let of = parsed.first().map(|tag| format!(" of '{}'", tag.artifact)).unwrap_or_default();
    let which = if tags.len() <= NAMED {
        tags.iter().map(|tag| format!("'{tag}'")).collect::<Vec<_>>().join(", ")
    } else {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in &parsed {
            *kinds.entry(word(&tag.action)).or_default() += 1;
        }
        kinds.iter().map(|(kind, count)| counted(*count, kind)).collect::<Vec<_>>().join(", ")
    };
    format!("This deletes {}{of}: {which}", counted(tags.len(), "git tag"))
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Register(_) => "registration",
        Action::Deregister(_) => "deregistration",
        Action::Assign(_) => "assignment",
        Action::Unassign(_) => "unassignment",
        Action::Deprecate => "deprecation",
        Action::Create => "creation",
    }
}

fn deprecation(registry: &Registry, artifact: &ArtifactName) -> String {
    let reference = Reference { name: artifact.to_string(), selector: None };
    let answer = registry.show_versions(&reference, &ShowOptions::default(), Detail::Brief);
    let versions = answer.map(|answer| answer.value.versions).unwrap_or_default();
    let mut stages = Vec::new();
    for version in &versions {
        stages.extend(
            version.assignments.iter().map(|stage| format!("{} ({})", stage.stage, version.short_version())),
        );
    }
    let stages = if stages.is_empty() { String::new() } else { format!(", in stages {}", stages.join(", ")) };
    format!(
        "This deprecates the whole artifact '{artifact}' with {}{stages}\n\
         (one version: `gto deprecate {artifact} VERSION`; one stage: `gto deprecate {artifact} VERSION STAGE`)",
        counted(versions.len(), "version")
    )
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
