//! Test utilities of the project: hermetic Git repositories, the runner of the binary under test, the Python tool as an
//! oracle, and seeded random registries.
//!
//! Everything here drives the real `git` program and starts real processes; nothing imitates Git. The crate
//! knows neither the crate `gto` nor gix, so that a mistake of theirs cannot hide itself. It is not published,
//! and it panics, with a text, where a test could not go on anyway.
//!
//! | item | owns |
//! |---|---|
//! | [`Sandbox`] | a temporary folder and an environment in which nothing of the user's shows through |
//! | [`Repo`], [`TagSpec`], [`TagRecord`] | a Git repository: commits, tags of any shape, copies, fingerprints |
//! | [`Gto`], [`Run`] | running a binary and inspecting its output |
//! | [`Oracle`] | the Python tool, kept running in one process |
//! | [`CrashModel`] | what POSIX lets a power cut leave of a folder |
//! | [`DiskImage`] | a file system in a file, and what a power cut leaves of it |
//! | [`Terminal`] | a program on a terminal, as a person sees it |
//! | [`skip`] | saying that a test skipped itself |
//! | [`random`] | registries made from a seed, and large ones for benchmarks |

#![allow(clippy::missing_panics_doc, reason = "a helper of tests panics where the test cannot go on")]
#![allow(clippy::return_self_not_must_use, reason = "`run(…).ok();` asserts and is often all that is wanted")]

#[cfg(unix)]
mod crash;
#[cfg(target_os = "linux")]
mod disk;
mod gto;
mod keys;
mod oracle;
pub mod random;
mod repo;
mod sandbox;
mod skip;
mod tag;
mod terminal;

#[cfg(unix)]
pub use crash::CrashModel;
#[cfg(target_os = "linux")]
pub use disk::{DiskImage, FileSystem, MountedDisk};
pub use gto::{Gto, Run};
pub use keys::{GpgHome, SshKey};
pub use oracle::Oracle;
pub use repo::{RefFormat, Repo, RepoOptions};
pub use sandbox::Sandbox;
pub use skip::skip;
pub use tag::{TagRecord, TagSpec, Tagger};
pub use terminal::Terminal;
