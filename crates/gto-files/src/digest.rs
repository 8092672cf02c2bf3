//! The hashes by which content is known outside Git.
//!
//! Owns computing them as DVC and Git LFS do. Reads what it is given.

use std::fmt::Write as _;
use std::io::{self, Read};

use gto::dvc::stored::{Layout, Md5};
use md5::{Digest as _, Md5 as Md5Hasher};
use sha2::Sha256;

/// What DVC reads at once: it looks at the beginning of each such piece for whether it is text.
const DVC_CHUNK: usize = 1 << 20;

/// How much of a piece DVC looks at (`dvc_data/hashfile/istextfile.py`).
const LOOKED_AT: usize = 512;

/// A hash in the making.
pub(crate) enum Digest {
    /// Of the bytes.
    Md5(Md5Hasher),
    /// Of text with Unix line ends, as DVC 2 does it.
    Dos2Unix(Dos2Unix),
    /// Of the bytes, for Git LFS.
    Sha256(Sha256),
}

/// The hash of DVC 2 in the making: whether a piece is text is decided for each, as DVC 3 does it with hashes of DVC 2, or for all by the
/// beginning, as DVC 2 did. Both count.
#[derive(Default)]
pub(crate) struct Dos2Unix {
    by_piece: Md5Hasher,
    /// The other one, once they differ.
    by_beginning: Option<Md5Hasher>,
    /// What has come of the piece that is not full yet.
    piece: Vec<u8>,
    /// Whether the first piece is text.
    begins_as_text: Option<bool>,
}

impl Digest {
    /// For an object of DVC.
    pub fn of_dvc(md5: &Md5) -> Self {
        match md5.layout {
            Layout::Two if !md5.is_folder => Self::Dos2Unix(Dos2Unix::default()),
            _ => Self::Md5(Md5Hasher::new()),
        }
    }

    /// For an object of Git LFS.
    pub fn of_lfs() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Dos2Unix(hasher) => hasher.update(bytes),
        }
    }

    /// Whether that is the hash, in hexadecimal digits.
    pub fn is(self, hash: &str) -> bool {
        match self {
            Self::Md5(hasher) => hex(&hasher.finalize()) == hash,
            Self::Sha256(hasher) => hex(&hasher.finalize()) == hash,
            Self::Dos2Unix(mut hasher) => {
                hasher.flush();
                let by_beginning = hasher.by_beginning.map(|hasher| hex(&hasher.finalize()));
                hex(&hasher.by_piece.finalize()) == hash || by_beginning.as_deref() == Some(hash)
            }
        }
    }

    /// Adds all that can be read; returns how many bytes that is.
    pub fn read(&mut self, from: &mut dyn Read) -> io::Result<u64> {
        each_piece(from, |piece| self.update(piece))
    }
}

/// The hash of all that can be read, in hexadecimal digits.
pub(crate) fn md5(from: &mut dyn Read) -> io::Result<String> {
    let mut hasher = Md5Hasher::new();
    each_piece(from, |piece| hasher.update(piece))?;
    Ok(hex(&hasher.finalize()))
}

/// Reads to the end, piece by piece; returns how many bytes that is.
fn each_piece(from: &mut dyn Read, mut take: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut chunk = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(total),
            Ok(len) => {
                take(&chunk[..len]);
                total += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Dos2Unix {
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let len = bytes.len().min(DVC_CHUNK - self.piece.len());
            self.piece.extend_from_slice(&bytes[..len]);
            bytes = &bytes[len..];
            if self.piece.len() == DVC_CHUNK {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        let is_text = is_text(&piece[..piece.len().min(LOOKED_AT)]);
        let begins_as_text = *self.begins_as_text.get_or_insert(is_text);
        if is_text != begins_as_text && self.by_beginning.is_none() {
            self.by_beginning = Some(self.by_piece.clone());
        }
        add(&mut self.by_piece, &piece, is_text);
        if let Some(hasher) = &mut self.by_beginning {
            add(hasher, &piece, begins_as_text);
        }
        self.piece = piece;
        self.piece.clear();
    }
}

fn add(hasher: &mut Md5Hasher, piece: &[u8], is_text: bool) {
    let mut rest = piece;
    while is_text && let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        hasher.update(&rest[..at]);
        hasher.update(b"\n");
        rest = &rest[at + 2..];
    }
    hasher.update(rest);
}

/// DVC's guess.
fn is_text(beginning: &[u8]) -> bool {
    let is_odd = |byte: &&u8| !matches!(**byte, 32..127 | b'\n' | b'\r' | b'\t' | 12 | 8);
    !beginning.contains(&0) && beginning.iter().filter(is_odd).count() * 10 <= beginning.len() * 3
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that it is given.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn md5(bytes: &[u8]) -> String {
        super::md5(&mut &*bytes).unwrap()
    }

    fn is_of_dvc_2(bytes: &[u8], hash: &str) -> bool {
        let mut digest = Digest::Dos2Unix(Dos2Unix::default());
        // In odd pieces, as a network has them.
        bytes.chunks(1000).for_each(|piece| digest.update(piece));
        digest.is(hash)
    }

    #[test]
    fn dvc_2_takes_text_with_unix_line_ends_and_the_rest_as_it_is() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert!(is_of_dvc_2(b"a\r\nb\r\n", &md5(b"a\nb\n")));
        assert!(!is_of_dvc_2(b"a\r\nb\r\n", &md5(b"a\r\nb\r\n")));
        for binary in [&b"a\0\r\n"[..], &[200, b'\r', b'\n']] {
            assert!(is_of_dvc_2(binary, &md5(binary)));
        }
        // A line end on the border of two pieces stays as it is.
        let mut long = vec![b'x'; DVC_CHUNK - 1];
        long.extend_from_slice(b"\r\n\r\n");
        let mut expected = vec![b'x'; DVC_CHUNK - 1];
        expected.extend_from_slice(b"\r\n\n");
        assert!(is_of_dvc_2(&long, &md5(&expected)));
    }

    #[test]
    fn what_dvc_2_took_for_text_by_its_beginning_is_accepted_too() {
        let mut content = b"text\r\n".repeat(DVC_CHUNK / 6 + 1);
        content.resize(DVC_CHUNK, b' ');
        content.extend_from_slice(b"\0\r\n");
        let unix = String::from_utf8(content.clone()).unwrap().replace("\r\n", "\n");
        assert!(is_of_dvc_2(&content, &md5(unix.as_bytes())));
        assert!(!is_of_dvc_2(&content[1..], &md5(unix.as_bytes())));
    }
}
