//! `gto get`

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::Args;
use gto_files::{GetOptions, Got, Listing, Pin, Transfer};
use gto_frontend::reports::FilesReport;
use gto_frontend::text::human_size;

use super::files::{FilesArgs, SelectionArgs, TrustArgs, for_shell, with_dvc_command};
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
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
    gto get model -r https://github.com/org/models\n  \
    gto get model#prod --pin model.pin      and note what that was\n  \
    gto get --from-pin model.pin            get just that again")]
pub struct Get {
    /// Artifact name for its highest version, NAME@version, NAME@latest, NAME#stage, or a tag
    #[arg(add = candidates::references(), required_unless_present = "from_pin")]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Where the files are, from the root of the repository, instead of the path in the annotation
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,

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

    /// Write to FILE what was got: the version, its commit and the hash of each file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["print_command", "with_dvc", "dry_run"])]
    pin: Option<PathBuf>,

    /// Get just what FILE says, whatever has become of the version since. Who obeys a policy gets it only if the version complies
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath,
          conflicts_with_all = ["name", "path", "include", "exclude", "pin", "print_command", "with_dvc"])]
    from_pin: Option<PathBuf>,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Print what was got in json format
    #[arg(long)]
    json: bool,
}

impl Get {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let files = FilesArgs {
            name: self.name.clone().unwrap_or_default(),
            repo: RepoArgs { repo: self.repo.repo.clone() },
            path: self.path.clone(),
            trust: TrustArgs { trust_remote: self.trust.trust_remote.clone() },
            policy: self.policy,
        };
        if self.with_dvc {
            return self.run_dvc(context, &files);
        }
        let (registry, mut listing) = match &self.from_pin {
            Some(file) => files.open_pinned(context, file)?,
            None => files.open(context, &self.selection)?,
        };
        let output = self.output.as_deref().map(|path| path.to_string_lossy().into_owned());
        if self.print_command {
            let words = files.command(&listing, output.as_deref());
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
        let dvc = files.dvc_command(&listing, output.as_deref());
        let got = gto_files::get(&registry, &mut listing, &options, &transfer);
        let got = got.map_err(|error| with_dvc_command(error, Some(dvc)))?;
        if let Some(file) = &self.pin {
            write_pin(file, &Pin::new(&listing, registry.url_shown()))?;
        }
        self.report(context, &listing, &got)
    }

    /// Where the files go.
    fn target(&self, listing: &Listing) -> Result<PathBuf> {
        let none = || {
            let message = format!("'{}' has no name for the folder here", listing.path);
            CommandError::arguments(message, "add `--output PATH`".to_owned())
        };
        let path = match &self.output {
            Some(path) => path.clone(),
            None => PathBuf::from(listing.name_of_target().ok_or_else(none)?),
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
        let name = listing.name();
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
            (_, true) => format!("Would get {name} into '{target}': {}", amount(got)),
            (_, false) => format!("Got {name} into '{target}': {}", amount(got)),
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

    fn run_dvc(&self, context: &mut Context, files: &FilesArgs) -> Result<()> {
        let registry = context.open_for(&files.repo.repo, &files.name, files.policy)?;
        let located = registry.locate(&files.name);
        context.tell_left_out(&registry);
        let located = located?.value;
        let path = match &files.path {
            Some(path) => path.clone(),
            None => super::describe::path_for_scripts(&registry.describe_located(&located)?.value)?,
        };
        let output = self.output.as_deref().map(|path| path.to_string_lossy().into_owned());
        let mut words = files.dvc_get(&path, &located.commit.to_string(), output.as_deref());
        if self.force {
            words.insert(2, "--force".to_owned());
        }
        context.printer.hint(format!("running `{}`", for_shell(&words)));
        let status = Command::new(&words[0]).args(&words[1..]).status();
        let status = status.map_err(|source| match source.kind() {
            ErrorKind::NotFound => CommandError::arguments(
                "Cannot run `dvc`: it is not installed, or not in PATH",
                "`pip install dvc` installs it, with the kind of the remote as in `pip install 'dvc[webdav]'`".to_owned(),
            ),
            _ => CommandError::File { what: "Cannot run `dvc`".to_owned(), source },
        })?;
        // It has said why.
        if status.success() { Ok(()) } else { Err(CommandError::Silent) }
    }
}

/// Writes a pin, as a whole or not at all.
fn write_pin(file: &Path, pin: &Pin) -> Result<()> {
    let failed = |source| CommandError::File { what: format!("Cannot write '{}'", file.display()), source };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut waiting = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut waiting, pin.to_text().as_bytes()).map_err(failed)?;
    waiting.as_file().sync_all().map_err(failed)?;
    waiting.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The number of files, and their size if it is known.
fn amount(got: &Got) -> String {
    let size = got.bytes.map(|bytes| format!(", {}", human_size(bytes)));
    count(got.written) + size.as_deref().unwrap_or_default()
}

fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}
