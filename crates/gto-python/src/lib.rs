//! The native module of the Python package: `gto._gto`.
//!
//! Thin: each function parses its arguments, calls the engine, and returns Python values. The logic is in the library
//! (crate `gto`), and the Python API in the package (`python/gto`). The functions are documented in
//! `python/gto/_gto.pyi`.

#![allow(
    clippy::elidable_lifetime_names,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "the functions are Python's: they have as many arguments as these, each a value of its own, and answers that \
              live as long as the interpreter's lock is held"
)]
#![allow(clippy::struct_field_names, reason = "the fields are those that the Python tool's objects have")]

mod annotations;
mod call;
mod describe;
mod error;
mod files;
mod grammar;
mod index;
mod questions;
mod repository;
mod tags;
mod value;
mod writes;

/// The engine, as plain functions: see `_gto.pyi`.
#[pyo3::pymodule(gil_used = false)]
mod _gto {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::annotations::{annotate, describe, remove};
    #[pymodule_export]
    use crate::describe::{all_annotations, described, locate};
    #[pymodule_export]
    use crate::files::{get_files, list_files, write_file};
    #[pymodule_export]
    use crate::grammar::{
        bump_version, compare_versions, is_address, is_full_name, is_name, parse_shortcut, parse_tag,
        parse_version,
    };
    #[pymodule_export]
    use crate::index::{annotations_history, path_exists};
    #[pymodule_export]
    use crate::questions::{
        artifact, artifact_names, check_ref, compare, event, events, history, is_gto_repo, latest, registry,
        resolve, root, show, stages, state, versions, versions_at, which,
    };
    #[pymodule_export]
    use crate::repository::{
        annotations, cache_clear, cache_info, clone, config, doctor, parse_annotations, read_config, status,
        verify,
    };
    #[pymodule_export]
    use crate::tags::{create_tag, delete_tag, name_tag, push, push_tag, tag_names, tags};
    #[pymodule_export]
    use crate::writes::{approve, assign, deprecate, deregister, promote, register, rollback, unassign};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
