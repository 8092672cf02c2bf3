//! Git for the example: as if nothing was configured.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gto_frontend::text::shell_quote;

use crate::error::CommandError;

/// Who makes the commits and tags of the example.
pub const NAME: &str = "Demo";
pub const EMAIL: &str = "demo@example.com";

/// A process for which only its folder counts: no setting, hook or signature of the user's, and no repository that a
/// Git hook selected by variables before it started us.
pub fn isolated(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_setting = text.starts_with("GIT_") && text != "GIT_EXEC_PATH"
            || text.to_ascii_uppercase().starts_with("GTO_") && text != "GTO_EMOJIS";
        if is_setting {
            command.env_remove(&name);
        }
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), NAME).env(format!("GIT_{who}_EMAIL"), EMAIL);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C.UTF-8");
    command
}

fn git_version() -> String {
    let output = Command::new("git").arg("--version").stdin(Stdio::null()).output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{}; it takes git 2.28 or newer", version.as_deref().unwrap_or("git"))
}

/// A file of the example that cannot be made.
pub fn cannot(what: impl Into<String>) -> impl FnOnce(io::Error) -> CommandError {
    move |source| CommandError::File { what: what.into(), source }
}

/// A program that cannot be started.
pub fn cannot_start(program: &Path) -> impl FnOnce(io::Error) -> CommandError {
    let shown = program.display().to_string();
    move |source| match source.kind() {
        ErrorKind::NotFound if shown == "git" => CommandError::arguments(
            "Git was not found, and the demo makes its repository with it",
            "install it (https://git-scm.com/downloads), see that `git --version` works, and run this again"
                .to_owned(),
        ),
        _ => CommandError::File { what: format!("Cannot start `{shown}`"), source },
    }
}

/// A command as a person types it.
pub fn typed(command: &[&str]) -> String {
    command.iter().map(|word| shell_quote(word)).collect::<Vec<_>>().join(" ")
}

/// A command of the example that failed.
pub fn failed(command: &[&str], output: &Output) -> CommandError {
    let said = String::from_utf8_lossy(&output.stderr);
    let message = format!("The command `{}` failed ({})\n{}", typed(command), output.status, said.trim());
    let hint = format!("the repository is made with {}", git_version());
    CommandError::arguments(message.trim_end().to_owned(), hint)
}
