//! The API: JSON of what `view` finds, with its description (`openapi`).
//!
//! A resource is named by ids and names, never by a path or an address. Lists go on from cursors, and answers that follow from the refs
//! are kept as bytes until these change (`cache`).

pub mod answers;
pub mod artifacts;
pub mod cache;
mod events;
mod openapi;
pub mod place;
mod plans;
mod probes;
pub mod query;
pub mod routes;
mod stream;
mod versions;
