//! What every task hands back.

/// A failure is a sentence for the developer.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
