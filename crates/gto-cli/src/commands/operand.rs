//! Reading what is named on the command line: artifacts, versions, stages, and who writes.
//!
//! Suggests what to type instead if one was used in place of another. The library decides what is valid.

use gto::name::{ArtifactName, StageName};
use gto::reference::Selector;
use gto::rules::Refusal;
use gto::version::Version;
use gto::{Author, AuthorFault};
use gto_frontend::advice::looks_like_version;
use gto_frontend::text::shell_quote;

use crate::args::WriteArgs;
use crate::error::{CommandError, Result};

/// An artifact's name followed by a selector of a version or a stage.
pub enum TrailingSelector<'a> {
    /// `m@v1.0.0`, or a version alone.
    Version(&'a str, String),
    /// `m#prod`
    Stage(&'a str, &'a str),
}

impl<'a> TrailingSelector<'a> {
    fn find(text: &'a str) -> Option<Self> {
        if let Some(version) = looks_like_version(text) {
            return Some(Self::Version("NAME", version));
        }
        let (name, rest) = text.split_at(text.find(['@', '#'])?);
        ArtifactName::from_user(name).ok()?;
        match rest.strip_prefix('#') {
            Some(stage) => stage.parse::<StageName>().is_ok().then_some(Self::Stage(name, stage)),
            None => looks_like_version(&rest[1..]).map(|version| Self::Version(name, version)),
        }
    }
}

/// Parses an artifact's name. `instead` gives the command for a name that ends with a version or a stage.
pub fn artifact(
    text: &str,
    instead: impl FnOnce(TrailingSelector<'_>) -> Option<String>,
) -> Result<ArtifactName> {
    ArtifactName::from_user(text).map_err(|error| {
        let command = TrailingSelector::find(text).and_then(instead);
        CommandError::meant(error, command.map(|command| format!("did you mean `{command}`?")))
    })
}

/// Reads a stage.
pub fn stage(text: &str) -> Result<StageName> {
    text.parse()
        .map_err(|error| CommandError::meant(error, "a stage looks like dev or prod".to_owned().into()))
}

/// Reads a version of an artifact where one must exist already, and `latest` or a stage would not do.
pub fn version(text: &str, name: &ArtifactName) -> Result<Version> {
    text.parse().map_err(|_| {
        let selector = Selector::of(text, name).map(|selector| match selector {
            Selector::Stage(stage) => format!("{name}#{stage}"),
            Selector::Latest | Selector::Version(_) => format!("{name}@latest"),
        });
        let hint = selector.map(|selector| {
            let selector = shell_quote(&selector);
            format!(
                "here a version is named in full: `gto show {selector} --version` prints which one that is"
            )
        });
        CommandError::meant(Refusal::InvalidVersion { version: text.to_owned() }, hint)
    })
}

/// Reads a version, `latest` or a stage of an artifact.
pub fn selector(text: &str, name: &ArtifactName) -> Result<Selector> {
    Selector::of(text, name).ok_or_else(|| {
        let is_word =
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.parse::<StageName>().is_ok();
        let hint = (is_word && looks_like_version(text).is_none())
            .then(|| format!("a version looks like v1.0.0; what is in a stage is '{name}#{text}', the highest version 'latest'"));
        CommandError::meant(Refusal::InvalidVersion { version: text.to_owned() }, hint)
    })
}

/// Adds to the error about a revision that looks like a version the command that takes one.
pub fn no_revision(error: CommandError, instead: impl FnOnce(&str) -> String) -> CommandError {
    let CommandError::Registry(error) = error else { return error };
    let hint = match &error {
        gto::Error::RefNotFound { revision } => looks_like_version(revision)
            .map(|version| format!("`{revision}` looks like a version: `{}`", instead(&version))),
        _ => None,
    };
    CommandError::meant(error, hint)
}

/// Who writes. What Git would leave out of a tag without a word is refused.
pub fn author(args: &WriteArgs) -> Result<Author> {
    let author = args.author();
    let (message, hint) = match author.fault() {
        None => return Ok(author),
        Some(AuthorFault::Name) => (
            "`--author` cannot be empty",
            "leave out --author to write in the name that Git is configured for",
        ),
        Some(AuthorFault::Email) => (
            "`--author-email` cannot contain '<', '>' or a line break",
            "an address looks like you@example.com; the name goes into --author",
        ),
    };
    Err(CommandError::arguments(message, hint.to_owned()))
}
