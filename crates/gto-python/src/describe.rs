//! Resolving a version, and its annotations: for `gto.Registry`.

use pyo3::prelude::*;

use crate::call::{Value, ask};
use crate::repository::ByName;

#[pyfunction]
pub fn locate(py: Python<'_>, repo: Option<String>, reference: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.locate(&reference)?)))
}

#[pyfunction]
#[pyo3(signature = (repo, reference, rev=None))]
pub fn described(py: Python<'_>, repo: Option<String>, reference: String, rev: Option<String>) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.describe(&reference, rev.as_deref())?)))
}

#[pyfunction]
#[pyo3(signature = (repo=None, rev=None))]
pub fn all_annotations(py: Python<'_>, repo: Option<String>, rev: Option<String>) -> Value<'_> {
    ask(py, repo, move |registry, asides| {
        let found = asides.take(registry.all_annotations(rev.as_deref())?).into_iter();
        Ok(ByName(found.map(|(name, said)| (name, (said.source, said.annotation))).collect()))
    })
}
