//! `gto assign`

use clap::Args;
use gto_frontend::text::shell_quote;

use gto::Request;
use gto::event::EventKind;
use gto::name::ArtifactName;
use gto::plan::{Plan, Step};
use gto::reference::Selector;
use gto::request::Target;
use gto::rules::TagWish;

use super::operand::TrailingSelector;
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
    pub(super) name: String,

    /// Git reference to use
    #[arg(value_name = "REF", add = candidates::revisions())]
    pub(super) revision: Option<String>,

    #[command(flatten)]
    pub(super) repo: RepoArgs,

    /// Registered version to assign; with REF, the name of the new version
    #[arg(long, value_name = "VERSION", add = candidates::versions())]
    pub(super) version: Option<String>,

    /// Stage to assign
    #[arg(long, add = candidates::stages())]
    pub(super) stage: String,

    /// Only if the stage shows this version now
    #[arg(long, value_name = "VERSION", add = candidates::versions())]
    pub(super) expect: Option<String>,

    /// Don't register a version at specified commit
    #[arg(long, visible_alias = "sr")]
    pub(super) skip_registration: bool,

    #[command(flatten)]
    pub(super) write: WriteArgs,
}

impl Assign {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |trailing| Some(self.instead(trailing)))?;
        let author = operand::author(&self.write)?;
        let stage = operand::stage(&self.stage)?;
        // Before the version is read, as in the Python tool.
        registry.check_stage(&stage)?;
        let target = self.target(&name)?;
        let expect = self.expect.as_deref().map(|text| operand::version(text, &name)).transpose()?;
        let tag = TagWish { expect, ..self.write.wish() };
        let request = Request::Assign { artifact: name, stage, target, tag, author };
        let plan = write::run(context, &registry, &request, &self.write)
            .map_err(|error| operand::no_revision(error, |version| self.command(&self.name, version)))?;
        if self.revision.is_none() && self.version.is_none() {
            self.say_what_was_registered(context, &plan);
        }
        Ok(())
    }

    /// That HEAD was registered, where it is likely that a version that exists was meant.
    fn say_what_was_registered(&self, context: &mut Context, plan: &Plan) {
        let registered = plan.steps.iter().find_map(|step| match step {
            Step::Create(tag) if tag.kind == EventKind::Registration => tag.version.as_ref(),
            _ => None,
        });
        if let (Some(new), Some(latest)) = (registered, &plan.latest) {
            let (name, stage) = (&self.name, shell_quote(&self.stage));
            let is = if self.write.dry_run { "would be" } else { "was" };
            context.printer.hint(format!(
                "HEAD {is} registered as {new}, since neither REF nor --version was given; the highest version before it: \
                 `gto assign {name} --version {latest} --stage {stage}`"
            ));
        }
    }

    /// The command for a name with a version or a stage at its end.
    fn instead(&self, trailing: TrailingSelector<'_>) -> String {
        match trailing {
            TrailingSelector::Version(name, version) => self.command(name, &version),
            TrailingSelector::Stage(name, stage) => self.command(name, &format!("{name}#{stage}")),
        }
    }

    fn command(&self, name: &str, version: &str) -> String {
        format!("gto assign {name} --version {version} --stage {}", shell_quote(&self.stage))
    }

    fn target(&self, name: &ArtifactName) -> Result<Target> {
        if let (None, Some(text)) = (&self.revision, &self.version) {
            return Ok(match operand::selector(text, name)? {
                Selector::Latest => Target::Latest,
                Selector::Version(version) => Target::Version(version),
                Selector::Stage(stage) => Target::Stage(stage),
            });
        }
        Ok(Target::Commit {
            revision: self.revision.as_deref().unwrap_or("HEAD").to_owned(),
            version: self.version.as_deref().map(|text| operand::version(text, name)).transpose()?,
            skip_registration: self.skip_registration,
        })
    }
}
