//! What commands found or did, as values: what their JSON shows, and what the Python module returns.
//!
//! Owns names and order of the keys that are not the library's. Prints nothing.

pub mod deleted;
pub mod doctor;
mod files;
pub mod policy;
mod status;
pub mod written;

use gto::CacheReport;
use serde_json::{Value, json};

pub use files::FilesReport;
pub use status::StatusReport;

/// The cache of a repository's tags.
pub fn cache_report(cache: &CacheReport) -> Value {
    json!({
        "path": cache.path.to_string_lossy(),
        "entries": cache.entries,
        "size": cache.size,
        "read": cache.unread.is_none(),
        "unread": cache.unread,
        "written": cache.unwritten.is_none(),
        "unwritten": cache.unwritten,
    })
}
