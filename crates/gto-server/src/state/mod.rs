//! What is known of the repositories: for each an immutable picture, replaced whole by threads that look at it.
//!
//! Owns when a repository is looked at, and what is shown when that fails: the last good picture, and since when. Knows no HTTP.

pub mod beside;
pub mod choices;
pub mod facts;
pub mod findings;
pub mod live;
pub mod marks;
pub mod picture;
pub mod refresher;
pub mod repository;
pub mod row;
mod schedule;
mod watch;
mod workers;
