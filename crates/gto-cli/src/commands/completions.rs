//! `gto completions`: the scripts for shell completion. See `candidates` for the words that they offer.

use clap::{Args, ValueEnum};
use clap_complete::env::Shells;

use crate::context::Context;
use crate::error::{CommandError, Result};

/// The environment variable with which a shell's script requests candidates.
pub const VARIABLE: &str = "COMPLETE";

/// Print a script for shell completion of commands, artifacts, versions and stages
#[derive(Debug, Args)]
#[command(after_help = "Install:
  bash, with the package bash-completion
    mkdir -p ~/.local/share/bash-completion/completions
    gto completions bash > ~/.local/share/bash-completion/completions/gto
  bash, without it
    echo 'source <(gto completions bash)' >> ~/.bashrc
  zsh (leave out the last line if ~/.zshrc has it; its first half must come before `compinit`)
    mkdir -p ~/.zfunc
    gto completions zsh > ~/.zfunc/_gto
    echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit' >> ~/.zshrc
  fish
    mkdir -p ~/.config/fish/completions
    gto completions fish > ~/.config/fish/completions/gto.fish
  powershell
    New-Item -ItemType Directory -Force (Split-Path $PROFILE)
    gto completions powershell >> $PROFILE")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }

    /// The file in which the project ships the script.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Bash => "gto.bash",
            Self::Zsh => "_gto",
            Self::Fish => "gto.fish",
            Self::Powershell => "_gto.ps1",
        }
    }

    /// The script.
    pub fn script(self) -> Result<Vec<u8>> {
        match self {
            // Our own, for what the generated ones lack: words that bash cuts at `@`, and the first use in zsh.
            Self::Bash => return Ok(include_bytes!("completions/gto.bash").to_vec()),
            Self::Zsh => return Ok(include_bytes!("completions/gto.zsh").to_vec()),
            Self::Fish | Self::Powershell => {}
        }
        let unknown = || CommandError::arguments(format!("No completions for {}", self.name()), None);
        let shells = Shells::builtins();
        let completer = shells.completer(self.name()).ok_or_else(unknown)?;
        let mut script = Vec::new();
        completer.write_registration(VARIABLE, "gto", "gto", "gto", &mut script)?;
        Ok(script)
    }
}

impl Completions {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        Ok(context.printer.raw(&self.shell.script()?)?)
    }
}
