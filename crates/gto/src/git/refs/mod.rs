//! The refs under `refs/tags/`: listing them, finding one, what may be a name.
//!
//! Owns names and what refs point to. Must not read objects.

pub(super) mod edit;
mod entries;
pub(super) mod files;
pub(super) mod folders;
pub(super) mod head;
mod loose_ref;
pub(super) mod machine;
pub(super) mod packed;
pub(super) mod packed_damage;
pub(super) mod ref_lock;
pub(super) mod reflog;
pub(super) mod reftable;
pub(super) mod search;
pub(in crate::git) mod seen;
mod simple_name;
pub(super) mod system_lock;
pub(super) mod tables;
pub(super) mod transaction;
pub(super) mod update;
pub(super) mod via_git;
pub(super) mod writer_lock;

use std::collections::HashSet;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::PathBuf;

use gix::bstr::{BStr, ByteSlice as _};
use gix::refs::FullName;

use crate::git::refs::loose_ref::LooseRef;
use crate::git::{GitError, RefStorage, Repository, lossy};
use crate::object_id::ObjectId;

/// Where tags live.
pub(in crate::git) const TAGS: &str = "refs/tags/";

/// How many symbolic refs are followed, as in git.
const MAX_SYMBOLIC: usize = 5;

/// A ref under `refs/tags/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TagRef {
    /// The name without `refs/tags/`.
    pub name: String,
    /// What the ref points to, usually a tag object.
    pub target: ObjectId,
}

/// The tags of a repository, and what could not be read as one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TagRefs {
    /// In the order of their names' bytes.
    pub refs: Vec<TagRef>,
    /// Names that are not UTF-8, with replacement characters.
    pub not_utf8: Vec<String>,
    /// Refs whose content is not an object id: an empty file after a crash, a dangling symbolic ref.
    pub broken: Vec<String>,
    /// What the listing saw of `HEAD`.
    pub head: SeenHead,
}

/// What a listing of tags saw of `HEAD`: where git is asked for the one, it tells of the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SeenHead {
    /// It did not look.
    #[default]
    NotLooked,
    /// There is no commit yet.
    Unborn,
    /// The commit.
    At(ObjectId),
}

impl Repository {
    /// All tags whose name begins with `prefix`, in the order of their names' bytes.
    pub fn tag_refs(&self, prefix: &str) -> Result<TagRefs, GitError> {
        self.tag_refs_with(&[prefix])
    }

    /// All tags whose name begins with one of the prefixes, which come in order and of which none begins with another.
    pub fn tag_refs_with(&self, prefixes: &[&str]) -> Result<TagRefs, GitError> {
        if self.refs == RefStorage::Reftable {
            return self.reftable_tag_refs(prefixes);
        }
        self.file_tag_refs(prefixes)
    }

