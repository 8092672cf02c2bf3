//! The server as its clients see it: real repositories, real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod api;
mod browser;
mod common;
mod failing;
mod full_disk;
mod hanging;
mod hooks;
mod hostile;
mod live;
mod mlflow;
mod pages;
mod programs;
mod promotion;
mod safety;
mod schemathesis;
