//! `packed-refs`, read as git reads it.
//!
//! Owns what a line may be, where a name is, and git's reasons to refuse a file: see git's `refs/packed-backend.c`. A question
//! about a few names reads the lines of these alone. Must not know about loose refs.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::refs::{FullName, packed};

use crate::git::refs::TAGS;
use crate::git::refs::packed_damage::DamagedPackedRefs;
use crate::git::refs::simple_name::is_simple;
use crate::git::{GitError, Repository, lossy};
use crate::object_id::ObjectId;

/// A file from this size on is mapped into memory, as by git.
const MAPPED_FROM: u64 = 32 * 1024;

/// The maximum length of a header that is looked for before the file is read as a whole.
const HEADER: u64 = 1024;

/// How much of a line is shown, as by git.
const SHOWN: usize = 80;

/// What tells the lines of a damaged file that can be kept.
#[derive(Debug)]
pub(crate) struct Salvage {
    /// The file itself, where a link leads to it.
    pub file: PathBuf,
    /// Whether it ends within a line.
    pub is_cut: bool,
    /// The length of an object id.
    pub digits: usize,
}

/// The lines of the file, sorted by the names in them.
pub(in crate::git) struct PackedRefs {
    lines: Lines,
    path: PathBuf,
    hash: gix::hash::Kind,
}

enum Lines {
    Mapped(packed::Buffer),
    Read(Vec<u8>),
}

/// A line with the one about the peeled object behind it.
pub(in crate::git) struct Record<'a> {
    pub name: &'a [u8],
    /// `None` if the name is none that a ref can have.
    pub target: Option<ObjectId>,
    /// The length with both lines.
    pub len: usize,
}

/// A record of which nothing but its form was looked at.
pub(in crate::git) struct Line<'a> {
    pub name: &'a [u8],
    /// The hex digits of the id of the peeled object.
    pub peeled: Option<&'a [u8]>,
    /// The length with both lines.
    pub len: usize,
}

impl Repository {
    /// The file; `None` if there is none, or nothing in it.
    pub(in crate::git) fn packed_refs(&self) -> Result<Option<PackedRefs>, GitError> {
        let path = self.common_dir().join("packed-refs");
        Ok(PackedRefs::open(&path, self.gix().object_hash())?)
    }

    /// The object that a ref in the file points to, by its full name.
    pub(in crate::git) fn packed_target(&self, full_name: &str) -> Result<Option<ObjectId>, GitError> {
        let Some(file) = self.packed_refs()? else { return Ok(None) };
        Ok(file.find(full_name)?)
    }

    /// How to keep what is left of a damaged file; `None` if it cannot be read, or is no file.
    pub fn salvage_of_packed_refs(&self) -> Option<Salvage> {
        let file =
            fs::canonicalize(self.common_dir().join("packed-refs")).ok().filter(|file| file.is_file())?;
        let is_cut = !fs::read(&file).ok()?.ends_with(b"\n");
        Some(Salvage { file, is_cut, digits: self.gix().object_hash().len_in_hex() })
    }
}