    /// The names of the tags that begin with one of the prefixes and have a mark in them, in no order, some of them twice. What
    /// they point to is not read, which for a hundred loose ones is most of the time of a write.
    pub fn listed_names(
        &self,
        prefixes: &[&str],
        has_mark: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<String>, GitError> {
        if self.refs == RefStorage::Files {
            return self.file_tag_names(prefixes, has_mark);
        }
        let TagRefs { refs, not_utf8, broken, .. } = self.tag_refs_with(prefixes)?;
        let names = refs.into_iter().map(|tag| tag.name).chain(not_utf8).chain(broken);
        Ok(names.filter(|name| has_mark(name.as_bytes())).collect())
    }

    /// What [`TagRefs::digest_of_names`] gives for the tags whose names begin with one of the prefixes.
    pub fn digest_of_names(&self, prefixes: &[&str]) -> Result<u64, GitError> {
        Ok(digest(self.listed_names(prefixes, &|_| true)?.iter().map(String::as_str).collect()))
    }

    /// How many bytes the files have that hold many refs each; none if there are no such files.
    pub fn packed_refs_len(&self) -> u64 {
        let len = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        match self.refs {
            RefStorage::Files => len(self.common_dir().join("packed-refs")),
            RefStorage::Reftable => {
                let tables = fs::read_dir(self.common_dir().join("reftable")).into_iter().flatten().flatten();
                tables.map(|table| len(table.path())).sum()
            }
        }
    }

    /// The tag of this name. A name that no tag can have is simply not there.
    pub fn tag_ref(&self, name: &str) -> Result<Option<TagRef>, GitError> {
        let Some(full_name) = full_name(name) else {
            return Ok(None);
        };
        if self.refs == RefStorage::Reftable || is_too_long(name) {
            let tags = self.tag_refs_with(&[name])?;
            return Ok(tags.refs.into_iter().find(|tag| tag.name == name));
        }
        let target = self.target_of(&full_name)?;
        Ok(target.map(|target| TagRef { name: name.to_owned(), target }))
    }

    /// The ref that a symbolic one names; `None` if it is none. Git packs no symbolic ref.
    pub(in crate::git) fn symbolic_target_of(&self, name: &FullName) -> Result<Option<String>, GitError> {
        let broken =
            |source: std::io::Error| GitError::BrokenRef { name: name.to_string(), source: source.into() };
        Ok(match self.read_loose_ref(name).map_err(broken)? {
            Some(LooseRef::Symbolic(target)) => Some(target.to_string()),
            _ => None,
        })
    }

    /// The object that a ref points to, through symbolic refs.
    pub(in crate::git) fn target_of(&self, name: &FullName) -> Result<Option<ObjectId>, GitError> {
        let mut next = name.clone();
        for _ in 0..=MAX_SYMBOLIC {
            let broken = |source| GitError::BrokenRef { name: name.to_string(), source };
            match self.read_loose_ref(&next).map_err(|error| broken(error.into()))? {
                Some(LooseRef::Object(id)) => return Ok(Some(id)),
                Some(LooseRef::Symbolic(symbolic)) => next = symbolic,
                Some(LooseRef::Broken) => {
                    return Err(broken("it is neither an id nor the name of a ref".into()));
                }
                // In this order: git adds a ref to `packed-refs` before it removes its file.
                None => return self.packed_target(&next.to_string()),
            }
        }
        let source = format!("more than {MAX_SYMBOLIC} symbolic refs lead from one to the next").into();
        Err(GitError::BrokenRef { name: name.to_string(), source })
    }
}

fn digest(mut names: Vec<&str>) -> u64 {
    names.sort_unstable();
    names.dedup();
    foldhash::quality::FixedState::default().hash_one(names)
}

impl TagRefs {
    /// The same for the same names, within one process; see [`Repository::digest_of_names`].
    pub fn digest_of_names(&self) -> u64 {
        let names = self.refs.iter().map(|tag| &tag.name).chain(&self.not_utf8).chain(&self.broken);
        digest(names.map(String::as_str).collect())
    }

    /// Takes in a ref by its full name; `target` is `None` if it points nowhere.
    pub(in crate::git) fn push(&mut self, full_name: &BStr, target: Option<ObjectId>) {
        if let Some(name) = full_name.strip_prefix(TAGS.as_bytes()) {
            self.push_name(name.as_bstr(), target);
        }
    }

    /// Takes in the tags of another listing, all of which come after these.
    pub(in crate::git) fn append(&mut self, mut other: Self) {
        self.refs.append(&mut other.refs);
        self.not_utf8.append(&mut other.not_utf8);
        self.broken.append(&mut other.broken);
    }

