//! `gto policy check`

use std::path::PathBuf;

use clap::Args;

use gto::name::ArtifactName;
use gto::policy::{Policy, Reason, Refused, Verdict, fetch_of};
use gto::tag::TagName;
use gto::{PolicyReport, Registry, TagsToCheck};
use gto_frontend::reports::policy;

use super::in_force::in_force;
use crate::args::RepoArgs;
use crate::candidates;
use crate::commands::operand;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Check tags against the policy
///
/// The exit status is 4 if a tag violates the policy, and 1 if it cannot be judged, such as where a key is missing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto policy check                          all tags\n  \
    gto policy check model                    those of an artifact\n  \
    gto policy check 'model#prod#3'           one tag\n  \
    gto policy check --range origin/main..HEAD\n  \
    gto policy check --as-of new.yaml         what another policy would say about what has happened")]
pub struct Check {
    /// Artifact name or tag. If omitted, all tags of the registry
    #[arg(value_name = "NAME|TAG", add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// All tags of the registry: what is done without a name
    #[arg(long, conflicts_with = "name")]
    all: bool,

    /// What these commits bring, by the policy of OLD: the tags on them, and whether who changed the policy may do that. For CI, where no
    /// hook of the server can
    #[arg(long, value_name = "OLD..NEW", conflicts_with_all = ["name", "all", "as_of"])]
    range: Option<String>,

    /// Check against the policy in this file instead, with the keys and the baseline that are in force
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    as_of: Option<PathBuf>,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let (report, refused) = self.checked(&registry)?;
        if self.json {
            let mut value = policy::report(&report);
            if self.range.is_some() {
                value["changes"] = policy::changes(refused.as_ref());
            }
            context.printer.line(json::to_string(&value)?)?;
        } else {
            print(context, &report)?;
            print_refused(context, refused.as_ref())?;
        }
        let is =
            |wanted: fn(&Verdict) -> bool| report.tags.iter().any(|tag| wanted(&tag.judgement.verdict()));
        let reasons = || refused.iter().flat_map(|refused| &refused.reasons);
        if is(|verdict| matches!(verdict, Verdict::Violations(_)))
            || reasons().any(|reason| !reason.is_unknown)
        {
            return Err(CommandError::Violated);
        }
        if is(|verdict| matches!(verdict, Verdict::CannotJudge(_))) || refused.is_some() {
            Err(CommandError::Silent)
        } else {
            Ok(())
        }
    }

    fn checked(&self, registry: &Registry) -> Result<(PolicyReport, Option<Refused>)> {
        if let Some(range) = &self.range {
            let (old, new) = range.split_once("..").filter(|(old, _)| !old.is_empty()).ok_or_else(|| {
                let hint = "such as `gto policy check --range origin/main..HEAD`".to_owned();
                CommandError::arguments(format!("'{range}' is no OLD..NEW"), hint)
            })?;
            let new = if new.is_empty() { "HEAD" } else { new };
            return Ok(registry.check_range((registry.resolve(old)?, registry.resolve(new)?), range)?);
        }
        let in_force = match &self.as_of {
            Some(file) => {
                let what = || format!("Cannot read '{}'", file.display());
                let text =
                    std::fs::read(file).map_err(|source| CommandError::File { what: what(), source })?;
                Policy::read(&text).map_err(|error| {
                    let message =
                        format!("The policy '{}' cannot be used: {}", file.display(), error.reason());
                    CommandError::arguments(
                        message,
                        "correct it before it comes to the default branch".to_owned(),
                    )
                })?;
                registry.policy_as_of(&text)?
            }
            None => in_force(registry)?,
        };
        let (artifacts, tag) = self.concerned(registry)?;
        let wanted = tag.map_or(TagsToCheck::All, TagsToCheck::Named);
        Ok((registry.check_policy(&in_force, &artifacts, &wanted)?, None))
    }

    fn concerned(&self, registry: &Registry) -> Result<(Vec<ArtifactName>, Option<&str>)> {
        let Some(name) = self.name.as_deref() else { return Ok((registry.artifact_names()?, None)) };
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        if let Ok(parsed) = tag.parse::<TagName>() {
            return Ok((vec![parsed.artifact], Some(tag)));
        }
        let artifact = operand::artifact(name, |_| None)?;
        // What does not exist violates nothing, and a gate must not open for it.
        if registry.events_of(&artifact)?.is_empty() {
            return Err(gto::rules::Refusal::ArtifactNotFound { name: artifact.to_string() }.into());
        }
        Ok((vec![artifact], None))
    }
}

fn print_refused(context: &mut Context, refused: Option<&Refused>) -> Result<()> {
    if let Some(Refused { name, reasons }) = refused {
        for Reason { rule, wanted, found, fix, .. } in reasons {
            context.printer.line(format!("{name}: {rule} wants {wanted}, but {found}"))?;
            if let Some(fix) = fix {
                context.printer.hint(format!("to satisfy {rule}, {fix}"));
            }
        }
    }
    Ok(())
}

fn print(context: &mut Context, report: &PolicyReport) -> Result<()> {
    for tag in &report.tags {
        let judgement = &tag.judgement;
        match judgement.verdict() {
            Verdict::Valid if judgement.overridden.is_some() => {
                let reason = judgement.overridden.as_deref().unwrap_or_default();
                context.printer.line(format!("{}: overridden ({reason})", tag.tag))?;
            }
            Verdict::Valid => {}
            Verdict::Violations(violations) => {
                for violation in violations {
                    context.printer.line(format!("{}: {violation}", tag.tag))?;
                }
            }
            Verdict::CannotJudge(missing) => {
                for missing in missing {
                    context.printer.line(format!("{}: {missing}", tag.tag))?;
                }
            }
        }
    }
    let fetch = report.tags.iter().find_map(|tag| match tag.judgement.verdict() {
        Verdict::Violations(violations) => fetch_of(&violations).map(str::to_owned),
        _ => None,
    });
    if let Some(fetch) = fetch {
        context.printer.hint(format!("approvals may be missing here: `{fetch}` fetches them"));
    }
    let count = |word: &str| report.tags.iter().filter(|tag| policy::word(&tag.judgement) == word).count();
    let unknown = match count("unknown") {
        0 => String::new(),
        some => format!(", {some} cannot be judged"),
    };
    let (valid, violated, source) = (count("valid"), count("violated"), &report.source);
    let tags = if valid == 1 { "tag complies" } else { "tags comply" };
    let violate = if violated == 1 { "violates" } else { "violate" };
    let line = format!("{valid} {tags} with the policy of {source}, {violated} {violate} it{unknown}");
    Ok(context.printer.line(line)?)
}
