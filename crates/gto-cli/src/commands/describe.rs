//! `gto describe`

use clap::Args;
use gto_frontend::text::{clean, clean_inset};

use gto::annotation::Annotation;
use gto::{Description, Error};

use super::show::warn;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;

/// Show an artifact's type, path, labels and description
///
/// Reads the annotation in `dvc.yaml` or `artifacts.yaml`: type, path, description, labels and custom data. If both
/// files have the artifact, `dvc.yaml` wins. The path is relative to the root of the repository, as `dvc get` and `git
/// show` expect.
///
/// For a bare name, this reads the files in the work tree, including uncommitted changes; for a version, the files in
/// its commit.
///
/// Exit status: 1 if the artifact has no annotation, or if the requested value is missing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto describe model                    what the files contain now\n  \
    gto describe model@latest --path      the path of the highest version\n  \
    gto describe model#prod --json        what is in stage `prod`, for scripts\n  \
    gto describe nlp:model --rev HEAD~2   artifact `model` of folder `nlp`, as it was")]
pub struct Describe {
    /// Artifact name, NAME@version, NAME#stage, or a tag
    #[arg(add = candidates::references())]
    name: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Read the files of this commit
    #[arg(long, value_name = "REV", add = candidates::revisions())]
    rev: Option<String>,

    /// Print output in json format
    #[arg(long, group = "field")]
    json: bool,

    /// Show type
    #[arg(long = "type", group = "field")]
    kind: bool,

    /// Show path, from the root of the repository
    #[arg(long, group = "field")]
    path: bool,

    /// Show description
    #[arg(long, group = "field")]
    description: bool,

    /// Show labels, one per line
    #[arg(long, group = "field")]
    labels: bool,

    /// Show custom data (`meta` in `dvc.yaml`), as json
    #[arg(long, visible_alias = "meta", group = "field")]
    custom: bool,
}

impl Describe {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open_reader(&self.repo.repo, PolicyArgs::default())?;
        let answer = registry.describe(&self.name, self.rev.as_deref());
        context.tell_left_out(&registry);
        let answer = answer.map_err(|error| match error {
            // An almost valid version gets the usual hint.
            Error::Name(_) if self.name.contains(['@', '#']) => {
                registry.locate(&self.name).err().unwrap_or(error)
            }
            error => error,
        })?;
        warn(context, &answer.warnings);
        let description = answer.value;
        if self.json {
            return Ok(context.printer.line(json::to_string(&description)?)?);
        }
        if self.path {
            return Ok(context.printer.line(path_for_scripts(&description)?)?);
        }
        let Some((field, value)) = self.field(description.annotation())? else {
            return print(&description, context);
        };
        let value = value.ok_or_else(|| missing(&description, field))?;
        Ok(context.printer.line(value)?)
    }

    /// The requested single value, if any: its name and its value.
    fn field(&self, annotation: &Annotation) -> Result<Option<(&'static str, Option<String>)>> {
        let Annotation { kind, description, labels, custom, .. } = annotation;
        Ok(Some(if self.kind {
            ("type", kind.clone())
        } else if self.description {
            ("description", Some(description.clone()).filter(|text| !text.is_empty()))
        } else if self.labels {
            ("labels", (!labels.is_empty()).then(|| labels.join("\n")))
        } else if self.custom {
            let custom = if custom.is_null() { None } else { Some(json::to_string(custom)?) };
            ("custom data", custom)
        } else {
            return Ok(None);
        }))
    }
}

fn missing(description: &Description, field: &str) -> CommandError {
    let message = format!("The annotation of '{}' has no {field}", description.artifact);
    let flag = match field {
        "type" => "--type TYPE",
        "labels" => "--label LABEL",
        "description" => "--description TEXT",
        "custom data" => "--custom JSON",
        _ => "--path PATH",
    };
    let (name, file) = (&description.artifact, &description.nearest().file);
    CommandError::arguments(message, format!("`gto annotate {name} {flag}` adds it in '{file}'"))
}

/// The path as scripts put it into commands (`git show "REV:$(gto resolve m --path)"`): one line, and no option.
pub fn path_for_scripts(description: &Description) -> Result<String> {
    let path = description.annotation().path.as_deref().ok_or_else(|| missing(description, "path"))?;
    if path.is_empty() || clean(path) != path || path.contains(char::is_control) {
        let message =
            format!("The path of '{}' cannot be printed on one line as it is", description.artifact);
        let hint = format!(
            "it has control characters, or nothing, in '{}'; --json has it",
            description.nearest().file
        );
        return Err(CommandError::arguments(message, hint));
    }
    // The same file, and no option for anybody.
    Ok(if path.starts_with('-') { format!("./{path}") } else { path.to_owned() })
}

fn print(description: &Description, context: &mut Context) -> Result<()> {
    let Annotation { kind, path, description: text, labels, custom, .. } = description.annotation();
    let file = &description.nearest().file;
    let at = description.commit.map(|commit| format!(" at commit {}", commit.short())).unwrap_or_default();
    let lines = [
        ("artifact", Some(description.artifact.to_string())),
        ("version", description.version.as_ref().map(gto::version::VersionLabel::short)),
        ("type", kind.clone()),
        ("path", path.clone()),
        ("labels", (!labels.is_empty()).then(|| labels.join(", "))),
        ("description", Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        ("custom", (!custom.is_null()).then(|| custom.to_string())),
        ("file", Some(format!("{file}{at}"))),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let text = format!("{name}: {}", clean_inset(&value));
            context.printer.line(text)?;
        }
    }
    Ok(())
}
