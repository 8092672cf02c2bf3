//! What `gto get`, `gto ls` and `gto cat` share: which version of what, and the other tool that could get it.

use std::io::Read as _;
use std::path::Path;

use clap::Args;

use gto::Registry;
use gto_files::{Keeper, KeptBy, Listing, Pin, Selection, Trust, Wanted};
use gto_frontend::text::shell_quote;

use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Which files of which version.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// Artifact name for its highest version, NAME@version, NAME@latest, NAME#stage, or a tag
    #[arg(add = candidates::references())]
    pub name: String,

    #[command(flatten)]
    pub repo: RepoArgs,

    /// Where the files are, from the root of the repository, instead of the path in the annotation
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,

    #[command(flatten)]
    pub trust: TrustArgs,

    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// Whose remotes get credentials.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Send your credentials to HOST, although only the commit's `.dvc/config` names it. May be repeated
    #[arg(long, value_name = "HOST")]
    pub trust_remote: Vec<String>,
}

/// Which of them.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Only files that match GLOB: a name, a path in the artifact's folder, or a folder. May be repeated
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,

    /// No files that match GLOB. May be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

impl FilesArgs {
    /// Finds the files.
    pub fn open(&self, context: &mut Context, selection: &SelectionArgs) -> Result<(Registry, Listing)> {
        let registry = context.open_for(&self.repo.repo, &self.name, self.policy)?;
        let wanted = Wanted {
            reference: self.name.clone(),
            path: self.path.clone(),
            selection: Selection::new(&selection.include, &selection.exclude)?,
            trust: Trust::new(self.trust.trust_remote.iter().cloned()),
        };
        let listing = Listing::open(&registry, &context.environment, &wanted);
        context.tell_left_out(&registry);
        let listing = listing.map_err(|error| self.located(error, &registry))?;
        warn(context, &listing.warnings);
        Ok((registry, listing))
    }

    /// Finds the files of a pin, in the repository that it names unless another one is named.
    pub fn open_pinned(&self, context: &mut Context, file: &Path) -> Result<(Registry, Listing)> {
        let failed =
            |source| CommandError::File { what: format!("Cannot read '{}'", file.display()), source };
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(Pin::MAX_SIZE).read_to_string(&mut text).map_err(failed)?;
        let pin = Pin::parse(&text)?;
        let repository = pin.repository.as_deref().filter(|_| self.repo.repo == ".");
        let repository = repository.unwrap_or(&self.repo.repo);
        let registry = context.open_for(repository, &pin.artifact, self.policy)?;
        let obeyed = pin.obey_policy(&registry);
        context.tell_left_out(&registry);
        obeyed?;
        let trust = Trust::new(self.trust.trust_remote.iter().cloned());
        let listing = pin.open(&registry, &context.environment, &trust)?;
        Ok((registry, listing))
    }

    /// An error with the command of DVC that may do better.
    fn located(&self, error: gto_files::Error, registry: &Registry) -> CommandError {
        let located = registry.locate(&self.name).ok().map(|answer| answer.value);
        let dvc = located.and_then(|located| {
            let annotated = || registry.describe_located(&located).ok()?.value.annotation().path.clone();
            let path = self.path.clone().or_else(annotated)?;
            Some(self.dvc_get(&path, &located.commit.to_string(), None))
        });
        with_dvc_command(error, dvc)
    }

    /// The command of another tool that gets the files, for a shell.
    pub fn command(&self, listing: &Listing, output: Option<&str>) -> Vec<String> {
        let commit = listing.located.commit.to_string();
        let is_of_dvc = listing.files.iter().any(|file| file.content.kept_by() == KeptBy::Dvc);
        if is_of_dvc {
            return self.dvc_get(&listing.path, &commit, output);
        }
        let repo = &self.repo.repo;
        let of = format!("{commit}:{}", listing.path);
        let out = output.unwrap_or(listing.path.rsplit('/').next().unwrap_or_default());
        let shell = if listing.is_folder {
            let out = shell_quote(out);
            let git = format!("git -C {} archive {}", shell_quote(repo), shell_quote(&of));
            format!("mkdir -p {out} && {git} | tar -x -C {out}")
        } else {
            format!(
                "git -C {} cat-file --filters {} > {}",
                shell_quote(repo),
                shell_quote(&of),
                shell_quote(out)
            )
        };
        vec!["sh".to_owned(), "-c".to_owned(), shell]
    }

    /// As [`FilesArgs::command`], of DVC alone.
    pub fn dvc_command(&self, listing: &Listing, output: Option<&str>) -> Vec<String> {
        self.dvc_get(&listing.path, &listing.located.commit.to_string(), output)
    }

    /// The words of a `dvc get`.
    pub fn dvc_get(&self, path: &str, commit: &str, output: Option<&str>) -> Vec<String> {
        let mut words: Vec<String> = ["dvc", "get", "--rev", commit].map(str::to_owned).into();
        words.extend(output.into_iter().flat_map(|output| ["--out".to_owned(), output.to_owned()]));
        // What begins with `-` is no option.
        words.extend(["--".to_owned(), self.repo.repo.clone(), path.to_owned()]);
        words
    }
}

/// The words for a shell.
pub fn for_shell(words: &[String]) -> String {
    match words {
        [sh, _, script] if sh == "sh" => script.clone(),
        words => words.iter().map(|word| shell_quote(word)).collect::<Vec<_>>().join(" "),
    }
}

/// An error, with the command of DVC if that may do better.
pub fn with_dvc_command(error: gto_files::Error, dvc: Option<Vec<String>>) -> CommandError {
    use gto_files::Error::{Missing, Remote, Unsupported};
    let may_help = match &error {
        Missing { keeper, .. } | Remote { keeper, .. } => *keeper == Keeper::Dvc,
        Unsupported { .. } => true,
        _ => false,
    };
    let source = match error {
        gto_files::Error::Registry(error) => return error.into(),
        error => Box::new(error),
    };
    CommandError::Files { source, dvc: dvc.filter(|_| may_help).map(|words| for_shell(&words)) }
}
