//! `gto demo`: a tour of the registry in a small example repository.
//!
//! Owns the example and its story. What is shown is what this very executable prints when it is run there: nothing
//! here imitates a command. Must not touch any other repository, nor depend on how Git is configured.

mod git;
#[cfg(feature = "serve")]
mod registries;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Output;

use clap::Args;
use gto_frontend::text::shell_quote;

use self::git::{EMAIL, NAME, cannot, cannot_start, failed, isolated, typed};
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Create a small example repository and walk through it
///
/// Needs no configuration and no network. The repository is kept, so that you can continue in it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto demo              in a temporary folder\n  \
    gto demo gto-demo     in the new folder `gto-demo`\n  \
    gto demo --serve      as pages in a browser")]
pub struct Demo {
    /// New or empty folder for the example repository. If omitted, a temporary one
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,

    /// Show three larger example registries in the browser instead: see `gto serve`
    #[cfg(feature = "serve")]
    #[arg(long)]
    serve: bool,
}

/// The content of the example file in each commit.
const COMMITS: [(&str, &str); 2] = [
    ("Train the churn model", "{\"accuracy\": 0.81}\n"),
    ("Train it on the data of spring", "{\"accuracy\": 0.86}\n"),
];
const FILE: &str = "churn-model.json";

/// One command of the walk.
struct Step {
    why: &'static str,
    command: &'static [&'static str],
}

const STEPS: [Step; 11] = [
    Step {
        why: "Two commits, made with plain Git: a model, and a better one.",
        command: &["git", "log", "--oneline"],
    },
    Step {
        why: "Give the first one a version. That makes an annotated Git tag, and changes nothing else.",
        command: &["gto", "register", "churn-model", "HEAD~1"],
    },
    Step {
        why: "The better one is the next minor version. Without REF, the current commit is meant.",
        command: &["gto", "register", "churn-model", "--bump-minor"],
    },
    Step {
        why: "A stage says what a version is used for: the first one goes to production.",
        command: &["gto", "assign", "churn-model", "--version", "v0.0.1", "--stage", "prod"],
    },
    Step {
        why: "The better one is tried out first.",
        command: &["gto", "assign", "churn-model", "--version", "v0.1.0", "--stage", "dev"],
    },
    Step { why: "The whole registry: one row for each artifact.", command: &["gto", "show"] },
    Step {
        why: "It did well, so it takes over production.",
        command: &["gto", "assign", "churn-model", "--version", "v0.1.0", "--stage", "prod"],
    },
    Step { why: "All versions of one artifact.", command: &["gto", "show", "churn-model"] },
    Step {
        why: "A script asks for the bare value: what is in production?",
        command: &["gto", "show", "churn-model#prod", "--version"],
    },
    Step { why: "What happened, newest first.", command: &["gto", "history", "churn-model"] },
    Step {
        why: "A pipeline that a pushed tag starts asks what this tag did.",
        command: &["gto", "check-ref", "refs/tags/churn-model#prod#3"],
    },
];

impl Demo {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let near = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        let around = repository_around(&near)?;
        let place = Place::make(self.folder)?;
        #[cfg(feature = "serve")]
        if self.serve {
            let repositories = registries::make(place.path())?;
            // A temporary folder goes away when the server ends.
            return super::serve::serve_example(context, &repositories);
        }
        if let Some(around) = around {
            context.printer.warning(format!(
                "'{}' lies inside the repository '{around}', which sees it as an untracked folder; \
                 the example is a repository of its own",
                place.path().display()
            ));
        }
        walk(context, place.path())?;
        tell_how_to_go_on(context, &place.keep())
    }
}

fn walk(context: &mut Context, folder: &Path) -> Result<()> {
    let example = Example { folder, gto: this_program()? };
    example.make_commits()?;
    context
        .printer
        .line(format!("A short walk through gto, in the example repository {}", folder.display()))?;
    STEPS.iter().try_for_each(|step| example.show(context, step))
}

fn this_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(cannot("Cannot find out where this program is"))
}

/// The folder of the example. A temporary one goes away if the walk does not come to its end.
enum Place {
    Temporary(tempfile::TempDir),
    Chosen(PathBuf),
}

