//! Which version is meant, and what the files say of it: for `gto.Registry`.

use pyo3::prelude::*;

use crate::call::{Value, ask};

#[pyfunction]
pub fn locate(py: Python<'_>, repo: Option<String>, reference: String) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.locate(&reference)?)))
}

#[pyfunction]
#[pyo3(signature = (repo, reference, rev=None))]
pub fn described(py: Python<'_>, repo: Option<String>, reference: String, rev: Option<String>) -> Value<'_> {
    ask(py, repo, move |registry, asides| Ok(asides.take(registry.describe(&reference, rev.as_deref())?)))
}
