//! Refs that are files: loose ones, and the lines of `packed-refs`.
//!
//! Owns listing the tags among them, from many files or a file of a million lines, on all processors. Must not read
//! objects. What a single line or file says is for gix to decide.

use std::fs;
use std::io;
use std::path::Path;

use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::error::MetadataValue;
use gix::refs::file::find::ReferenceDecode;
use gix::refs::{FullName, Target, packed};

use super::refs::{TAGS, full_name};
use super::{GitError, Repository, TagRefs, from_gix, lossy};
use crate::object_id::ObjectId;

/// What errors say that was tried.
const WHAT: &str = "list the tags";

/// So many loose refs are read by one thread at a time.
const FILES: usize = 256;

/// So many bytes of `packed-refs` are read by one thread at a time, or the rest of their last line more.
const BYTES: usize = 64 * 1024;

/// A tag by its name, and what it points to: `None` if that cannot be made out.
type Loose = (BString, Option<ObjectId>);

impl Repository {
    /// All tags whose name begins with `prefix`, in the order of their names' bytes.
    ///
    /// First the loose ones: git adds a ref to `packed-refs` before it removes its file, so that one that is packed
    /// meanwhile is found there, and none is missed.
    pub(super) fn file_tag_refs(&self, prefix: &str) -> Result<TagRefs, GitError> {
        // No ref is in a folder that no ref can be named after: `..`, `/`, `a//`.
        if prefix.rsplit_once('/').is_some_and(|(folder, _)| full_name(folder).is_none()) {
            return Ok(TagRefs::default());
        }
        let loose = self.loose_tags(prefix)?;
        let packed = self.packed_tags(prefix)?;
        Ok(overlay(packed, loose))
    }

    fn loose_tags(&self, prefix: &str) -> Result<Vec<Loose>, GitError> {
        let mut names = loose_names(&self.common_dir().join(TAGS), prefix)
            .map_err(|error| GitError::failed(WHAT, error))?;
        names.sort_unstable();
        let parts: Vec<&[BString]> = names.chunks(FILES).collect();
        let read = self.on_all_processors(parts, |repository, names| {
            names
                .iter()
                .filter_map(|name| repository.loose_tag(name).transpose())
                .collect::<Result<Vec<_>, _>>()
        });
        let read: Vec<_> = read.into_iter().collect::<Result<_, _>>()?;
        Ok(read.concat())
    }

    /// What a file says; `None` if it is not there any more, or can be no ref.
    fn loose_tag(&self, name: &BString) -> Result<Option<Loose>, GitError> {
        let Ok(full_name) = FullName::try_from([TAGS.as_bytes(), name].concat().as_bstr()) else {
            return Ok(None);
        };
        let target = match self.gix.refs.try_find(full_name.as_ref()) {
            Ok(Some(found)) if found.name == full_name => match found.target {
                Target::Object(id) => Some(from_gix(&id)),
                Target::Symbolic(next) => self.target_of(&next).unwrap_or_default(),
            },
            Ok(_) => return Ok(None),
            Err(error) if error.downcast_any_ref::<ReferenceDecode>().is_some() => None,
            Err(error) => return Err(GitError::failed(WHAT, error)),
        };
        Ok(Some((name.clone(), target)))
    }

    /// The tags in `packed-refs`, in parts.
    fn packed_tags(&self, prefix: &str) -> Result<Vec<TagRefs>, GitError> {
        let failed = |error| GitError::failed(WHAT, error);
        let Some(file) = self.gix.refs.open_packed_buffer().map_err(failed)? else {
            return Ok(Vec::new());
        };
        if !prefix.is_empty() {
            let mut tags = TagRefs::default();
            let lines = file.iter_prefixed(format!("{TAGS}{prefix}").into()).map_err(failed)?;
            tags.add_packed(lines)?;
            return Ok(vec![tags]);
        }
        let parts = parts_of_lines(file.as_ref());
        let read = self.on_all_processors(parts, |repository, part| {
            let mut tags = TagRefs::default();
            tags.add_packed(packed::Iter::new(part, repository.gix.object_hash()).map_err(failed)?)?;
            Ok(tags)
        });
        read.into_iter().collect()
    }
}

impl TagRefs {
    fn add_packed<'a>(
        &mut self,
        lines: impl Iterator<Item = Result<packed::Reference<'a>, gix::Error>>,
    ) -> Result<(), GitError> {
        for line in lines {
            match line {
                Ok(line) => self.push(line.name.as_bstr(), Some(from_gix(&line.target()))),
                Err(error) => match broken_line(&error) {
                    Some(line) => self.broken.extend(broken_tag(line)),
                    None => return Err(GitError::failed(WHAT, error)),
                },
            }
        }
        Ok(())
    }
}

