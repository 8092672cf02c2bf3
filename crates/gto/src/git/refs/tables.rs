//! The files of reftables.
//!
//! Owns what git 2.47 leaves out: it syncs a table before it writes its end, and prints no ref, without an error, where
//! the end of one is missing. Must not read refs: git does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::git::durable::{sync_file, sync_folder};
use crate::git::{GitError, Repository};

/// Maximum number of times that the list is read again because another process replaced tables.
const ATTEMPTS: usize = 10;

/// What each table begins with.
const MAGIC: &[u8] = b"REFT";

impl Repository {
    /// Syncs all tables and their names.
    pub(in crate::git) fn sync_tables(&self) -> io::Result<()> {
        self.each_table(|table| sync_file(table).map(drop))?;
        sync_folder(&self.tables_dir())
    }

    /// Fails if a table is missing, cut off or damaged.
    pub(in crate::git) fn check_tables(&self) -> Result<(), GitError> {
        let check = |table: &Path| {
            if fs::read(table).is_ok_and(|content| has_end(&content)) {
                return Ok(());
            }
            let name = table.file_name().unwrap_or_default().to_string_lossy();
            let message = format!(
                "the table `{name}` is missing or cut off, as after a power cut, and git then reads no ref at all. Restore it, \
                 or take its line out of `{}`, which undoes the last changes of refs",
                self.tables_dir().join("tables.list").display()
            );
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        };
        self.each_table(check).map_err(|error| GitError::failed("read the refs", error))
    }

    /// Visits the tables. Those that another process replaces meanwhile are nothing to fail on.
    fn each_table(&self, visit: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
        let folder = self.tables_dir();
        let list = || fs::read_to_string(folder.join("tables.list"));
        let mut tables = list()?;
        let mut result = Ok(());
        for _ in 0..ATTEMPTS {
            result = tables.lines().try_for_each(|table| visit(&folder.join(table)));
            let visited = std::mem::replace(&mut tables, list()?);
            if visited == tables {
                break;
            }
        }
        result
    }

    fn tables_dir(&self) -> PathBuf {
        self.common_dir().join("reftable")
    }
}

/// Whether a table is whole: its end begins as it does itself, and closes with a checksum. See "Footer" in git's
/// technical/reftable.
fn has_end(table: &[u8]) -> bool {
    let (header, footer) = match table.get(4) {
        Some(1) => (24, 68),
        Some(2) => (28, 72),
        _ => return false,
    };
    let Some(end) = table.len().checked_sub(footer).filter(|end| *end >= header) else { return false };
    let (content, sum) = table[end..].split_at(footer - 4);
    table.starts_with(MAGIC)
        && content.starts_with(&table[..header])
        && crc32fast::hash(content).to_be_bytes() == sum
}

#[cfg(test)]
mod tests {
    use gto_testkit::{RefFormat, RepoOptions, Sandbox, TagSpec};

    use super::*;
    use crate::git::test_repo::open;

    #[test]
    fn a_table_that_is_cut_off_anywhere_is_no_empty_registry() {
        if !gto_testkit::Repo::reftable_works() {
            return gto_testkit::skip("this git has no reftables");
        }
        for sha256 in [false, true] {
            let options = RepoOptions { refs: RefFormat::Reftable, sha256, ..RepoOptions::default() };
            let repo = Sandbox::new().repo_with("repo", options);
            assert_eq!(open(&repo).tag_refs("").unwrap().refs.len(), 0);
            repo.commit(&[], "first");
            repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
            open(&repo).check_tables().unwrap();
            let folder = repo.git_dir().join("reftable");
            let list = fs::read_to_string(folder.join("tables.list")).unwrap();
            let table = folder.join(list.lines().last().unwrap());
            let whole = fs::read(&table).unwrap();
            for length in (0..whole.len()).step_by(5) {
                let mut zeros = whole[..length].to_vec();
                zeros.resize(whole.len(), 0);
                for torn in [&whole[..length], &zeros] {
                    fs::write(&table, torn).unwrap();
                    let error = open(&repo).tag_refs("m@").unwrap_err();
                    assert!(format!("{error:?}").contains("is missing or cut off"), "{length}: {error:?}");
                }
            }
            fs::remove_file(&table).unwrap();
            assert!(open(&repo).tag_refs("").is_err());
            fs::write(&table, &whole).unwrap();
            assert_eq!(open(&repo).tag_refs("m@").unwrap().refs.len(), 1);
        }
    }
}
