//! The format of the cache, in bytes.
//!
//! Owns where what is, and how it is written. Must not touch files. Nothing here trusts what it reads: an index or
//! length that leads outside is `None`.
//!
//! All numbers are little-endian. The sections follow each other without gaps, in the order in which a writer has them:
//!
//! | section | content |
//! |---|---|
//! | header | [`Header`], 60 bytes |
//! | messages | one after the other, in the order in which tags were read |
//! | cold table | an entry each: offset and length of the message (4 bytes each) |
//! | people | two lengths of 4 bytes each, a name, an address |
//! | hot table | an entry each, by id: id, commit, seconds (8), offset from UTC (4), index of the tagger (4), sum of the name inside (4), kind (1) |
//! | buckets | for each value of the first bits of an id, the index of the first entry with it (4); and the end |

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::object_id::ObjectId;
use crate::time::Timestamp;

/// To be raised with every change of the format, or of what reading a tag object gives.
pub(super) const VERSION: u32 = 2;

const MAGIC: [u8; 8] = *b"gto-tags";

/// The length of the header.
pub(super) const HEADER_LEN: usize = 60;

/// The length of an entry of the cold table.
pub(super) const COLD_LEN: usize = 8;

/// The length of a person without name and address.
pub(super) const PERSON_LEN: usize = 8;

/// So many entries share a bucket in the mean. With 2, the buckets would be twice as long and lookups no faster.
const ENTRIES_PER_BUCKET: usize = 4;

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
pub(in crate::git) enum Problem {
    /// Nothing was ever written.
    #[error("there is none yet")]
    Absent,
    /// Something else is in its place.
    #[error("it is not a file, or not inside the repository")]
    NotAFile,
    /// The system refuses.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// Another version of this program wrote it, or nothing of ours did.
    #[error("it has another format")]
    OtherFormat,
    /// The repository's object ids have another length.
    #[error("it is for another kind of object ids")]
    OtherHash,
    /// Its lengths or checksums do not fit.
    #[error("it is damaged")]
    Damaged,
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            _ => Self::Unreadable(error),
        }
    }
}

/// What the file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub hash_len: u8,
    pub entries: usize,
    pub messages_len: usize,
    pub people_len: usize,
    pub messages_crc: u32,
    pub cold_crc: u32,
    pub people_crc: u32,
    /// Of the hot table and the buckets together.
    pub hot_crc: u32,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(u32::from(self.hash_len).to_le_bytes());
        for number in [self.entries, self.messages_len, self.people_len] {
            bytes.extend((number as u64).to_le_bytes());
        }
        for crc in [self.messages_crc, self.cold_crc, self.people_crc, self.hot_crc] {
            bytes.extend(crc.to_le_bytes());
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes.try_into().expect("16 + 24 + 16 + 4 are 60 bytes")
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        let u32_at = |at| u32_at(bytes, at).ok_or(Problem::Damaged);
        let len_at = |at: usize| {
            let number = bytes.get(at..at + 8).and_then(|number| number.try_into().ok());
            let number = number.map(u64::from_le_bytes).ok_or(Problem::Damaged)?;
            usize::try_from(number).map_err(|_| Problem::Damaged)
        };
        if !bytes.starts_with(&MAGIC) || u32_at(8)? != VERSION {
            return Err(Problem::OtherFormat);
        }
        if crc32fast::hash(&bytes[..HEADER_LEN - 4]) != u32_at(HEADER_LEN - 4)? {
            return Err(Problem::Damaged);
        }
        Ok(Self {
            hash_len: u8::try_from(u32_at(12)?).map_err(|_| Problem::OtherHash)?,
            entries: len_at(16)?,
            messages_len: len_at(24)?,
            people_len: len_at(32)?,
            messages_crc: u32_at(40)?,
            cold_crc: u32_at(44)?,
            people_crc: u32_at(48)?,
            hot_crc: u32_at(52)?,
        })
    }

    /// Where the people begin, and with them what every question needs. The file's length is checked before.
    pub fn people_start(&self) -> usize {
        HEADER_LEN + self.messages_len + self.entries * COLD_LEN
    }

    /// The length of the hot table and the buckets.
    pub fn hot_len(&self) -> usize {
        self.entries * record_len(usize::from(self.hash_len)) + buckets_len(self.entries)
    }

    /// How long the file must be; `None` if no file is. The number of entries is checked before.
    pub fn file_len(&self) -> Option<u64> {
        let tables = HEADER_LEN + self.entries * COLD_LEN + self.hot_len();
        let len = tables.checked_add(self.messages_len)?.checked_add(self.people_len)?;
        u64::try_from(len).ok()
    }
}

