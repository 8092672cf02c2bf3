//! Files that Git LFS keeps: a pointer in Git, the content in a clone or on a server.

mod endpoint;
mod pointer;
mod server;

pub use pointer::Pointer;
pub(crate) use server::Server;
