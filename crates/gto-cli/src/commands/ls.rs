//! `gto ls`

use clap::Args;
use gto_files::VersionFile;
use gto_frontend::reports::FilesReport;
use gto_frontend::text::human_size;

use super::files::{FilesArgs, SelectionArgs, TrustArgs};
use super::show::Show;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::Result;
use crate::output::json;
use crate::output::table::{Cells, Style, Table};

/// List the files of a version: their sizes, and where they are kept
///
/// Without a name it lists the registry, as `gto show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto ls model              the files of the highest version\n  \
    gto ls data#prod --json   with the hash of each")]
pub struct Ls {
    /// Artifact name for its highest version, NAME@version, NAME@latest, NAME#stage, or a tag
    #[arg(add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Where the files are, from the root of the repository, instead of the path in the annotation
    #[arg(long, value_name = "PATH", requires = "name")]
    path: Option<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Print table in grep-able format, sizes in bytes
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

impl Ls {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let Self { name, repo, path, selection, trust, policy, json, plain } = self;
        let Some(name) = name else { return Show::of_registry(repo, policy, json, plain).run(context) };
        let files = FilesArgs { name, repo, path, trust, policy };
        let (_, listing) = files.open(context, &selection)?;
        if json {
            return Ok(context.printer.line(json::to_string(&FilesReport::listed(&listing))?)?);
        }
        let cells = |file: &VersionFile, cells: &mut Cells| {
            cells.push(file.path.as_str());
            let size = file.size.map(|size| if plain { size.to_string() } else { human_size(size) });
            cells.push_option(size.as_deref());
            cells.push(file.content.kept_by().word());
        };
        let headers = &["file", "size", "kept by"];
        let style = if plain { Style::Plain } else { Style::FancyOutline };
        let table = Table { style, headers, rows: &listing.files, unordered: &[], look: |_| 0, cells };
        context.printer.table(&table, &[])?;
        Ok(())
    }
}
