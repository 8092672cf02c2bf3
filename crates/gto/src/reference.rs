//! How a user points at something: an artifact, or one of its versions.
//!
//! ```text
//! shortcut = full name ( "@latest" | "@greatest" | "@v" semver | "#" stage )
//! ```

use crate::name::{ArtifactName, StageName};
use crate::version::Version;

/// Which version of an artifact is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `@latest`, `@greatest`: the highest version.
    Latest,
    /// `@v1.0.0`
    Version(Version),
    /// `#prod`: what is in that stage.
    Stage(StageName),
}

/// An artifact's name as typed, with the version that is meant, if the text is a shortcut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name as a user typed it, without the selector. It need not be a valid name: nothing is found then.
    pub name: String,
    /// Which version; `None` for the artifact itself.
    pub selector: Option<Selector>,
}

impl Reference {
    /// Parses a name or a shortcut. Any other text is a name, as in the Python tool.
    pub fn parse(text: &str) -> Self {
        let shortcut = text.find(['#', '@']).and_then(|at| {
            let name = ArtifactName::from_user(&text[..at]).ok()?;
            let value = &text[at + 1..];
            let selector = match (text.as_bytes()[at], value) {
                (b'#', stage) => Selector::Stage(stage.parse().ok()?),
                (_, "latest" | "greatest") => Selector::Latest,
                (_, version) => Selector::Version(version.parse().ok()?),
            };
            Some(Self { name: name.to_string(), selector: Some(selector) })
        });
        shortcut.unwrap_or_else(|| Self {
            name: ArtifactName::from_user(text).map_or_else(|_| text.to_owned(), |name| name.to_string()),
            selector: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortcut_names_a_version_and_everything_else_is_a_name() {
        let selector = |text| Reference::parse(text).selector;
        assert_eq!(selector("m@latest"), Some(Selector::Latest));
        assert_eq!(selector("d:m@greatest"), Some(Selector::Latest));
        assert_eq!(selector("m@v1.0.0"), Some(Selector::Version("v1.0.0".parse().unwrap())));
        assert_eq!(selector("m#prod"), Some(Selector::Stage("prod".parse().unwrap())));
        for name in ["m", "m@", "m@1.0.0", "m#", "m@newest"] {
            assert_eq!(Reference::parse(name), Reference { name: name.to_owned(), selector: None });
        }
        assert_eq!(Reference::parse("cv/dvc.yaml:pool@latest").name, "cv:pool");
    }
}
