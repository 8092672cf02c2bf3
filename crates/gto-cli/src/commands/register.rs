//! `gto register`

use clap::Args;

use gto::Request;
use gto::rules::{Refusal, Registering};
use gto::version::{Bump, Version};
use gto_frontend::advice::spelling_of_version;

use super::operand::TrailingSelector;
use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Create an artifact version to signify an important, published or released iteration
///
/// Without `--version` and `--bump-*`, the first version is v0.0.1, and each later one bumps the patch number of the
/// highest version.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto register model                          the next patch version, on HEAD\n  \
    gto register model abc1234 --version v1.0.0\n  \
    gto register model --if-changed             nothing if its file is the same\n  \
    gto register --all-changed --bump-minor     every annotated artifact that has changed\n  \
    gto register nlp:model --bump-minor --push  artifact `model` of folder `nlp`")]
pub struct Register {
    /// Artifact name
    #[arg(add = candidates::artifacts(), required_unless_present = "all_changed")]
    name: Option<String>,

    /// Git reference to use for registration
    #[arg(value_name = "REF", default_value = "HEAD", add = candidates::revisions())]
    revision: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Version name in SemVer format, with a leading `v`
    #[arg(long, visible_alias = "ver", value_name = "VERSION")]
    version: Option<String>,

    /// Bump major version
    #[arg(long)]
    bump_major: bool,

    /// Bump minor version
    #[arg(long)]
    bump_minor: bool,

    /// Bump patch version
    #[arg(long)]
    bump_patch: bool,

    /// Register nothing if the artifact's file, or its hash in DVC, has not changed since its highest version
    #[arg(long)]
    if_changed: bool,

    /// Register a version of each annotated artifact that has changed since its highest version, atomically
    #[arg(long, conflicts_with_all = ["name", "revision", "version", "if_changed"])]
    all_changed: bool,

    #[command(flatten)]
    write: WriteArgs,
}

impl Register {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let author = operand::author(&self.write)?;
        let bumps =
            [(self.bump_major, Bump::Major), (self.bump_minor, Bump::Minor), (self.bump_patch, Bump::Patch)];
        let version = self.version.clone();
        let wish = Registering {
            version: self.version,
            bumps: bumps.into_iter().filter_map(|(wanted, bump)| wanted.then_some(bump)).collect(),
            message: self.write.message.clone(),
            counter: self.write.simple.into(),
            force: self.write.force,
            exist_ok: self.write.exist_ok,
        };
        let Some(name) = &self.name else {
            let request = Request::RegisterChanged { new: wish, author };
            return write::run(context, &registry, &request, &self.write).map(drop);
        };
        let name = operand::artifact(name, |trailing| match trailing {
            TrailingSelector::Version(name, version) => {
                Some(format!("gto register {name} --version {version}"))
            }
            TrailingSelector::Stage(..) => None,
        })?;
        let request = Request::Register {
            artifact: name.clone(),
            revision: self.revision,
            new: wish,
            if_changed: self.if_changed,
            author,
        };
        write::run(context, &registry, &request, &self.write).map(drop).map_err(|error| {
            // The commit is looked at first, as in the Python tool; the version is wrong in any case.
            match (error, version.filter(|text| text.parse::<Version>().is_err())) {
                (CommandError::Registry(error), Some(text)) if is_of_commit(&error) => {
                    let spelling = spelling_of_version(&text).for_shell();
                    CommandError::meant(error, Some(format!("'{text}' is no version either: {spelling}")))
                }
                (error, _) => {
                    operand::no_revision(error, |version| format!("gto register {name} --version {version}"))
                }
            }
        })
    }
}

/// Whether the commit has a version already.
fn is_of_commit(error: &gto::Error) -> bool {
    matches!(
        error,
        gto::Error::Refused(Refusal::RegisteredOnCommit { .. } | Refusal::OnlyVersionOnCommit { .. })
    )
}