    /// As [`TagRefs::push`], by the name without `refs/tags/`.
    pub(in crate::git) fn push_name(&mut self, name: &BStr, target: Option<ObjectId>) {
        match (name.to_str(), target) {
            (Ok(name), Some(target)) => self.refs.push(TagRef { name: name.to_owned(), target }),
            (Err(_), Some(_)) => self.not_utf8.push(lossy(name)),
            (_, None) => self.broken.push(lossy(name)),
        }
    }
}

/// `refs/tags/<name>`, if that can be the name of a ref.
pub(in crate::git) fn full_name(name: &str) -> Option<FullName> {
    FullName::try_from(format!("{TAGS}{name}")).ok()
}

/// The longest part between slashes that a file system takes as the name of a ref and of its lock: 255 bytes less `.lock`.
const MAX_PART: usize = 250;

/// Whether a tag can have this name: what `git check-ref-format` accepts, no option in disguise, and no longer than
/// files may be called.
pub(crate) fn is_valid_tag_name(name: &str) -> bool {
    !name.starts_with('-') && full_name(name).is_some() && !is_too_long(name)
}

/// Whether no file can have this name, so that at most a packed ref does.
fn is_too_long(name: &str) -> bool {
    name.split('/').any(|part| part.len() > MAX_PART)
}

/// The names of which `name` is in a folder: for `a/b/c`, `a` and `a/b`. No two of them can be refs at once.
pub(in crate::git) fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// The first name that cannot be beside another one of the same set, with that other one.
pub(in crate::git) fn clash<'a>(names: &HashSet<&'a str>) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| folders(name).find(|folder| names.contains(folder)).map(|by| (*name, by)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::git::test_repo::{each_storage, id, open};

    fn names(repository: &Repository, prefix: &str) -> Vec<String> {
        let tags = repository.tag_refs(prefix).unwrap();
        tags.refs.into_iter().map(|tag| tag.name).collect()
    }

    #[test]
    fn tags_are_listed_in_the_order_of_their_bytes_wherever_they_are_kept() {
        for repo in each_storage() {
            let first = repo.commit(&[], "first");
            let packed = ["a", "b/c", "m-x@v1", "m@v1", "m@v2"];
            for name in packed {
                repo.tag(name, "HEAD", &TagSpec::default());
            }
            repo.pack_refs();
            let loose = ["a-b", "a.b", "a0", "b.c", "b/d/e@v1", "cv=m@v1", "m@v10", "mm@v1"];
            for name in loose {
                repo.lightweight(name, "HEAD");
            }
            let repository = open(&repo);
            let mut expected = [&packed[..], &loose[..]].concat();
            expected.sort_unstable();
            assert_eq!(names(&repository, ""), expected);
            assert_eq!(names(&repository, ""), repo.tag_names());
            let found = repository.tag_ref("a-b").unwrap().unwrap();
            assert_eq!(found, TagRef { name: "a-b".to_owned(), target: id(&first) });
        }
    }

    #[test]
    fn a_prefix_may_end_anywhere_in_a_name() {
        for repo in each_storage() {
            repo.commit(&[], "first");
            let all = ["b/c@v1", "b/d/e@v1", "bb@v1", "m#s#1", "m@v1", "m@v1/x/y", "m@v10", "mm@v1"];
            for packed in [true, false] {
                for name in all.iter().filter(|name| **name != "m@v1/x/y") {
                    repo.lightweight(name, "HEAD");
                }
                if packed {
                    repo.pack_refs();
                }
                let repository = open(&repo);
                for prefix in ["", "m", "m@", "m@v1", "m#", "b", "b/", "b/d", "b/d/", "b/d/e@v1", "x", "x/y"]
                {
                    let expected: Vec<_> =
                        repo.tag_names().into_iter().filter(|name| name.starts_with(prefix)).collect();
                    assert_eq!(names(&repository, prefix), expected, "{prefix}");
                }
                for prefix in
                    ["/", "..", "../heads/", "b//", "b/../", "m*", "*", "\0", "m\n", "./", "b/./", "\\"]
                {
                    assert_eq!(names(&repository, prefix), Vec::<String>::new(), "{prefix:?}");
                }
            }
        }
    }

    #[test]
    fn a_loose_ref_hides_a_packed_one() {
        let repo = Repo::new();
        let first = repo.commit(&[], "first");
        repo.lightweight("x", "HEAD");
        repo.pack_refs();
        let second = repo.commit(&[], "second");
        repo.lightweight("x", "HEAD");
        let repository = open(&repo);
        assert_ne!(first, second);
        let expected = TagRef { name: "x".to_owned(), target: id(&second) };
        assert_eq!(repository.tag_ref("x").unwrap().as_ref(), Some(&expected));
        assert_eq!(repository.tag_refs("").unwrap().refs, [expected]);
    }

    #[test]
    fn a_broken_ref_is_named_and_the_others_are_listed() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.lightweight("a", "HEAD");
        repo.lightweight("z", "HEAD");
        repo.pack_refs();
        let tags = repo.git_dir().join("refs/tags");
        fs::create_dir_all(tags.join("empty/folder")).unwrap();
        fs::write(tags.join("empty.txt"), "").unwrap();
        fs::write(tags.join("garbage"), "no id at all\n").unwrap();
        fs::write(tags.join("dangling"), "ref: refs/heads/nowhere\n").unwrap();
        fs::write(tags.join("symbolic"), "ref: refs/heads/main\n").unwrap();
        fs::write(tags.join("loop"), "ref: refs/tags/loop\n").unwrap();
        fs::write(tags.join("left.lock"), "").unwrap();
        let repository = open(&repo);
        let found = repository.tag_refs("").unwrap();
        let listed: Vec<_> = found.refs.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(listed, ["a", "symbolic", "z"]);
        assert_eq!(found.refs[1].target, id(&commit));
        assert_eq!(found.broken, ["dangling", "empty.txt", "garbage", "loop"]);
        assert!(matches!(repository.tag_ref("garbage"), Err(GitError::BrokenRef { .. })));
        assert_eq!(repository.tag_ref("dangling").unwrap(), None);
        assert_eq!(repository.tag_ref("empty").unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf8_are_kept_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;

        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.lightweight("é", "HEAD");
        for _ in 0..2 {
            let name = OsStr::from_bytes(b"refs/tags/caf\xe9");
            let status = repo.command("git").arg("update-ref").arg(name).arg("HEAD").status().unwrap();
            assert!(status.success());
            let tags = open(&repo).tag_refs("").unwrap();
            assert_eq!(tags.refs.len(), 1);
            assert_eq!(tags.not_utf8, ["caf\u{fffd}"]);
            repo.pack_refs();
        }
    }

    fn is_in_order(packed_refs: &[u8]) -> bool {
        let lines = packed_refs.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"^"));
        lines.filter_map(|line| line.get(41..).filter(|_| !line.starts_with(b"#"))).is_sorted()
    }

    /// D27: git reads each of them, with the same prefixes.
    #[test]
    fn what_git_refuses_of_packed_refs_is_refused_and_what_it_reads_is_read() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        for n in 0..20 {
            repo.lightweight(&format!("m{n:02}/x"), "HEAD");
        }
        repo.tag("n@v1", "HEAD", &TagSpec::default());
        repo.pack_refs();
        let path = repo.git_dir().join("packed-refs");
        let text = fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
        let header = lines[0];
        let mut files =
            vec![Vec::new(), header.to_vec(), b"# nothing\n".to_vec(), b"\n\n".to_vec(), vec![0; 90]];
        files.push(text.replace("\n", "\r\n"));
        files.extend((1..=text.len().min(120)).map(|cut| text[..text.len() - cut].to_vec()));
        for place in 1..=lines.len() {
            let id = &lines[2][..40];
            let noises = [
                b"\x01\x01 noise\n".to_vec(),
                b"\n".to_vec(),
                b"\0\0\0\0\n".to_vec(),
                b"^0123\n".to_vec(),
                [id, b" refs/tags/a..b\n"].concat(),
                [id, b" refs/tags/m05/y\r\n"].concat(),
                [id, b" refs/../x\n"].concat(),
                [id, b" refs/tags/m05/\0y\n"].concat(),
                [id, b"x refs/tags/m05/y\n"].concat(),
            ];
            for noise in noises {
                let (before, after) = lines.split_at(place);
                let noisy = [before.concat(), noise, after.concat()].concat();
                files.push(noisy[header.len()..].to_vec());
                files.push(noisy);
            }
        }
        let mut refusals = 0;
        for (case, file) in files.iter().enumerate() {
            fs::write(&path, file).unwrap();
            let repository = open(&repo);
            let shown = lossy(file);
            for prefix in if case % 7 == 0 { &["", "m05/", "n@", "a"][..] } else { &["", "m05/"] } {
                let mut pattern = format!("refs/tags/{prefix}");
                if !prefix.is_empty() {
                    pattern.push('*');
                }
                let git = repo.git(&["for-each-ref", "--format=%(refname)", &pattern]);
                let said = lossy(&git.stderr);
                match repository.tag_refs(prefix) {
                    Ok(tags) => {
                        assert!(git.status.success(), "{prefix} {case} {said}\n{shown}");
                        let mut names: Vec<_> = lossy(&git.stdout)
                            .lines()
                            .map(|name| name["refs/tags/".len()..].to_owned())
                            .collect();
                        names.sort_unstable();
                        names.dedup();
                        let ours: Vec<_> = tags.refs.into_iter().map(|tag| tag.name).collect();
                        let is_told = tags.broken.is_empty() == said.is_empty();
                        if is_in_order(file) {
                            assert_eq!(ours, names, "{prefix} {case} {said}\n{shown}");
                            assert!(is_told, "{prefix} {case} {said}\n{shown}");
                        } else {
                            // Git's search passes over some of them.
                            let has_all = names.iter().all(|name| ours.contains(name));
                            assert!(
                                has_all && (is_told || said.is_empty()),
                                "{prefix} {case} {said}\n{shown}"
                            );
                        }
                    }
                    Err(error) => {
                        refusals += 1;
                        if git.status.success() {
                            // It takes a name up to a NUL, which is none that anybody gave, and passes over what is damaged if its
                            // search meets it: to refuse that is safe. A file that is in order is never refused.
                            assert!(*file != text, "{prefix} {case} {error:?}\n{shown}");
                            continue;
                        }
                        let source = std::error::Error::source(&error).unwrap().to_string();
                        let what = source.split(' ').take(2).collect::<Vec<_>>().join(" ");
                        let is_told = said.contains(&what) || what == "a name";
                        assert!(is_told, "{prefix} {case} {said} {source}\n{shown}");
                    }
                }
            }
        }
        assert!(refusals > 100, "{refusals}");
    }

    #[test]
    fn a_packed_refs_file_out_of_order_has_each_tag_once_and_in_order() {
        let repo = Repo::new();
        let id = repo.commit(&[], "first");
        let line = |name: &str| format!("{id} refs/tags/{name}\n");
        let text = ["c", "a", "b", "c", "b"].map(line).concat();
        fs::write(repo.git_dir().join("packed-refs"), text).unwrap();
        let tags = open(&repo).tag_refs("").unwrap();
        assert_eq!(tags.refs.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn tags_that_git_packs_meanwhile_are_not_missed() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let head = repo.head();
        let creates =
            (0..300).map(|n| format!("create refs/tags/m{n} {head}\n")).collect::<Vec<_>>().concat();
        repo.git_stdin(&["update-ref", "--stdin"], creates.as_bytes());
        let second = repo.commit(&[], "second");
        let git = |args: &[&str]| {
            let mut git = repo.command("git");
            git.args(args);
            git
        };
        let commands: Vec<_> = (0..40)
            .flat_map(|n| {
                let to = if n % 2 == 0 { &second } else { &head };
                [git(&["update-ref", "refs/tags/m0", to]), git(&["pack-refs", "--all"])]
            })
            .collect();
        let packing = std::thread::spawn(move || {
            for mut command in commands {
                command.output().unwrap();
            }
        });
        let repository = open(&repo);
        while !packing.is_finished() {
            let tags = repository.tag_refs("").unwrap();
            assert_eq!((tags.refs.len(), tags.broken.len()), (300, 0));
        }
    }

    #[test]
    fn a_name_is_valid_if_git_says_so() {
        let repo = Repo::new();
        let long = "x".repeat(300);
        for name in [
            "m@v1.0.0",
            "m#prod!#5",
            "cv=m@v1",
            "a/b",
            "é",
            "HEAD",
            "a.b",
            "a@",
            "{a}",
            "!",
            "\"",
            "'",
            "%",
            "a=b",
            "",
            ".",
            "..",
            "/",
            "/a",
            "a/",
            "a//b",
            "a..b",
            "a.lock",
            "a.lock/b",
            ".a",
            "a/.b",
            "a.",
            "a/b.",
            "a b",
            "a~",
            "a^",
            "a:",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a\tb",
            "a\u{7f}",
            "@",
            "@{",
            "a@{b",
            "a\nb",
            "-a",
            "a/-b",
            "$(x)",
            "`x`",
            "a;b",
            "\u{200b}",
            "\u{202e}a",
            "refs/tags/x",
        ] {
            let checked = repo.git(&["check-ref-format", &format!("refs/tags/{name}")]).status.success();
            assert_eq!(is_valid_tag_name(name), checked && !name.starts_with('-'), "{name:?}");
        }
        assert!(!is_valid_tag_name("a\0b"));
        // Git says so only when it makes the file.
        assert!(!is_valid_tag_name(&long) && is_valid_tag_name(&long[..MAX_PART]));
    }

    #[test]
    fn looking_up_a_name_that_cannot_be_finds_nothing() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.git_ok(&["branch", "refs/tags/x"]);
        let repository = open(&repo);
        for name in ["", "x", "../heads/main", "a//b", "-x", "a\0b", "main"] {
            assert_eq!(repository.tag_ref(name).unwrap(), None, "{name:?}");
        }
    }
}
