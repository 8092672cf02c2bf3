//! `gto print-state`

use clap::Args;

use gto::compat::StateJson;
use gto::query::AnnotatedAt;

use super::show::warn;
use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;

/// Technical cmd: Print current registry state
#[derive(Debug, Args)]
pub struct PrintState {
    #[command(flatten)]
    repo: RepoArgs,
}

impl PrintState {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let answer = registry.state(AnnotatedAt::Head)?;
        warn(context, &answer.warnings);
        Ok(context.printer.line(json::to_string(&StateJson(&answer.value))?)?)
    }
}
