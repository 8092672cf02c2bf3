//! Names of artifacts and stages: their grammar and the two spellings of an artifact's name.
//!
//! Owns validation. The grammar is the Python tool's, byte for byte, because DVC and others read the same tags:
//!
//! ```text
//! name      = [a-zA-Z0-9] ( [a-zA-Z0-9-/_]* [a-zA-Z0-9] )?
//! dirname   = [a-zA-Z0-9-_./]+
//! full name = ( dirname ":" )? name        with "=" for ":" in a tag
//! ```

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The text is no valid name. The message is the Python tool's, which people and scripts know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid value '{0}'. Only letters, numbers, '_', '-', '/' are allowed. \
     Value must be of len >= 2 and must start and end with a letter or a number."
)]
pub struct InvalidName(pub String);

/// Whether `text` follows the rule for `name` in the grammar.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'_');
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last))
        if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
        && bytes.iter().all(is_inner)
}

fn is_dirname(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// The full name of an artifact, as on the command line: `model` or `folder:model`. A clone is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactName(Arc<str>);

impl ArtifactName {
    /// The name with `:` between folder and name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as tags spell it, with `=` for `:`.
    pub fn in_tag(&self) -> String {
        self.0.replace(':', "=")
    }

    /// Reads the part of a tag that names the artifact (`folder=model`).
    pub fn from_tag(text: &str) -> Option<Self> {
        if text.contains(':') {
            return None;
        }
        text.replace('=', ":").parse().ok()
    }

    /// Reads a name as people type it: `cv/dvc.yaml:pool` is DVC's way to write `cv:pool`, and
    /// `dvc.yaml:pool` means `pool`.
    pub fn from_user(text: &str) -> Result<Self, InvalidName> {
        let Some((folder, name)) = text.split_once(':') else {
            return text.parse();
        };
        let meant = match folder.strip_suffix("dvc.yaml") {
            // `dvc.yaml:cv:pool` has a colon too many.
            Some("") if is_name(name) => name.parse(),
            Some("") => Err(InvalidName(text.to_owned())),
            Some(parent) => match parent.strip_suffix('/') {
                // `/dvc.yaml` and `a//dvc.yaml` are no folders of a repository.
                Some(parent) if parent.is_empty() || parent.ends_with('/') => {
                    Err(InvalidName(text.to_owned()))
                }
                Some(parent) => format!("{parent}:{name}").parse(),
                None => text.parse(),
            },
            None => text.parse(),
        };
        // The message quotes the name as it was typed.
        meant.map_err(|_| InvalidName(text.to_owned()))
    }
}

impl FromStr for ArtifactName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = match text.split_once(':') {
            Some((dirname, name)) => is_dirname(dirname) && is_name(name),
            None => is_name(text),
        };
        if valid { Ok(Self(text.into())) } else { Err(InvalidName(text.to_owned())) }
    }
}

/// The name of a stage, such as `prod`. A clone is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageName(Arc<str>);

impl StageName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StageName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text) { Ok(Self(text.into())) } else { Err(InvalidName(text.to_owned())) }
    }
}

/// The stages met so far, so that the same few names are not stored a million times.
#[derive(Debug, Default)]
pub(crate) struct KnownStages(Vec<StageName>);

impl KnownStages {
    /// Of more stages than this the rest is not remembered: looking for them would take longer than it saves.
    const MAX: usize = 16;

    /// The name, if it is one.
    pub fn name(&mut self, text: &str) -> Option<StageName> {
        if let Some(known) = self.0.iter().find(|known| known.as_str() == text) {
            return Some(known.clone());
        }
        let name: StageName = text.parse().ok()?;
        if self.0.len() < Self::MAX {
            self.0.push(name.clone());
        }
        Some(name)
    }
}

macro_rules! text_like {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )*};
}
text_like!(ArtifactName, StageName);
crate::text::read_as_text!(ArtifactName, StageName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["m", "m1", "a-b_c/d", "dir:m", "../x:m", "a.b/c-d_e:m/n", "1"] {
            assert!(good.parse::<ArtifactName>().is_ok(), "{good}");
        }
        for bad in ["", "-m", "m-", "/m", "m/", "a b", "a:b:c", ":m", "m:", "é", "a.b", "a@b", "a#b", "m\n"]
        {
            assert!(bad.parse::<ArtifactName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_in_a_tag_has_an_equals_sign_for_the_colon() {
        let name: ArtifactName = "a/b:m".parse().unwrap();
        assert_eq!(name.in_tag(), "a/b=m");
        assert_eq!(ArtifactName::from_tag("a/b=m"), Some(name));
        assert_eq!(ArtifactName::from_tag("a/b:m"), None);
        assert_eq!(ArtifactName::from_tag("a=b=m"), None);
    }

    #[test]
    fn the_dvc_yaml_of_a_folder_stands_for_the_folder() {
        let read = |text| ArtifactName::from_user(text).unwrap().to_string();
        assert_eq!(read("cv/dvc.yaml:pool"), "cv:pool");
        assert_eq!(read("dvc.yaml:pool"), "pool");
        assert_eq!(read("my-dvc.yaml:pool"), "my-dvc.yaml:pool");
        for text in ["/dvc.yaml:pool", "a//dvc.yaml:pool", "cv/dvc.yaml:-", "dvc.yaml:cv:pool"] {
            assert_eq!(ArtifactName::from_user(text), Err(InvalidName(text.to_owned())));
        }
    }
}
