//! The errors of commands, and their exit status.

use std::io;
use std::process::ExitCode;

/// The exit statuses of `gto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done = 0,
    /// Refused, or failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Done, and `gto status` found a difference.
    Different = 3,
    /// A policy is violated, and that is proven.
    Violated = 4,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The library refused or failed.
    #[error(transparent)]
    Registry(#[from] gto::Error),
    /// The library refused, and the command knows what was meant.
    #[error("{source}")]
    Meant {
        /// Why it refused.
        source: gto::Error,
        /// What to type instead.
        hint: String,
    },
    /// The files of a version are not there.
    #[error("{source}")]
    Files {
        /// Why.
        source: Box<gto_files::Error>,
        /// The command of DVC that may do better, for a shell.
        dvc: Option<String>,
    },
    /// The arguments contradict each other or the question.
    #[error("{message}")]
    Arguments {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A file or folder that the command needs.
    #[error("{what}")]
    File {
        /// What cannot be done.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("Cannot write the output")]
    Output(#[from] io::Error),
    /// A person was asked whether to go on, and did not say yes.
    #[error("nothing was changed")]
    Declined,
    /// Everything has been printed already; only the exit status is missing.
    #[error("")]
    Silent,
    /// The same, for what is not the same here and on a remote.
    #[error("")]
    Different,
    /// The same, for a policy that is violated.
    #[error("")]
    Violated,
    /// What is asked for is not there, since what is there violates the policy.
    #[error("{0}")]
    NoneValid(Box<CommandError>),
}

impl CommandError {
    /// The library refused, with a hint if the command has one that is better than that of the error.
    pub fn meant(error: impl Into<gto::Error>, hint: Option<String>) -> Self {
        let source = error.into();
        match hint {
            Some(hint) => Self::Meant { source, hint },
            None => Self::Registry(source),
        }
    }

    /// Whether the message has several lines that are all ours: the Python tool's two about the configuration.
    pub fn has_lines_of_ours(&self) -> bool {
        matches!(self, Self::Registry(gto::Error::Config(_)))
    }

    /// The status that the process ends with.
    pub fn status(&self) -> Status {
        match self {
            Self::Different => Status::Different,
            Self::Violated
            | Self::NoneValid(_)
            | Self::Registry(gto::Error::PolicyViolated { .. })
            | Self::Meant { source: gto::Error::PolicyViolated { .. }, .. } => Status::Violated,
            _ => Status::Failed,
        }
    }

    /// The arguments contradict each other.
    pub fn arguments(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::Arguments { message: message.into(), hint: hint.into() }
    }
}

impl From<gto_files::Error> for CommandError {
    fn from(error: gto_files::Error) -> Self {
        match error {
            gto_files::Error::Registry(error) => Self::Registry(error),
            error => Self::Files { source: Box::new(error), dvc: None },
        }
    }
}

impl From<gto::rules::Refusal> for CommandError {
    fn from(refusal: gto::rules::Refusal) -> Self {
        Self::Registry(refusal.into())
    }
}

impl From<gto::name::InvalidName> for CommandError {
    fn from(error: gto::name::InvalidName) -> Self {
        Self::Registry(error.into())
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

/// The result of a command.
pub type Result<T> = std::result::Result<T, CommandError>;
