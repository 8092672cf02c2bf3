//! The pages: HTML of what `view` finds.
//!
//! Owns templates, style and script. Everything from a repository is escaped, and its control characters are made visible
//! (`escape`). Pages work without the script.

mod activity;
mod artifact;
pub mod asked;
pub mod assets;
pub mod escape;
mod frame;
mod health;
mod offers;
pub mod overview;
pub mod prose;
pub mod routes;
mod sign_in;
mod stages;
mod version;
mod write;
