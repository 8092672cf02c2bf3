//! The file of one ref, read as git reads it: `files_read_raw_ref` and `parse_loose_ref_contents` in its
//! `refs/files-backend.c`. gix passes over what is behind an id or a name.
//!
//! Must not follow symbolic refs, and must not know about packed ones.

use std::fs::{self, File};
use std::io::{self, Read as _};

use gix::bstr::ByteSlice as _;
use gix::refs::FullName;

use crate::git::{Repository, from_gix};
use crate::object_id::ObjectId;

/// The longest content: no name of a ref is longer.
const MAX_SIZE: u64 = 64 * 1024;

/// Refs of which each work tree has its own.
const OF_WORK_TREE: [&[u8]; 3] = [b"refs/bisect/", b"refs/rewritten/", b"refs/worktree/"];

/// What the file of a ref says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LooseRef {
    Object(ObjectId),
    Symbolic(FullName),
    /// Nothing that git makes sense of.
    Broken,
}

impl Repository {
    /// What the file of a ref says; `None` if there is none.
    pub(super) fn read_loose_ref(&self, name: &FullName) -> io::Result<Option<LooseRef>> {
        let bytes = name.as_bstr();
        let is_shared = bytes.starts_with(b"refs/") && !OF_WORK_TREE.iter().any(|own| bytes.starts_with(own));
        let folder = if is_shared { self.common_dir() } else { self.git_dir() };
        let path = folder.join(gix::path::from_bstr(bytes).map_err(io::Error::other)?);
        let absent = |error: io::Error| {
            let is_absent = is_impossible_or_absent(&error) || error.kind() == io::ErrorKind::IsADirectory;
            if is_absent { Ok(None) } else { Err(error) }
        };
        let mut text = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_SIZE).read_to_end(&mut text));
        match (fs::read_link(&path).ok().and_then(|link| linked(&link)), read) {
            (Some(name), _) => Ok(Some(LooseRef::Symbolic(name))),
            (None, Err(error)) => absent(error),
            (None, Ok(_)) => Ok(Some(parse(&text, self.gix().object_hash()))),
        }
    }
}

/// The ref that a symbolic link names, as old gits made them. Any other link leads to a file like any.
fn linked(target: &std::path::Path) -> Option<FullName> {
    let name = gix::path::into_bstr(target).ok().filter(|name| name.starts_with(b"refs/"))?;
    FullName::try_from(name.as_bstr()).ok()
}

fn parse(text: &[u8], hash: gix::hash::Kind) -> LooseRef {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
    // Git reads no further than a NUL.
    let text = text[..end].split(|byte| *byte == 0).next().unwrap_or_default();
    if let Some(name) = text.strip_prefix(b"ref:") {
        let start = name.iter().position(|byte| !is_space(byte)).unwrap_or(name.len());
        let name = FullName::try_from(name[start..].as_bstr());
        return name.map_or(LooseRef::Broken, LooseRef::Symbolic);
    }
    let digits = hash.len_in_hex();
    let is_over = text.get(digits).is_none_or(is_space);
    let id = text.get(..digits).and_then(|id| gix::ObjectId::from_hex(id).ok()).filter(|_| is_over);
    id.map_or(LooseRef::Broken, |id| LooseRef::Object(from_gix(&id)))
}

/// Whether there is no such file or folder, also because none can have that name.
pub(super) fn is_impossible_or_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidInput | InvalidFilename)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::{Repo, TagSpec};

    use crate::git::test_repo::open;

    /// D27: an id with something behind it was taken for the id.
    #[test]
    fn what_git_calls_a_broken_ref_is_one() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.tag("a", "HEAD", &TagSpec::default());
        let upper = commit.to_uppercase();
        for content in [
            format!("{commit}stray line\n"),
            format!("{commit} behind\n"),
            format!("{commit}\0\n"),
            format!("{commit}\x0c\n"),
            format!("{commit}\nmore\n"),
            format!("{commit}\r\n"),
            format!(" {commit}\n"),
            format!("{upper}\n"),
            format!("{}\n", &commit[1..]),
            "ref: refs/tags/a\nmore\n".to_owned(),
            "ref:refs/tags/a \t\n".to_owned(),
            "ref: \n".to_owned(),
            "ref: refs/tags/a..b\n".to_owned(),
            "\n".to_owned(),
        ] {
            fs::write(repo.git_dir().join("refs/tags/b"), &content).unwrap();
            let listed = repo.git(&["for-each-ref", "refs/tags/b"]);
            let is_healthy = listed.stderr.is_empty() && !listed.stdout.is_empty();
            let tags = open(&repo).tag_refs("").unwrap();
            let expected = if is_healthy { (2, 0) } else { (1, 1) };
            assert_eq!((tags.refs.len(), tags.broken.len()), expected, "{content:?} {listed:?}");
            assert_eq!(matches!(open(&repo).tag_ref("b"), Ok(Some(_))), is_healthy, "{content:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_tag_that_is_a_link_to_another_is_one_as_for_git() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let id = repo.tag("a", "HEAD", &TagSpec::default());
        for target in ["a", "refs/tags/a"] {
            let link = repo.git_dir().join("refs/tags/b");
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).unwrap();
            let listed = repo.git_ok(&["for-each-ref", "--format=%(refname:short) %(objectname)"]);
            let ours = open(&repo).tag_refs("").unwrap();
            let ours: Vec<String> =
                ours.refs.iter().map(|tag| format!("{} {}", tag.name, tag.target)).collect();
            let theirs: Vec<&str> = listed.lines().filter(|line| !line.starts_with("main")).collect();
            assert_eq!(ours, theirs, "{target}");
            assert_eq!(open(&repo).tag_ref("b").unwrap().map(|tag| tag.target.to_string()), Some(id.clone()));
        }
    }
}
