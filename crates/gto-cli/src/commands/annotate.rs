//! `gto annotate`

use clap::{Args, ValueEnum};

use gto::annotation::Source;
use gto::annotation::json::{JsonFault, from_json};
use gto::{Annotating, Author, Request};

use super::{edits, operand};
use crate::args::RepoArgs;
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Set an artifact's type, path, labels and description
///
/// Writes type, path, description, labels and custom data to `dvc.yaml` or `artifacts.yaml` in the work tree. Other
/// fields and the rest of the file, including comments, order and quotes, stay unchanged. --unset removes a field, and
/// so does an empty text.
///
/// An artifact stays in the file that has it. A new artifact of a folder (`nlp:model`) goes into the `dvc.yaml` of that
/// folder. Any other new artifact goes into `artifacts.yaml`, unless only `dvc.yaml` has annotations. --file overrides
/// this.
///
/// This creates no tag: see `gto register`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto annotate model --path models/m.pkl --type model --label tabular\n  \
    gto annotate nlp:model --path nlp/m.bin --commit   in nlp/dvc.yaml, and commit that file\n  \
    gto annotate model --unset description --dry-run   what it would look like without a description\n  \
    gto annotate model --meta '{\"accuracy\": 0.9}'")]
pub struct Annotate {
    /// Artifact name
    #[arg(add = candidates::artifacts())]
    name: String,

    #[command(flatten)]
    repo: RepoArgs,

    /// Path relative to the root of the repository, even for an artifact of a folder; or a URL
    ///
    /// In the `dvc.yaml` of a folder it is written relative to that folder, as DVC expects. An absolute path into the
    /// work tree is made relative to the root.
    #[arg(long, value_name = "PATH|URL", value_hint = clap::ValueHint::AnyPath, allow_hyphen_values = true)]
    path: Option<String>,

    /// Type of the artifact; one of `types` in `.gto`, if that is set
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Add a label; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,

    /// Remove a label; may be repeated
    #[arg(long = "remove-label", value_name = "LABEL")]
    remove_labels: Vec<String>,

    /// Description of the artifact
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,

    /// Custom data, as json; `null` removes it
    #[arg(long, visible_alias = "meta", value_name = "JSON", allow_hyphen_values = true)]
    custom: Option<String>,

    /// Remove a field; may be repeated. With --label, `labels` removes the existing labels first
    #[arg(long, value_enum, value_name = "FIELD")]
    unset: Vec<Field>,

    /// The file to write to, if the artifact is new
    #[arg(long, value_enum, value_name = "FILE")]
    file: Option<FileArg>,

    /// Refuse a path that is missing from the current commit
    #[arg(long, short = 'e')]
    must_exist: bool,

    /// Allow a path that another artifact has, or that contains or is inside one
    #[arg(long)]
    allow_same_path: bool,

    #[command(flatten)]
    edit: edits::EditArgs,
}

/// The files that annotate artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileArg {
    /// DVC's file
    #[value(name = "dvc.yaml", alias = "dvc")]
    Dvc,
    /// gto's own file
    #[value(name = "artifacts.yaml", alias = "artifacts")]
    Artifacts,
}

/// The fields of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Field {
    Type,
    Path,
    Description,
    Labels,
    #[value(alias = "meta")]
    Custom,
}

impl From<FileArg> for Source {
    fn from(file: FileArg) -> Self {
        match file {
            FileArg::Dvc => Self::Dvc,
            FileArg::Artifacts => Self::Gto,
        }
    }
}

impl Annotate {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open_to_edit(&self.repo.repo)?;
        let name = operand::artifact(&self.name, |_| None)?;
        self.check_unset()?;
        let is_unset = |field| self.unset.contains(&field);
        let text = |given: Option<String>, field| given.or_else(|| is_unset(field).then(String::new));
        let custom = match &self.custom {
            None => is_unset(Field::Custom).then_some(serde_json::Value::Null),
            Some(custom) => Some(read_json(custom)?),
        };
        let wish = Annotating {
            kind: text(self.kind, Field::Type),
            path: text(self.path, Field::Path),
            add_labels: self.labels,
            remove_labels: self.remove_labels,
            clear_labels: is_unset(Field::Labels),
            description: text(self.description, Field::Description),
            custom,
            file: self.file.map(Source::from),
            must_exist: self.must_exist,
            allow_same_path: self.allow_same_path,
            must_be_new: false,
        };
        let named =
            Annotating { file: wish.file, allow_same_path: wish.allow_same_path, ..Annotating::default() };
        if wish == named {
            let hint = "name at least one of --path, --type, --label, --remove-label, --description, --custom, --unset";
            return Err(CommandError::arguments("There is nothing to write", hint.to_owned()));
        }
        let request = Request::Annotate { artifact: name, annotation: wish, author: Author::default() };
        edits::run(context, &registry, &request, &self.edit).map(drop).map_err(|error| match error {
            CommandError::Registry(error @ gto::Error::Name(_)) => {
                let hint =
                    "a type or a label looks like model or nlp/model: letters and digits, with - / _ between";
                CommandError::meant(error, Some(hint.to_owned()))
            }
            error => error,
        })
    }

    /// A field cannot be set and taken out.
    fn check_unset(&self) -> Result<()> {
        for field in &self.unset {
            let (is_set, name) = match field {
                Field::Type => (self.kind.is_some(), "type"),
                Field::Path => (self.path.is_some(), "path"),
                Field::Description => (self.description.is_some(), "description"),
                Field::Custom => (self.custom.is_some(), "custom"),
                Field::Labels => continue,
            };
            if is_set {
                let message = format!("`--{name}` and `--unset {name}` contradict each other");
                return Err(CommandError::arguments(message, "leave out one of them".to_owned()));
            }
        }
        Ok(())
    }
}

fn read_json(text: &str) -> Result<serde_json::Value> {
    from_json(text).map_err(|fault| {
        let hint = match fault {
            JsonFault::Syntax(_) => {
                "json looks like '{\"accuracy\": 0.9}', and a text in it has double quotes"
            }
            JsonFault::RepeatedKey(_) => {
                "nothing was changed: a key has one value; several are a list: [1, 2]"
            }
            JsonFault::LongInteger(_) => "nothing was changed: write it as a text, in double quotes",
        };
        CommandError::arguments(format!("`--custom` {fault}"), hint.to_owned())
    })
}
