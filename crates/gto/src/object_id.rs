//! The id of a Git object, in either of Git's hash formats.
//!
//! Owns parsing and printing. Must not know how objects are stored.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;

/// The longest id in bytes (SHA-256).
const MAX_LEN: usize = 32;

/// The id of a Git object: 20 bytes (SHA-1) or 32 bytes (SHA-256).
///
/// Ids order by their bytes, which is the order of their hexadecimal form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    bytes: [u8; MAX_LEN],
    len: u8,
}

/// The text is not an object id: not 40 or 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an object id of 40 or 64 hexadecimal digits")]
pub struct InvalidObjectId(String);

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The values of hexadecimal digits, by the byte; more than 15 if it is none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        let digit = DIGITS[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

impl ObjectId {
    /// How many digits of an id a person is shown, as in the Python tool.
    pub const SHORT_LEN: usize = 7;

    /// All zeros: stands for an object that is yet to be made, as in Git.
    pub(crate) const NONE: Self = Self { bytes: [0; MAX_LEN], len: 20 };

    /// The id with these bytes; `None` unless there are 20 or 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !matches!(bytes.len(), 20 | 32) {
            return None;
        }
        let mut all = [0; MAX_LEN];
        all[..bytes.len()].copy_from_slice(bytes);
        Some(Self { bytes: all, len: u8::try_from(bytes.len()).ok()? })
    }

    /// The id with these hexadecimal digits; `None` unless there are 40 or 64 of them.
    pub(crate) fn from_hex(hex: &[u8]) -> Option<Self> {
        if !matches!(hex.len(), 40 | 64) {
            return None;
        }
        let mut bytes = [0; MAX_LEN];
        let mut all = 0;
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
            all |= high | low;
            *byte = high << 4 | low;
        }
        (all < 16).then_some(Self { bytes, len: u8::try_from(hex.len() / 2).ok()? })
    }

    /// The 20 or 32 bytes of the id.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The first seven hexadecimal digits, for tables and messages.
    pub fn short(&self) -> ShortId {
        let mut digits = [0; Self::SHORT_LEN];
        for (place, digit) in digits.iter_mut().enumerate() {
            let byte = self.bytes[place / 2];
            *digit = DIGITS[usize::from(if place % 2 == 0 { byte >> 4 } else { byte & 15 })];
        }
        ShortId(digits)
    }
}

impl Hash for ObjectId {
    /// Takes the first eight bytes, which tell ids apart as well as all of them do: an id is a hash already.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.bytes.first_chunk().map_or(0, |first| u64::from_ne_bytes(*first)));
    }
}

/// An object id cut short, for people. It needs no memory: a journal prints a million of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortId([u8; ObjectId::SHORT_LEN]);

impl Deref for ShortId {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0u8; 2 * MAX_LEN];
        for (i, byte) in self.as_bytes().iter().enumerate() {
            hex[2 * i] = DIGITS[usize::from(byte >> 4)];
            hex[2 * i + 1] = DIGITS[usize::from(byte & 15)];
        }
        let hex = &hex[..2 * usize::from(self.len)];
        f.write_str(std::str::from_utf8(hex).expect("hexadecimal digits are ASCII"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = InvalidObjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_hex(text.as_bytes()).ok_or_else(|| InvalidObjectId(text.to_owned()))
    }
}

crate::text::read_as_text!(ObjectId);

impl serde::Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_as_it_was_read_in_both_formats() {
        for hex in ["0123456789abcdef0123456789abcdef01234567", &"ab".repeat(32)] {
            assert_eq!(hex.parse::<ObjectId>().unwrap().to_string(), hex);
            assert_eq!(hex.to_uppercase().parse::<ObjectId>().unwrap().to_string(), hex);
        }
    }

    #[test]
    fn what_is_not_hexadecimal_or_of_another_length_is_refused() {
        for text in ["", "0123", &"g".repeat(40), &"é".repeat(20), &format!("{}/", "a".repeat(39))] {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }
}
