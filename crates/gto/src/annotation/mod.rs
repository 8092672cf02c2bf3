//! What people write about their artifacts in files of the repository: type, path, labels, description.
//!
//! Defines the values and the problems of a file; each format has its own module. Files are passed as bytes: nothing
//! here opens a file or uses Git. An annotation can never make a command fail (decision D5).

pub mod artifacts_yaml;
pub mod edit;
pub mod error;
pub(crate) mod exact;
pub(crate) mod fields;
pub mod json;
pub(crate) mod path;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::name::ArtifactName;
use crate::yaml::Problem;

/// Which kind of file an annotation comes from. Where both name an artifact, the one that DVC reads counts.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// `artifacts.yaml`, or what the configuration calls it.
    Gto,
    /// A `dvc.yaml`.
    Dvc,
}

/// An annotation and its location.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced {
    /// The kind of file.
    pub source: Source,
    /// The file, from the root of the repository.
    pub file: Arc<str>,
    /// What it says.
    pub annotation: Annotation,
}

/// The effective annotation of an artifact among the files of a commit.
pub fn nearest(found: &[Sourced]) -> Option<&Sourced> {
    found.iter().max_by_key(|sourced| sourced.source)
}

/// The annotation of one artifact in a file. Serialises with the Python tool's keys, in its order.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct Annotation {
    /// What kind of thing it is, such as `model` or `dataset`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it is: a path in the repository, or an address.
    pub path: Option<String>,
    /// Whether the file at `path` is kept outside Git.
    #[serde(rename = "virtual")]
    pub is_virtual: bool,
    /// Labels to search by.
    pub labels: Vec<String>,
    /// A description in prose.
    pub description: String,
    /// Anything else; any value.
    pub custom: serde_json::Value,
}

impl Default for Annotation {
    fn default() -> Self {
        Self {
            kind: None,
            path: None,
            is_virtual: true,
            labels: Vec::new(),
            description: String::new(),
            custom: serde_json::Value::Null,
        }
    }
}

/// What could be read of a file, and what could not.
#[derive(Default, Clone, Debug, PartialEq)]
pub struct Annotations {
    /// The artifacts, in the order of the file.
    pub artifacts: Vec<(ArtifactName, Annotation)>,
    /// What was left out, and why.
    pub problems: Vec<FileProblem>,
}

/// Something in a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The entry concerned (without control characters); `None` if it is the whole file.
    pub entry: Option<String>,
    /// Whether the entry was left out; otherwise only a part of it was.
    pub left_out: bool,
    /// One lower-case clause without control characters.
    pub message: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// What it is about.
    pub kind: ProblemKind,
}

/// What a problem of a file is about, where that decides what to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProblemKind {
    /// The name of an entry is read as something else than a text, such as a number.
    Name,
    /// A parameter in a `dvc.yaml` has no value that can be used.
    Parameter,
    /// Anything else.
    #[default]
    Other,
}

/// A problem, with what it is about.
pub(crate) struct Fault {
    problem: Problem,
    kind: ProblemKind,
}

impl Fault {
    pub(crate) fn name(problem: Problem) -> Self {
        Self { problem, kind: ProblemKind::Name }
    }

    pub(crate) fn parameter(problem: Problem) -> Self {
        Self { problem, kind: ProblemKind::Parameter }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { problem, kind: ProblemKind::Other }
    }
}

impl FileProblem {
    /// A problem for which the entry, or the file, is left out.
    pub(crate) fn new(entry: Option<String>, fault: impl Into<Fault>) -> Self {
        let Fault { problem, kind } = fault.into();
        let known = |position| (position > 0).then_some(position);
        let (line, column) = (known(problem.line), known(problem.column));
        Self { entry, left_out: true, message: problem.message, line, column, kind }
    }

    /// A problem of a whole file that cannot be read.
    pub(crate) fn nowhere(message: String) -> Self {
        Self::new(None, Problem::nowhere(message))
    }

    /// Where it is, and what: `file` is named without control characters.
    pub fn sentence(&self, file: &str) -> String {
        let mut place = format!("'{file}'");
        if let Some(line) = self.line {
            place = format!("{place}, line {line}, column {}", self.column.unwrap_or(1));
        }
        let message = &self.message;
        match &self.entry {
            Some(entry) if self.left_out => {
                format!("{place}: the annotation of '{entry}' is left out: {message}")
            }
            Some(entry) => format!("{place}: in the annotation of '{entry}', {message}"),
            None => format!("{place}: {message}"),
        }
    }

    /// A problem for which a field of the entry is left out.
    pub(crate) fn of_field(entry: Option<String>, fault: impl Into<Fault>) -> Self {
        Self { left_out: false, ..Self::new(entry, fault) }
    }
}

/// The problems of a file, up to a maximum number: enough to see what is wrong.
#[derive(Default)]
pub(crate) struct Problems {
    pub told: Vec<FileProblem>,
    pub untold: usize,
}

impl Problems {
    const MAX: usize = 100;

    pub(crate) fn add(&mut self, problem: FileProblem) {
        if self.told.len() < Self::MAX {
            self.told.push(problem);
        } else {
            self.untold += 1;
        }
    }

    pub(crate) fn into_vec(mut self) -> Vec<FileProblem> {
        if self.untold > 0 {
            let message = format!("{} more like these", self.untold);
            self.told.push(FileProblem::nowhere(message));
        }
        self.told
    }
}
