//! Answers as bytes, by their address, of one state of the repositories. Bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;

/// More bytes are not kept.
const MOST_BYTES: usize = 64 << 20;
/// A larger answer is made each time.
const LARGEST: usize = 4 << 20;
/// A longer address is not kept.
const LONGEST: usize = 2048;

/// The kept answers.
#[derive(Default)]
pub struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Of which state of the repositories they are.
    stamp: u64,
    bytes: usize,
    answers: HashMap<String, (Bytes, HeaderValue)>,
}

impl Answers {
    /// An answer of this state.
    pub fn get(&self, address: &str, stamp: u64) -> Option<(Bytes, HeaderValue)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(address).filter(|_| kept.stamp == stamp).cloned()
    }

    /// Keeps an answer of this state, if it is not too large.
    pub fn put(&self, address: &str, stamp: u64, answer: (Bytes, HeaderValue)) {
        let size = address.len() + answer.0.len();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp < kept.stamp || size > LARGEST || address.len() > LONGEST {
            return;
        }
        if stamp > kept.stamp || kept.bytes + size > MOST_BYTES {
            *kept = Kept { stamp, ..Kept::default() };
        }
        kept.bytes += size;
        kept.answers.insert(address.to_owned(), answer);
    }
}
