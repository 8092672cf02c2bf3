//! A cache of decoded tags: the file `gto/tags.cache` in the folder that all work trees share.
//!
//! Owns the file, from finding it good to replacing it. Must not open objects, and must never be the reason that a
//! question fails: whatever is wrong with the file, there is no cache then, and the tags are read from Git.
//!
//! What an object id stands for never changes, so that an entry is never out of date, and a moved tag is another id.
//! Entries go when the file is rewritten and no tag leads to them any more. There is nothing to invalidate, but three
//! things to know:
//!
//! - `git replace` makes an id stand for something else: a repository with replacements has no cache. See `cached_tags`.
//! - An entry outlives the loss of its object. A damaged repository may show a tag that Git cannot read any more;
//!   `doctor` reads past the cache.
//! - Whoever changes what reading a tag object gives (`tags`, `object`) must raise [`layout::VERSION`].
//!
//! # Why a flat file
//!
//! The format is made for being read in one go; `unsafe`, and so mapping, is forbidden. Object ids are hashes, so that
//! their first bits say where in the sorted table an entry is: a lookup is an index, and one or two cache lines. The
//! *hot* table (id, commit, time, tagger, sum of the name: 61 bytes a tag) is all that most questions need, and is apart from the *cold*
//! messages, with a checksum of its own. Measured with a million tags, on a machine of two cores with other work to do
//! (medians of 7; `figures_of_the_cache` in the tests), beside redb 2, the same entries sorted and without a flush:
//!
//! | | this file | redb |
//! |---|---|---|
//! | open, or load hot / all | 38 ms / 79 ms | 1 ms |
//! | a million lookups, hot / all | 255 ms / 367 ms | 1,900 ms |
//! | write all | 464 ms | 1,950 ms |
//! | size | 109 MB | 270 MB |
//!
//! A whole registry looks up every tag, so that loading all of it is never in vain.
//!
//! CRC-32 (from the crate that gix checks packs with) sees every flipped bit, and a truncation, noise or a torn write all
//! but certainly; so nothing needs to be flushed to the disk before the rename. It is no protection from malice, and need
//! not be: whoever can write here can as well move the tags themselves.
//!
//! # When it is written
//!
//! Not for every new tag. A rewrite costs 0.4 µs to 0.5 µs an entry, and reading a tag that is not cached about 5 µs
//! packed and 25 µs loose. If n entries are rewritten after every t new tags, a reading after each costs n / t × 0.5 µs for
//! rewrites and t / 2 × 5 µs to 25 µs for tags in the mean: least for t near 0.2 to 0.45 √n, and flat around it. √n keeps
//! the second part below 25 ms at a million, and writes less often. A fixed part of n, such as a sixteenth, would come too
//! late for large registries: up to 62,500 tags to read again every time. See [`TagCache::new_wanted`].

mod entry;
#[cfg(any(test, feature = "fuzzing"))]
pub(in crate::git) mod fuzzing;
pub(super) mod keep;
mod layout;
pub(super) mod reading;
mod writer;

use std::cmp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;

use crate::git::Want;
use crate::object_id::ObjectId;
use crate::signature::Signature;
use layout::{COLD_LEN, HEADER_LEN, Header, Hot, Person};

pub(in crate::git) use entry::CachedTag;
pub(in crate::git) use layout::Problem;
pub(in crate::git) use writer::{Writer, path_in};

use crate::git::own_folder::{folder_in, remove_leftovers};
use entry::{MAX_ENTRIES, MAX_MESSAGES, MAX_PEOPLE, is_full};

/// Fewer new tags than this are never worth a rewrite; a registry that is smaller has no cache at all.
const MIN_NEW: usize = 64;

/// The number of entries that are prefetched before they are read: few enough for the processor's cache.
const LOOK_AHEAD: usize = 64;

/// The decoded tags of earlier readings.
#[derive(Debug, Default)]
pub(in crate::git) struct TagCache {
    hash_len: usize,
    entries: usize,
    people: Vec<Person>,
    /// The sorted table, and behind it where each bucket begins.
    hot: Vec<u8>,
    messages: Option<Messages>,
    /// For each entry, whether it was used.
    used: Vec<AtomicBool>,
    messages_len: usize,
    people_len: usize,
    problem: Option<Problem>,
}

