//! `gto policy explain`

use clap::Args;

use gto::policy::Verdict;
use gto::reference::{Reference, Selector};
use gto_frontend::reports::policy;
use serde_json::json;

use super::in_force::in_force;
use crate::args::RepoArgs;
use crate::candidates;
use crate::commands::operand;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Show what the policy wants of a version for a stage, and what of it is fulfilled
///
/// As if the version were assigned now, with a signature. Makes nothing, and ends with 0 whatever is missing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    gto policy explain model@v1.2.0 --stage prod")]
pub struct Explain {
    /// Version to explain
    #[arg(value_name = "NAME@VERSION", add = candidates::references())]
    version: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Stage that it is to be assigned to
    #[arg(long, add = candidates::stages())]
    stage: String,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let stage = operand::stage(&self.stage)?;
        let reference = Reference::parse(&self.version);
        let Some(Selector::Version(version)) = reference.selector else {
            let hint = "such as `gto policy explain model@v1.2.0 --stage prod`".to_owned();
            return Err(CommandError::arguments(format!("'{}' is no NAME@VERSION", self.version), hint));
        };
        let artifact = operand::artifact(&reference.name, |_| None)?;
        let in_force = in_force(&registry)?;
        let judgement = registry.explain_policy(&in_force, &artifact, &version, &stage)?;
        if self.json {
            let mut report = policy::judgement(&judgement);
            report["schema"] = json!(1);
            report["artifact"] = json!(artifact.as_str());
            report["version"] = json!(version.to_string());
            report["stage"] = json!(stage.as_str());
            report["policy"] = json!(in_force.source);
            return Ok(context.printer.line(json::to_string(&report)?)?);
        }
        let said = match judgement.verdict() {
            Verdict::Valid if judgement.checks.is_empty() => "no rule is about it",
            Verdict::Valid => "allowed",
            Verdict::Violations(_) => "not allowed yet",
            Verdict::CannotJudge(_) => "not known",
        };
        context.printer.line(format!(
            "{artifact}@{version} in stage '{stage}': {said} (policy of {})",
            in_force.source
        ))?;
        for line in judgement.checks.iter().flat_map(policy::lines) {
            context.printer.line(format!("  {line}"))?;
        }
        Ok(())
    }
}
