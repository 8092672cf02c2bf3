//! `gto policy export`

use clap::{Args, ValueEnum};
use serde_json::json;

use super::in_force::in_force;
use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;

/// Print the tags to protect on a host that runs no hooks
///
/// The patterns match every tag that changes what a stage with rules shows, of any artifact. The host then decides who may push
/// them, and no more: a note on stderr names what it cannot hold.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto policy export github-ruleset > ruleset.json   to import under Settings, Rules, Rulesets\n  \
    gto policy export gitlab-protected-tags           one pattern a line, for Settings, Repository, Protected tags")]
pub struct Export {
    /// For which host
    #[arg(value_enum)]
    host: Host,

    #[command(flatten)]
    repo: RepoArgs,
}

/// A host, and the form that it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Host {
    /// A ruleset for GitHub, as JSON
    GithubRuleset,
    /// Patterns for GitLab, one a line
    GitlabProtectedTags,
}

impl Export {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let policy = in_force(&registry)?.policy;
        match self.host {
            Host::GithubRuleset => {
                let patterns =
                    policy.tag_patterns("**/*").into_iter().map(|pattern| format!("refs/tags/{pattern}"));
                let ruleset = json!({
                    "name": "Promotion policy of gto",
                    "target": "tag",
                    "enforcement": "active",
                    "conditions": {"ref_name": {"include": patterns.collect::<Vec<_>>(), "exclude": []}},
                    "rules": [{"type": "creation"}, {"type": "update"}, {"type": "deletion"}],
                    "bypass_actors": [],
                });
                context.printer.line(json::to_string(&ruleset)?)?;
                context
                    .printer
                    .hint("add the team that deploys to the bypass list: nobody may push these tags before");
            }
            Host::GitlabProtectedTags => {
                for pattern in policy.tag_patterns("*") {
                    context.printer.line(pattern)?;
                }
            }
        }
        let beyond = policy.beyond_patterns();
        if !beyond.is_empty() {
            let keys = beyond.join(", ");
            context.printer.hint(format!("the host cannot hold these keys of the policy: {keys}; `gto policy check` in CI finds violations"));
        }
        context.printer.hint(
            "a registration moves a stage too where the stage shows a commit without a version: protect `*@v*` as well if not all may register",
        );
        Ok(())
    }
}
