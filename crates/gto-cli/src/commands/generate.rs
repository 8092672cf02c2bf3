//! `gto __xtask`: the files that are made from the command line, so that they cannot drift from it.
//! For the project itself (`cargo xtask generate`).

mod man;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum as _};

use super::completions::Shell;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::topics::{self, TOPICS};

/// Write the files that are made from the command line
#[derive(Debug, Args)]
pub struct Generate {
    /// Which files
    #[command(subcommand)]
    what: What,
}

/// The files.
#[derive(Debug, Subcommand)]
enum What {
    /// Print the reference of all commands, in Markdown
    Reference,
    /// Write man pages into a folder
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Write completion scripts into a folder
    Completions {
        /// The folder
        folder: PathBuf,
    },
}

impl Generate {
    /// Runs the command.
    pub fn run(self, context: &mut Context, command: clap::Command) -> Result<()> {
        let command = printable(command);
        match self.what {
            What::Reference => Ok(context.printer.line(reference(command).trim_end())?),
            What::Man { folder } => man_pages(&folder, &command),
            What::Completions { folder } => {
                for shell in Shell::value_variants() {
                    write(&folder.join(shell.file_name()), &shell.script()?)?;
                }
                Ok(())
            }
        }
    }
}

fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let what = format!("Cannot write '{}'", path.display());
    std::fs::write(path, contents).map_err(|source| CommandError::File { what, source })
}

/// The command, ready to print help that does not depend on the terminal.
fn printable(command: clap::Command) -> clap::Command {
    let mut command = command.term_width(100).color(clap::ColorChoice::Never);
    command.build();
    command
}

/// Whether a command is visible and has a help text.
fn has_page(command: &clap::Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn man_pages(folder: &Path, command: &clap::Command) -> Result<()> {
    let page = |name: &str, command: &clap::Command| {
        write(&folder.join(format!("{name}.1")), &man::page(name, command)?)
    };
    for subcommand in command.get_subcommands().filter(|command| has_page(command)) {
        page(&format!("gto-{}", subcommand.get_name()), subcommand)?;
    }
    for topic in TOPICS {
        write(&folder.join(format!("gto-{}.7", topic.name)), &man::topic(topic)?)?;
    }
    page("gto", command)
}

/// `docs/reference.md`
fn reference(mut command: clap::Command) -> String {
    let mut text = String::from(
        "# Reference\n\n<!-- Made by `cargo xtask generate` from the help texts in crates/gto-cli. Do not edit. -->\n\n\
         Exit status of every command: 0 done, 1 refused or failed (`❌ text` on stderr), 2 wrong usage; and of \
         `gto status` 3, if it finds a difference. stdout is data, everything else goes to stderr.\n",
    );
    for topic in TOPICS {
        let _ = write!(
            text,
            "\n## gto help {}\n\n```text\n{}\n```\n",
            topic.name,
            topics::text(topic).trim_end()
        );
    }
    section(&mut text, "gto", &mut command);
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|command| has_page(command) || matches!(command.get_name(), "parse-tag" | "print-state"))
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        if let Some(subcommand) = command.find_subcommand_mut(&name) {
            section(&mut text, &format!("gto {name}"), subcommand);
        }
    }
    text
}

fn section(text: &mut String, title: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## {title}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
}
