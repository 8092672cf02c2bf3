//! The tests of the library as a front end sees it, in one binary: a module for each subject.

#![allow(clippy::disallowed_methods, reason = "tests are programs")]

mod annotation_edits;
mod policy;
mod reads;
mod sharing;
mod snapshot;
