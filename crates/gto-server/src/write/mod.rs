//! Writes: a request becomes a plan that is kept, and the one who asked for it may apply it.
//!
//! Owns who may apply which plan, and for how long. What a write does, and whether it may be done, is the library's to say: again when
//! a plan is applied.

pub mod command;
pub mod form;
pub mod plans;
pub mod waiting;
