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

impl Selector {
    /// Reads what names a version where its artifact is known (decision D30): `v1.0.0`, `latest`, `@latest`, `#prod`, or the last
    /// two after the artifact's name, where a shell needs no quotes.
    pub fn of(text: &str, artifact: &ArtifactName) -> Option<Self> {
        if let Ok(version) = text.parse() {
            return Some(Self::Version(version));
        }
        let selector = match text.find(['#', '@']) {
            None => format!("@{text}"),
            Some(at) if at == 0 || ArtifactName::from_user(&text[..at]).ok()? == *artifact => {
                text[at..].to_owned()
            }
            Some(_) => return None,
        };
        Reference::parse(&format!("{artifact}{selector}")).selector
    }
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

    #[test]
    fn a_version_of_an_artifact_is_named_with_or_without_its_name() {
        let artifact: ArtifactName = "cv:pool".parse().unwrap();
        let of = |text| Selector::of(text, &artifact);
        for latest in ["latest", "@latest", "greatest", "cv:pool@latest", "cv/dvc.yaml:pool@latest"] {
            assert_eq!(of(latest), Some(Selector::Latest), "{latest}");
        }
        for version in ["v1.0.0", "@v1.0.0", "cv:pool@v1.0.0"] {
            assert_eq!(of(version), Some(Selector::Version("v1.0.0".parse().unwrap())), "{version}");
        }
        for stage in ["#prod", "cv:pool#prod"] {
            assert_eq!(of(stage), Some(Selector::Stage("prod".parse().unwrap())), "{stage}");
        }
        for text in ["prod", "pool@latest", "x#prod", "1.0.0", "", "#", "@", "v1"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
