//! Errors of the engine as exceptions of `gto.exceptions`.
//!
//! Owns which class each error is, and with which arguments. The matches are exhaustive: the compiler reports an error
//! that has no class yet.

use gto::config::ConfigError;
use gto::rules::Refusal;
use gto::{AnnotateError, Error, Registry};
use gto_frontend::advice::{self, Scene};
use gto_frontend::text::clean;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// What went wrong on the way to an answer.
#[derive(Debug)]
pub enum Problem {
    /// The engine refused or failed.
    Engine(Error),
    /// The files of a version are not there.
    Files(Box<gto_files::Error>),
    /// The arguments contradict each other or the question.
    Arguments(String),
    /// The same, with what to do about it.
    Advised(String, &'static str),
    /// An exception of the Python tool's that the engine has no error for, with its arguments.
    Of(&'static str, Vec<Argument>),
    /// Something in the engine that should never happen.
    Panic(String),
}

/// An argument of an exception.
#[derive(Debug, Clone, IntoPyObject)]
pub enum Argument {
    Text(String),
    List(Vec<String>),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<gto_files::Error> for Problem {
    fn from(error: gto_files::Error) -> Self {
        match error {
            gto_files::Error::Registry(error) => Self::Engine(error),
            error => Self::Files(Box::new(error)),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Engine(refusal.into())
    }
}

impl Problem {
    /// The exception. If it cannot be created, the exception that explains why.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        let told = match self {
            Self::Engine(error) => Told::of(&error),
            Self::Files(error) => Told::of_files(&error),
            Self::Arguments(message) => Told::new("WrongArgs", [message]),
            Self::Advised(message, hint) => {
                Told { hint: Some(hint.to_owned()), ..Told::new("WrongArgs", [message]) }
            }
            Self::Of(class, arguments) => Told { class, arguments, text: None, hint: None },
            Self::Panic(message) => Told {
                hint: Some("this is a mistake in gto itself: please report it, with what you did".to_owned()),
                ..Told::new("InternalError", [message])
            },
        };
        told.exception(py).map_or_else(|error| error, |exception| PyErr::from_value(exception.into_any()))
    }
}

/// An exception to be: its class, the arguments of that, its text where it is not the one that the class makes of them, and
/// what to do next.
struct Told {
    class: &'static str,
    arguments: Vec<Argument>,
    text: Option<String>,
    hint: Option<String>,
}

impl Told {
    fn new<const N: usize>(class: &'static str, arguments: [String; N]) -> Self {
        Self { class, arguments: arguments.map(Argument::Text).into(), text: None, hint: None }
    }

    fn of(error: &Error) -> Self {
        let message = with_causes(error);
        let told = match error {
            Error::NoRepository { path } => Self::new("NoRepo", [path.clone()]),
            Error::Name(_) => Self::new("ValidationError", [message]),
            Error::Config(ConfigError::File { path, .. }) => Self::new("WrongConfig", [path.clone()]),
            Error::Config(ConfigError::Setting { name, .. }) => Self {
                text: Some(format!("Wrong value of the setting {name} in Git's configuration")),
                ..Self::new("WrongConfig", [name.clone()])
            },
            Error::Config(ConfigError::Variable { name, .. }) => Self {
                text: Some(format!("Wrong value of the environment variable {name}")),
                ..Self::new("WrongConfig", [name.clone()])
            },
            Error::Refused(refusal) => Self::of_refusal(refusal, message),
            Error::Annotate(error) => Self::of_annotating(error, message),
            Error::NoVersion { artifact, .. } => {
                Self { text: Some(message), ..Self::new("VersionRequired", [artifact.to_string()]) }
            }
            Error::SeveralVersions { .. } => Self::new("NotImplementedInGTO", [message]),
            Error::NotAnnotated { artifact, .. } => {
                Self { text: Some(message), ..Self::new("ArtifactNotFound", [artifact.to_string()]) }
            }
            Error::RefNotFound { revision } => Self::new("RefNotFound", [revision.clone()]),
            Error::NoCommit | Error::NoBranch { .. } => {
                Self { text: Some(message), ..Self::new("RefNotFound", ["HEAD".to_owned()]) }
            }
            Error::AmbiguousRef { .. } => Self::new("AmbiguousArg", [message]),
            Error::NotACommit { .. }
            | Error::CannotCompare { .. }
            | Error::InvalidDate { .. }
            | Error::InvalidCommitterDate { .. }
            | Error::InvalidPlan { .. }
            | Error::TooEarly => Self::new("WrongArgs", [message]),
            Error::NoIdentity { .. } => Self::new("NoIdentity", [message]),
            Error::Conflict { .. } | Error::Outdated { .. } | Error::Locked { .. } => {
                Self::new("Conflict", [message])
            }
            Error::Blocked { by, .. } => Self { text: Some(message), ..Self::new("TagExists", [by.clone()]) },
            Error::Sign { .. } => Self::new("SigningError", [message]),
            Error::Untrusted { .. }
            | Error::BareNotAllowed { .. }
            | Error::Open { .. }
            | Error::MissingObject { .. }
            | Error::DamagedTags { .. }
            | Error::DamagedPackedRefs { .. }
            | Error::NoEvent { .. }
            | Error::TagsMissing { .. }
            | Error::Unfetched { .. }
            | Error::Hook { .. }
            | Error::PermissionDenied { .. }
            | Error::ReadOnly { .. }
            | Error::Quarantined
            | Error::NoGit { .. }
            | Error::GitSilent { .. }
            | Error::Git { .. } => Self::new("GitError", [message]),
            Error::Clone { .. }
            | Error::NoRoom { .. }
            | Error::UnknownRemote { .. }
            | Error::NoRemote { .. }
            | Error::Bundle { .. }
            | Error::ManyAddresses { .. }
            | Error::Fetch { .. }
            | Error::NotOnRemote { .. }
            | Error::Differ { .. }
            | Error::Push { .. }
            | Error::PrePush { .. }
            | Error::RemoteMoved { .. }
            | Error::RemoteLocked { .. }
            | Error::NotAtomic { .. }
            | Error::TooManyTags { .. }
            | Error::InTheWay { .. }
            | Error::PartialPush(_)
            | Error::MadeThereOnly { .. }
            | Error::DeletedThereOnly { .. } => Self::new("RemoteError", [message]),
            _ => Self::new("GTOException", [message]),
        };
        Self { hint: hint(error), ..told }
    }

    fn of_files(error: &gto_files::Error) -> Self {
        use gto_files::Error::{Missing, NoSuchFile, NotThere, Pattern};
        let class = match error {
            Missing { .. } | NoSuchFile { .. } | NotThere { .. } => "FileNotFound",
            Pattern { .. } => "WrongArgs",
            _ => "FilesError",
        };
        let words: Vec<String> =
            advice::of_files(error, None).iter().map(advice::Advice::for_python).collect();
        let hint = (!words.is_empty()).then(|| words.join("; "));
        Self { hint, ..Self::new(class, [with_causes(error)]) }
    }

    fn of_annotating(error: &AnnotateError, message: String) -> Self {
        match error {
            AnnotateError::Exists { name } => Self::new("ArtifactExists", [name.to_string()]),
            AnnotateError::NotFound { name, .. } => Self::new("ArtifactNotFound", [name.to_string()]),
            AnnotateError::PathIsUsed { path, kind, name, .. } => {
                Self::new("PathIsUsed", [kind.clone(), name.to_string(), path.clone()])
            }
            AnnotateError::TypeNotAllowed { kind, types } => {
                let types = Argument::List(types.clone());
                let arguments = vec![Argument::Text(kind.clone()), types];
                Self { class: "UnknownType", arguments, text: None, hint: None }
            }
            AnnotateError::PathNotThere { path } => Self::new("NoFile", [path.clone()]),
            AnnotateError::Text { .. } => Self { text: Some(message), ..Self::new("WrongArtifactsYaml", []) },
            AnnotateError::Changed { .. } => Self::new("Conflict", [message]),
            AnnotateError::NotPushed { .. } | AnnotateError::PushInDoubt { .. } => {
                Self::new("RemoteError", [message])
            }
            AnnotateError::Commit { .. } | AnnotateError::Unfinished { .. } | AnnotateError::NoBranch => {
                Self::new("GitError", [message])
            }
            _ => Self::new("WrongArgs", [message]),
        }
    }

    fn of_refusal(refusal: &Refusal, message: String) -> Self {
        match refusal {
            Refusal::RegisteredOnCommit { artifact, version } => {
                Self::new("VersionExistsForCommit", [artifact.to_string(), version.to_string()])
            }
            Refusal::VersionTaken { version, .. } => {
                Self::new("VersionAlreadyRegistered", [version.to_string()])
            }
            Refusal::VersionHeld { version, .. } => {
                Self { text: Some(message), ..Self::new("VersionAlreadyRegistered", [version.to_string()]) }
            }
            Refusal::UnreadableVersion(_) => Self::new("InvalidVersion", [message]),
            Refusal::StageNotAllowed { stage, allowed } => {
                let allowed = allowed.iter().map(ToString::to_string).collect();
                let arguments = vec![Argument::Text(stage.to_string()), Argument::List(allowed)];
                Self { class: "UnknownStage", arguments, text: None, hint: None }
            }
            Refusal::ArtifactNotFound { name } => Self::new("ArtifactNotFound", [name.clone()]),
            Refusal::VersionNotFound { artifact, .. } => Self::new("VersionRequired", [artifact.to_string()]),
            Refusal::TagExists { name } => Self::new("TagExists", [name.clone()]),
            Refusal::TagNotFound { name } => Self::new("TagNotFound", [name.clone()]),
            Refusal::NoSuchTagPossible { .. } => Self::new("ValidationError", [message]),
            Refusal::NoTimeLeft { .. } | Refusal::NoCounterLeft { .. } => {
                Self::new("GTOException", [message])
            }
            _ => Self::new("WrongArgs", [message]),
        }
    }

    fn exception(self, py: Python<'_>) -> PyResult<Bound<'_, PyException>> {
        let classes = py.import("gto.exceptions")?;
        let class = classes.getattr(self.class)?;
        let exception = class.call1(PyTuple::new(py, self.arguments)?)?;
        if let Some(text) = self.text {
            exception.setattr("message", &text)?;
            exception.setattr("msg", &text)?;
            exception.setattr("args", (text,))?;
        }
        if let Some(hint) = self.hint {
            let hint = clean(&hint).into_owned();
            exception.setattr("hint", &hint)?;
            // Shown under the message of an uncaught exception, from Python 3.11 on.
            if exception.hasattr("add_note")? {
                exception.call_method1("add_note", (format!("hint: {hint}"),))?;
            }
        }
        Ok(exception.cast_into()?)
    }
}

/// What to do next. The Python tool's message about a configuration does not say what is wrong with it.
fn hint(error: &Error) -> Option<String> {
    if let Error::Config(
        ConfigError::File { fault, .. }
        | ConfigError::Setting { fault, .. }
        | ConfigError::Variable { fault, .. },
    ) = error
    {
        return Some(fault.clone());
    }
    let advice = advice::of(error, &mut Caller);
    let words: Vec<String> = advice.iter().map(advice::Advice::for_python).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// A program that called us: which repository it named is not in the error.
struct Caller;

impl Scene for Caller {
    fn repository(&self) -> &'static str {
        "."
    }

    fn registry(&mut self) -> Option<Registry> {
        None
    }

    fn git_dir(&self) -> Option<String> {
        None
    }
}

/// The message with the reasons below it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    clean(&text).into_owned()
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
