//! What DVC keeps in a repository, read as DVC reads it.
//!
//! Owns everything that is DVC's: which files it looks at, its `dvc.yaml` with parameters filled in, the hashes of its outputs. What an
//! artifact is, is for `annotation`; how trees are read, for `git`.

pub mod file;
pub mod hash;
mod ignore;
mod interpolate;
mod limits;
pub mod manifest;
mod outputs;
mod params;
pub mod settings;
pub mod stored;
mod vars;
mod walk;

pub use limits::{FILE_NAME, MAX_SIZE};

pub(crate) use ignore::Ignore;
pub(crate) use outputs::{Kept, KeptFile, Outputs};
pub(crate) use walk::{BELOW_A_LINK, Folders, dvc_yaml_in};
