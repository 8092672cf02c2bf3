//! Answers as bytes, by their address, of one state of the repositories. Bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// More bytes are not kept.
const MOST_BYTES: usize = 64 << 20;
/// A larger answer is made each time.
const LARGEST: usize = 4 << 20;
/// A longer address is not kept.
const LONGEST: usize = 2048;

/// An answer that can be given again.
#[derive(Clone)]
pub struct Answer {
    pub body: Bytes,
    pub kind: HeaderValue,
    pub etag: HeaderValue,
}

impl Answer {
    /// The response, which is short if the client has it.
    pub fn respond(self, asked: &HeaderMap) -> Response {
        if is_known(asked, &self.etag) {
            return not_modified(self.etag);
        }
        ([(header::ETAG, self.etag), (header::CONTENT_TYPE, self.kind)], self.body).into_response()
    }
}

/// Whether the client has an answer with this tag. As RFC 9110 compares for reads: whether it is called weak does not count.
pub fn is_known(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    fn opaque(tag: &[u8]) -> &[u8] {
        let tag = tag.trim_ascii();
        tag.strip_prefix(b"W/").unwrap_or(tag)
    }
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    known
        .flat_map(|known| known.as_bytes().split(|byte| *byte == b','))
        .any(|known| opaque(known) == opaque(etag.as_bytes()))
}

/// The response to a client that has the answer.
pub fn not_modified(etag: HeaderValue) -> Response {
    ([(header::ETAG, etag)], StatusCode::NOT_MODIFIED).into_response()
}

/// The kept answers.
#[derive(Default)]
pub struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Of which state of the repositories they are.
    stamp: u64,
    bytes: usize,
    answers: HashMap<String, Answer>,
}

impl Answers {
    /// An answer of this state.
    pub fn get(&self, address: &str, stamp: u64) -> Option<Answer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(address).filter(|_| kept.stamp == stamp).cloned()
    }

    /// Keeps an answer of this state, if it is not too large.
    pub fn put(&self, address: &str, stamp: u64, answer: Answer) {
        let size = address.len() + answer.body.len();
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
