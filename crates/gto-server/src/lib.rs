//! The server of Git Tag Ops: registries as pages and as an API.
//!
//! [`serve`] runs until the process is told to end; [`Server`] is the same in parts, for tests. The library `gto` stays
//! synchronous: what looks at a repository runs on threads of its own. This crate writes nothing to a terminal.
//!
//! | room | owns |
//! |---|---|
//! | `server`, `event_loops`, `front` | the layers that a request passes; threads and connections; answers that are kept
//! | `config` | the file `gto-serve.yaml` and the arguments, as checked settings |
//! | `state` | what is known of each repository, and keeping it current |
//! | `auth` | who may ask: tokens, proxies, hosts and origins |
//! | `view` | what a page shows, as values; the API answers with the same |
//! | `pages` | HTML of these values |
//! | `api` | JSON of these values |
//! | `mlflow` | the model registry of MLflow's REST API |
//! | `hooks`, `badge`, `metrics` | for hosts, pages elsewhere, and Prometheus |
//! | `write` | plans that wait to be applied, and applying them |

mod api;
mod app;
mod auth;
mod badge;
mod config;
mod counts;
mod error;
mod event_loops;
mod failure;
mod front;
mod hooks;
mod limits;
mod metrics;
mod mlflow;
mod pages;
mod schema;
mod server;
mod state;
mod turns;
mod view;
mod write;

pub use config::arguments::Arguments;
pub use config::settings::{AuthMode, RepositorySetting, Settings, WriteMode};
pub use error::ServeError;
pub use server::{Server, serve};
