//! The list of files by which DVC keeps a folder: an object whose hash ends with `.dir`.
//!
//! Owns reading and writing it. Its paths are a stranger's, and not checked here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::stored::{Layout, Listed, Md5};

/// A larger list is not read, in bytes: some million files.
pub const MAX_LIST: u64 = 256 << 20;

#[derive(Deserialize)]
struct Entry {
    relpath: String,
    md5: String,
}

/// The list of these files, by their paths, with their hashes: by the byte as DVC writes it (`dvc_data/hashfile/tree.py` of dvc-data 3.18).
pub fn write(files: &BTreeMap<String, String>) -> Vec<u8> {
    let entry = |(path, hash): (&String, &String)| {
        format!("{{\"md5\": \"{hash}\", \"relpath\": {}}}", ascii_json(path))
    };
    format!("[{}]", files.iter().map(entry).collect::<Vec<_>>().join(", ")).into_bytes()
}

/// A text in JSON, in ASCII alone.
fn ascii_json(text: &str) -> String {
    let mut json = String::new();
    for unit in serde_json::Value::from(text).to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => json.push(byte.into()),
            _ => json.extend(["\\u", &format!("{unit:04x}")]),
        }
    }
    json
}

/// The files of a folder.
///
/// # Errors
/// What is wrong with the list, in one clause.
pub fn read(bytes: &[u8], layout: Layout) -> Result<Vec<Listed>, String> {
    let entries: Vec<Entry> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let listed = |entry: Entry| match Md5::parse(&entry.md5, layout) {
        Some(md5) if !md5.is_folder => Ok(Listed { path: entry.relpath, md5, size: None, version: None }),
        _ => Err(format!("the hash of '{}' is none", crate::text::printable(&entry.relpath))),
    };
    entries.into_iter().map(listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_in_ascii_as_python_writes_it() {
        assert_eq!(ascii_json("a\"é\u{1f600}\n"), r#""a\"\u00e9\ud83d\ude00\n""#);
    }
}