/// The names of the files below a folder that begin with `prefix`, whose folders must be safe. Only those that can hold
/// such a name are read.
fn loose_names(tags: &Path, prefix: &str) -> io::Result<Vec<BString>> {
    let folder = prefix.rfind('/').map_or("", |at| &prefix[..=at]);
    let mut folders = vec![BString::from(folder)];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(path) = gix::path::from_bstr(folder.as_bstr()) else { continue };
        let entries = match fs::read_dir(tags.join(path)) {
            Ok(entries) => entries,
            // It need not be there, and goes with the last ref in it.
            Err(error) if is_absence(&error) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = gix::path::os_string_into_bstring(entry.file_name()) else { continue };
            let mut name = BString::from([folder.as_slice(), &name].concat());
            if !name.starts_with(prefix.as_bytes()) {
                continue;
            }
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                // Where the folder does not say it, it takes a look, and the file may be gone meanwhile.
                Err(error) if is_absence(&error) => continue,
                Err(error) => return Err(error),
            };
            if kind.is_dir() {
                name.push(b'/');
                folders.push(name);
            } else if kind.is_file() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// Whether there is no such folder, and perhaps can be none.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidInput | InvalidFilename)
}

/// Cuts `packed-refs` into parts that begin with the line of a ref.
fn parts_of_lines(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while bytes.len() > BYTES {
        // Neither with `^`, which belongs to the line before, nor with `#`, which would be taken for a header.
        let is_start = |&at: &usize| bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit);
        let Some(end) = bytes[BYTES..].find_iter(b"\n").map(|at| BYTES + at).find(is_start) else { break };
        let (part, rest) = bytes.split_at(end + 1);
        parts.push(part);
        bytes = rest;
    }
    parts.push(bytes);
    parts
}

/// The tags of both kinds, in order. A loose ref, even a broken one, hides the packed one of its name.
fn overlay(mut packed: Vec<TagRefs>, loose: Vec<Loose>) -> TagRefs {
    let mut tags = TagRefs::default();
    if !packed.iter().flat_map(|part| &part.refs).is_sorted_by(|a, b| a.name < b.name) {
        // The file says that it is sorted and is not.
        packed.drain(..).for_each(|part| tags.append(part));
        tags.refs.sort_unstable();
        packed.push(std::mem::take(&mut tags));
    }
    tags.refs.reserve_exact(packed.iter().map(|part| part.refs.len()).sum::<usize>() + loose.len());
    let mut loose = loose.into_iter().peekable();
    for TagRefs { refs, not_utf8, broken, .. } in packed {
        let last = refs.last().map(|tag| tag.name.clone().into_bytes());
        let mut refs = refs.into_iter();
        while let Some((name, target)) = loose.next_if(|(name, _)| Some(name.as_slice()) <= last.as_deref()) {
            let before = refs.as_slice().partition_point(|tag| tag.name.as_bytes() < name.as_slice());
            tags.refs.extend(refs.by_ref().take(before));
            if refs.as_slice().first().is_some_and(|tag| tag.name.as_bytes() == name) {
                refs.next();
            }
            tags.push_name(name.as_bstr(), target);
        }
        tags.append(TagRefs { refs: refs.collect(), not_utf8, broken, ..TagRefs::default() });
    }
    loose.for_each(|(name, target)| tags.push_name(name.as_bstr(), target));
    tags.broken.sort_unstable();
    tags.broken.dedup();
    tags.not_utf8.sort_unstable();
    tags.not_utf8.dedup();
    tags
}

/// The line of `packed-refs` that gix could not make sense of; `None` if that was not the matter.
fn broken_line(error: &gix::Error) -> Option<&BStr> {
    let values = error.metadata().find(|values| values.contains_key("line"))?;
    match values.get("input")? {
        MetadataValue::Bytes(line) => Some(line.as_bstr()),
        _ => None,
    }
}

/// The tag that a broken line is about: of lines that are about something else, none; of noise, all of it.
fn broken_tag(line: &BStr) -> Option<String> {
    // `<id> <name>`
    let name = line.split_once_str(" ").map_or(line.as_bytes(), |(_, name)| name);
    match name.strip_prefix(TAGS.as_bytes()) {
        Some(tag) => Some(lossy(tag)),
        None if name.starts_with(b"refs/") => None,
        None => Some(lossy(name)),
    }
}
