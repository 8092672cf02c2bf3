//! `gto assign`

use clap::Args;
use gto_frontend::text::shell_quote;

use gto::Request;
use gto::request::Target;

use super::operand::Appended;
use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::Result;

/// Assign stage to specific artifact version
///
/// `--version` alone selects a registered version. REF selects the version on that commit. If it has none, this first
/// registers the next version there, or the one given by `--version`. Without both, REF is HEAD.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto assign model --version v1.0.0 --stage prod\n  \
    gto assign model HEAD --stage dev           registers a version on HEAD if there is none\n  \
    gto assign model HEAD --stage dev --sr      never registers: assigns the bare commit")]
pub struct Assign {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Git reference to use
    #[arg(value_name = "REF", add = candidates::revisions())]
    revision: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Registered version to assign; with REF, the name of the new version
    #[arg(long, value_name = "VERSION", add = candidates::versions())]
    version: Option<String>,

    /// Stage to assign
    #[arg(long, add = candidates::stages())]
    stage: String,

    /// Don't register a version at specified commit
    #[arg(long, visible_alias = "sr")]
    skip_registration: bool,

    #[command(flatten)]
    write: WriteArgs,
}

impl Assign {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |appended| self.instead(appended))?;
        let author = operand::author(&self.write)?;
        let stage = operand::stage(&self.stage)?;
        let target = self.target()?;
        let tag = self.write.wish();
        let request = Request::Assign { artifact: name, stage, target, tag, author };
        write::run(context, &registry, &request, &self.write)
            .map_err(|error| operand::no_revision(error, |version| self.command(&self.name, version)))
    }

    /// The command for a name with a version or a stage at its end.
    fn instead(&self, appended: Appended<'_>) -> Option<String> {
        match appended {
            Appended::Version(name, version) => Some(self.command(name, &version)),
            Appended::Stage(..) => None,
        }
    }

    fn command(&self, name: &str, version: &str) -> String {
        format!("gto assign {name} --version {version} --stage {}", shell_quote(&self.stage))
    }

    fn target(&self) -> Result<Target> {
        let version = self.version.as_deref().map(operand::version).transpose()?;
        Ok(match (&self.revision, version) {
            (None, Some(version)) => Target::Version(version),
            (revision, version) => Target::Commit {
                revision: revision.as_deref().unwrap_or("HEAD").to_owned(),
                version,
                skip_registration: self.skip_registration,
            },
        })
    }
}
