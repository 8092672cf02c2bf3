//! What Git has of a file that Git LFS keeps: a pointer to the content.
//!
//! Owns reading pointers (Git LFS specification, `docs/spec.md`), and where a clone has the content.

/// What a pointer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    sha256: String,
    /// The size of the content, in bytes.
    pub size: u64,
}

impl Pointer {
    /// A larger file is no pointer, in bytes.
    pub const MAX_SIZE: usize = 1024;

    /// Reads a pointer; `None` if the file is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        lines.next()?.strip_prefix("version https://git-lfs.github.com/spec/")?;
        let (mut sha256, mut size) = (None, None);
        for line in lines {
            match line.split_once(' ') {
                Some(("oid", oid)) => sha256 = oid.strip_prefix("sha256:").map(str::to_owned),
                Some(("size", text)) => size = text.parse().ok(),
                _ => {}
            }
        }
        let is_hex =
            |hex: &String| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        Some(Self { sha256: sha256.filter(is_hex)?, size: size? })
    }

    /// The hash of the content.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Where `lfs/objects` of a repository has the content, if it has it.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}/{}", &self.sha256[..2], &self.sha256[2..4], self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_and_nothing_else_is_one() {
        let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
        let pointer = Pointer::parse(text.as_bytes()).unwrap();
        assert_eq!((pointer.sha256(), pointer.size), (oid, 12345));
        assert_eq!(pointer.path(), format!("4d/7a/{oid}"));
        for other in [
            "",
            "text",
            "version https://git-lfs.github.com/spec/v1\noid sha256:../../x\nsize 1\n",
            &text[..60],
        ] {
            assert_eq!(Pointer::parse(other.as_bytes()), None, "{other}");
        }
    }
}
