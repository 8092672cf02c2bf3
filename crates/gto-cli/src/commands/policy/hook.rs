//! `gto policy hook`

use std::fs;
use std::io::Read as _;
use std::path::Path;

use clap::{Args, ValueEnum};

use gto::Registry;
use gto::policy::{Place, Reason, RefUpdate, Refused};
use gto::tag::TagName;
use gto_frontend::text::{clean, shell_quote};

use crate::context::Context;
use crate::error::{CommandError, Result};

/// Judge pushes on a server, or set that up
///
/// As the hook `pre-receive` of a repository it reads the changes of a push, judges them by the policy that is in force before the
/// push, and refuses all of it if one breaks a rule or cannot be judged. See the guide on server set-up.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto policy hook --install /srv/git/models.git     on the server\n  \
    git config gto.pusherFrom GL_USER                 who pushes, for rules about deletions (here: gitolite)")]
pub struct Hook {
    /// Which hook of git this runs as
    #[arg(value_enum, required_unless_present = "install")]
    hook: Option<HookName>,

    /// Install it as the hook pre-receive of this repository
    #[arg(long, value_name = "REPO", num_args = 0..=1, default_missing_value = ".", conflicts_with = "hook")]
    install: Option<String>,
}

/// A hook of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HookName {
    /// Before the refs of a push are changed
    PreReceive,
}

/// So many refs are told about.
const SHOWN: usize = 10;
/// Behind `remote: ` a line has this many letters.
const WIDTH: usize = 70;

impl Hook {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        if let Some(repo) = &self.install {
            let registry = context.open(repo)?;
            install(context, &registry)?;
            return warn(context, &registry);
        }
        let mut input = Vec::new();
        let cannot_read =
            |source| CommandError::File { what: "The lines of git cannot be read".to_owned(), source };
        std::io::stdin().read_to_end(&mut input).map_err(cannot_read)?;
        let updates = String::from_utf8_lossy(&input)
            .lines()
            .map(str::parse)
            .collect::<std::result::Result<Vec<RefUpdate>, _>>();
        let updates = updates.map_err(|error| {
            let hint =
                "git runs this command as its hook `pre-receive`: `gto policy hook --install`".to_owned();
            CommandError::arguments(error.to_string(), hint)
        })?;
        let registry = context.open(".")?;
        let refused = registry.judge_push(&updates)?;
        if refused.is_empty() {
            return remark(context, &registry, &updates);
        }
        for line in lines(&refused) {
            context.printer.line(line)?;
        }
        Err(CommandError::Silent)
    }
}

/// Says that tags of the registry were taken without being judged: HEAD may be on a branch that nobody uses.
fn remark(context: &mut Context, registry: &Registry, updates: &[RefUpdate]) -> Result<()> {
    let is_of_registry = |update: &RefUpdate| update.tag().is_some_and(|tag| tag.parse::<TagName>().is_ok());
    if updates.iter().any(is_of_registry)
        && let Some(unjudged) = registry.unjudged()?
    {
        for line in wrapped("gto: ", &format!("this push was not judged: {unjudged}")) {
            context.printer.line(line)?;
        }
    }
    Ok(())
}

/// What a pusher reads, behind `remote: `.
fn lines(refused: &[Refused]) -> Vec<String> {
    let mut lines = vec!["gto: the policy refuses this push, and nothing of it was taken".to_owned()];
    for Refused { name, reasons } in refused.iter().take(SHOWN) {
        lines.push(String::new());
        lines.push(clean(name).into_owned());
        for Reason { rule, wanted, found, fix, .. } in reasons {
            lines.extend(wrapped("  wanted: ", wanted));
            lines.extend(wrapped("  found:  ", found));
            lines.extend(fix.iter().flat_map(|fix| wrapped("  fix:    ", fix)));
            if *rule != Place::DEFAULT {
                lines.extend(wrapped("  rule:   ", &rule.to_string()));
            }
        }
    }
    if refused.len() > SHOWN {
        lines.extend([String::new(), format!("and {} more", refused.len() - SHOWN)]);
    }
    lines
}

/// The text in lines that fit a terminal, with this before the first and room for it before the others.
fn wrapped(before: &str, text: &str) -> Vec<String> {
    let text = clean(text);
    let mut lines = vec![before.to_owned()];
    for word in text.split_whitespace() {
        let is_full = lines.last().is_some_and(|line| {
            line.chars().count() + word.chars().count() > WIDTH && line.len() > before.len()
        });
        if is_full {
            lines.push(" ".repeat(before.len()));
        }
        if let Some(line) = lines.last_mut() {
            if line.len() > before.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn install(context: &mut Context, registry: &Registry) -> Result<()> {
    let folder = match registry.git_setting("core.hooksPath") {
        Some(path) => registry.git_dir().join(path),
        None => registry.git_dir().join("hooks"),
    };
    let file = folder.join("pre-receive");
    let program = std::env::current_exe().map_err(failed("Cannot find this program", Path::new("gto")))?;
    let text = format!(
        "#!/bin/sh\n# Judges pushes by the policy of this repository.\nexec {} policy hook pre-receive\n",
        quoted(&program)
    );
    match fs::read_to_string(&file) {
        Ok(there) if there == text => {
            context.printer.hint(format!("{} is there already", file.display()));
            return Ok(());
        }
        Ok(_) => {
            let hint = format!(
                "add this line to it, and give it all of its input: {} policy hook pre-receive",
                quoted(&program)
            );
            return Err(CommandError::arguments(
                format!("There is another hook at {}", file.display()),
                hint,
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("Cannot read the hook", &file)(error)),
    }
    fs::create_dir_all(&folder).map_err(failed("Cannot make the folder", &folder))?;
    fs::write(&file, text).map_err(failed("Cannot write the hook", &file))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&file, mode).map_err(failed("Cannot write the hook", &file))?;
    }
    context.printer.line(format!("Installed {}", file.display()))?;
    Ok(())
}

/// Warns that there is nothing yet to judge by: with the hook in place nobody would expect that.
fn warn(context: &mut Context, registry: &Registry) -> Result<()> {
    let Some(unjudged) = registry.unjudged()? else { return Ok(()) };
    context.printer.warning(format!("{unjudged}; pushes are taken without being judged until it has one"));
    match &unjudged.meant {
        Some(branch) => {
            let branch = shell_quote(&format!("refs/heads/{branch}"));
            context
                .printer
                .hint(format!("`git symbolic-ref HEAD {branch}` makes that branch the default one"));
        }
        None if unjudged.is_there => {
            context.printer.hint("`gto policy init` in a clone writes one: push it to the default branch");
        }
        None => context.printer.hint("`git symbolic-ref HEAD refs/heads/NAME` names another one"),
    }
    Ok(())
}

fn failed(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> CommandError {
    let what = format!("{what} '{}'", path.display());
    |source| CommandError::File { what, source }
}

fn quoted(program: &Path) -> String {
    shell_quote(&program.to_string_lossy())
}
