//! Caches with valid checksums, for the fuzz target.

use super::layout::{COLD_LEN, Header};

/// A file whose checksums are right: the first four bytes of `data` tell lengths, and the rest fills the sections.
pub(in crate::git) fn with_right_checksums(data: &[u8]) -> Vec<u8> {
    let Some((&[hash, entries, messages, people], rest)) = data.split_first_chunk() else {
        return Vec::new();
    };
    let mut header = Header {
        hash_len: if hash % 2 == 0 { 20 } else { 32 },
        entries: usize::from(entries % 32),
        messages_len: usize::from(messages),
        people_len: usize::from(people),
        ..Header::default()
    };
    let mut rest = rest.iter().copied().chain(std::iter::repeat(0));
    let mut section = |len| -> (Vec<u8>, u32) {
        let bytes: Vec<u8> = rest.by_ref().take(len).collect();
        let sum = crc32fast::hash(&bytes);
        (bytes, sum)
    };
    let (messages, cold, people, hot);
    (messages, header.messages_crc) = section(header.messages_len);
    (cold, header.cold_crc) = section(header.entries * COLD_LEN);
    (people, header.people_crc) = section(header.people_len);
    (hot, header.hot_crc) = section(header.hot_len());
    [header.encode().as_slice(), &messages, &cold, &people, &hot].concat()
}
