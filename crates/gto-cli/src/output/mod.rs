//! How values become text: tables and JSON.
//!
//! Owns no terminal and prints nothing; everything here is a function from values to text.

pub mod json;
pub mod screen;
pub mod table;
