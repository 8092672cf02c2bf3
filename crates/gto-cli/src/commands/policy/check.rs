//! `gto policy check`

use std::path::PathBuf;

use clap::Args;

use gto::name::ArtifactName;
use gto::policy::Verdict;
use gto::tag::TagName;
use gto::{PolicyReport, Registry};
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
        let in_force = match &self.as_of {
            Some(file) => {
                let what = || format!("Cannot read '{}'", file.display());
                let text =
                    std::fs::read(file).map_err(|source| CommandError::File { what: what(), source })?;
                registry.policy_as_of(&text)?
            }
            None => in_force(&registry)?,
        };
        let (artifacts, tag) = self.concerned(&registry)?;
        let report = registry.check_policy(&in_force, &artifacts, tag)?;
        if self.json {
            context.printer.line(json::to_string(&policy::report(&report))?)?;
        } else {
            print(context, &report)?;
        }
        let is =
            |wanted: fn(&Verdict) -> bool| report.tags.iter().any(|tag| wanted(&tag.judgement.verdict()));
        if is(|verdict| matches!(verdict, Verdict::Violations(_))) {
            return Err(CommandError::Violated);
        }
        if is(|verdict| matches!(verdict, Verdict::CannotJudge(_))) {
            Err(CommandError::Silent)
        } else {
            Ok(())
        }
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
