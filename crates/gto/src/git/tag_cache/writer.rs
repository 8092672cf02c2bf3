//! Writing the cache.
//!
//! Owns the temporary file beside the cache, until it takes its place. On any failure, the old file stays, silently.
//! Any number of processes may write at once: each has a file of its own, and the last one wins.
//!
//! Messages go to the file as they come, so that a writer holds no more than 74 bytes a tag.

use std::collections::HashMap;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::entry::{CachedTag, is_full};
use super::layout::{self, COLD_LEN, HEADER_LEN, Header, Hot};
use crate::git::own_folder::{LEFTOVER, folder_in, follow_mode, is_folder, make_folder, remove_leftovers};
use crate::object_id::ObjectId;

/// How the file of a writer begins that has not finished.
pub(super) const UNFINISHED: &str = "tags-";

/// A file of a writer that is older than this belongs to nobody: writing takes seconds.
const LEFTOVER_AGE: Duration = Duration::from_secs(60 * 60);

/// Where the cache of a repository is.
pub(in crate::git) fn path_in(common_dir: &Path) -> PathBuf {
    folder_in(common_dir).join("tags.cache")
}

/// A cache in the making.
pub(crate) struct Writer {
    file: NamedTempFile,
    place: PathBuf,
    hash_len: usize,
    /// In the order in which they came; sorted in the end.
    hot: Vec<u8>,
    cold: Vec<u8>,
    people: Vec<u8>,
    /// The index of a person, by name and address.
    indices: HashMap<(String, String), u32>,
    messages: Section,
}

/// A part of the file: what goes in is gathered, summed up and written in large pieces.
#[derive(Default)]
struct Section {
    pending: Vec<u8>,
    written: usize,
    sum: crc32fast::Hasher,
}

impl Section {
    const CHUNK: usize = 128 * 1024;

    fn len(&self) -> usize {
        self.written + self.pending.len()
    }

    fn push(&mut self, bytes: &[u8], to: &mut impl Write) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= Self::CHUNK { self.flush(to) } else { Ok(()) }
    }

    fn flush(&mut self, to: &mut impl Write) -> io::Result<()> {
        self.sum.update(&self.pending);
        to.write_all(&self.pending)?;
        self.written += self.pending.len();
        self.pending.clear();
        Ok(())
    }

    /// Writes the rest. The checksum.
    fn finish(mut self, to: &mut impl Write) -> io::Result<u32> {
        self.flush(to)?;
        Ok(self.sum.finalize())
    }
}

