//! Writing the values where a system's next steps find them.
//!
//! Owns which values are left out, and says so. How each is written is for the file of its system.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::system::System;
use super::values::{Value, Values};
use super::{azure, github, shell};
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// The most bytes that GitLab takes in a dotenv report, by its page about instance limits
const MAX_DOTENV: usize = 5 * 1024;

/// The file with variables.
const VARIABLES: &str = "gto.env";

/// Writes the values as the system wants them.
pub fn write(system: System, values: &Values, context: &mut Context) -> Result<()> {
    if system == System::GitHub {
        return write_github(values, context);
    }
    replace(Path::new("gto.json"), &(json::to_string(values)? + "\n"))?;
    let mut left_out = Vec::new();
    let mut lines = Vec::new();
    for value in values.all().into_iter().filter(|value| !value.is_prose) {
        match line(system, &value) {
            Ok(line) => lines.push((value.variable(), line)),
            Err(why) => left_out.push(format!("{} ({why})", value.variable())),
        }
    }
    if system == System::GitLab {
        let size = |lines: &[(String, String)]| lines.iter().map(|(_, line)| line.len()).sum::<usize>();
        while size(&lines) > MAX_DOTENV {
            let longest = (0..lines.len()).max_by_key(|at| lines[*at].1.len()).unwrap_or_default();
            left_out.push(format!("{} (the report would be too large)", lines.remove(longest).0));
        }
    }
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    if !left_out.is_empty() {
        let left_out = left_out.join(", ");
        context.printer.warning(format!("left out, but in gto.json: {left_out}"));
    }
    if system == System::Azure {
        return lines.into_iter().try_for_each(|line| Ok(context.printer.line(line)?));
    }
    replace(Path::new(VARIABLES), &lines.concat())
}

/// The line of a value, or why it has none.
fn line(system: System, value: &Value) -> std::result::Result<String, &'static str> {
    if !value.is_line() {
        return Err("has control characters");
    }
    let is_expanded = matches!(system, System::GitLab | System::Azure);
    if is_expanded && value.text.contains('$') {
        return Err("the system would take what follows `$` for a variable");
    }
    match system {
        System::Azure => Ok(azure::line(value)),
        System::GitLab => {
            // GitLab takes away blanks around a value.
            let is_kept = value.text.trim() == value.text;
            let line = format!("{}={}\n", value.variable(), value.text);
            if is_kept { Ok(line) } else { Err("begins or ends with a blank") }
        }
        System::GitHub | System::Bitbucket | System::Jenkins => Ok(shell::line(value)),
    }
}

fn write_github(values: &Values, context: &mut Context) -> Result<()> {
    let file =
        |name: &str| context.environment.variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(outputs) = file("GITHUB_OUTPUT") else {
        let hint = "GitHub sets it for each step; elsewhere `--format json` prints the values".to_owned();
        return Err(CommandError::arguments("GITHUB_OUTPUT is not set", hint));
    };
    append(&outputs, &github::outputs(&values.all()))?;
    match file("GITHUB_STEP_SUMMARY") {
        Some(summary) if !values.sentence().is_empty() => append(&summary, &github::summary(values)),
        _ => Ok(()),
    }
}

fn append(path: &Path, text: &str) -> Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| cannot_write(path, source))
}

/// Puts a file in place of whatever is there: a link that the repository has there is not followed.
fn replace(path: &Path, text: &str) -> Result<()> {
    let written = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("gto-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(".")?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map(drop).map_err(std::io::Error::from)
    };
    written().map_err(|source| cannot_write(path, source))
}

fn cannot_write(path: &Path, source: std::io::Error) -> CommandError {
    CommandError::File { what: format!("Cannot write '{}'", path.display()), source }
}
