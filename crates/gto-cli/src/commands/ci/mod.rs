//! `gto ci`

mod azure;
mod fetch;
mod github;
mod only;
mod output;
mod pending;
mod shell;
mod system;
mod template;
mod values;

use clap::{Args, Subcommand, ValueEnum};
use gto::tag::TagName;
use gto::version::VersionLabel;
use gto::{CheckedRef, FetchTags, Trigger};

use self::fetch::FetchArgs;
use self::only::Only;
use self::system::System;
use self::values::Values;
use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Find out in a pipeline what the tag did that started it, and pass it on to the next steps
///
/// Fetches what a checkout lacks: the tag that started the pipeline, in place of the lightweight one that the checkout may have
/// made, and the artifact's other tags, which go into a clone of gto's own. Nothing else in the checkout changes.
///
/// The values are event, artifact, version, `previous_version` (what the stage showed immediately before), stage, ref, tag,
/// commit, path, type, labels, author, message, `created_at` and match. They go where the system's next steps find them: on
/// GitHub the step's outputs and summary; on GitLab a dotenv report `gto.env`; on Bitbucket and Jenkins a `gto.env` for a shell; on
/// Azure output variables. Outside GitHub the names are in capitals behind `GTO_`; message, author and labels are only in
/// `gto.json`.
///
/// For a branch, or a tag that is not the registry's, event is empty, and the exit status is 0.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    gto ci                                  in a pipeline: the system is known by its variables\n  \
    gto ci --only assignment:prod           match is true if the tag assigns prod\n  \
    gto ci model#prod#3 --format json       by hand, in a clone"
)]
pub struct Ci {
    /// The ref that started the pipeline, as `x` or `refs/tags/x` [default: what the system's variable says]
    #[arg(value_name = "REF", add = candidates::tags())]
    reference: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Whose pipeline it is, which decides where the values go
    #[arg(long, value_enum, default_value_t = Format::Auto, hide_possible_values = false)]
    format: Format,

    #[command(flatten)]
    fetch: FetchArgs,

    /// Let match be true only for this event, such as `registration` or `assignment:prod`; may be repeated
    #[arg(long, value_name = "EVENT[:STAGE]")]
    only: Vec<Only>,

    #[command(subcommand)]
    other: Option<Other>,
}

/// What else there is for pipelines.
#[derive(Debug, Subcommand)]
enum Other {
    Pending(pending::Pending),
    Template(template::Template),
}

/// Where the values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Those of the system whose variables are set; JSON on stdout if there is none
    Auto,
    /// Outputs of the step, and its summary
    Github,
    /// A dotenv report, `gto.env`, and `gto.json`
    Gitlab,
    /// Output variables of the step, and `gto.json`
    Azure,
    /// `gto.env` for a shell, and `gto.json`
    Bitbucket,
    /// `gto.env` for a shell, and `gto.json`
    Jenkins,
    /// JSON on stdout
    Json,
}

impl Ci {
    /// Runs the command.
    pub fn run(mut self, context: &mut Context) -> Result<()> {
        match self.other.take() {
            Some(Other::Pending(pending)) => return pending.run(context),
            Some(Other::Template(template)) => return template.run(context),
            None => {}
        }
        let detected = System::detect(&context.environment);
        let system = match self.format {
            Format::Auto => detected,
            Format::Json => None,
            Format::Github => Some(System::GitHub),
            Format::Gitlab => Some(System::GitLab),
            Format::Azure => Some(System::Azure),
            Format::Bitbucket => Some(System::Bitbucket),
            Format::Jenkins => Some(System::Jenkins),
        };
        context.printer.in_pipeline = system.or(detected).is_some();
        let of_variables = system::reference(system.or(detected), &context.environment);
        let reference = match (self.reference.clone().or(of_variables), system.or(detected)) {
            (Some(reference), _) => reference,
            (None, Some(system)) => {
                let variable = system.variable();
                context.printer.hint(format!("{variable} is not set: no tag started this pipeline"));
                String::new()
            }
            (None, None) => {
                let variables = System::ALL.map(System::variable).join(", ");
                let hint = format!("name it: `gto ci REF`; a pipeline has it in one of {variables}");
                return Err(CommandError::arguments("There is no ref to look at", hint));
            }
        };
        let values = self.values(&reference, context)?;
        match system {
            Some(system) => output::write(system, &values, context)?,
            None => context.printer.line(json::to_string(&values)?)?,
        }
        if values.is_violating {
            return Err(CommandError::Violated);
        }
        if system.is_none() {
            return Ok(());
        }
        let sentence = values.sentence();
        if !sentence.is_empty() {
            context.printer.line_with_emoji("✅ ", sentence)?;
        }
        Ok(())
    }

    fn values(&self, reference: &str, context: &mut Context) -> Result<Values> {
        let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        if name.parse::<TagName>().is_err() {
            if !name.is_empty() {
                let what =
                    if name.starts_with("refs/") { "is no tag" } else { "is not a tag of the registry" };
                context.printer.hint(format!("'{name}' {what}"));
            }
            return Ok(Values::without_event(reference));
        }
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        let fetch = self.fetch.wanted();
        let answer = registry.trigger(name, fetch);
        context.tell_left_out(&registry);
        let answer = answer.map_err(|error| match error {
            gto::Error::NoEvent { is_lightweight: true, .. } if fetch == FetchTags::Never => {
                let hint =
                    "a checkout may have made it, of an annotated one: without --no-fetch gto fetches that";
                CommandError::meant(error, Some(hint.to_owned()))
            }
            error => error.into(),
        })?;
        warn(context, &answer.warnings);
        match answer.value {
            Trigger::Event(found) => {
                if let Some(VersionLabel::Commit(commit)) = found.event.version.as_deref() {
                    let (artifact, commit) = (&found.event.artifact, commit.short());
                    let text = format!("no version of '{artifact}' is registered on commit {commit}");
                    context.printer.warning(text);
                }
                let is_match = self.only.is_empty() || self.only.iter().any(|only| only.fits(&found.event));
                Ok(Values::new(*found, is_match))
            }
            Trigger::Other(CheckedRef::Violating) => Ok(Values::violating(reference)),
            Trigger::Other(found) => {
                let why = match found {
                    CheckedRef::Lightweight => {
                        "is lightweight on the remote too, and only annotated tags are events".to_owned()
                    }
                    CheckedRef::NoEvent { reason } => format!("is no event: {reason}"),
                    _ => "is no event of the registry".to_owned(),
                };
                context.printer.warning(format!("tag '{name}' {why}"));
                Ok(Values::without_event(reference))
            }
        }
    }
}
