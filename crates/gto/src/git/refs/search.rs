//! A search for some of the tags whose names begin alike, without making anything of the others.
//!
//! Owns that a tag is chosen by its name and, where it is packed, by the commit that is noted beside it. Names are listed once for
//! several searches. Must not read objects, nor know what names mean.

use gix::bstr::{BString, ByteSlice as _};
use gix::refs::FullName;

use crate::git::refs::TAGS;
use crate::git::refs::files::possible;
use crate::git::refs::packed::{Line, PackedRefs};
use crate::git::refs::simple_name::is_simple;
use crate::git::{GitError, RefStorage, Repository, TagRef, TagRefs, lossy};

/// What becomes of a tag, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It is wanted.
    Take,
    /// It is known by its name, and is not wanted.
    Pass,
    /// Its name says nothing. If no tag can have it, it is what is left of another one, and counts as broken.
    Unknown,
}

/// Chooses by the name and, as far as it is known without a look at the object, the id of the commit in hex.
pub(crate) type Choose<'c> = dyn FnMut(&[u8], Option<&[u8]>) -> Choice + 'c;

/// The tags to search in.
pub(crate) struct TagSearch<'r> {
    repository: &'r Repository,
    prefixes: [String; 2],
    listed: Option<Listed>,
}

/// What was listed of them.
enum Listed {
    /// The names of the loose ones, sorted, and the file of the others.
    Files { loose: Vec<BString>, packed: Option<PackedRefs> },
    /// All of them, which git lists in one process.
    Tables(TagRefs),
}

impl Repository {
    /// A search among the tags whose names begin with one of two prefixes, which come in order.
    pub fn search_tags(&self, prefixes: [String; 2]) -> TagSearch<'_> {
        TagSearch { repository: self, prefixes, listed: None }
    }
}

impl Repository {
    /// The names of tags that begin with one of the prefixes, and have a mark in them; in no order, some of them twice.
    pub(in crate::git) fn file_tag_names(
        &self,
        prefixes: &[&str],
        has_mark: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<String>, GitError> {
        let prefixes = possible(prefixes);
        let is_ref = |name: &BString| {
            is_simple(name) || FullName::try_from([TAGS.as_bytes(), name].concat().as_bstr()).is_ok()
        };
        // In this order: git adds a ref to `packed-refs` before it removes its file.
        let loose = self.loose_names_if(&prefixes, &|folder, name| has_mark(name) || has_mark(folder))?;
        let mut names: Vec<String> =
            loose.iter().filter(|name| is_ref(name)).map(|name| lossy(name)).collect();
        let Some(packed) = self.packed_refs()? else { return Ok(names) };
        for prefix in prefixes {
            let mut choose = |name: &[u8], _: Option<&[u8]>| {
                if has_mark(name) {
                    names.push(lossy(name));
                }
                Choice::Pass
            };
            find_packed(&packed, prefix, &mut choose, &mut TagRefs::default())?;
        }
        Ok(names)
    }
}

impl TagSearch<'_> {
    /// The tag of this name; `None` if there is none, or it is broken.
    pub fn exact(&mut self, name: &str) -> Result<Option<TagRef>, GitError> {
        if self.repository.refs == RefStorage::Files {
            return match self.repository.tag_ref(name) {
                Err(GitError::BrokenRef { .. }) => Ok(None),
                found => found,
            };
        }
        let found = self.find(name, &mut |found, _| {
            if found == name.as_bytes() { Choice::Take } else { Choice::Pass }
        })?;
        Ok(found.refs.into_iter().next())
    }