/// The length of an entry of the hot table.
pub(super) fn record_len(hash_len: usize) -> usize {
    2 * hash_len + 8 + 4 + 4 + 4 + 1
}

pub(super) fn encode_hot(out: &mut Vec<u8>, id: &[u8], hot: &Hot) {
    out.extend(id);
    if let Hot::Annotated { commit, time, person, name_sum } = hot {
        out.extend(commit.as_bytes());
        out.extend(time.seconds().to_le_bytes());
        out.extend(time.offset().to_le_bytes());
        out.extend(person.to_le_bytes());
        out.extend(name_sum.to_le_bytes());
        out.push(0);
    } else {
        let at = out.len() - id.len();
        out.resize(at + record_len(id.len()) - 1, 0);
        out.push(1);
    }
}

/// An entry of the hot table.
pub(super) enum Hot {
    Annotated { commit: ObjectId, time: Timestamp, person: u32, name_sum: u32 },
    Lightweight,
}

pub(super) fn decode_hot(record: &[u8], hash_len: usize) -> Option<Hot> {
    let (commit, rest) = record.get(hash_len..)?.split_at_checked(hash_len)?;
    let (seconds, rest) = rest.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (person, rest) = rest.split_first_chunk()?;
    let (name_sum, kind) = rest.split_first_chunk()?;
    match kind {
        [0] => Some(Hot::Annotated {
            commit: ObjectId::from_bytes(commit)?,
            time: Timestamp::new(i64::from_le_bytes(*seconds), i32::from_le_bytes(*offset))?,
            person: u32::from_le_bytes(*person),
            name_sum: u32::from_le_bytes(*name_sum),
        }),
        [1] => Some(Hot::Lightweight),
        _ => None,
    }
}

pub(super) fn encode_cold(out: &mut Vec<u8>, message: Range<u32>) {
    out.extend(message.start.to_le_bytes());
    out.extend((message.end - message.start).to_le_bytes());
}

/// Where the message is.
pub(super) fn decode_cold(record: &[u8]) -> Option<Range<usize>> {
    let number = |at| usize::try_from(u32_at(record, at)?).ok();
    let (start, len) = (number(0)?, number(4)?);
    Some(start..start.checked_add(len)?)
}

pub(super) fn encode_person(out: &mut Vec<u8>, name: &str, email: &str) -> Option<()> {
    for text in [name, email] {
        out.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
    }
    out.extend(name.as_bytes());
    out.extend(email.as_bytes());
    Some(())
}

/// A name and an address.
pub(super) type Person = (Arc<str>, Arc<str>);

/// The people in the section; `None` if they are more than `max`.
pub(super) fn people(mut bytes: &[u8], max: usize) -> Option<Vec<Person>> {
    let mut people = Vec::new();
    while !bytes.is_empty() {
        // Without names they would take ten times as much memory as in the file.
        if people.len() == max {
            return None;
        }
        let (name_len, email_len) = (u32_at(bytes, 0)?, u32_at(bytes, 4)?);
        let (name, rest) = bytes[PERSON_LEN..].split_at_checked(usize::try_from(name_len).ok()?)?;
        let (email, rest) = rest.split_at_checked(usize::try_from(email_len).ok()?)?;
        let text = |bytes| Some(Arc::from(std::str::from_utf8(bytes).ok()?));
        people.push((text(name)?, text(email)?));
        bytes = rest;
    }
    Some(people)
}

/// How many of an id's first bits select its bucket, in a table with this number of entries.
fn bucket_bits(entries: usize) -> u32 {
    entries.div_ceil(ENTRIES_PER_BUCKET).next_power_of_two().ilog2().min(24)
}

/// The number of buckets in a table with this number of entries.
pub(super) fn bucket_count(entries: usize) -> usize {
    1 << bucket_bits(entries)
}

fn buckets_len(entries: usize) -> usize {
    4 * (bucket_count(entries) + 1)
}

/// Which bucket an id is in.
pub(super) fn bucket_of(id: &[u8], entries: usize) -> usize {
    let first = id.first_chunk().copied().map_or(0, u32::from_be_bytes);
    let bucket = u64::from(first) >> (32 - bucket_bits(entries));
    usize::try_from(bucket).expect("it has 24 bits at most")
}

/// Where the entries of a bucket are.
pub(super) fn bucket(buckets: &[u8], index: usize) -> Option<Range<usize>> {
    let start = usize::try_from(u32_at(buckets, 4 * index)?).ok()?;
    let end = usize::try_from(u32_at(buckets, 4 * index + 4)?).ok()?;
    Some(start..end)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let number = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*number))
}
