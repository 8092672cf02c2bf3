//! A registry as it was at one moment, for those who ask often: a server, a watcher.
//!
//! Owns what is kept between two looks at the repository, in little memory, and what makes the next state of it from the
//! refs that changed.

mod change;
mod held;
mod kept;
mod queries;
mod refresh;
mod tags;

pub use change::{Change, ChangeKind, SeenTag};
pub use held::Snapshot;
