//! Names and limits of the files of DVC.

/// The name of the file.
pub const FILE_NAME: &str = "dvc.yaml";

/// A larger file is not read, in bytes. The same holds for the files that fill parameters.
pub const MAX_SIZE: usize = 8 << 20;
