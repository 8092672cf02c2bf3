//! Names and numbers that MLflow can have for ours, and back.
//!
//! MLflow wants whole numbers as versions: vX.Y.Z with Y and Z below 1000 is X·10⁶ + Y·10³ + Z, and any other version is 10¹⁵ + the
//! first 40 bits of the SHA-256 of its text. It refuses `/` and `:` in names, so that `nlp:m` is `nlp=m`, as in tags.

use gto::name::ArtifactName;
use gto::state::{Artifact, VersionView};
use gto::version::Version;
use sha2::{Digest as _, Sha256};

use std::sync::Arc;

use crate::state::picture::Picture;
use crate::state::row::Row;

/// From here on numbers are hashes.
const HASHED: u64 = 1_000_000_000_000_000;

/// The number of a version.
pub fn number(version: &Version) -> u64 {
    let [major, minor, patch] = version.numbers();
    let is_plain = version.pre_release().is_none() && version.build().is_none();
    if is_plain && minor < 1000 && patch < 1000 && major < HASHED / 1_000_000 {
        return major * 1_000_000 + minor * 1000 + patch;
    }
    let digest = Sha256::digest(version.to_string().as_bytes());
    let first = digest.iter().take(5).fold(0, |number, byte| number << 8 | u64::from(*byte));
    HASHED + first
}

/// The version of an artifact with this number; `None` if there is none, or more than one.
pub fn version<'a>(artifact: &'a Artifact, text: &str) -> Option<VersionView<'a>> {
    let number: u64 = text.parse().ok()?;
    let has_number =
        |view: &VersionView<'_>| view.label().number().is_some_and(|one| self::number(one) == number);
    let mut found = artifact.versions().filter(|view| is_shown(view) && has_number(view));
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// Whether MLflow sees a version: one that is registered, and in use.
pub fn is_shown(version: &VersionView<'_>) -> bool {
    version.is_registered() && version.is_active() && version.label().number().is_some()
}

/// The name of an artifact there.
pub fn name(artifact: &ArtifactName) -> String {
    artifact.in_tag().replace('/', "=")
}

/// The artifact that has this name there; the names of two that both have it.
pub fn find<'p>(picture: &'p Picture, text: &str) -> Result<Option<&'p Arc<Row>>, [ArtifactName; 2]> {
    let exact = ArtifactName::from_tag(text).and_then(|name| picture.rows.get(&name));
    let found = exact.or_else(|| {
        let mut all = picture.rows.iter().filter(|_| text.contains('='));
        all.find(|(artifact, _)| name(artifact) == text).map(|(_, row)| row)
    });
    match found.and_then(|row| twin(picture, &row.name).map(|twin| [row.name.clone(), twin])) {
        Some(both) => Err(both),
        None => Ok(found),
    }
}

/// Another artifact that has the same name there, as `a:b` and `a/b` have.
pub fn twin(picture: &Picture, artifact: &ArtifactName) -> Option<ArtifactName> {
    let text = artifact.as_str().replace(':', "/");
    let colons =
        text.match_indices('/').map(|(place, _)| format!("{}:{}", &text[..place], &text[place + 1..]));
    let candidates = colons.chain(std::iter::once(text.clone()).filter(|text| text.contains('/')));
    let mut names = candidates.filter_map(|name| name.parse::<ArtifactName>().ok());
    names.find(|name| name != artifact && picture.rows.contains_key(name))
}

/// Whether a stage can be an alias.
pub fn is_alias(stage: &str) -> bool {
    let is_version = stage
        .strip_prefix(['v', 'V'])
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    stage.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && !stage.eq_ignore_ascii_case("latest")
        && !is_version
        && !stage.is_empty()
        && stage.len() <= 255
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn versions_have_the_numbers_of_the_contract() {
        for (text, wanted) in [
            ("v0.0.1", Some(1)),
            ("v1.2.3", Some(1_002_003)),
            ("v1.999.999", Some(1_999_999)),
            ("v999999999.0.0", Some(999_999_999_000_000)),
            ("v1000000000.0.0", None),
            ("v1.1000.0", None),
            ("v1.0.1000", None),
            ("v1.0.0-rc.1", None),
            ("v1.0.0+build", None),
        ] {
            let number = number(&text.parse().unwrap());
            assert_eq!(wanted.unwrap_or(number), number, "{text}");
            assert_eq!(number >= HASHED, wanted.is_none(), "{text}");
            assert!(number < 1 << 53, "{text}: a number of JSON is exact");
        }
    }

    #[test]
    fn no_two_versions_have_one_number() {
        let mut seen: HashMap<u64, String> = HashMap::new();
        let numbers = [0, 1, 9, 10, 99, 100, 999, 1000, 1001, 999_999, 1_000_000, 1_000_000_000];
        for major in numbers {
            for minor in numbers {
                for patch in numbers {
                    for rest in ["", "-rc.1", "-rc.2", "+b"] {
                        let text = format!("v{major}.{minor}.{patch}{rest}");
                        let before = seen.insert(number(&text.parse().unwrap()), text.clone());
                        assert_eq!(before, None, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_leads_back_to_its_version_and_to_no_other() {
        let repo = gto_testkit::Repo::new();
        repo.commit(&[], "first");
        let versions = ["v0.0.1", "v1.0.0", "v1.1000.0", "v2.0.0-rc.1", "v2.0.0+b", "v2.0.0"];
        for (place, version) in versions.iter().enumerate() {
            repo.commit(&[], &place.to_string());
            repo.tag(&format!("m@{version}"), "HEAD", &gto_testkit::TagSpec::default());
        }
        let now = gto::Timestamp::new(2_000_000_000, 0).unwrap();
        let registry = gto::Registry::open(repo.path(), gto::Environment::new([], now)).unwrap();
        let artifact = registry.snapshot().unwrap().artifact(&"m".parse().unwrap()).unwrap();
        for text in versions {
            let number = number(&text.parse().unwrap());
            let back = version(&artifact, &number.to_string()).unwrap();
            assert_eq!(back.label().to_string(), text);
            for near in [number - 1, number + 1] {
                let found = version(&artifact, &near.to_string());
                assert!(found.is_none_or(|found| found.label().to_string() != text));
            }
        }
        for wrong in ["", "x", "-1", "1.0", "99999999999999999999999", "1000"] {
            assert!(version(&artifact, wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn only_what_mlflow_takes_is_an_alias() {
        for (stage, is_it) in [
            ("prod", true),
            ("pre-prod_2", true),
            ("latest", false),
            ("Latest", false),
            ("v1", false),
            ("V22", false),
            ("v1x", true),
            ("a.b", false),
            ("a/b", false),
        ] {
            assert_eq!(is_alias(stage), is_it, "{stage}");
        }
    }
}
