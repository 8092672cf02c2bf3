//! `gto promote`

use clap::Args;

use gto::Request;
use gto::name::ArtifactName;
use gto::rules::TagWish;

use super::assign::Assign;
use super::{operand, write};
use crate::args::{RepoArgs, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Assign what is in one stage to the next, or as `gto assign`
///
/// Of several artifacts all are assigned or, where one is refused, none.
#[derive(Debug, Args)]
#[command(
    override_usage = "gto promote [OPTIONS] <NAME>... --from <STAGE> --to <STAGE>\n       \
                      gto promote [OPTIONS] <NAME> [REF] --stage <STAGE>",
    after_help = "Examples:\n  \
    gto promote model --from dev --to prod             the version that dev shows\n  \
    gto promote model tokenizer --from dev --to prod   both, or none\n  \
    gto promote model --version v1.0.0 --stage prod    as `gto assign`"
)]
pub struct Promote {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// Git reference to use; with --from, more artifact names
    #[arg(value_name = "REF", add = candidates::artifacts())]
    more: Vec<String>,

    /// Stage to take the version from
    #[arg(long, value_name = "STAGE", requires = "to", conflicts_with = "stage", add = candidates::stages())]
    from: Option<String>,

    /// Stage to assign it to
    #[arg(long, value_name = "STAGE", requires = "from", add = candidates::stages())]
    to: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Registered version to assign; with REF, the name of the new version
    #[arg(long, value_name = "VERSION", conflicts_with = "from", add = candidates::versions())]
    version: Option<String>,

    /// Stage to assign
    #[arg(long, required_unless_present = "from", add = candidates::stages())]
    stage: Option<String>,

    /// Only if the stage shows this version now
    #[arg(long, value_name = "VERSION", add = candidates::versions())]
    expect: Option<String>,

    /// Don't register a version at specified commit
    #[arg(long, visible_alias = "sr", conflicts_with = "from")]
    skip_registration: bool,

    #[command(flatten)]
    write: WriteArgs,
}

impl Promote {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let Self { name, more, from, to, repo, version, stage, expect, skip_registration, write } = self;
        if let (Some(from), Some(to)) = (from, to) {
            let names = [&[name][..], &more].concat();
            return promote(context, &names, (&from, &to), (&repo, &write), expect.as_deref());
        }
        let mut more = more.into_iter();
        let (revision, None, Some(stage)) = (more.next(), more.next(), stage) else {
            let hint = "`gto promote NAME... --from STAGE --to STAGE` takes several".to_owned();
            return Err(CommandError::arguments("With --stage one artifact is named, and one REF", hint));
        };
        Assign { name, revision, repo, version, stage, expect, skip_registration, write }.run(context)
    }
}

fn promote(
    context: &mut Context,
    names: &[String],
    (from, to): (&str, &str),
    (repo, args): (&RepoArgs, &WriteArgs),
    expect: Option<&str>,
) -> Result<()> {
    let registry = context.open(&repo.repo)?;
    let artifacts = names.iter().map(|name| operand::artifact(name, |_| None));
    let artifacts: Vec<ArtifactName> = artifacts.collect::<Result<_>>()?;
    let (from, to) = (operand::stage(from)?, operand::stage(to)?);
    let author = operand::author(args)?;
    let expect = expect.map(|text| operand::version(text, &artifacts[0])).transpose()?;
    let tag = TagWish { expect, ..args.wish() };
    let request = Request::Promote { artifacts, from, to, tag, author };
    write::run(context, &registry, &request, args).map(drop)
}