impl PackedRefs {
    /// `None` if there is no such file, or nothing in it.
    pub fn open(path: &Path, hash: gix::hash::Kind) -> Result<Option<Self>, DamagedPackedRefs> {
        let failed = |error: io::Error| damaged(path, format!("couldn't read {}: {error}", path.display()));
        match fs::metadata(path) {
            Ok(file) if file.is_file() && file.len() == 0 => return Ok(None),
            Ok(file) if file.is_file() => {}
            // A FIFO would wait for a writer.
            Ok(_) => return Err(failed(io::Error::other("it is not a file"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        let lines = if is_sorted(path).map_err(failed)? {
            match packed::Buffer::open(path.to_owned(), MAPPED_FROM, hash) {
                Ok(buffer) => Lines::Mapped(buffer),
                Err(error) if error.is_not_found() => return Ok(None),
                Err(error) => return Err(failed(io::Error::other(error.to_string()))),
            }
        } else {
            Lines::Read(sorted(path, &fs::read(path).map_err(failed)?, hash)?)
        };
        let file = Self { lines, path: path.to_owned(), hash };
        file.check_end(file.bytes())?;
        Ok(Some(file))
    }

    pub fn bytes(&self) -> &[u8] {
        match &self.lines {
            Lines::Mapped(buffer) => buffer.as_ref(),
            Lines::Read(bytes) => bytes,
        }
    }

    /// The object that the ref of this full name points to.
    pub fn find(&self, name: &str) -> Result<Option<ObjectId>, DamagedPackedRefs> {
        match self.search(name.as_bytes(), true)? {
            Place::Found(at) => {
                let id = self.bytes().get(at..).and_then(|rest| self.id(rest));
                id.map(Some).ok_or_else(|| unexpected(&self.path, &self.bytes()[at..]))
            }
            Place::Missing(_) => Ok(None),
        }
    }

    /// Refuses a file with any line that git refuses when it rewrites the file.
    pub fn check(&self) -> Result<(), DamagedPackedRefs> {
        let mut rest = self.bytes();
        while !rest.is_empty() {
            rest = &rest[self.record(rest)?.len..];
        }
        Ok(())
    }

    /// Where the first name is that is not before this one.
    pub fn seek(&self, name: &[u8]) -> Result<usize, DamagedPackedRefs> {
        match self.search(name, false)? {
            Place::Found(at) | Place::Missing(at) => Ok(at),
        }
    }

    /// Whether the records around the place that was found for a name are in order. A damaged name can lead a search astray that looks
    /// for another name than git's, and what is between that record and the true place is lost without a word.
    pub fn is_ordered_at(&self, place: usize, name: &[u8]) -> bool {
        let bytes = self.bytes();
        let before = |end: usize| end.checked_sub(1).map(|last| record_start(bytes, 0, last));
        let name_at = |start: usize| self.name_of(bytes.get(start..)?);
        let first = before(place);
        let after = (place < bytes.len()).then(|| record_end(bytes, place, bytes.len()));
        let names = [
            first.and_then(before).and_then(name_at),
            first.and_then(name_at),
            Some(name),
            name_at(place),
            after.and_then(name_at),
        ];
        names.into_iter().flatten().is_sorted()
    }

    /// Whether the first of these records comes before the next one. A damaged name may sort behind all that are looked for, and those
    /// that follow would be lost without a word.
    pub fn is_before_next(&self, lines: &[u8], len: usize) -> bool {
        let next = lines.get(len..).filter(|next| !next.is_empty());
        next.is_none_or(|next| self.name_of(lines) <= self.name_of(next))
    }

    /// What stands where a record at the beginning of `lines` has its name.
    fn name_of<'a>(&self, lines: &'a [u8]) -> Option<&'a [u8]> {
        let name = lines.get(self.hash.len_in_hex() + 1..)?;
        Some(&name[..name.find_byte(b'\n')?])
    }

    /// The record at the beginning of `rest`.
    pub fn record<'a>(&self, rest: &'a [u8]) -> Result<Record<'a>, DamagedPackedRefs> {
        let digits = self.hash.len_in_hex();
        let refused = || unexpected(&self.path, rest);
        let id = self.id(rest).ok_or_else(refused)?;
        let end = rest.find_byte(b'\n').ok_or_else(refused)?;
        if !rest.get(digits).is_some_and(|&byte| is_space(byte)) || end <= digits {
            return Err(refused());
        }
        let name = &rest[digits + 1..end];
        if name.contains(&0) {
            // Git 2.47 takes the name up to there.
            let reason = format!("a name with a NUL byte in {}: {}", self.path.display(), shortened(name));
            return Err(damaged(&self.path, reason));
        }
        let is_tag = name.strip_prefix(TAGS.as_bytes()).is_some_and(is_simple);
        let is_valid = is_tag || FullName::try_from(name.as_bstr()).is_ok();
        if !is_valid && !is_safe(name) {
            let reason = format!("packed refname is dangerous: '{}'", shortened(name));
            return Err(damaged(&self.path, reason));
        }
        let mut len = end + 1;
        if let Some(peeled) = rest[len..].strip_prefix(b"^") {
            let is_line = self.id(peeled).is_some() && peeled.get(digits) == Some(&b'\n');
            if !is_line {
                return Err(unexpected(&self.path, &rest[len..]));
            }
            len += digits + 2;
        }
        Ok(Record { name, target: is_valid.then_some(id), len })
    }

