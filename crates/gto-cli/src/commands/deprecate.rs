//! `gto deprecate`

use clap::Args;

use gto::Request;
use gto::name::{ArtifactName, StageName};
use gto::rules::{Refusal, Undo};
use gto_frontend::advice::looks_like_version;

use super::operand::TrailingSelector;
use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Deprecate artifact, deregister a version, or unassign a stage
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto deprecate model                 the whole artifact\n  \
    gto deprecate model v1.0.0          the version: deregisters it\n  \
    gto deprecate model v1.0.0 prod     the stage of that version: unassigns it\n  \
    gto deprecate model v1.0.0 --delete removes the tags instead of adding one")]
pub struct Deprecate {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Artifact version
    #[arg(add = candidates::versions())]
    version: Option<String>,

    /// Stage to unassign
    #[arg(add = candidates::stages())]
    stage: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Git reference to use (for model deprecation)
    #[arg(long = "ref", value_name = "REF", add = candidates::revisions())]
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
        let name = operand::artifact(&self.name, |trailing| {
            Some(match trailing {
                TrailingSelector::Version(name, version) => format!("gto deprecate {name} {version}"),
                TrailingSelector::Stage(name, stage) => format!("gto deprecate {name} VERSION {stage}"),
            })
        })?;
        let undo = if self.delete { Undo::ByDeletion } else { Undo::ByTag };
        let (tag, author) = (self.write.wish(), operand::author(&self.write)?);
        let artifact = name.clone();
        let request = match (&self.version, &self.stage) {
            (version, Some(stage)) => {
                let stage = self.stage(&name, stage)?;
                // Before the version is read, as in the Python tool.
                registry.check_stage(&stage)?;
                let version = operand::version(version.as_deref().unwrap_or_default(), &name)?;
                Request::Unassign { artifact, version: Some(version), stage, undo, tag, author }
            }
            (Some(version), None) => {
                let version = operand::version(version, &name)?;
                Request::Deregister { artifact, version, undo, tag, author }
            }
            (None, None) => {
                let revision = self.revision.clone();
                Request::Deprecate { artifact, revision, undo, tag, author }
            }
        };
        write::run(context, &registry, &request, &self.write)
            .map(drop)
            .map_err(|error| match error {
                CommandError::Registry(error) if self.delete => {
                    let hint = nothing_to_delete(&error, &name);
                    CommandError::meant(error, hint)
                }
                error => error,
            })
            .map_err(|error| operand::no_revision(error, |v| format!("gto deprecate {name} {v}")))
    }

    /// Reads the stage, which may have changed places with the version.
    fn stage(&self, name: &ArtifactName, text: &str) -> Result<StageName> {
        let swapped = self.version.as_deref().filter(|text| text.parse::<StageName>().is_ok());
        match (swapped, looks_like_version(text)) {
            (Some(stage), Some(version)) => text.parse().map_err(|error| {
                CommandError::meant(
                    error,
                    Some(format!("did you mean `gto deprecate {name} {version} {stage}`?")),
                )
            }),
            _ => operand::stage(text),
        }
    }
}

/// What to do where a deletion is refused: `--force` deletes then, and makes no tag.
fn nothing_to_delete(error: &gto::Error, name: &ArtifactName) -> Option<String> {
    let gto::Error::Refused(refusal) = error else { return None };
    match refusal {
        Refusal::NotInStage { .. } => Some(format!("`gto show {name}` lists what is in which stage")),
        Refusal::DeprecatedAlready | Refusal::DeregisteredAlready { .. } => Some(
            "it is out of use already, and its tags are kept; --force deletes them: look at them first with --force --dry-run"
                .to_owned(),
        ),
        _ => None,
    }
}
