//! What all writing commands share: applying a plan and telling what was done.

use serde::Serialize;

use gto::name::ArtifactName;
use gto::plan::{NewTag, Plan, Step};
use gto::signing::Signing;
use gto::{Applied, Registry, Sight};

use super::novelty::Novelty;
use crate::args::WriteArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::{json, shell_quote};

/// Applies what `plan` gives for the artifact unless only asked what it would do, and tells.
pub fn carry_out(
    context: &mut Context,
    registry: &Registry,
    artifact: &ArtifactName,
    args: &WriteArgs,
    plan: impl Fn() -> Result<Plan>,
) -> Result<()> {
    let push = pushes(registry, args)?;
    let look = push || args.fetch;
    let mut told = Vec::new();
    let mut attempt = || -> Result<(Plan, Novelty, Applied)> {
        let sight = if look { Some(registry.look(artifact)?) } else { None };
        let plan = plan()?;
        let novelty = Novelty::of(&plan, registry, look);
        let warnings = plan.warnings.iter().map(ToString::to_string).chain(novelty.warning.clone());
        // Before the write, which may fail for what they warn of; each once, if it is tried again.
        for warning in warnings.filter(|warning| !told.contains(warning)).collect::<Vec<_>>() {
            context.printer.warning(&warning);
            told.push(warning);
        }
        let sight = sight.as_ref().filter(|_| push);
        let applied =
            if args.dry_run { as_if(registry, &plan, sight)? } else { registry.apply(&plan, sight)? };
        for warning in &applied.warnings {
            context.printer.warning(warning.to_string());
        }
        Ok((plan, novelty, applied))
    };
    let (plan, novelty, applied) =
        if args.dry_run { attempt()? } else { registry.alone(CommandError::registry_error, attempt)? };
    let is_pushed = |step: &Step| applied.pushed.iter().any(|tag| tag == step.tag());
    if args.json {
        let report = WriteReport {
            dry_run: args.dry_run,
            pushed: !args.dry_run && !applied.pushed.is_empty(),
            signing: plan.signing.as_ref(),
            tags: plan
                .steps
                .iter()
                .map(|step| TagReport::new(step, !args.dry_run && is_pushed(step)))
                .collect(),
        };
        context.printer.line(json::to_string(&report)?)?;
    } else {
        for step in &plan.steps {
            let push = match (push, is_pushed(step), args.dry_run) {
                (false, ..) => Push::No,
                (true, true, true) => Push::Would,
                (true, true, false) => Push::Done,
                (true, false, _) => Push::Nothing,
            };
            tell(context, registry, step, push, args.dry_run)?;
        }
        if let Some(signing) = plan.signing.as_ref().filter(|_| args.dry_run) {
            context.printer.line(format!("Would sign {signing}"))?;
        }
        if plan.steps.is_empty() {
            context.printer.hint("there is no tag to delete");
        }
    }
    for hint in novelty.hints {
        context.printer.hint(hint);
    }
    Ok(())
}

/// What would be done.
fn as_if(registry: &Registry, plan: &Plan, sight: Option<&Sight>) -> Result<Applied> {
    let to_push = sight.map_or(Ok(Vec::new()), |sight| registry.to_push(plan, sight))?;
    Ok(Applied { warnings: Vec::new(), pushed: to_push.into_iter().map(str::to_owned).collect() })
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

/// What became of a tag on the remote.
#[derive(Clone, Copy)]
enum Push {
    /// Nobody asked for it.
    No,
    /// It would be pushed.
    Would,
    Done,
    /// There was nothing to do.
    Nothing,
}

fn tell(context: &mut Context, registry: &Registry, step: &Step, push: Push, dry_run: bool) -> Result<()> {
    let printer = &mut context.printer;
    let remote = shell_quote(&registry.remote_name());
    let tag = step.tag();
    let delete = if matches!(step, Step::Delete(_)) { "--delete " } else { "" };
    match (step, dry_run) {
        (Step::Create(new), false) => printer.line(format!("Created git tag '{tag}' {}", new.effect()))?,
        (Step::Create(new), true) => {
            let on = new.commit.short();
            printer.line(format!("Would create git tag '{tag}' on commit {on} {}", new.effect()))?;
        }
        (Step::Delete(_), false) => printer.line(format!("Deleted git tag '{tag}'"))?,
        (Step::Delete(_), true) => printer.line(format!("Would delete git tag '{tag}'"))?,
    }
    match push {
        Push::Done => {
            let done = if delete.is_empty() { "pushed" } else { "deleted" };
            printer.line(format!("Running `git push {delete}{remote} {tag}`"))?;
            printer.line(format!("Successfully {done} git tag {tag} on remote."))?;
        }
        Push::Nothing => printer.line(format!("There is no git tag {tag} on {remote} to delete."))?,
        Push::Would => printer.line(format!("Would run `git push {delete}{remote} {tag}`"))?,
        Push::No if !dry_run => {
            printer.line("To push the changes upstream, run:")?;
            printer.line(format!("    git push {delete}{remote} {}", shell_quote(tag)))?;
        }
        Push::No => {}
    }
    Ok(())
}

/// What a write did, or would do.
#[derive(Debug, Serialize)]
struct WriteReport<'a> {
    dry_run: bool,
    pushed: bool,
    signing: Option<&'a Signing>,
    tags: Vec<TagReport<'a>>,
}

#[derive(Debug, Serialize)]
struct TagReport<'a> {
    action: &'static str,
    tag: &'a str,
    /// The commit of a new tag; what a deleted tag's ref pointed to.
    target: String,
    #[serde(flatten)]
    event: Option<EventFields<'a>>,
    pushed: bool,
}

#[derive(Debug, Serialize)]
struct EventFields<'a> {
    event: String,
    artifact: &'a str,
    version: Option<String>,
    stage: Option<&'a str>,
    message: &'a str,
    author: &'a str,
    author_email: &'a str,
    created_at: String,
}

impl<'a> TagReport<'a> {
    fn new(step: &'a Step, pushed: bool) -> Self {
        match step {
            Step::Create(tag) => Self {
                action: "create",
                tag: &tag.name,
                target: tag.commit.to_string(),
                event: Some(EventFields::new(tag)),
                pushed,
            },
            Step::Delete(tag) => {
                Self { action: "delete", tag: &tag.name, target: tag.target.to_string(), event: None, pushed }
            }
        }
    }
}

impl<'a> EventFields<'a> {
    fn new(tag: &'a NewTag) -> Self {
        Self {
            event: tag.kind.to_string(),
            artifact: tag.artifact.as_str(),
            version: tag.version.as_ref().map(ToString::to_string),
            stage: tag.stage.as_ref().map(gto::name::StageName::as_str),
            message: &tag.message,
            author: &tag.tagger.name,
            author_email: &tag.tagger.email,
            created_at: tag.tagger.time.iso(),
        }
    }
}