    /// The record at the beginning of `rest`, if it is where it must be by its form: what is not looked at hides no other record.
    pub fn line<'a>(&self, rest: &'a [u8]) -> Option<Line<'a>> {
        let digits = self.hash.len_in_hex();
        let text = rest.get(digits..)?.strip_prefix(b" ")?;
        let (name, after) = text.split_at(text.find_byte(b'\n')?);
        let (peeled, second) = match after.get(1..)?.strip_prefix(b"^") {
            Some(peeled) if peeled.get(digits) == Some(&b'\n') => (Some(&peeled[..digits]), digits + 2),
            Some(_) => return None,
            None => (None, 0),
        };
        Some(Line { name, peeled, len: digits + 1 + name.len() + 1 + second })
    }

    /// Whether the record at the beginning of `rest` is certainly one that [`Self::record`] takes, as those of tags are.
    fn is_plain(&self, rest: &[u8]) -> bool {
        self.line(rest).is_some_and(|line| {
            is_hex(&rest[..self.hash.len_in_hex()])
                && line.peeled.is_none_or(is_hex)
                && line.name.strip_prefix(TAGS.as_bytes()).is_some_and(is_simple)
        })
    }

    fn id(&self, text: &[u8]) -> Option<ObjectId> {
        ObjectId::from_hex(text.get(..self.hash.len_in_hex())?)
    }

    /// Git's binary search, step by step, so that a file that is out of order gives what it gives git; but each record that is
    /// met must be one. Git compares what it meets whatever it is, and a damaged record can lead it past others without a word.
    fn search(&self, name: &[u8], is_whole: bool) -> Result<Place, DamagedPackedRefs> {
        let bytes = self.bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low != high {
            let middle = low + (high - low) / 2;
            let start = record_start(bytes, low, middle);
            if !self.is_plain(&bytes[start..]) {
                self.record(&bytes[start..])?;
            }
            match self.compare(&bytes[start..], name, is_whole) {
                std::cmp::Ordering::Less => low = record_end(bytes, middle, high),
                std::cmp::Ordering::Greater => high = start,
                std::cmp::Ordering::Equal => return Ok(Place::Found(start)),
            }
        }
        Ok(Place::Missing(low))
    }

    fn compare(&self, record: &[u8], name: &[u8], is_whole: bool) -> std::cmp::Ordering {
        let rest = record.get(self.hash.len_in_hex() + 1..).unwrap_or_default();
        let end = rest.find_byte(b'\n').unwrap_or(rest.len());
        // A record that begins with the prefix comes behind it.
        let order = rest[..end].cmp(name);
        if !is_whole && order.is_eq() { std::cmp::Ordering::Equal } else { order }
    }

    /// Refuses a file that ends within a line, for every query.
    fn check_end(&self, bytes: &[u8]) -> Result<(), DamagedPackedRefs> {
        if bytes.is_empty() {
            return Ok(());
        }
        let last = &bytes[record_start(bytes, 0, bytes.len() - 1)..];
        if !last.ends_with(b"\n") || last.len() < self.hash.len_in_hex() + 2 {
            return Err(unexpected(&self.path, last));
        }
        Ok(())
    }
}

