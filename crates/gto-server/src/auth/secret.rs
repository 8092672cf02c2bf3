//! The token, and what a browser keeps of it.

use std::fmt::{self, Write as _};
use std::io;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A text that is compared in constant time, and never printed by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A random one of 256 bits.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self(hex(&bytes)))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is this one; how long that takes says nothing about it.
    pub fn is(&self, text: &str) -> bool {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        digest(&self.0).as_slice().ct_eq(digest(text).as_slice()).into()
    }

    /// What a browser keeps: it opens the pages, and the token does not follow from it.
    pub fn session(&self) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"gto serve: session\0");
        hash.update(self.0.as_bytes());
        Self(hex(hash.finalize().as_slice()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Bytes as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
