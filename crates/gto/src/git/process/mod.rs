//! Running `git`, and reading its output.

pub(super) mod child;
pub(super) mod command;
pub(super) mod said;
