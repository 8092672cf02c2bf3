//! `gto status --changed`

use gto::name::ArtifactName;
use gto::plan::Warning;
use gto::version::VersionLabel;
use gto::{ArtifactChange, Change, Registry};

use super::show::warn;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, Style, Table};

/// Prints how each artifact, or this one, compares to its highest version. JSON has those that are the same, too.
pub fn run(
    context: &mut Context,
    registry: &Registry,
    name: Option<&ArtifactName>,
    json: bool,
) -> Result<()> {
    let mut is_all = true;
    let changes = if let Some(name) = name {
        vec![registry.change(name, "HEAD")?]
    } else {
        let answer = registry.all_changes()?;
        warn(context, &answer.warnings);
        is_all = !answer.warnings.iter().any(|warning| matches!(warning, Warning::Annotation { .. }));
        answer.value
    };
    // What is not known may be another.
    let is_different = !is_all || changes.iter().any(|change| change.state != Change::Same);
    if json {
        context.printer.line(json::to_string(&changes)?)?;
    } else {
        print(context, registry, &changes)?;
    }
    if is_different { Err(CommandError::Different) } else { Ok(()) }
}

fn print(context: &mut Context, registry: &Registry, changes: &[ArtifactChange]) -> Result<()> {
    let rows: Vec<_> = changes.iter().filter(|change| change.state != Change::Same).collect();
    if rows.is_empty() {
        return Ok(context.printer.line(match changes.len() {
            0 => match registry.all_annotations(Some("HEAD"))?.value.as_slice() {
                [] => "No artifact is annotated at the current commit".to_owned(),
                [(name, _)] => {
                    format!("'{name}' alone is annotated at the current commit, and it is deprecated")
                }
                several => format!(
                    "{} artifacts are annotated at the current commit, and all are deprecated",
                    several.len()
                ),
            },
            1 => "1 artifact, the same as at a version of it".to_owned(),
            same => format!("{same} artifacts, each the same as at a version of it"),
        })?);
    }
    let cells = |change: &&ArtifactChange, cells: &mut Cells| {
        cells.push(change.artifact.as_str());
        cells.push_option(change.version.as_ref().map(VersionLabel::short).as_deref());
        cells.push(change.state.word());
        cells.push_option(change.path.as_deref());
    };
    let headers = &["artifact", "version", "state", "path"];
    let table =
        Table { style: Style::FancyOutline, headers, rows: &rows, unordered: &[], look: |_| 0, cells };
    context.printer.table(&table, &["path"])?;
    for change in rows {
        if let Some(reason) = &change.reason {
            context.printer.hint(format!("'{}': {reason}", change.artifact));
        }
    }
    Ok(())
}
