//! What files of the repository say of artifacts, and changing that.

mod apply;
pub(super) mod checked_out;
pub(super) mod commits;
mod describe;
mod file;
mod migrate;
mod plan;

pub use apply::is_editing;
pub use describe::{Description, Located};
