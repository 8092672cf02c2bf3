//! The commands: one file each, with its arguments (their doc comments are the help) and a function with the
//! rhythm *resolve, check and refuse with a hint, do, report*.

pub mod annotate;
pub mod approve;
pub mod assign;
pub mod cache;
pub mod cat;
mod changed;
pub mod check_ref;
pub mod ci;
pub mod compare;
pub mod completions;
mod confirm;
pub mod demo;
pub mod deprecate;
pub mod deregister;
pub mod describe;
pub mod doctor;
mod edits;
mod files;
mod first_use;
pub mod generate;
pub mod get;
pub mod history;
pub mod ls;
pub mod migrate;
mod operand;
pub mod parse_tag;
pub mod policy;
pub mod print_state;
pub mod promote;
pub mod push;
pub mod register;
pub mod remove;
pub mod resolve;
pub mod rollback;
#[cfg(feature = "serve")]
pub mod serve;
pub mod show;
pub mod stages;
pub mod status;
pub mod unassign;
pub mod verify;
pub mod version;
mod write;
