//! What the server is told: the file `gto-serve.yaml` and the arguments, which win, as checked settings.
//!
//! Must not open a repository or a socket.

pub mod arguments;
pub mod file;
pub mod settings;
