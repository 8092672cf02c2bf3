//! The files of commits, for `gto.index`.

use gto::annotation::Annotation;
use gto::object_id::ObjectId;
use pyo3::prelude::*;
use serde::{Serialize, Serializer};

use crate::call::{Place, Value, ask_all};
use crate::repository::ByName;

#[pyfunction]
pub fn path_exists(py: Python<'_>, repo: Option<Place>, path: String, rev: String) -> Value<'_> {
    ask_all(py, repo, move |registry, _| Ok(registry.has_path(&rev, &path)?))
}

/// Annotations by commit and name.
struct ByCommit(Vec<(ObjectId, ByName<Annotation>)>);

impl Serialize for ByCommit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(commit, said)| (commit, said)))
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None))]
pub fn annotations_history(py: Python<'_>, repo: Option<Place>) -> Value<'_> {
    ask_all(py, repo, |registry, _| {
        let found = registry.annotations_of_branches()?.into_iter();
        Ok(ByCommit(found.map(|(commit, said)| (commit, ByName(said.artifacts))).collect()))
    })
}
