//! The server as its clients see it: real repositories, real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod browser;
mod common;
mod failing;
mod live;
mod pages;
mod safety;
