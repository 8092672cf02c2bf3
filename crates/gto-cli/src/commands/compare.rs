//! `gto compare`

use clap::Args;

use gto::report::VersionReport;

use super::operand;
use super::show::warn;
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;
use crate::output::table::{Cells, Style, Table};

/// Compare two versions of an artifact
///
/// Prints what each of them is, and marks what differs. For the files see `git diff`, which the last line names.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto compare model v1.0.0 v1.1.0\n  \
    gto compare model model#prod latest     what prod shows, and the highest version")]
pub struct Compare {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    /// A version, `latest`, or NAME#STAGE for what is in a stage
    #[arg(value_name = "A", add = candidates::versions())]
    first: String,

    /// The version to compare it with
    #[arg(value_name = "B", add = candidates::versions())]
    second: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Print table in grep-able format
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

impl Compare {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |_| None)?;
        context.artifact = Some(name.clone());
        let selector = |text: &str| operand::selector(text, &name);
        let (first, second) = (selector(&self.first)?, selector(&self.second)?);
        let answer = registry.compare_versions(&name, &first, &second)?;
        warn(context, &answer.warnings);
        let compared = answer.value;
        if self.json {
            return Ok(context.printer.line(json::to_string(&compared)?)?);
        }
        let rows: Vec<[String; 4]> = rows(&compared.from, &compared.to);
        let (from, to) = (compared.from.short_version(), compared.to.short_version());
        let style = if self.plain { Style::Plain } else { Style::FancyOutline };
        let headers = ["", &from, &to, "differs"];
        let cells = |row: &[String; 4], cells: &mut Cells| row.iter().for_each(|cell| cells.push(cell));
        let table = Table { style, headers: &headers, rows: &rows, unordered: &[], look: |_| 0, cells };
        context.printer.table(&table, &[])?;
        let commits = [&compared.from, &compared.to].map(|version| version.commit);
        if commits[0] != commits[1] {
            let [from, to] = commits.map(|commit| commit.short().to_string());
            context.printer.hint(format!("what changed in the files: `git diff {from} {to}`"));
        }
        Ok(())
    }
}

/// What each version is, line by line, and whether that is not the same.
fn rows(from: &VersionReport, to: &VersionReport) -> Vec<[String; 4]> {
    let (from, to) = (fields(from), fields(to));
    let row = |((field, from), (_, to)): ((&str, String), (&str, String))| {
        let differs = if from == to { "" } else { "*" };
        [field.to_owned(), from, to, differs.to_owned()]
    };
    let rows = from.into_iter().zip(to).map(row);
    rows.filter(|[_, from, to, _]| !(from.is_empty() && to.is_empty())).collect()
}

fn fields(version: &VersionReport) -> [(&'static str, String); 10] {
    let annotation = version.annotation();
    let text = |text: Option<&str>| text.unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    [
        ("commit", version.commit.short().to_string()),
        ("ref", version.short_tag()),
        ("created_at", version.created_at.map(|time| time.to_string()).unwrap_or_default()),
        ("author", text(version.author.as_deref())),
        ("message", text(version.message.as_deref())),
        ("stage", version.stage_names()),
        ("type", text(annotation.and_then(|annotation| annotation.kind.as_deref()))),
        ("path", text(annotation.and_then(|annotation| annotation.path.as_deref()))),
        ("labels", annotation.map(|annotation| annotation.labels.join(", ")).unwrap_or_default()),
        ("description", text(annotation.map(|annotation| annotation.description.trim()))),
    ]
}
