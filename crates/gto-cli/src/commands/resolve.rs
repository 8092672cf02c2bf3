//! `gto resolve`

use clap::Args;
use serde::Serialize;

use gto::Located;
use gto::version::VersionLabel;

use super::describe::path_for_scripts;
use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Resolve a name, version or stage to one tag, or fail
///
/// For scripts: prints one line, or explains on stderr why it cannot and exits with status 1; with 4 if all that is there violates the
/// policy. Without a flag it prints
/// the ref: the tag that registered the version, or the commit if no tag did.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto resolve model                     the tag of the highest version\n  \
    gto resolve model#prod --version      the version in stage `prod`\n  \
    git checkout \"$(gto resolve model@v1.0.0 --commit)\"\n  \
    dvc get . \"$(gto resolve model#prod --path)\" --rev \"$(gto resolve model#prod)\"")]
pub struct Resolve {
    /// Artifact name for its highest version, NAME@version, NAME#stage, or a tag
    #[arg(add = candidates::references())]
    name: String,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Print the commit
    #[arg(long, group = "field")]
    commit: bool,

    /// Print the version
    #[arg(long, group = "field")]
    version: bool,

    /// Print the path of the artifact in that commit, from the root of the repository
    #[arg(long, group = "field")]
    path: bool,

    /// Print all of it in json format
    #[arg(long, group = "field")]
    json: bool,
}

/// What `resolve --json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    located: &'a Located,
    path: Option<String>,
}

impl Resolve {
    /// Whether a tag of the artifact could have been the answer: of a stage, only what is about it.
    fn may_mean(&self, tag: &str) -> bool {
        let Some((_, stage)) = self.name.split_once('#') else { return true };
        let stage = stage.split(['#', '!']).next().unwrap_or_default();
        tag.split_once('#').is_some_and(|(_, of)| of.split(['#', '!']).next() == Some(stage))
    }

    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        let answer = registry.locate(&self.name);
        let left_out = context.tell_left_out(&registry);
        let answer = answer.map_err(|error| match error.kind() {
            gto::ErrorKind::NotFound if left_out.iter().any(|tag| self.may_mean(tag)) => {
                CommandError::NoneValid(Box::new(error.into()))
            }
            _ => error.into(),
        })?;
        warn(context, &answer.warnings);
        let located = answer.value;
        let line = if self.commit {
            located.commit.to_string()
        } else if self.version {
            self.registered(&located)?
        } else if self.path {
            let answer = registry.describe_located(&located)?;
            warn(context, &answer.warnings);
            path_for_scripts(&answer.value)?
        } else if self.json {
            let path = registry.describe_located(&located).ok();
            let path = path.and_then(|answer| answer.value.annotation().path.clone());
            json::to_string(&Report { located: &located, path })?
        } else {
            located.reference
        };
        Ok(context.printer.line(line)?)
    }

    fn registered(&self, located: &Located) -> Result<String> {
        if let Some(version @ VersionLabel::Number(_)) = &located.version {
            return Ok(version.to_string());
        }
        let commit = located.commit.short();
        let message = format!("'{}' has no version: none is registered on commit {commit}", self.name);
        let hint = format!("register it: `gto register {} {commit}`", located.artifact);
        Err(CommandError::arguments(message, hint))
    }
}
