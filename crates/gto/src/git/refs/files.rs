//! Refs that are files: loose ones, and the lines of `packed-refs`.
//!
//! Owns listing the tags among them, from many files or a file of a million lines, on all processors. Must not read
//! objects. What a single file says is for `loose_ref` to decide, and what a line says for `packed`.

use std::fs;
use std::io;
use std::path::Path;

use gix::bstr::{BString, ByteSlice as _};
use gix::refs::FullName;

use crate::git::refs::entries::{EntryKind, each_entry};
use crate::git::refs::loose_ref::{LooseRef, is_impossible_or_absent};
use crate::git::refs::packed::{PackedRefs, is_hex};
use crate::git::refs::packed_damage::DamagedPackedRefs;
use crate::git::refs::simple_name::is_simple;
use crate::git::refs::{TAGS, full_name};
use crate::git::{GitError, Repository, TagRef, TagRefs};
use crate::object_id::ObjectId;

/// The attempted operation, for errors.
const WHAT: &str = "list the tags";

/// The number of loose refs that a thread reads at a time.
const FILES: usize = 256;

/// The number of bytes of `packed-refs` that a thread reads at a time; its last line is read to the end.
const BYTES: usize = 64 * 1024;

/// A tag by its name, and what it points to: `None` if that cannot be made out.
pub(super) type Loose = (BString, Option<ObjectId>);

impl Repository {
    /// All tags whose name begins with one of the prefixes, in the order of their names' bytes. The prefixes come in order,
    /// and none begins with another.
    ///
    /// First the loose ones: git adds a ref to `packed-refs` before it removes its file, so that one that is packed
    /// meanwhile is found there, and none is missed.
    pub(in crate::git) fn file_tag_refs(&self, prefixes: &[&str]) -> Result<TagRefs, GitError> {
        let prefixes = possible(prefixes);
        let loose = self.loose_tags(&prefixes)?;
        let packed = self.packed_tags(&prefixes)?;
        Ok(overlay(packed, loose))
    }

    pub(super) fn all_loose_tags(&self) -> Result<Vec<Loose>, GitError> {
        self.loose_tags(&[""])
    }

    /// All tags, with these loose ones.
    pub(super) fn with_packed_tags(&self, loose: Vec<Loose>) -> Result<TagRefs, GitError> {
        Ok(overlay(self.packed_tags(&[""])?, loose))
    }

    pub(super) fn loose_names(&self, prefixes: &[&str]) -> Result<Vec<BString>, GitError> {
        self.loose_names_if(prefixes, &|_, _| true)
    }

    /// The same of those that are wanted by their folder and the name in it.
    pub(super) fn loose_names_if(
        &self,
        prefixes: &[&str],
        is_wanted: &dyn Fn(&[u8], &[u8]) -> bool,
    ) -> Result<Vec<BString>, GitError> {
        let tags = self.common_dir().join(TAGS);
        loose_names(&tags, prefixes, is_wanted).map_err(|error| GitError::failed(WHAT, error))
    }

