//! `gto approve`

use clap::Args;
use serde::Serialize;

use gto::approval::ApprovalTag;
use gto::name::ArtifactName;
use gto::reference::{Reference, Selector};
use gto::request::Target;
use gto::{Registry, Request, Timestamp};

use super::show::warn;
use super::{operand, write};
use crate::args::{RepoArgs, SimpleArg, WriteArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, STAGE, Style, Table};

/// Approve a version for a stage, for a promotion policy that asks for approvals
///
/// An approval is an annotated Git tag of its own, `gto-approval/NAME@VERSION/STAGE/-/ID`, on the commit of the version. It is of that
/// commit: where a version is registered again elsewhere, it counts for nothing. Sign it (`--sign`), or nobody can tell whose it is.
#[derive(Debug, Args)]
#[command(
    override_usage = "gto approve [OPTIONS] --stage <STAGE> <NAME@VERSION>\n       gto approve --list [NAME]",
    mut_arg("simple", |arg| arg.hide(true)),
    mut_arg("force", |arg| arg.hide(true)),
    after_help = "Examples:\n  \
    gto approve model@v1.0.0 --stage prod --sign --push\n  \
    gto approve model@latest --stage prod -m 'looks good'\n  \
    gto approve model@v1.0.0 --stage prod --withdraw\n  \
    gto approve --list model"
)]
pub struct Approve {
    /// Artifact and version: NAME@VERSION, NAME@latest, or NAME#stage for what is there. With --list an artifact name, or nothing
    #[arg(required_unless_present = "list", add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Stage to approve it for
    #[arg(long, required_unless_present = "list", add = candidates::stages())]
    stage: Option<String>,

    /// Take the approval back. It cannot be given again for the same commit
    #[arg(long)]
    withdraw: bool,

    /// List approvals and their withdrawals
    #[arg(long, conflicts_with_all = ["stage", "withdraw", "message", "push", "dry_run"])]
    list: bool,

    #[command(flatten)]
    write: WriteArgs,
}

impl Approve {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let (name, Some(stage), false) = (self.name.as_deref(), &self.stage, self.list) else {
            return list(context, &registry, self.name.as_deref(), self.write.json);
        };
        if self.write.force || self.write.simple != SimpleArg::Auto {
            let hint = "leave out --force and --simple".to_owned();
            return Err(CommandError::arguments("An approval has one tag, and no number", hint));
        }
        let (artifact, version) = version_of(name.unwrap_or_default(), stage)?;
        let author = operand::author(&self.write)?;
        let stage = operand::stage(stage)?;
        let (withdraw, tag) = (self.withdraw, self.write.wish());
        let request = Request::Approve { artifact, version, stage, withdraw, tag, author };
        write::run(context, &registry, &request, &self.write).map(drop)
    }
}

/// The artifact and which of its versions.
fn version_of(text: &str, stage: &str) -> Result<(ArtifactName, Target)> {
    let reference = Reference::parse(text);
    let target = match reference.selector {
        Some(Selector::Version(version)) => Target::Version(version),
        Some(Selector::Latest) => Target::Latest,
        Some(Selector::Stage(stage)) => Target::Stage(stage),
        None => {
            let artifact = operand::artifact(text, |_| None)?;
            let hint = format!("`gto approve {artifact}@latest --stage {stage}` approves the highest one");
            return Err(CommandError::arguments("Which version is approved?", hint));
        }
    };
    Ok((operand::artifact(&reference.name, |_| None)?, target))
}

/// An approval in JSON.
#[derive(Debug, Serialize)]
pub struct ApprovalReport<'a> {
    timestamp: Timestamp,
    artifact: &'a str,
    event: &'static str,
    version: String,
    stage: &'a str,
    commit: String,
    #[serde(rename = "ref")]
    tag: String,
    author: &'a str,
    author_email: &'a str,
    message: &'a str,
    is_withdrawn: bool,
}

impl<'a> ApprovalReport<'a> {
    /// The report of one tag.
    pub fn new(tag: &'a ApprovalTag) -> Self {
        Self {
            timestamp: tag.tagger.time,
            artifact: tag.name.artifact.as_str(),
            event: tag.word(),
            version: tag.name.version.to_string(),
            stage: tag.name.stage.as_str(),
            commit: tag.commit.to_string(),
            tag: tag.name.to_string(),
            author: &tag.tagger.name,
            author_email: &tag.tagger.email,
            message: tag.message.trim(),
            is_withdrawn: tag.is_withdrawn,
        }
    }
}

/// Prints the approvals of all artifacts, or of one.
pub fn list(context: &mut Context, registry: &Registry, name: Option<&str>, as_json: bool) -> Result<()> {
    let artifact = name.map(|name| operand::artifact(name, |_| None)).transpose()?;
    let answer = registry.approvals(artifact.as_ref())?;
    warn(context, &answer.warnings);
    let printer = &mut context.printer;
    if as_json {
        let reports: Vec<ApprovalReport<'_>> = answer.value.iter().map(ApprovalReport::new).collect();
        return Ok(printer.line(json::to_string(&reports)?)?);
    }
    if answer.value.is_empty() {
        printer.hint("there are no approvals: `gto approve NAME@VERSION --stage STAGE` makes one");
        return Ok(());
    }
    let tags: Vec<(&ApprovalTag, String)> =
        answer.value.iter().map(|tag| (tag, tag.name.to_string())).collect();
    let headers =
        ["timestamp", "artifact", "event", "version", "stage", "commit", "approver", "withdrawn", "ref"];
    let cells = |(tag, name): &(&ApprovalTag, String), cells: &mut Cells| {
        cells.push_time(tag.tagger.time);
        cells.push(tag.name.artifact.as_str());
        cells.push(tag.word());
        cells.push_value(&tag.name.version);
        cells.push(tag.name.stage.as_str());
        cells.color(STAGE);
        cells.push(&tag.commit.short());
        cells.push(&tag.tagger.email);
        cells.push_option(tag.is_withdrawn.then_some("yes"));
        cells.push(name);
    };
    let table = Table {
        style: Style::FancyOutline,
        headers: &headers,
        rows: &tags,
        unordered: &[],
        look: |(_, name): &(&ApprovalTag, String)| name.len().to_le_bytes()[0],
        cells,
    };
    printer.table(&table, &["withdrawn", "commit", "ref"])?;
    Ok(())
}
