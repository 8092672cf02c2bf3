//! What all front ends of Git Tag Ops share.
//!
//! Owns what a front end needs beside the library: the environment of its process, its signals, advice, reports and text
//! that is safe to show. Prints nothing, and knows no front end.

pub mod advice;
pub mod local_time;
pub mod near;
pub mod process;
pub mod reports;
#[cfg(unix)]
pub mod signals;
pub mod text;
