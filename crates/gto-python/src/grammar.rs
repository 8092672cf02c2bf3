//! Names of artifacts, tags and versions: no repository is asked.

use std::cmp::Ordering;

use gto::name::{ArtifactName, is_name as follows_grammar};
use gto::reference::{Reference, Selector};
use gto::rules::Refusal;
use gto::tag::{Action, TagName};
use gto::version::{Bump, Version};
use gto_frontend::process::is_remote;
use pyo3::prelude::*;
use serde::Serialize;

use crate::call::Value;
use crate::error::Problem;
use crate::value::to_python;

fn version(py: Python<'_>, text: &str) -> PyResult<Version> {
    text.parse().map_err(|error| Problem::from(Refusal::UnreadableVersion(error)).raise(py))
}

#[pyfunction]
pub fn parse_tag<'py>(py: Python<'py>, name: &str) -> Value<'py> {
    #[derive(Serialize)]
    struct Parsed {
        name: String,
        action: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        stage: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        counter: Option<u64>,
    }
    let parsed = name.parse::<TagName>().ok().map(|tag| {
        let (version, stage) = match &tag.action {
            Action::Register(version) | Action::Deregister(version) => (Some(version.to_string()), None),
            Action::Assign(stage) | Action::Unassign(stage) => (None, Some(stage.to_string())),
            Action::Create | Action::Deprecate => (None, None),
        };
        Parsed {
            name: tag.artifact.to_string(),
            action: tag.action.word(),
            version,
            stage,
            counter: tag.counter,
        }
    });
    to_python(py, &parsed)
}

#[pyfunction]
pub fn parse_shortcut<'py>(py: Python<'py>, text: &str) -> Value<'py> {
    #[derive(Serialize)]
    struct Shortcut {
        name: String,
        stage: Option<String>,
        version: Option<String>,
        latest: bool,
        shortcut: bool,
    }
    let Reference { name, selector } = Reference::parse(text);
    let (stage, version) = match &selector {
        Some(Selector::Stage(stage)) => (Some(stage.to_string()), None),
        Some(Selector::Version(version)) => (None, Some(version.to_string())),
        Some(Selector::Latest) | None => (None, None),
    };
    let latest = selector == Some(Selector::Latest);
    to_python(py, &Shortcut { name, stage, version, latest, shortcut: selector.is_some() })
}

#[pyfunction]
pub fn parse_version<'py>(py: Python<'py>, text: &str) -> Value<'py> {
    #[derive(Serialize)]
    struct Parts<'a> {
        major: u64,
        minor: u64,
        patch: u64,
        prerelease: Option<&'a str>,
        build: Option<&'a str>,
    }
    let Ok(version) = text.parse::<Version>() else { return to_python(py, &()) };
    let [major, minor, patch] = version.numbers();
    to_python(py, &Parts { major, minor, patch, prerelease: version.pre_release(), build: version.build() })
}

#[pyfunction]
pub fn compare_versions(py: Python<'_>, a: &str, b: &str) -> PyResult<i8> {
    Ok(match version(py, a)?.cmp_precedence(&version(py, b)?) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

#[pyfunction]
#[pyo3(signature = (version, part))]
pub fn bump_version(py: Python<'_>, version: &str, part: &str) -> PyResult<String> {
    let version = self::version(py, version)?;
    let bump = match part {
        "major" => Bump::Major,
        "minor" => Bump::Minor,
        "patch" => Bump::Patch,
        other => {
            let complaint = format!("`part` must be 'major', 'minor' or 'patch', not '{other}'");
            return Err(Problem::Arguments(complaint).raise(py));
        }
    };
    match version.bump(bump) {
        Some(next) => Ok(next.to_string()),
        None => Err(Problem::from(Refusal::NoNextVersion { version }).raise(py)),
    }
}

#[pyfunction]
pub fn is_name(text: &str) -> bool {
    follows_grammar(text)
}

#[pyfunction]
pub fn is_full_name(text: &str) -> bool {
    text.parse::<ArtifactName>().is_ok()
}

#[pyfunction]
pub fn is_address(repo: &str) -> bool {
    is_remote(repo)
}
