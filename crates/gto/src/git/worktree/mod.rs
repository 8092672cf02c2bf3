//! The files of the work tree, its index, and commits of files.

pub(super) mod commit;
pub(super) mod index;
pub(super) mod work_files;
