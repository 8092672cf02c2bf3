//! What a page shows, as values: the API and `.json` answer with the same.
//!
//! Owns what is selected, in which order, and how much of it. Knows neither HTML nor HTTP.

pub mod age;
pub mod artifact;
pub mod health;
pub mod link;
pub mod moment;
pub mod overview;
pub mod params;
pub mod timeline;
