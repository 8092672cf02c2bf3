//! Starting `git`, and reading what it says.

pub(super) mod child;
pub(super) mod command;
pub(super) mod said;
