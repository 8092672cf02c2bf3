//! `gto ci template`

use clap::{Args, ValueEnum};

use crate::candidates;
use crate::commands::operand;
use crate::context::Context;
use crate::error::Result;

/// Print a whole pipeline that deploys what a tag assigns to a stage
///
/// It runs for assignments of that stage alone, a rollback included, and calls `./deploy.sh ARTIFACT VERSION PREVIOUS_VERSION`, which
/// is yours to write.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    gto ci template github --stage prod > .github/workflows/deploy-prod.yml")]
pub struct Template {
    /// The system that will run it
    #[arg(value_enum)]
    system: TemplateSystem,

    /// Stage to deploy
    #[arg(long, value_name = "STAGE", default_value = "prod", add = candidates::stages())]
    stage: String,
}

/// A system that there is a pipeline for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum TemplateSystem {
    /// `.github/workflows/deploy-STAGE.yml`
    Github,
    /// `.gitlab-ci.yml`
    Gitlab,
    /// `azure-pipelines.yml`
    Azure,
    /// `bitbucket-pipelines.yml`
    Bitbucket,
    /// `Jenkinsfile`
    Jenkins,
}

impl Template {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let stage = operand::stage(&self.stage)?;
        let template = match self.system {
            TemplateSystem::Github => include_str!("templates/github.yml"),
            TemplateSystem::Gitlab => include_str!("templates/gitlab.yml"),
            TemplateSystem::Azure => include_str!("templates/azure.yml"),
            TemplateSystem::Bitbucket => include_str!("templates/bitbucket.yml"),
            TemplateSystem::Jenkins => include_str!("templates/Jenkinsfile"),
        };
        Ok(context.printer.raw(filled(template, stage.as_str()).as_bytes())?)
    }
}

fn filled(template: &str, stage: &str) -> String {
    template
        .replace("{{stage}}", stage)
        .replace("{{file}}", &stage.replace('/', "-"))
        // Of what a stage may have, only this means something in a regular expression of GitLab.
        .replace("{{regex}}", &stage.replace('/', r"\/"))
        .replace("{{repository}}", env!("CARGO_PKG_REPOSITORY"))
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
}
