//! What is refused of a request, whoever asks.

use std::time::Duration;

/// A larger body is refused, in bytes.
pub const BODY: usize = 1 << 20;

/// An answer that takes longer is given up.
pub const ANSWER: Duration = Duration::from_secs(60);
