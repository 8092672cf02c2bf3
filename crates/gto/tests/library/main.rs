//! The tests of the library as a front end sees it, in one binary: a module for each subject.

mod annotation_edits;
mod reads;
mod snapshot;
