//! `gto stages`

use clap::Args;

use gto::StagesWanted;

use super::show::warn;
use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Print list of stages used in the registry
///
/// Without a flag: the stages that the configuration allows or, if it sets none, the stages that have a version.
#[derive(Debug, Args)]
pub struct Stages {
    #[command(flatten)]
    repo: RepoArgs,

    /// Show allowed stages from config
    #[arg(long)]
    allowed: bool,

    /// Show stages that were ever used (from all git tags)
    #[arg(long)]
    used: bool,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

impl Stages {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let wanted = match (self.allowed, self.used) {
            (true, true) => {
                let hint = "leave out --allowed or --used".to_owned();
                return Err(CommandError::arguments("Either \"allowed\" or \"used\" can be set", hint));
            }
            (true, false) => StagesWanted::Allowed,
            (false, true) => StagesWanted::Used,
            (false, false) => StagesWanted::Known,
        };
        let registry = context.open(&self.repo.repo)?;
        let answer = registry.stages(wanted)?;
        warn(context, &answer.warnings);
        let stages = answer.value;
        if self.json {
            return Ok(context.printer.line(json::to_string(&stages)?)?);
        }
        if stages.is_none() {
            context.printer.hint("the configuration allows every stage: `.gto` has no `stages`");
        }
        for stage in stages.unwrap_or_default() {
            context.printer.line(stage.as_str())?;
        }
        Ok(())
    }
}
