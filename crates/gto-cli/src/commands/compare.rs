//! `gto compare`

use clap::Args;

use gto::Timestamp;
use gto::report::VersionReport;

use super::operand;
use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
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
        let registry = context.open_reader(&self.repo.repo, PolicyArgs::default())?;
        let name = operand::artifact(&self.name, |_| None)?;
        context.artifact = Some(name.clone());
        let selector = |text: &str| operand::selector(text, &name);
        let (first, second) = (selector(&self.first)?, selector(&self.second)?);
        let answer = registry.compare_versions(&name, &first, &second);
        context.tell_left_out(&registry);
        let answer = answer?;
        warn(context, &answer.warnings);
        let compared = answer.value;
        if self.json {
            return Ok(context.printer.line(json::to_string(&compared)?)?);
        }
        let (from, to) = (compared.from.short_version(), compared.to.short_version());
        let mut rows = rows(&compared.from, &compared.to);
        let style = if self.plain { Style::Plain } else { Style::FancyOutline };
        let columns = if self.plain { None } else { context.printer.screen().columns };
        let left_out = columns.map(|columns| fit(&mut rows, [&from, &to], columns)).unwrap_or_default();
        let headers = ["", &from, &to, DIFFERS];
        let cells = |row: &Row, cells: &mut Cells| {
            cells.push(row.field);
            row.values.iter().for_each(|value| match value {
                Value::Text(text) => cells.push(text),
                Value::Time(time) => cells.push_time(*time),
            });
            cells.push(if row.differs() { "*" } else { "" });
        };
        let table = Table { style, headers: &headers, rows: &rows, unordered: &[], look: |_| 0, cells };
        context.printer.table(&table, &[])?;
        context.printer.left_out(&left_out);
        let commits = [&compared.from, &compared.to].map(|version| version.commit);
        if commits[0] != commits[1] {
            let [from, to] = commits.map(|commit| commit.short().to_string());
            context.printer.hint(format!("what changed in the files: `git diff {from} {to}`"));
        }
        Ok(())
    }
}

/// The header of the column that marks what is not the same.
const DIFFERS: &str = "differs";

/// What is left out first where a terminal is too narrow: long texts, and what follows from the version.
const FIRST_TO_GO: [&str; 6] = ["message", "description", "labels", "path", "ref", "author"];

/// One line of the comparison.
struct Row {
    field: &'static str,
    values: [Value; 2],
}

#[derive(PartialEq)]
enum Value {
    Text(String),
    Time(Timestamp),
}

impl Row {
    fn differs(&self) -> bool {
        self.values[0] != self.values[1]
    }
}

impl Value {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// On a terminal, where a time has no seconds and no zone.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.chars().count(),
            Self::Time(_) => "2026-11-30 03:08".len(),
        }
    }
}

/// Leaves out lines until the table is no wider than this, and returns which.
fn fit(rows: &mut Vec<Row>, versions: [&str; 2], columns: usize) -> Vec<&'static str> {
    /// What a table is wider than its cells, and a column at least than its header.
    const FRAME: usize = 3;
    let mut left_out = Vec::new();
    for field in FIRST_TO_GO {
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row.values[column].width());
            widths.chain([versions[column].chars().count()]).max().unwrap_or_default() + FRAME
        };
        let fields = rows.iter().map(|row| row.field.len()).max().unwrap_or_default() + FRAME;
        if fields + width(0) + width(1) + DIFFERS.len() + FRAME < columns {
            break;
        }
        if let Some(place) = rows.iter().position(|row| row.field == field) {
            left_out.push(rows.remove(place).field);
        }
    }
    left_out
}

/// What each version is, line by line.
fn rows(from: &VersionReport, to: &VersionReport) -> Vec<Row> {
    let both = fields(from).into_iter().zip(fields(to));
    let rows = both.map(|((field, from), (_, to))| Row { field, values: [from, to] });
    rows.filter(|row| !row.values.iter().all(Value::is_empty)).collect()
}

fn fields(version: &VersionReport) -> [(&'static str, Value); 10] {
    let annotation = version.annotation();
    let text = |text: Option<&str>| {
        Value::Text(text.unwrap_or_default().lines().next().unwrap_or_default().to_owned())
    };
    let time = version.created_at.map_or_else(|| text(None), Value::Time);
    [
        ("commit", Value::Text(version.commit.short().to_string())),
        ("ref", Value::Text(version.short_tag())),
        ("created_at", time),
        ("author", text(version.author.as_deref())),
        ("message", text(version.message.as_deref())),
        ("stage", Value::Text(version.stage_names())),
        ("type", text(annotation.and_then(|annotation| annotation.kind.as_deref()))),
        ("path", text(annotation.and_then(|annotation| annotation.path.as_deref()))),
        (
            "labels",
            Value::Text(annotation.map(|annotation| annotation.labels.join(", ")).unwrap_or_default()),
        ),
        ("description", text(annotation.map(|annotation| annotation.description.trim()))),
    ]
}