    /// The tags that are chosen of those whose names begin with `prefix`, in no order.
    ///
    /// A loose tag hides a packed one of its name. One that is packed and removed while we look is looked up again.
    pub fn find(&mut self, prefix: &str, choose: &mut Choose<'_>) -> Result<TagRefs, GitError> {
        let repository = self.repository;
        let mut found = TagRefs::default();
        let (loose, packed) = match self.list()? {
            Listed::Tables(all) => return Ok(chosen_of(all, prefix, choose)),
            Listed::Files { loose, packed } => (loose, packed),
        };
        let from = loose.partition_point(|name| name.as_slice() < prefix.as_bytes());
        let mut gone = Vec::new();
        for name in loose[from..].iter().take_while(|name| name.starts_with(prefix.as_bytes())) {
            if choose(name, None) != Choice::Take {
                continue;
            }
            match repository.loose_tag(name)? {
                Some((name, target)) => found.push_name(name.as_bstr(), target),
                None => gone.push(name.clone()),
            }
        }
        if !gone.is_empty() {
            loose.retain(|name| !gone.contains(name));
            *packed = repository.packed_refs()?;
        }
        if let Some(packed) = packed {
            let is_loose = |name: &[u8]| loose.binary_search_by(|found| found.as_slice().cmp(name)).is_ok();
            find_packed(
                packed,
                prefix,
                &mut |name, commit| {
                    if is_loose(name) { Choice::Pass } else { choose(name, commit) }
                },
                &mut found,
            )?;
        }
        Ok(found)
    }

    fn list(&mut self) -> Result<&mut Listed, GitError> {
        let repository = self.repository;
        let prefixes = self.prefixes.each_ref().map(String::as_str);
        match &mut self.listed {
            Some(listed) => Ok(listed),
            none => {
                let listed = match repository.refs {
                    RefStorage::Reftable => Listed::Tables(repository.tag_refs_with(&prefixes)?),
                    RefStorage::Files => {
                        // In this order: git adds a ref to `packed-refs` before it removes its file.
                        let mut loose = repository.loose_names(&possible(&prefixes))?;
                        loose.sort_unstable();
                        Listed::Files { loose, packed: repository.packed_refs()? }
                    }
                };
                Ok(none.insert(listed))
            }
        }
    }
}

fn chosen_of(all: &TagRefs, prefix: &str, choose: &mut Choose<'_>) -> TagRefs {
    let is_chosen = |name: &str, choose: &mut Choose<'_>| {
        name.starts_with(prefix) && choose(name.as_bytes(), None) == Choice::Take
    };
    let refs = all.refs.iter().filter(|tag| is_chosen(&tag.name, choose)).cloned().collect();
    let broken = all.broken.iter().filter(|name| is_chosen(name, choose)).cloned().collect();
    TagRefs { refs, broken, ..TagRefs::default() }
}

/// Adds what is chosen of the packed tags. Of the others no more is looked at than where they end, and that they do not hide one.
fn find_packed(
    file: &PackedRefs,
    prefix: &str,
    choose: &mut Choose<'_>,
    found: &mut TagRefs,
) -> Result<(), GitError> {
    let start = [TAGS, prefix].concat();
    let place = file.seek(start.as_bytes())?;
    let is_ordered = file.is_ordered_at(place, start.as_bytes());
    let mut rest = &file.bytes()[if is_ordered { place } else { 0 }..];
    while !rest.is_empty() {
        let line = match file.line(rest) {
            Some(line) => line,
            // What is no plain line is refused, or is one all the same.
            None => {
                file.record(rest).map(|record| Line { name: record.name, len: record.len, peeled: None })?
            }
        };
        if !line.name.starts_with(start.as_bytes()) {
            // Git reads the one after the last before it sees that it is another one: it may be what is left of that.
            let len = file.record(rest)?.len;
            if line.name > start.as_bytes() && is_ordered && file.is_before_next(rest, len) {
                break;
            }
            // Git goes on behind a name that is out of order, and refuses one that no ref can have.
            rest = &rest[len..];
            continue;
        }
        let name = &line.name[TAGS.len()..];
        let choice = choose(name, line.peeled);
        if choice != Choice::Pass {
            let target = file.record(rest)?.target;
            if choice == Choice::Take || target.is_none() {
                found.push_name(name.as_bstr(), target);
            }
        }
        rest = &rest[line.len..];
    }
    Ok(())
}