/// Where a search ends.
enum Place {
    /// At the beginning of a record that has the name, or for a prefix begins with it.
    Found(usize),
    /// Where it would be.
    Missing(usize),
}

/// Whether the header claims that the lines are sorted.
fn is_sorted(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(2 * 1024);
    File::open(path)?.take(HEADER).read_to_end(&mut start)?;
    let header = start.find_byte(b'\n').and_then(|end| start[..end].strip_prefix(b"# pack-refs with:"));
    Ok(header.is_some_and(|traits| traits.split(|&byte| byte == b' ').any(|word| word == b"sorted")))
}

/// The records of a file that does not claim to be sorted.
fn sorted(path: &Path, bytes: &[u8], hash: gix::hash::Kind) -> Result<Vec<u8>, DamagedPackedRefs> {
    let mut rest = bytes;
    if rest.starts_with(b"#") {
        let end = rest.find_byte(b'\n').ok_or_else(|| unexpected(path, rest))?;
        if !rest.starts_with(b"# pack-refs with:") {
            return Err(unexpected(path, rest));
        }
        rest = &rest[end + 1..];
    }
    let mut records = Vec::new();
    while !rest.is_empty() {
        let end = rest.find_byte(b'\n').ok_or_else(|| unexpected(path, rest))?;
        if end < hash.len_in_hex() + 2 {
            return Err(unexpected(path, rest));
        }
        // One line about the peeled object belongs to it, and no second one.
        let next = &rest[end + 1..];
        let peeled = if next.starts_with(b"^") {
            next.find_byte(b'\n').ok_or_else(|| unexpected(path, next))? + 1
        } else {
            0
        };
        let (record, after) = rest.split_at(end + 1 + peeled);
        records.push((&record[hash.len_in_hex() + 1..end], record));
        rest = after;
    }
    records.sort_by_key(|(name, _)| *name);
    Ok(records.into_iter().flat_map(|(_, record)| record).copied().collect())
}

/// Where the record begins in which `place` is, not before `low`.
fn record_start(bytes: &[u8], low: usize, mut place: usize) -> usize {
    while place > low && (bytes[place - 1] != b'\n' || bytes.get(place) == Some(&b'^')) {
        place -= 1;
    }
    place
}

/// Where the record ends in which `place` is.
fn record_end(bytes: &[u8], mut place: usize, high: usize) -> usize {
    place += 1;
    while place < high && (bytes[place - 1] != b'\n' || bytes[place] == b'^') {
        place += 1;
    }
    place
}

/// Whether these are hexadecimal digits. All are looked at, which is quicker than to stop at the first one that is not.
pub(super) fn is_hex(digits: &[u8]) -> bool {
    digits.iter().fold(true, |all, digit| all & digit.is_ascii_hexdigit())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a name that no ref can have leads at least to no other file: git's `refname_is_safe`.
fn is_safe(name: &[u8]) -> bool {
    match name.strip_prefix(b"refs/") {
        Some(rest) => rest.split(|&byte| byte == b'/').all(|part| !matches!(part, b"" | b"." | b"..")),
        None => name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_'),
    }
}

fn damaged(path: &Path, reason: String) -> DamagedPackedRefs {
    DamagedPackedRefs { path: path.to_owned(), reason }
}

fn shortened(line: &[u8]) -> String {
    if line.len() < SHOWN { lossy(line) } else { format!("{}...", lossy(&line[..SHOWN - 5])) }
}

/// Git's message for a malformed or unterminated line.
fn unexpected(path: &Path, rest: &[u8]) -> DamagedPackedRefs {
    let end = rest.find_byte(b'\n');
    let shown = shortened(&rest[..end.unwrap_or(rest.len())]);
    let what = if end.is_some() { "unexpected" } else { "unterminated" };
    let reason = format!("{what} line in {}: {shown}", path.display());
    DamagedPackedRefs { path: path.to_owned(), reason }
}
