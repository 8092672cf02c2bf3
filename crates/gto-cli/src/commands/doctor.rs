//! `gto doctor`

use clap::Args;
use gto::config::Config;
use gto::doctor::{Command, Examination, Finding, Severity};
use gto_frontend::reports::doctor::{Place, report};
use gto_frontend::text::clean;

use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// So many tags, commits and commands of a finding are printed.
const SHOWN: usize = 5;

/// Display GTO version and check the registry for problems
///
/// Prints the version, the effective configuration, and every problem with the command that fixes it. The exit status
/// is 1 if there is an error, and 0 if there are only warnings or no problems.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    repo: RepoArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let (registry, wrong_config) = context.open_leniently(&self.repo.repo)?;
        let examination = registry.examine(&wrong_config)?;
        let repository = context.printer.place.repository().to_owned();
        let place = Place::new(&registry, &repository);
        let config = registry.config()?;
        if self.json {
            let report = report(&config, &examination, &place);
            context.printer.line(json::to_string(&report)?)?;
        } else {
            print(context, &config, &examination, &place)?;
            if registry.url().is_some() && !examination.findings.is_empty() {
                context.printer.hint("run the commands in a clone of your own, and push what they change");
            }
        }
        if examination.count(Severity::Error) > 0 { Err(CommandError::Silent) } else { Ok(()) }
    }
}

fn print(context: &mut Context, config: &Config, examination: &Examination, place: &Place<'_>) -> Result<()> {
    const RULE: &str = "---------------------------------";
    super::version::version(context)?;
    let printer = &mut context.printer;
    printer.line(RULE)?;
    for line in config.lines() {
        printer.line(line)?;
    }
    printer.line(RULE)?;
    if examination.findings.is_empty() {
        return Ok(printer.line(if printer.emojis { "✅  No issues found" } else { "No issues found" })?);
    }
    for finding in &examination.findings {
        let severity = finding.check.severity();
        let emoji = if severity == Severity::Error { "❌ " } else { "⚠️ " };
        let headline = format!("{}[{}]: {}", severity.word(), finding.check.id(), finding.message);
        printer.line_with_emoji(emoji, headline)?;
        for line in details(finding, place) {
            printer.line(format!("    {line}"))?;
        }
    }
    let (errors, warnings) = (examination.count(Severity::Error), examination.count(Severity::Warning));
    printer.line("")?;
    Ok(printer.line(format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")))?)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn details(finding: &Finding, place: &Place<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !finding.tags.is_empty() {
        lines.push(format!("tags: {}", bounded(&finding.tags, String::clone)));
    }
    if !finding.commits.is_empty() {
        lines.push(format!("commits: {}", bounded(&finding.commits, |id| id.short().to_string())));
    }
    lines.extend(commands("fix:", &finding.fix, place));
    let or = if finding.fix.is_empty() { "try:" } else { "or: " };
    lines.extend(commands(or, &finding.otherwise, place));
    lines
}

/// The first commands, in lines to paste: the shell goes on to the next only if the one before succeeds, since it may
/// delete what that was to save.
fn commands(word: &str, commands: &[Command], place: &Place<'_>) -> Vec<String> {
    let shown: Vec<String> = commands.iter().take(SHOWN).map(|command| place.command_line(command)).collect();
    // Made visible, a control character would be another word.
    if shown.iter().any(|line| clean(line) != *line || line.contains('\n')) {
        return vec![format!("{word} (holds control characters: see `gto doctor --json`)")];
    }
    let mut lines = Vec::new();
    for (index, line) in shown.iter().enumerate() {
        let word = if index == 0 { word } else { "    " };
        let and = if index + 1 < shown.len() { " &&" } else { "" };
        lines.push(format!("{word} {line}{and}"));
    }
    if commands.len() > SHOWN {
        let more = commands.len() - SHOWN;
        lines.push(format!("     (and {}: see `gto doctor --json`)", counted(more, "more command")));
    }
    lines
}

/// The first of the items, and how many more there are.
fn bounded<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    let mut text = items.iter().take(SHOWN).map(show).collect::<Vec<_>>().join(", ");
    if items.len() > SHOWN {
        text = format!("{text} and {} more", items.len() - SHOWN);
    }
    text
}