impl Place {
    fn make(folder: Option<PathBuf>) -> Result<Self> {
        let Some(folder) = folder else {
            let made = tempfile::Builder::new().prefix("gto-demo-").tempdir();
            return made.map(Self::Temporary).map_err(cannot("Cannot make a temporary folder"));
        };
        let shown = folder.display();
        let hint = || "name a folder that does not exist yet, or none: `gto demo`".to_owned();
        match std::fs::read_dir(&folder).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(CommandError::arguments(format!("Folder '{shown}' is not empty"), hint()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                std::fs::create_dir_all(&folder)
                    .map_err(cannot(format!("Cannot make the folder '{shown}'")))?;
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(CommandError::arguments(format!("'{shown}' is not a folder"), hint()));
            }
            Err(error) => return Err(cannot(format!("Cannot look into the folder '{shown}'"))(error)),
        }
        Ok(Self::Chosen(folder))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Chosen(folder) => folder,
        }
    }

    fn keep(self) -> PathBuf {
        match self {
            Self::Temporary(folder) => folder.keep(),
            Self::Chosen(folder) => folder,
        }
    }
}

/// The example repository, and the programs that work on it.
struct Example<'a> {
    folder: &'a Path,
    gto: PathBuf,
}

impl Example<'_> {
    fn make_commits(&self) -> Result<()> {
        // No template: it may bring hooks.
        self.run(&["git", "init", "--quiet", "--initial-branch=main", "--template="])?;
        // A user who continues in it may have no identity in Git's configuration.
        self.run(&["git", "config", "user.name", NAME])?;
        self.run(&["git", "config", "user.email", EMAIL])?;
        for (message, contents) in COMMITS {
            std::fs::write(self.folder.join(FILE), contents)
                .map_err(cannot(format!("Cannot write '{FILE}'")))?;
            self.run(&["git", "add", FILE])?;
            self.run(&["git", "commit", "--quiet", "--message", message])?;
        }
        Ok(())
    }

    /// Prints the command, runs it, and prints its output.
    fn show(&self, context: &mut Context, step: &Step) -> Result<()> {
        let printer = &mut context.printer;
        printer.line(format!("\n# {}\n$ {}", step.why, typed(step.command)))?;
        // Whoever watches sees what is being done.
        printer.flush()?;
        let output = self.run(step.command)?;
        for said in [output.stdout, output.stderr] {
            let said = String::from_utf8_lossy(&said);
            if !said.trim_end().is_empty() {
                printer.line(said.trim_end())?;
            }
        }
        Ok(())
    }

    fn run(&self, command: &[&str]) -> Result<Output> {
        let (program, arguments) =
            command.split_first().expect("every command of the walk names its program");
        let program = if *program == "gto" { self.gto.as_path() } else { Path::new(program) };
        let mut child = isolated(program, self.folder);
        let output = child.args(arguments).output().map_err(cannot_start(program))?;
        if output.status.success() {
            return Ok(output);
        }
        Err(failed(command, &output))
    }
}

/// The work tree that contains `folder`, or would contain it.
fn repository_around(folder: &Path) -> Result<Option<String>> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(existing) = folder.ancestors().find(|ancestor| ancestor.is_dir()) else { return Ok(None) };
    let git = Path::new("git");
    let output =
        isolated(git, existing).args(["rev-parse", "--show-toplevel"]).output().map_err(cannot_start(git))?;
    let found = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    Ok((output.status.success() && !found.is_empty()).then_some(found))
}

fn tell_how_to_go_on(context: &mut Context, folder: &Path) -> Result<()> {
    let quoted = |path: &Path| shell_quote(&path.display().to_string());
    let (folder, gto) = (quoted(folder), quoted(&this_program()?));
    context.printer.line(format!(
        "\nThat was all. The registry is nothing but the tags that `git tag` lists.\n\n\
         Go on in it:          cd {folder}\n\
         Your name in it:      {NAME} <{EMAIL}>, set in its own .git/config\n\
         Remove it:            rm -rf {folder}\n\
         `gto` is here:        {gto}\n\
         What it can do:       gto --help, gto assign --help\n\
         Read next:            README.md and docs/tutorial.md"
    ))?;
    Ok(())
}