/// What only some questions need.
#[derive(Debug)]
struct Messages {
    table: Vec<u8>,
    text: Vec<u8>,
}

/// Removes the cache and what killed writers left. Whether there was one.
pub(in crate::git) fn clear(common_dir: &Path) -> io::Result<bool> {
    let folder = folder_in(common_dir);
    match std::fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        // A link is not followed, and what is no folder holds no cache.
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    remove_leftovers(&folder, writer::UNFINISHED, None);
    let was_there = match std::fs::remove_file(path_in(common_dir)) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    // Stays if it contains other files.
    let _ = std::fs::remove_dir(folder);
    Ok(was_there)
}

impl TagCache {
    /// Reads the cache of a repository with ids of this length. It is empty if anything is wrong.
    pub fn load(common_dir: &Path, hash_len: usize, want: Want) -> Self {
        Self::try_load(common_dir, hash_len, want)
            .unwrap_or_else(|problem| Self { problem: Some(problem), ..Self::default() })
    }

    fn try_load(common_dir: &Path, hash_len: usize, want: Want) -> Result<Self, Problem> {
        let mut file = open(common_dir)?;
        let len = file.metadata()?.len();
        let header = Header::decode(&read(&mut file, HEADER_LEN, None)?)?;
        if usize::from(header.hash_len) != hash_len {
            return Err(Problem::OtherHash);
        }
        // From here on all lengths are those of a file that is there.
        let is_too_large = header.entries > MAX_ENTRIES
            || header.messages_len > MAX_MESSAGES
            || header.people_len > MAX_PEOPLE;
        if is_too_large || header.file_len() != Some(len) {
            return Err(Problem::Damaged);
        }
        let messages = if want == Want::Everything {
            let text = read(&mut file, header.messages_len, Some(header.messages_crc))?;
            let table = read(&mut file, header.entries * COLD_LEN, Some(header.cold_crc))?;
            Some(Messages { table, text })
        } else {
            file.seek(SeekFrom::Start(header.people_start() as u64))?;
            None
        };
        let people = read(&mut file, header.people_len, Some(header.people_crc))?;
        Ok(Self {
            hash_len,
            entries: header.entries,
            people: layout::people(&people, header.entries).ok_or(Problem::Damaged)?,
            hot: read(&mut file, header.hot_len(), Some(header.hot_crc))?,
            messages,
            used: std::iter::repeat_with(AtomicBool::default).take(header.entries).collect(),
            messages_len: header.messages_len,
            people_len: header.people_len,
            problem: None,
        })
    }

