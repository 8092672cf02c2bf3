//! Who may ask.
//!
//! Owns tokens, users of proxies, names of hosts, and origins of writes. Every request passes through [`guard::Guard`] before
//! any answer is made. Logs nothing: an address may hold a token.

pub mod actor;
pub mod guard;
pub mod host;
pub mod layer;
pub mod secret;
