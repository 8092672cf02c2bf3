//! The API: JSON of what `view` finds, with its description (`openapi`).

mod artifacts;
mod openapi;
mod probes;
pub mod routes;
mod stream;
