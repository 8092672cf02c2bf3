//! `gto assign`

use clap::Args;

use gto::Registry;
use gto::name::{ArtifactName, StageName};
use gto::rules::{AssignTarget, Refusal};
use gto::version::Version;

use super::{completions, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::context::Context;
use crate::error::Result;

/// Assign stage to specific artifact version
///
/// `--version` alone picks a registered version. REF picks the version on that commit; if there is none, the next
/// one, or the one that `--version` names, is registered there first. Without both, REF is HEAD.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto assign model --version v1.0.0 --stage prod\n  \
    gto assign model HEAD --stage dev           registers a version on HEAD if there is none\n  \
    gto assign model HEAD --stage dev --sr      never registers: assigns the bare commit")]
pub struct Assign {
    /// Artifact name
    #[arg(add = completions::artifacts())]
    name: String,

    /// Git reference to use
    #[arg(value_name = "REF", add = completions::revisions())]
    revision: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// If you provide REF, this will be used to name new version
    #[arg(long, value_name = "VERSION", add = completions::versions())]
    version: Option<String>,

    /// Stage to assign
    #[arg(long, add = completions::stages())]
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
        let name = ArtifactName::from_user(&self.name)?;
        let stage: StageName = self.stage.parse()?;
        registry.check_stage(&stage)?;
        let target = self.target(&registry)?;
        let plan = registry.plan_assign(&name, &stage, &target, &self.write.wish(), &self.write.author())?;
        write::carry_out(context, &registry, &plan, &self.write)
    }

    fn target(&self, registry: &Registry) -> Result<AssignTarget> {
        let version = self.version.as_deref().filter(|version| !version.is_empty());
        let version = version.map(parse_version).transpose()?;
        match (&self.revision, version) {
            (None, Some(version)) => Ok(AssignTarget::Version(version)),
            (revision, version) => {
                if version.is_some() && self.skip_registration {
                    return Err(Refusal::VersionAndSkip.into());
                }
                let revision = revision.as_deref().unwrap_or("HEAD");
                let commit = registry.resolve(revision)?;
                Ok(AssignTarget::Commit { commit, version, skip_registration: self.skip_registration })
            }
        }
    }
}

/// Reads a version where one must exist already.
pub fn parse_version(text: &str) -> Result<Version> {
    text.parse().map_err(|_| Refusal::InvalidVersion { version: text.to_owned() }.into())
}
