//! The repository around a registry: configuration, annotations, remotes, what is wrong.

use std::path::Path;

use gto::annotation::{Annotations, artifacts_yaml};
use gto::config::Config;
use gto::name::ArtifactName;
use gto::{Comparison, Error, clone_with_files};
use gto_frontend::reports::{StatusReport, cache_report, doctor as examined};
use pyo3::prelude::*;
use serde::{Serialize, Serializer};

use crate::call::{Place, Value, Work, ask_all, work};
use crate::error::Problem;

/// The annotations of artifacts by name, in the order of the list.
pub struct ByName<T>(pub Vec<(ArtifactName, T)>);

impl<T: Serialize> Serialize for ByName<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, said)| (name, said)))
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None, rev=None))]
pub fn annotations(py: Python<'_>, repo: Option<Place>, rev: Option<String>) -> Value<'_> {
    ask_all(py, repo, move |registry, _| {
        Ok(registry.annotations(rev.as_deref())?.map(|found| ByName(found.artifacts)))
    })
}

#[pyfunction]
pub fn parse_annotations(py: Python<'_>, data: Vec<u8>) -> Value<'_> {
    work(py, None, move |_, _| {
        let Annotations { artifacts, problems } = artifacts_yaml::read(&data);
        // As the Python tool does, which reads all of it or nothing.
        if problems.is_empty() {
            Ok(ByName(artifacts))
        } else {
            Err(Problem::Of("WrongArtifactsYaml", Vec::new()))
        }
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn config(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask_all(py, repo, |registry, _| {
        let config = registry.config()?;
        Ok(examined::configuration(&config))
    })
}

#[pyfunction]
pub fn read_config(py: Python<'_>, path: Option<String>) -> Value<'_> {
    work(py, None, move |repo, _| {
        let file = path.as_deref().map(read_bounded).transpose()?.flatten();
        let file = path.as_deref().zip(file.as_deref());
        let config = Config::read(file, &|name| repo.environment().variable(name)).map_err(Error::from)?;
        Ok(examined::configuration(&config))
    })
}

/// The content of the file, or one byte more than is allowed; `None` if there is none.
fn read_bounded(path: &str) -> Work<Option<Vec<u8>>> {
    use std::io::{ErrorKind, Read as _};
    let failed = |source| Error::UnreadableFile { path: path.into(), source };
    let limit = u64::try_from(Config::MAX_FILE_SIZE).unwrap_or(u64::MAX).saturating_add(1);
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn doctor(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    let name = Place::name(repo.as_ref());
    work(py, repo, move |repo, _| {
        let (registry, wrong_config) = repo.open_leniently()?;
        let examination = registry.examine(&wrong_config)?;
        let place = examined::Place::new(&registry, &name);
        let config = registry.config()?;
        Ok(examined::report(&config, &examination, &place))
    })
}

/// Reads the name of an artifact, if there is one.
fn named(name: Option<String>) -> Work<Option<ArtifactName>> {
    Ok(name.map(|name| ArtifactName::from_user(&name)).transpose().map_err(Error::Name)?)
}

struct Compared(Comparison);

impl Serialize for Compared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StatusReport::new(&self.0).serialize(serializer)
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None, artifact=None, *, remote=None))]
pub fn status(
    py: Python<'_>,
    repo: Option<Place>,
    artifact: Option<String>,
    remote: Option<String>,
) -> Value<'_> {
    ask_all(py, repo, move |registry, _| {
        let comparison = registry.compare(remote.as_deref(), named(artifact)?.as_ref())?;
        Ok(Compared(comparison))
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None, artifact=None, *, tags=None))]
pub fn verify(
    py: Python<'_>,
    repo: Option<Place>,
    artifact: Option<String>,
    tags: Option<Vec<String>>,
) -> Value<'_> {
    ask_all(py, repo, move |registry, asides| {
        Ok(asides.take(match tags {
            Some(tags) => registry.verify_tags(tags.iter().map(String::as_str))?,
            None => registry.verify(named(artifact)?.as_ref())?,
        }))
    })
}

#[pyfunction]
#[pyo3(signature = (url, path, *, branch=None))]
pub fn clone(py: Python<'_>, url: String, path: String, branch: Option<String>) -> Value<'_> {
    work(py, None, move |repo, _| {
        Ok(clone_with_files(&url, Path::new(&path), branch.as_deref(), repo.environment())?)
    })
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn cache_info(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask_all(py, repo, |registry, _| Ok(cache_report(&registry.cache())))
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn cache_clear(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask_all(py, repo, |registry, _| Ok(registry.clear_cache()?))
}