impl Writer {
    /// Begins a file for ids of this length.
    pub fn create(common_dir: &Path, hash_len: usize) -> io::Result<Self> {
        let (folder, place) = (make_folder(common_dir)?, path_in(common_dir));
        // Where the rename is known to fail in the end.
        if is_folder(&place) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).suffix(LEFTOVER).tempfile_in(&folder)?;
        // By the clock of the file system.
        let old = file.as_file().metadata()?.modified()?.checked_sub(LEFTOVER_AGE);
        remove_leftovers(&folder, UNFINISHED, Some(old.unwrap_or(SystemTime::UNIX_EPOCH)));
        follow_mode(&common_dir.join("HEAD"), file.path());
        file.write_all(&[0; HEADER_LEN])?;
        Ok(Self {
            file,
            place,
            hash_len,
            hot: Vec::new(),
            cold: Vec::new(),
            people: Vec::new(),
            indices: HashMap::new(),
            messages: Section::default(),
        })
    }

    /// What keeps this user from writing here, found by trying.
    pub fn obstacle(common_dir: &Path, hash_len: usize) -> Option<io::Error> {
        let obstacle = Self::create(common_dir, hash_len).err();
        // Only if it is empty.
        let _ = std::fs::remove_dir(folder_in(common_dir));
        obstacle
    }

    /// Takes in what an object is. An object may come twice; what is too much is left out.
    pub fn add(&mut self, id: ObjectId, tag: &CachedTag<'_>) -> io::Result<()> {
        let is_full = is_full(self.entries(), self.messages.len(), self.people.len());
        if id.as_bytes().len() != self.hash_len || !tag.is_small() || is_full {
            return Ok(());
        }
        match tag {
            CachedTag::Lightweight => {
                layout::encode_hot(&mut self.hot, id.as_bytes(), &Hot::Lightweight);
                layout::encode_cold(&mut self.cold, 0..0);
            }
            CachedTag::Annotated { commit, tagger, message: Some(message), name_sum } => {
                if commit.as_bytes().len() != self.hash_len {
                    return Ok(());
                }
                let person = self.person(&tagger.name, &tagger.email)?;
                let start = u32::try_from(self.messages.len()).map_err(io::Error::other)?;
                self.messages.push(message.as_bytes(), self.file.as_file_mut())?;
                let end = u32::try_from(self.messages.len()).map_err(io::Error::other)?;
                let hot = Hot::Annotated { commit: *commit, time: tagger.time, person, name_sum: *name_sum };
                layout::encode_hot(&mut self.hot, id.as_bytes(), &hot);
                layout::encode_cold(&mut self.cold, start..end);
            }
            CachedTag::Annotated { message: None, .. } => {}
        }
        Ok(())
    }

    /// Sorts the tables, writes them, and puts the file in the place of the cache.
    pub fn finish(mut self) -> io::Result<()> {
        let (order, buckets) = self.order();
        let record_len = layout::record_len(self.hash_len);
        let to = self.file.as_file_mut();
        let mut header = Header {
            hash_len: u8::try_from(self.hash_len).map_err(io::Error::other)?,
            entries: order.len(),
            messages_len: self.messages.len(),
            people_len: self.people.len(),
            messages_crc: self.messages.finish(to)?,
            ..Header::default()
        };
        let mut cold = Section::default();
        for &index in &order {
            cold.push(&self.cold[index as usize * COLD_LEN..][..COLD_LEN], to)?;
        }
        header.cold_crc = cold.finish(to)?;
        let mut people = Section::default();
        people.push(&self.people, to)?;
        header.people_crc = people.finish(to)?;
        let mut hot = Section::default();
        for &index in &order {
            hot.push(&self.hot[index as usize * record_len..][..record_len], to)?;
        }
        for start in buckets {
            hot.push(&start.to_le_bytes(), to)?;
        }
        header.hot_crc = hot.finish(to)?;
        to.seek(SeekFrom::Start(0))?;
        to.write_all(&header.encode())?;
        // Not flushed to the disk: what a crash leaves has a wrong checksum, and is no worse than no cache.
        self.file.persist(self.place)?;
        Ok(())
    }

    fn entries(&self) -> usize {
        self.cold.len() / COLD_LEN
    }

    fn person(&mut self, name: &str, email: &str) -> io::Result<u32> {
        let key = (name.to_owned(), email.to_owned());
        if let Some(&index) = self.indices.get(&key) {
            return Ok(index);
        }
        let index = u32::try_from(self.indices.len()).map_err(io::Error::other)?;
        layout::encode_person(&mut self.people, name, email).ok_or(io::ErrorKind::FileTooLarge)?;
        self.indices.insert(key, index);
        Ok(index)
    }

    /// The entries in the order of their ids, each id once; and where each bucket begins, and the end.
    ///
    /// Ids are hashes: thrown into their buckets, they are all but sorted.
    fn order(&self) -> (Vec<u32>, Vec<u32>) {
        let record_len = layout::record_len(self.hash_len);
        let id = |index: u32| &self.hot[index as usize * record_len..][..self.hash_len];
        let ids = || self.hot.chunks_exact(record_len).map(|record| &record[..self.hash_len]);
        let entries = self.entries();
        let mut next = starts(ids().map(|id| layout::bucket_of(id, entries)), layout::bucket_count(entries));
        let mut order = vec![0; entries];
        for (index, id) in (0..).zip(ids()) {
            let at = &mut next[layout::bucket_of(id, entries)];
            order[*at as usize] = index;
            *at += 1;
        }
        // `next` has come to the ends of the buckets.
        let mut start = 0;
        for end in next {
            order[start..end as usize].sort_unstable_by_key(|&index| id(index));
            start = end as usize;
        }
        order.dedup_by_key(|index| id(*index));
        let entries = order.len();
        let buckets = order.iter().map(|&index| layout::bucket_of(id(index), entries));
        let buckets = starts(buckets, layout::bucket_count(entries));
        (order, buckets)
    }
}

/// Where each of `count` buckets begins, and the end, given the bucket of each entry.
fn starts(buckets: impl Iterator<Item = usize>, count: usize) -> Vec<u32> {
    let mut starts = vec![0; count + 1];
    for bucket in buckets {
        starts[bucket + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}
