//! What all writing commands share: applying a plan and telling what was done.

use gto::name::ArtifactName;
use gto::plan::{Plan, Unchanged};
use gto::{Manner, Registry};
use gto_frontend::reports::written::{self, WriteReport};

use super::novelty::Novelty;
use crate::args::WriteArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Applies the `plan` for the artifact, or for all annotated artifacts, unless this is a dry run, and reports it.
pub fn carry_out<'a>(
    context: &mut Context,
    registry: &Registry,
    artifact: impl Into<Option<&'a ArtifactName>>,
    args: &WriteArgs,
    plan: impl Fn() -> Result<Plan>,
) -> Result<()> {
    let push = pushes(registry, args)?;
    let look = push || args.fetch;
    let artifact = artifact.into();
    let manner = Manner { push, fetch: args.fetch, dry_run: args.dry_run };
    let (mut told, mut novelty) = (Vec::new(), Novelty::default());
    let before = |plan: &Plan| {
        novelty = Novelty::of(plan, registry, look);
        let warnings = plan.warnings.iter().map(ToString::to_string).chain(novelty.warning.clone());
        // Each once, if it is tried again.
        for warning in warnings.filter(|warning| !told.contains(warning)).collect::<Vec<_>>() {
            context.printer.warning(&warning);
            told.push(warning);
        }
    };
    let (plan, applied) = registry.write(artifact, manner, plan, before)?;
    context.printer.remarks(&applied.said);
    for warning in &applied.warnings {
        context.printer.warning(warning.to_string());
    }
    if args.json {
        let report = WriteReport::new(&plan, &applied, args.dry_run);
        context.printer.line(json::to_string(&report)?)?;
    } else {
        let remote = registry.remote_name();
        for line in written::lines(&plan, &applied, &remote, push, args.dry_run) {
            context.printer.line(line)?;
        }
        if let Some(signing) = plan.signing.as_ref().filter(|_| args.dry_run) {
            context.printer.line(format!("Would sign {signing}"))?;
        }
        if plan.steps.is_empty() && plan.unchanged.is_empty() {
            context.printer.hint(if artifact.is_none() {
                "no annotated artifact has changed"
            } else {
                "there is no tag to delete"
            });
        }
    }
    if let Some(failure) = applied.failure {
        return Err(gto::Error::PartialPush(Box::new(failure)).into());
    }
    for Unchanged { artifact, version, withdrawn } in &plan.unchanged {
        let taken_back = if *withdrawn { ", which was deregistered" } else { "" };
        context
            .printer
            .hint(format!("'{artifact}' is what it was at {version}{taken_back}: no version is registered"));
    }
    for hint in novelty.hints {
        context.printer.hint(hint);
    }
    Ok(())
}

/// Whether what is made is pushed, too.
fn pushes(registry: &Registry, args: &WriteArgs) -> Result<bool> {
    // What is written to a clone of a remote repository exists only there.
    if registry.url().is_none() {
        return Ok(!args.no_push && (args.push || registry.config().push));
    }
    if args.no_push {
        let hint = "leave out --no-push, or see what would be done with --dry-run".to_owned();
        return Err(CommandError::arguments("A remote repository is written to by pushing", hint));
    }
    Ok(true)
}
