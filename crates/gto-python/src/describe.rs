//! Resolving a version, and its annotations: for `gto.Registry`.

use gto::annotation::Sourced;
use gto::name::ArtifactName;
use gto::report::AnnotationReport;
use pyo3::prelude::*;
use serde::{Serialize, Serializer};

use crate::call::{Place, Value, ask};

#[pyfunction]
pub fn locate(py: Python<'_>, repo: Option<Place>, reference: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.locate(&reference)?)))
}

#[pyfunction]
#[pyo3(signature = (repo, reference, rev=None))]
pub fn described(py: Python<'_>, repo: Option<Place>, reference: String, rev: Option<String>) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.describe(&reference, rev.as_deref())?)))
}

struct Annotations(Vec<(ArtifactName, Sourced)>);

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, said)| (name, AnnotationReport::new(said))))
    }
}

#[pyfunction]
#[pyo3(signature = (repo=None, rev=None))]
pub fn all_annotations(py: Python<'_>, repo: Option<Place>, rev: Option<String>) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        Ok(Annotations(asides.take(registry.all_annotations(rev.as_deref())?)))
    })
}