    /// How many tags it has.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Why it is empty, if something is the matter.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// What is known of the object.
    pub fn get(&self, id: ObjectId) -> Option<CachedTag<'_>> {
        self.get_as(id, |person| self.people.get(person).cloned())
    }

    /// What is known of the objects, for one of several threads. Their people are its own: threads that count who holds
    /// a name would wait for each other.
    pub fn get_all(&self, ids: &[ObjectId]) -> Vec<Option<CachedTag<'_>>> {
        let mut people: HashMap<usize, Person, RandomState> = HashMap::default();
        let mut person = |index: usize| {
            if let Some(known) = people.get(&index) {
                return Some(known.clone());
            }
            let (name, email) = self.people.get(index)?;
            let own: Person = (Arc::from(&**name), Arc::from(&**email));
            people.insert(index, own.clone());
            Some(own)
        };
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOK_AHEAD) {
            self.look_at(ids);
            all.extend(ids.iter().map(|id| self.get_as(*id, &mut person)));
        }
        all
    }

    /// Looks at the memory that the entries lie in, first where they begin and then what is there. Each is somewhere
    /// else, and most of the time would be waiting for memory; one after the other it comes for many at once.
    fn look_at(&self, ids: &[ObjectId]) {
        let record_len = layout::record_len(self.hash_len);
        let Some((table, buckets)) = self.hot.split_at_checked(self.entries * record_len) else { return };
        let mut starts = [0; LOOK_AHEAD];
        for (start, id) in starts.iter_mut().zip(ids) {
            let bucket = layout::bucket(buckets, layout::bucket_of(id.as_bytes(), self.entries.max(1)));
            *start = bucket.map_or(0, |entries| entries.start + entries.len() / 2);
        }
        let seen = starts.iter().filter_map(|start| table.get(start * record_len));
        std::hint::black_box(seen.fold(0, |all, byte| all ^ byte));
    }

    fn get_as(&self, id: ObjectId, mut who: impl FnMut(usize) -> Option<Person>) -> Option<CachedTag<'_>> {
        let (index, record) = self.find(id.as_bytes())?;
        let tag = match layout::decode_hot(record, self.hash_len)? {
            Hot::Lightweight => CachedTag::Lightweight,
            Hot::Annotated { commit, time, person, name_sum } => {
                let (name, email) = who(usize::try_from(person).ok()?)?;
                let message = match &self.messages {
                    Some(messages) => Some(messages.get(index)?),
                    None => None,
                };
                CachedTag::Annotated { commit, tagger: Signature { name, email, time }, message, name_sum }
            }
        };
        self.used.get(index)?.store(true, Ordering::Relaxed);
        Some(tag)
    }

    /// The entry of an id, and where it is.
    fn find(&self, id: &[u8]) -> Option<(usize, &[u8])> {
        if self.entries == 0 || id.len() != self.hash_len {
            return None;
        }
        let record_len = layout::record_len(self.hash_len);
        let (table, buckets) = self.hot.split_at_checked(self.entries * record_len)?;
        let mut range = layout::bucket(buckets, layout::bucket_of(id, self.entries))?;
        // Four entries on average; unlimited for an attacker who creates similar ids.
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            let record = table.get(middle * record_len..(middle + 1) * record_len)?;
            match record[..self.hash_len].cmp(id) {
                cmp::Ordering::Less => range.start = middle + 1,
                cmp::Ordering::Greater => range.end = middle,
                cmp::Ordering::Equal => return Some((middle, record)),
            }
        }
        None
    }

    /// The ids of the used entries.
    pub fn used(&self) -> impl Iterator<Item = ObjectId> {
        let records = self.hot.chunks(layout::record_len(self.hash_len).max(1));
        let used = records.zip(&self.used).filter(|(_, used)| used.load(Ordering::Relaxed));
        used.filter_map(|(record, _)| ObjectId::from_bytes(record.get(..self.hash_len)?))
    }

    /// The number of missing tags from which rewriting the file pays; `None` if it never does.
    pub fn new_wanted(&self) -> Option<usize> {
        match self.problem {
            None if is_full(self.entries, self.messages_len, self.people_len) => None,
            None | Some(Problem::Absent) => Some(MIN_NEW.max(self.entries.isqrt())),
            // A damaged cache is rewritten.
            Some(_) => Some(1),
        }
    }

    /// Whether enough of its entries were unused that rewriting the file without them pays.
    pub fn is_mostly_dead(&self) -> bool {
        let dead = self.used.iter().filter(|used| !used.load(Ordering::Relaxed)).count();
        dead >= MIN_NEW.max(self.entries / 2)
    }
}

impl Messages {
    fn get(&self, index: usize) -> Option<&str> {
        let record = self.table.get(index * COLD_LEN..(index + 1) * COLD_LEN)?;
        std::str::from_utf8(self.text.get(layout::decode_cold(record)?)?).ok()
    }
}

/// Opens the file, if it is one. Neither it nor its folder may be a link, which could lead anywhere.
fn open(common_dir: &Path) -> Result<File, Problem> {
    let path = path_in(common_dir);
    if !std::fs::symlink_metadata(folder_in(common_dir))?.is_dir() {
        return Err(Problem::NotAFile);
    }
    // Before it is opened: opening a pipe would wait for its other end.
    if !std::fs::symlink_metadata(&path)?.is_file() {
        return Err(Problem::NotAFile);
    }
    Ok(File::open(path)?)
}

/// Reads `len` bytes, which must have this checksum.
fn read(file: &mut File, len: usize, crc: Option<u32>) -> Result<Vec<u8>, Problem> {
    /// Small enough to be summed up while it is still in the processor's own memory.
    const CHUNK: usize = 256 * 1024;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Problem::Damaged)?;
    let mut sum = crc32fast::Hasher::new();
    while bytes.len() < len {
        let before = bytes.len();
        let chunk = CHUNK.min(len - before);
        file.take(chunk as u64).read_to_end(&mut bytes)?;
        if bytes.len() - before != chunk {
            return Err(Problem::Damaged);
        }
        sum.update(&bytes[before..]);
    }
    match crc {
        Some(crc) if crc != sum.finalize() => Err(Problem::Damaged),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
