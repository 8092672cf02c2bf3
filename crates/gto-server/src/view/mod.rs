//! What a page shows, as values: the API and `.json` answer with the same.
//!
//! Owns what is selected, in which order, and how much of it. Knows neither HTML nor HTTP.

pub mod activity;
pub mod age;
pub mod artifact;
pub mod commits;
pub mod content;
pub mod difference;
pub mod health;
pub mod link;
pub mod moment;
pub mod overview;
pub mod params;
pub mod plan;
pub mod stage;
pub mod timeline;
pub mod version;
