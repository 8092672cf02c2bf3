//! What was seen of the files that tags are in, so that a later look finds those that changed without listing all.
//!
//! Owns when that can be relied on. As git does, `packed-refs` is taken for the same while its metadata is. Must not know what
//! tags mean.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};

use gix::bstr::ByteSlice as _;

use crate::git::refs::files::Loose;
use crate::git::{GitError, RefStorage, Repository, TagRefs};
use crate::time::Timestamp;

/// A file that was written less than so many seconds ago may be written again without another time.
const SETTLED: i64 = 2;

/// With more loose tags it takes more memory to remember them than it saves.
const MOST: usize = 50_000;

/// What was seen of the files.
#[derive(Debug)]
pub(crate) struct SeenRefs {
    packed: PackedFile,
    /// In order.
    loose: Vec<Loose>,
}

/// Which file `packed-refs` is.
#[derive(Debug, PartialEq, Eq)]
enum PackedFile {
    Absent,
    /// Its device, inode, length, and the times of its last changes.
    Is([u64; 3], [i64; 4]),
    /// It cannot be told from another.
    Unknown,
}

impl PackedFile {
    #[cfg(unix)]
    fn new(file: &Metadata, now: Timestamp) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        if now.seconds().saturating_sub(file.mtime().max(file.ctime())) < SETTLED {
            return Self::Unknown;
        }
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
        Self::Is([file.dev(), file.ino(), file.len()], times)
    }

    #[cfg(not(unix))]
    fn new(_: &Metadata, _: Timestamp) -> Self {
        Self::Unknown
    }

    fn is_surely(&self, other: &Self) -> bool {
        self == other && *self != Self::Unknown
    }
}

impl Repository {
    /// All tags, and what was seen of the files that they are in: `None` if that would not help.
    pub fn tag_refs_and_files(&self, now: Timestamp) -> Result<(TagRefs, Option<SeenRefs>), GitError> {
        if self.refs == RefStorage::Reftable {
            return Ok((self.tag_refs("")?, None));
        }
        let loose = self.all_loose_tags()?;
        // Before its lines are read: if it is replaced meanwhile, it is another the next time.
        let packed = self.packed_file(now);
        let tags = self.with_packed_tags(loose.clone())?;
        let is_worth_it = loose.len() <= MOST && tags.broken.is_empty();
        Ok((tags, is_worth_it.then_some(SeenRefs { packed, loose })))
    }

    /// The names of the tags that came, went or moved since, and what is seen of the files now. `None` if it takes a listing to know.
    pub fn tags_changed_since(
        &self,
        before: &SeenRefs,
        now: Timestamp,
    ) -> Result<Option<(BTreeSet<String>, SeenRefs)>, GitError> {
        if self.refs == RefStorage::Reftable || !before.packed.is_surely(&self.packed_file(now)) {
            return Ok(None);
        }
        // The loose ones first: a tag that is packed meanwhile is in another `packed-refs`.
        let loose = self.all_loose_tags()?;
        let packed = self.packed_file(now);
        let are_whole = loose.iter().all(|(_, target)| target.is_some());
        if !before.packed.is_surely(&packed) || !are_whole || loose.len() > MOST {
            return Ok(None);
        }
        let (old, new): (BTreeSet<&Loose>, BTreeSet<&Loose>) =
            (before.loose.iter().collect(), loose.iter().collect());
        let changed = old.symmetric_difference(&new);
        // A name that is no text is no tag of the registry.
        let names = changed.filter_map(|(name, _)| Some(name.to_str().ok()?.to_owned())).collect();
        Ok(Some((names, SeenRefs { packed, loose })))
    }

    fn packed_file(&self, now: Timestamp) -> PackedFile {
        match fs::metadata(self.common_dir().join("packed-refs")) {
            Ok(file) => PackedFile::new(&file, now),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => PackedFile::Absent,
            Err(_) => PackedFile::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::git::test_repo::open;

    fn now() -> i64 {
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn what_changed_is_known_without_a_listing_until_packed_refs_is_another_file() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        for tag in ["a@v1.0.0", "b@v1.0.0"] {
            repo.tag(tag, "HEAD", &TagSpec::default());
        }
        repo.pack_refs();
        let repository = open(&repo);
        let long_after = Timestamp::new(4_000_000_000, 0).unwrap();
        let just_now = Timestamp::new(now(), 0).unwrap();
        let seen = |now| repository.tag_refs_and_files(now).unwrap().1.unwrap();
        let changed = |seen| {
            let found = repository.tags_changed_since(seen, long_after).unwrap();
            found.map(|(names, _)| names.into_iter().collect::<Vec<_>>())
        };
        let (before, just_written) = (seen(long_after), seen(just_now));
        assert_eq!(changed(&before), Some(vec![]));
        assert_eq!(changed(&just_written), None, "it may be written again without another time");
        repo.tag("c@v1.0.0", "HEAD", &TagSpec::default());
        repo.tag("a@v1.0.0", "HEAD", &TagSpec::default().message("moved"));
        assert_eq!(changed(&before).unwrap(), ["a@v1.0.0", "c@v1.0.0"]);
        let after = seen(long_after);
        assert_eq!(changed(&after), Some(vec![]));
        repo.git_ok(&["tag", "-d", "b@v1.0.0"]);
        assert_eq!(changed(&after), None, "git takes a packed one out of the file");
    }
}