    fn loose_tags(&self, prefixes: &[&str]) -> Result<Vec<Loose>, GitError> {
        let mut names = self.loose_names(prefixes)?;
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

    /// The contents of a file; `None` if it is gone, or cannot be a ref.
    pub(super) fn loose_tag(&self, name: &BString) -> Result<Option<Loose>, GitError> {
        let Ok(full_name) = FullName::try_from([TAGS.as_bytes(), name].concat().as_bstr()) else {
            return Ok(None);
        };
        let target = match self.read_loose_ref(&full_name) {
            Ok(Some(LooseRef::Object(id))) => Some(id),
            Ok(Some(LooseRef::Symbolic(next))) => self.target_of(&next).unwrap_or_default(),
            Ok(Some(LooseRef::Broken)) => None,
            Ok(None) => return Ok(None),
            Err(error) => return Err(GitError::failed(WHAT, error)),
        };
        Ok(Some((name.clone(), target)))
    }

    /// The tags in `packed-refs`, in parts. What git refuses of the lines that it would read is refused.
    fn packed_tags(&self, prefixes: &[&str]) -> Result<Vec<TagRefs>, GitError> {
        let Some(file) = self.packed_refs()? else { return Ok(Vec::new()) };
        let mut parts = Vec::new();
        for prefix in prefixes {
            parts.append(&mut self.packed_tags_in(&file, &format!("{TAGS}{prefix}"))?);
        }
        Ok(parts)
    }

    fn packed_tags_in(&self, file: &PackedRefs, prefix: &str) -> Result<Vec<TagRefs>, GitError> {
        let place = file.seek(prefix.as_bytes())?;
        let is_ordered = file.is_ordered_at(place, prefix.as_bytes());
        let lines = &file.bytes()[if is_ordered { place } else { 0 }..];
        // A few names have few tags: the rest is not even read.
        let parts = if prefix == TAGS { parts_of_lines(lines, BYTES) } else { vec![lines] };
        let read = self.on_all_processors(parts, |repository, part| {
            tags_with(file, part, prefix.as_bytes(), is_ordered, repository.gix().object_hash())
        });
        let mut tags = Vec::new();
        for part in read {
            let part = part?;
            tags.push(part.tags);
            if part.is_last {
                break;
            }
        }
        let are_sorted = tags.iter().all(|part| part.refs.is_sorted_by(|a, b| a.name < b.name));
        if !are_sorted || !follow_each_other(&tags) {
            return Ok(vec![sorted(tags)]);
        }
        Ok(tags)
    }
}

/// The tags in a part of `packed-refs`.
struct Part {
    tags: TagRefs,
    /// Whether there was a name after the requested ones.
    is_last: bool,
}

/// The refs whose names begin with the prefix, up to the first one after them in a file that is in order.
fn tags_with(
    file: &PackedRefs,
    mut lines: &[u8],
    prefix: &[u8],
    is_ordered: bool,
    hash: gix::hash::Kind,
) -> Result<Part, DamagedPackedRefs> {
    let mut tags = TagRefs::default();
    while !lines.is_empty() {
        // Nearly all lines are simple.
        if let Some((tag, len)) = simple_tag(lines, hash)
            && tag.name.as_bytes().starts_with(prefix.strip_prefix(TAGS.as_bytes()).unwrap_or(prefix))
        {
            tags.refs.push(tag);
            lines = &lines[len..];
            continue;
        }
        let record = file.record(lines)?;
        let start = &record.name[..record.name.len().min(prefix.len())];
        if start == prefix {
            tags.push(record.name.as_bstr(), record.target);
        } else if start > prefix && is_ordered && file.is_before_next(lines, record.len) {
            return Ok(Part { tags, is_last: true });
        }
        lines = &lines[record.len..];
    }
    Ok(Part { tags, is_last: false })
}

fn follow_each_other(parts: &[TagRefs]) -> bool {
    let ends = parts.iter().filter_map(|part| Some((&part.refs.first()?.name, &part.refs.last()?.name)));
    ends.is_sorted_by(|(_, last), (first, _)| last < first)
}

/// The tags in order, each once, of a file that may wrongly claim to be sorted.
fn sorted(parts: Vec<TagRefs>) -> TagRefs {
    let mut all = TagRefs::default();
    for part in parts {
        all.append(part);
    }
    all.refs.sort_by(|a, b| a.name.cmp(&b.name));
    // A name that is there twice is still one tag.
    all.refs.dedup_by(|a, b| a.name == b.name);
    all
}

/// The prefixes without those of a folder that no ref can be named after: `..`, `/`, `a//`. No ref is in it.
pub(super) fn possible<'a>(prefixes: &[&'a str]) -> Vec<&'a str> {
    let is_possible =
        |prefix: &&str| prefix.rsplit_once('/').is_none_or(|(folder, _)| full_name(folder).is_some());
    prefixes.iter().copied().filter(is_possible).collect()
}

/// The names of the files below a folder that begin with one of the prefixes, whose folders must be safe. Only folders
/// that can hold such a name are read, each once: a folder that once held a million files always takes milliseconds.
fn loose_names(
    tags: &Path,
    prefixes: &[&str],
    is_wanted: &dyn Fn(&[u8], &[u8]) -> bool,
) -> io::Result<Vec<BString>> {
    let folder_of = |prefix: &&str| BString::from(prefix.rfind('/').map_or("", |at| &prefix[..=at]));
    let mut folders: Vec<BString> = prefixes.iter().map(folder_of).collect();
    folders.sort_unstable();
    folders.dedup();
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(path) = gix::path::from_bstr(folder.as_bstr()) else { continue };
        let path = tags.join(path);
        // What is to come of each prefix behind the folder's name: nothing if it is in that.
        let rest_of = |prefix: &&str| {
            let prefix = prefix.as_bytes();
            if folder.starts_with(prefix) {
                Some(b"".to_vec())
            } else {
                Some(prefix.strip_prefix(&**folder)?.to_vec())
            }
        };
        let wanted: Vec<Vec<u8>> = prefixes.iter().filter_map(rest_of).collect();
        let read = each_entry(&path, &mut |name, kind| {
            if !wanted.iter().any(|rest| name.starts_with(rest)) {
                return Ok(());
            }
            let at = || gix::path::from_byte_slice(name).map(|name| path.join(name));
            let kind = if let Some(kind) = kind {
                kind
            } else {
                let Ok(at) = at() else { return Ok(()) };
                match at.symlink_metadata() {
                    Ok(entry) => entry.file_type().into(),
                    // It may have been removed meanwhile.
                    Err(error) if is_impossible_or_absent(&error) => return Ok(()),
                    Err(error) => return Err(error),
                }
            };
            let is_linked_file = || at().is_ok_and(|at| fs::metadata(at).is_ok_and(|file| file.is_file()));
            let full = || BString::from([folder.as_slice(), name].concat());
            match kind {
                EntryKind::Folder => folders.push([full().as_slice(), b"/"].concat().into()),
                _ if !is_wanted(&folder, name) => {}
                EntryKind::File => names.push(full()),
                EntryKind::Link if is_linked_file() => names.push(full()),
                EntryKind::Link | EntryKind::Other => {}
            }
            Ok(())
        });
        match read {
            // Git removes the folder with the last ref in it.
            Err(error) if is_impossible_or_absent(&error) => {}
            read => read?,
        }
    }
    Ok(names)
}

