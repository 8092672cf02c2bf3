//! `gto verify`

use clap::Args;
use gto::query::HistoryOptions;
use gto::reference::Reference;
use gto::rules::Refusal;
use gto::signing::{Verification, Verified};
use gto::tag::TagName;
use gto::{Answer, Registry};
use gto_frontend::advice::{fetch_tags, nothing_registered};
use gto_frontend::text::shell_quote;

use super::history::select;
use super::show::{NOTHING_FOUND, warn};
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, Style, Table};

/// Check the signatures of tags
///
/// Reports the result of `git verify-tag` for each tag, with your keys and settings: good, expired, untrusted, unknown
/// (usually because the key is missing here), unsigned, revoked or bad. The exit status is 1 if a tag is bad or its key
/// was revoked and, with `--strict`, if any tag is not good.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto verify                               all tags of the registry\n  \
    gto verify model                         those of an artifact\n  \
    gto verify model@v1.0.0                  those about a version\n  \
    gto verify model#prod                    those about a stage\n  \
    gto verify \"$GITHUB_REF\" --strict        the one tag refs/tags/model#prod#3, which must be good")]
pub struct Verify {
    /// Artifact name, NAME@version, NAME#stage, or a tag. If omitted, all tags of the registry
    #[arg(value_name = "NAME|TAG", add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    /// Fail if any tag is not good: unsigned, expired, or signed by a key that is unknown or not trusted
    #[arg(long)]
    strict: bool,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Print table in grep-able format
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

impl Verify {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let answer = self.find(&registry)?;
        // A gate must not pass for an unreadable tag.
        let Answer { value: tags, warnings } = if self.strict { answer.unless_damaged()? } else { answer };
        warn(context, &warnings);
        if self.json {
            context.printer.line(json::to_string(&tags)?)?;
        } else if tags.is_empty() {
            context.printer.line(NOTHING_FOUND)?;
            if let Some(why) = nothing_registered(&registry) {
                context.printer.hint(why.for_shell());
            }
        } else {
            let style = if self.plain { Style::Plain } else { Style::FancyOutline };
            let headers = &["tag", "result", "signer", "key", "reason"];
            let table = Table { style, headers, rows: &tags, unordered: &[], look: |_| 0, cells: row };
            context.printer.table(&table, &["key", "reason", "signer"])?;
        }
        self.judge(context, &tags)
    }

    /// The requested tags. What is no tag, no artifact and nothing about one is refused: a gate that finds nothing to
    /// check must not open.
    fn find(&self, registry: &Registry) -> Result<Answer<Vec<Verification>>> {
        let Some(name) = self.name.as_deref() else {
            return Ok(registry.verify(None)?);
        };
        let reference = Reference::parse(name);
        let answer = if let Some(tag) = name.strip_prefix("refs/tags/") {
            registry.verify_tags([tag])?
        } else if reference.selector.is_some() {
            verify_selected(registry, &reference)?
        } else if name.parse::<TagName>().is_ok() {
            registry.verify_tags([name])?
        } else {
            let artifact = reference.name.parse().map_err(|_| not_found(&reference))?;
            registry.verify(Some(&artifact))?
        };
        match answer {
            Answer { value, warnings } if value.is_empty() => match warnings.into_iter().next() {
                Some(lightweight) => {
                    let hint =
                        "an annotated tag can be signed, a lightweight one is nothing but a name".to_owned();
                    Err(CommandError::arguments(format!("Nothing to verify: {lightweight}"), hint))
                }
                None if name.starts_with("refs/tags/") || name.parse::<TagName>().is_ok() => {
                    let hint = fetch_tags(registry).map(|fetch| format!("fetch the tags: `{fetch}`"));
                    Err(CommandError::arguments(format!("There is no tag for '{name}'"), hint))
                }
                None => Err(not_found(&reference).into()),
            },
            answer => Ok(answer),
        }
    }

    /// Fails if the tags do not meet the request; without one, reports what they lack.
    fn judge(&self, context: &mut Context, tags: &[Verification]) -> Result<()> {
        if self.strict && tags.is_empty() {
            return Err(CommandError::arguments("There is no tag to verify", None));
        }
        let failing =
            |tag: &&Verification| tag.result.is_bad() || self.strict && tag.result != Verified::Good;
        let failed: Vec<&Verification> = tags.iter().filter(failing).collect();
        if let Some(first) = failed.first() {
            let (count, all) = (failed.len(), tags.len());
            let message = match count {
                1 => format!("Tag '{}' is {}", first.tag, first.result.word()),
                _ => format!("{count} of {all} tags are not good, the first of them '{}'", first.tag),
            };
            let hint = format!(
                "see who made it, and from where: `git show {}`",
                shell_quote(&format!("refs/tags/{}", first.tag))
            );
            return Err(CommandError::arguments(message, hint));
        }
        let lacking = tags.iter().filter(|tag| tag.result != Verified::Good).count();
        if lacking > 0 {
            let are = if lacking == 1 { "is" } else { "are" };
            context.printer.hint(format!(
                "{lacking} of {} tags {are} not good: with --strict that is a failure",
                tags.len()
            ));
        }
        Ok(())
    }
}

/// The tags about a version or a stage, oldest first.
fn verify_selected(registry: &Registry, reference: &Reference) -> Result<Answer<Vec<Verification>>> {
    let mut options = HistoryOptions {
        artifact: Some(reference.name.parse().map_err(|_| not_found(reference))?),
        ascending: true,
        ..HistoryOptions::default()
    };
    if !select(registry, reference, &mut options)? {
        return Ok(Answer { value: Vec::new(), warnings: Vec::new() });
    }
    let history = registry.history(&options, false)?;
    let answer = registry.verify_tags(history.value.iter().map(|entry| &*entry.tag))?;
    Ok(Answer { value: answer.value, warnings: history.warnings })
}

fn not_found(reference: &Reference) -> gto::Error {
    Refusal::ArtifactNotFound { name: reference.name.clone() }.into()
}

fn row(tag: &Verification, cells: &mut Cells) {
    cells.push(&tag.tag);
    cells.push(tag.result.word());
    cells.push_option(tag.signer.as_deref());
    cells.push_option(tag.key.as_deref());
    cells.push_option(tag.reason.as_deref());
}
