//! What people write about their artifacts in files of the repository: type, path, labels, description.
//!
//! Owns the values and what may be wrong with a file; each format has a module of its own. Files come as bytes: nothing here
//! opens a file or asks Git. An annotation can never make a command fail (decision D5).

pub mod artifacts_yaml;

use serde::Serialize;

use crate::name::ArtifactName;

/// What a file says about one artifact. Serialises with the Python tool's keys, in its order.
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
    /// The entry that was left out (without control characters); `None` if it is the whole file.
    pub entry: Option<String>,
    /// One lower-case clause without control characters.
    pub message: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
}