/// The tag of `<id> refs/tags/<name>`, with a line `^<id>` or without, if it is as simple as tags of the registry are
/// and there can be no doubt of it; and the length of both lines. `None` leaves it to gix.
///
/// The format is that of git's `refs/packed-backend.c`, and what names may be of git-check-ref-format(1).
fn simple_tag(lines: &[u8], hash: gix::hash::Kind) -> Option<(TagRef, usize)> {
    let digits = hash.len_in_hex();
    let (line, rest) = lines.split_at(lines.find_byte(b'\n')?);
    let len = match rest[1..].strip_prefix(b"^") {
        Some(peeled) => {
            let (id, end) = peeled.split_at_checked(digits)?;
            if !is_hex(id) || end.first() != Some(&b'\n') {
                return None;
            }
            line.len() + digits + 3
        }
        None => line.len() + 1,
    };
    let (id, name) = line.split_at_checked(digits)?;
    let name = name.strip_prefix(b" refs/tags/").filter(|name| is_simple(name))?;
    Some((TagRef { name: std::str::from_utf8(name).ok()?.to_owned(), target: ObjectId::from_hex(id)? }, len))
}

/// Cuts `packed-refs` into parts of `size` bytes and the rest of their last line, which begin with the line of a ref.
pub(in crate::git) fn parts_of_lines(mut bytes: &[u8], size: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while bytes.len() > size {
        // Neither with `^`, which belongs to the line before, nor with `#`, which would be taken for a header.
        let is_start = |&at: &usize| bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit);
        let Some(end) = bytes[size..].find_iter(b"\n").map(|at| size + at).find(is_start) else { break };
        let (part, rest) = bytes.split_at(end + 1);
        parts.push(part);
        bytes = rest;
    }
    parts.push(bytes);
    parts
}

/// The tags of both kinds, in order. A loose ref, even a broken one, hides the packed one of its name.
fn overlay(packed: Vec<TagRefs>, loose: Vec<Loose>) -> TagRefs {
    let mut tags = TagRefs::default();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use gix::refs::packed;

    use super::*;
    use crate::git::from_gix;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    proptest! {
        #[test]
        fn what_is_read_without_gix_is_read_as_gix_reads_it(
            name in "([a-zA-Z0-9@#_=!+./{ -]|\\.lock|\\.\\.|@\\{){1,12}",
            damage in prop::option::of((0..60_usize, any::<u8>())),
            is_peeled in any::<bool>(),
        ) {
            let peeled = if is_peeled { format!("^{ID}\n") } else { String::new() };
            let mut entry = format!("{ID} refs/tags/{name}\n{peeled}").into_bytes();
            if let Some((place, byte)) = damage {
                let place = place % entry.len();
                entry[place] = byte;
            }
            if let Some((tag, len)) = simple_tag(&entry, gix::hash::Kind::Sha1) {
                let read: Vec<_> =
                    packed::Iter::new(&entry[..len], gix::hash::Kind::Sha1).unwrap().collect();
                prop_assert_eq!(read.len(), 1);
                // A second line that belongs to the first one is never left for the next one.
                prop_assert_ne!(entry.get(len), Some(&b'^'));
                let by_gix = read[0].as_ref().unwrap();
                prop_assert_eq!(by_gix.name.as_bstr().to_string(), format!("refs/tags/{}", tag.name));
                prop_assert_eq!(from_gix(&by_gix.target()), tag.target);
            }
        }
    }

    #[test]
    fn the_tags_of_a_registry_are_simple() {
        for name in
            ["m@v1.0.0", "m@v1.0.0!", "folder/a=m#prod#12", "m@deprecated", "release-1", "m@v1.0.0-rc1"]
        {
            let entry = format!("{ID} refs/tags/{name}\n^{ID}\n");
            assert_eq!(
                simple_tag(entry.as_bytes(), gix::hash::Kind::Sha1).map(|(tag, len)| (tag.name, len)),
                Some((name.to_owned(), entry.len()))
            );
        }
    }
}
