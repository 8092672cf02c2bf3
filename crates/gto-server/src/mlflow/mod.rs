//! The model registry of MLflow's REST API, as its client (3.17) calls it.
//!
//! A stage is an alias: setting one assigns, deleting one unassigns. Everything else that would change something is not supported, and
//! says so. Each repository is a registry of its own at `/mlflow/REPO`; where there is one, it is at `/` too.

mod answer;
mod filter;
mod names;
mod order;
mod read;
pub mod routes;
mod write;
