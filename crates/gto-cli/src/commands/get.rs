//! `gto get`

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::Args;
use gto_files::{GetOptions, Got, Listing, Transfer};
use gto_frontend::reports::FilesReport;
use gto_frontend::text::human_size;

use super::files::{FilesArgs, SelectionArgs, for_shell, with_dvc_command};
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// How many files are got at once, unless it is said.
const JOBS: u16 = 8;

/// Get the files of a version, from Git, Git LFS or DVC
///
/// Where they are is in the annotation of the artifact at that version (see `gto annotate`). Files are checked by their hashes, and get
/// their names when all of them are there. What is there already, and the same, is not got again; an interrupted run goes on where it
/// was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto get model                           the highest version, into the current folder\n  \
    gto get model#prod -o model.pkl         the version in stage `prod`\n  \
    gto get data@v2.0.0 --include '*.csv'   some files of a folder\n  \
    gto get model -r https://github.com/org/models")]
pub struct Get {
    #[command(flatten)]
    files: FilesArgs,

    /// The file, or the folder with the files. By default the name of the artifact's file or folder, in the current folder
    #[arg(long, short, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Get N files at once
    #[arg(long, short, value_name = "N", default_value_t = JOBS, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,

    /// Replace files that differ. Other files in the folder stay
    #[arg(long, short)]
    force: bool,

    /// Print what would be got, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the command of DVC or Git that gets the same files, and get nothing
    #[arg(long, conflicts_with_all = ["json", "dry_run", "force"])]
    print_command: bool,

    /// Let `dvc get` do it, as for remotes that gto cannot read
    #[arg(long, conflicts_with_all = ["print_command", "json", "dry_run", "include", "exclude"])]
    with_dvc: bool,

    /// Print what was got in json format
    #[arg(long)]
    json: bool,
}

impl Get {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        if self.with_dvc {
            return self.run_dvc(context);
        }
        let (registry, mut listing) = self.files.open(context, &self.selection)?;
        let output = self.output.as_deref().map(|path| path.to_string_lossy().into_owned());
        if self.print_command {
            let words = self.files.command(&listing, output.as_deref());
            return Ok(context.printer.line(for_shell(&words))?);
        }
        let options = GetOptions {
            target: self.target(&listing)?,
            force: self.force,
            dry_run: self.dry_run,
            jobs: self.jobs.into(),
        };
        let transfer = Arc::new(Transfer::default());
        context.printer.show_transfer(&transfer);
        let dvc = self.files.dvc_command(&listing, output.as_deref());
        let got = gto_files::get(&registry, &mut listing, &options, &transfer);
        let got = got.map_err(|error| with_dvc_command(error, Some(dvc)))?;
        self.report(context, &listing, &got)
    }

    /// Where the files go.
    fn target(&self, listing: &Listing) -> Result<PathBuf> {
        let name = listing.path.rsplit('/').next().unwrap_or_default();
        let path = match &self.output {
            Some(path) => path.clone(),
            None if matches!(name, "" | "." | "..") => {
                let message = format!("'{}' has no name for the folder here", listing.path);
                return Err(CommandError::arguments(message, "add `--output PATH`".to_owned()));
            }
            None => PathBuf::from(name),
        };
        let what = || format!("Cannot find '{}'", path.display());
        std::path::absolute(&path).map_err(|source| CommandError::File { what: what(), source })
    }

    fn report(&self, context: &mut Context, listing: &Listing, got: &Got) -> Result<()> {
        let target = self.shown(&got.target);
        if self.json {
            let report = FilesReport::got(listing, got, &target, self.dry_run);
            return Ok(context.printer.line(json::to_string(&report)?)?);
        }
        let (name, files) = (listing.name(), count(got.written));
        if got.others > 0 && !self.dry_run {
            context.printer.warning(format!(
                "{} in '{target}' {} not of {name}",
                count(got.others),
                if got.others == 1 { "is" } else { "are" }
            ));
        }
        Ok(context.printer.line(match (got.written, self.dry_run) {
            (0, _) if got.kept > 0 => format!("'{target}' is up to date: {name}"),
            (0, false) => format!("Made '{target}', since {name} is an empty folder"),
            (_, true) => format!("Would get {name} into '{target}': {files}, {}", human_size(got.bytes)),
            (_, false) => format!("Got {name} into '{target}': {files}, {}", human_size(got.bytes)),
        })?)
    }

    /// The path as the user would write it.
    fn shown(&self, target: &Path) -> String {
        let here = std::env::current_dir().ok();
        let relative = here.as_deref().and_then(|here| target.strip_prefix(here).ok());
        let is_absolute = self.output.as_deref().is_some_and(Path::is_absolute);
        let path = relative.filter(|path| !is_absolute && *path != Path::new("")).unwrap_or(target);
        path.display().to_string()
    }

    fn run_dvc(&self, context: &mut Context) -> Result<()> {
        let registry = context.open_for(&self.files.repo.repo, &self.files.name)?;
        let located = registry.locate(&self.files.name)?.value;
        let path = match &self.files.path {
            Some(path) => path.clone(),
            None => super::describe::path_for_scripts(&registry.describe_located(&located)?.value)?,
        };
        let output = self.output.as_deref().map(|path| path.to_string_lossy().into_owned());
        let mut words = self.files.dvc_get(&path, &located.commit.to_string(), output.as_deref());
        if self.force {
            words.insert(2, "--force".to_owned());
        }
        context.printer.hint(format!("running `{}`", for_shell(&words)));
        let status = Command::new(&words[0]).args(&words[1..]).status();
        let status =
            status.map_err(|source| CommandError::File { what: "Cannot run `dvc`".to_owned(), source })?;
        // It has said why.
        if status.success() { Ok(()) } else { Err(CommandError::Silent) }
    }
}

fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}
