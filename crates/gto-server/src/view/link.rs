//! Addresses of pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What needs no percent in a part of a path. A slash does: `..` is a folder that an artifact may be in.
const PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');

/// A text as one part of a path.
pub fn part(text: &str) -> String {
    let encoded = utf8_percent_encode(text, PART).to_string();
    // Browsers take these for folders.
    match encoded.as_str() {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => encoded,
    }
}

/// The page of an artifact.
pub fn artifact(repo: &str, name: &str) -> String {
    format!("/r/{}/{}", part(repo), part(name))
}

/// The page of a version.
pub fn version(repo: &str, name: &str, version: &str) -> String {
    format!("{}@{}", artifact(repo, name), part(version))
}

/// The page that compares two versions.
pub fn compare(repo: &str, name: &str, from: &str, to: &str) -> String {
    format!("{}/compare/{}...{}", artifact(repo, name), part(from), part(to))
}

/// The page of a plan.
pub fn plan(repo: &str, id: &str) -> String {
    format!("/write/{}/plans/{}", part(repo), part(id))
}

/// The page of a stage.
pub fn stage(stage: &str) -> String {
    format!("/stages/{}", part(stage))
}
