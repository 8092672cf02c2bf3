//! `gto deprecate`

use clap::Args;

use gto::name::{ArtifactName, StageName};

use super::assign::parse_version;
use super::{completions, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::context::Context;
use crate::error::Result;

/// Deprecate artifact, deregister a version, or unassign a stage
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto deprecate model                 the whole artifact\n  \
    gto deprecate model v1.0.0          the version: deregisters it\n  \
    gto deprecate model v1.0.0 prod     the stage of that version: unassigns it\n  \
    gto deprecate model v1.0.0 --delete removes the tags instead of adding one")]
pub struct Deprecate {
    /// Artifact name
    #[arg(add = completions::artifacts())]
    name: String,

    /// Artifact version
    #[arg(add = completions::versions())]
    version: Option<String>,

    /// Stage to unassign
    #[arg(add = completions::stages())]
    stage: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Git reference to use (for model deprecation)
    #[arg(long = "ref", value_name = "REF", add = completions::revisions())]
    revision: Option<String>,

    /// Delete the git tag(s) instead of creating the new one
    #[arg(long, short)]
    delete: bool,

    #[command(flatten)]
    write: WriteArgs,
}

impl Deprecate {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = ArtifactName::from_user(&self.name)?;
        let (delete, wish, author) = (self.delete, self.write.wish(), self.write.author());
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let plan = match (given(&self.version), given(&self.stage)) {
            (version, Some(stage)) => {
                let stage: StageName = stage.parse()?;
                registry.check_stage(&stage)?;
                let version = parse_version(&version.unwrap_or_default())?;
                registry.plan_unassign(&name, &version, &stage, delete, &wish, &author)?
            }
            (Some(version), None) => {
                registry.plan_deregister(&name, &parse_version(&version)?, delete, &wish, &author)?
            }
            (None, None) => {
                let revision = given(&self.revision);
                registry.plan_deprecate(&name, revision.as_deref(), delete, &wish, &author)?
            }
        };
        write::carry_out(context, &registry, &plan, &self.write)
    }
}
