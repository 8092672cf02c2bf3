//! Tag objects: who tagged which commit, when, with which words.
//!
//! Owns reading them. One odd tag spoils nothing: what cannot be read is a value, never an error. Must not open what an
//! annotated tag is on: the tag's own header has its kind.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use gix::objs::Kind;
use gix::odb::cache::PackCache;
use gix::odb::pack::cache::lru::StaticLinkedList;
use thread_local::ThreadLocal;

use crate::git::objects::text::{Ident, Parts, without_signature};
use crate::git::repository::Handles;
use crate::git::{GitError, OBJECT_LIMIT, Repository, TagRef, lossy};
use crate::object_id::ObjectId;
use crate::processors;
use crate::signature::Signature;

/// A tag larger than this is no message of a person, and counts as damaged.
const MAX_SIZE: usize = 1024 * 1024;

/// So much of what objects are made of is kept for the next, by each thread and in bytes: as much as git keeps.
const BASES: usize = 96 << 20;

/// How many tags of tags are followed.
const MAX_DEPTH: usize = 10;

/// What a tag's ref points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagObject {
    /// A tag object on a commit, maybe through tags of tags.
    Annotated {
        /// The tag object.
        tag_id: ObjectId,
        /// The commit.
        commit: ObjectId,
        /// Who tagged, and when.
        tagger: Signature,
        /// The message as stored, without a signature.
        message: String,
        /// The sum of the name that it has inside, which is not that of its ref if the tag was copied: see [`name_sum`].
        name_sum: u32,
    },
    /// No tag object: the ref points straight at something else.
    Lightweight {
        /// What the ref points to.
        target: ObjectId,
    },
    /// A malformed tag.
    Unreadable(UnreadableTag),
}

/// Why a tag cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnreadableTag {
    /// What the ref points to, or a tag below it, is not in the repository.
    Missing,
    /// It is on something else.
    NotACommit {
        /// What it is on.
        kind: ObjectKind,
        /// The id of that.
        target: ObjectId,
    },
    /// It has no tagger, like tags of 2005.
    NoTagger,
    /// Its time is not a time.
    BadTime,
    /// It is damaged, too large, or no tag at all.
    Malformed,
    /// Too many tags of tags.
    TooDeep,
}

impl UnreadableTag {
    /// Whether Git cannot read the tag either, or its contents are uncertain (decision D27). Any other is no event, and
    /// nothing more (decision D5).
    pub fn is_damage(self) -> bool {
        matches!(self, Self::Missing | Self::Malformed)
    }
}

impl fmt::Display for UnreadableTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("its object is missing from the repository"),
            Self::NotACommit { kind, .. } => write!(f, "it is on a {kind}, not on a commit"),
            Self::NoTagger => f.write_str("it does not say who made it"),
            Self::BadTime => f.write_str("its date cannot be read"),
            Self::Malformed => f.write_str("its object is damaged or too large"),
            Self::TooDeep => f.write_str("it is a tag of tags of tags without end"),
        }
    }
}

/// What Git can store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// A file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        })
    }
}

impl From<Kind> for ObjectKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Self::Commit,
            Kind::Tree => Self::Tree,
            Kind::Blob => Self::Blob,
            Kind::Tag => Self::Tag,
        }
    }
}

impl Repository {
    /// What the tag's ref points to.
    pub fn read_tag(&self, tag: &TagRef) -> TagObject {
        Reader::new(Want::Everything).read(self, tag.target)
    }

    /// What each of the tags' refs points to, in the same order.
    pub fn read_tags(&self, tags: &[TagRef], want: Want) -> Vec<TagObject> {
        self.expect_reads(tags.len());
        let mut reader = Reader::new(want);
        tags.iter().map(|tag| reader.read(self, tag.target)).collect()
    }

    /// Runs work on all processors, each thread with its own repository; the results come in the order of the work.
    /// Nearly all of the time of a large registry goes into inflating objects.
    pub fn on_all_processors<W: Send, R: Send>(
        &self,
        work: Vec<W>,
        todo: impl Fn(&Self, W) -> R + Sync,
    ) -> Vec<R> {
        self.spread(work, None, todo)
    }

    /// As [`Repository::on_all_processors`], for work that reads much of what was made of one another: what one object is made
    /// of is kept for the next.
    pub fn on_all_processors_with_bases<W: Send, R: Send>(
        &self,
        work: Vec<W>,
        todo: impl Fn(&Self, W) -> R + Sync,
    ) -> Vec<R> {
        self.spread(work, Some(|| Box::new(StaticLinkedList::<64>::new(BASES))), todo)
    }

    fn spread<W: Send, R: Send>(
        &self,
        work: Vec<W>,
        cache: Option<fn() -> Box<PackCache>>,
        todo: impl Fn(&Self, W) -> R + Sync,
    ) -> Vec<R> {
        let threads = processors().min(work.len());
        if threads < 2 && cache.is_none() {
            return work.into_iter().map(|piece| todo(self, piece)).collect();
        }
        let (shared, refs) = (self.gix().clone().into_sync(), self.refs);
        let (work_dir, fetches, variables) = (&self.work_dir, &self.fetches, &self.variables);
        let (silence, inherited, environment) = (self.silence, &self.inherited, &self.environment);
        let (packs, stand_in) = (&self.packs, &self.stand_in);
        let queue = Mutex::new(work.into_iter().enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let run = || {
            let mut gix = shared.to_thread_local();
            if let Some(cache) = cache {
                gix.objects.set_pack_cache(cache);
            }
            let here = Self {
                gix: Handles::new(gix),
                work_dir: work_dir.clone(),
                refs,
                reads: AtomicUsize::new(0),
                locked: ThreadLocal::new(),
                environment: environment.clone(),
                fetches: fetches.clone(),
                variables: Arc::clone(variables),
                silence,
                inherited: Arc::clone(inherited),
                packs: Arc::clone(packs),
                reads_many: AtomicBool::new(true),
                stand_in: stand_in.clone(),
            };
            let done: Vec<_> = std::iter::from_fn(next).map(|(i, piece)| (i, todo(&here, piece))).collect();
            (done, here.objects_read())
        };
        let results: Vec<(Vec<(usize, R)>, usize)> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            // Nothing in it panics; if it does, so do we, rather than answer without its part.
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|e| resume_unwind(e))).collect()
        });
        self.count_read(results.iter().map(|(_, reads)| reads).sum());
        let mut done: Vec<(usize, R)> = results.into_iter().flat_map(|(done, _)| done).collect();
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// The commit that a chain of tags ends at.
    fn follow(
        &self,
        mut kind: ObjectKind,
        mut target: ObjectId,
        buffer: &mut Vec<u8>,
    ) -> Result<ObjectId, UnreadableTag> {
        for _ in 0..MAX_DEPTH {
            match kind {
                ObjectKind::Commit => return Ok(target),
                ObjectKind::Tree | ObjectKind::Blob => {
                    return Err(UnreadableTag::NotACommit { kind, target });
                }
                ObjectKind::Tag => {
                    let parts = self.tag_parts(target, buffer)?.ok_or(UnreadableTag::Malformed)?;
                    (kind, target) = target_of(&parts)?;
                }
            }
        }
        Err(UnreadableTag::TooDeep)
    }

    /// The name that a tag object has inside, where it can be read.
    pub fn name_inside(&self, id: ObjectId) -> Option<String> {
        let mut buffer = Vec::new();
        let parts = self.tag_parts(id, &mut buffer).ok().flatten()?;
        Some(lossy(parts.field("tag").unwrap_or_default()))
    }

    /// The commit that an object is or that a tag leads to.
    pub(in crate::git) fn peel_to_commit(&self, id: ObjectId) -> Result<ObjectId, PeelError> {
        let kind = self.header(id).map_err(PeelError::Git)?.0.into();
        self.follow(kind, id, &mut Vec::new()).map_err(PeelError::Tag)
    }

    /// Whether an object is the one that its id names; one that `git replace` put in its place counts as that.
    pub(in crate::git) fn is_intact(&self, id: &gix::ObjectId, kind: Kind, object: &[u8]) -> bool {
        let hash = gix::objs::compute_hash(id.kind(), kind, object);
        hash.is_ok_and(|hash| hash == *id) || self.gix().objects.store_ref().replacements().next().is_some()
    }

    /// A tag object in parts; `None` if the object is of another kind.
    pub(in crate::git) fn tag_parts<'a>(
        &self,
        id: ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<Parts<'a>>, UnreadableTag> {
        let gix_id = self.to_gix(id).ok_or(UnreadableTag::Missing)?;
        self.count_read(1);
        // Without a look at the size first, which would open the file of a loose object twice: `OBJECT_LIMIT` holds.
        let mut kind = self.read_object(&gix_id, buffer);
        if matches!(kind, Ok(None)) && self.fetch_promised(&[id]) {
            kind = self.read_object(&gix_id, buffer);
        }
        match kind {
            Ok(Some(Kind::Tag)) if buffer.len() > MAX_SIZE => Err(UnreadableTag::Malformed),
            // No checksum is verified when an object is inflated, and damage can turn one kind into another.
            Ok(Some(kind)) if !self.is_intact(&gix_id, kind, buffer) => Err(UnreadableTag::Malformed),
            Ok(Some(Kind::Tag)) => Ok(Some(Parts::of(buffer))),
            Ok(Some(_)) => Ok(None),
            Ok(None) => Err(UnreadableTag::Missing),
            Err(_) => match self.header(id) {
                Ok((kind, size)) if kind != Kind::Tag && size > OBJECT_LIMIT as u64 => Ok(None),
                _ => Err(UnreadableTag::Malformed),
            },
        }
    }
}

/// How much of each tag a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// All of it.
    Everything,
    /// All but the messages, which stay empty.
    NoMessages,
}

/// Reads tags one after the other.
struct Reader {
    buffer: Vec<u8>,
    want: Want,
    /// The tagger before: most often the next one too.
    tagger: Option<Signature>,
}

impl Reader {
    fn new(want: Want) -> Self {
        Self { buffer: Vec::new(), want, tagger: None }
    }

    fn read(&mut self, repository: &Repository, target: ObjectId) -> TagObject {
        self.try_read(repository, target).unwrap_or_else(TagObject::Unreadable)
    }

    fn try_read(&mut self, repository: &Repository, tag_id: ObjectId) -> Result<TagObject, UnreadableTag> {
        let Some(parts) = repository.tag_parts(tag_id, &mut self.buffer)? else {
            return Ok(TagObject::Lightweight { target: tag_id });
        };
        let Said { kind, target, tagger, message, name_sum } = said(&parts, self.want, self.tagger.as_ref())?;
        self.tagger = Some(tagger.clone());
        let commit = repository.follow(kind, target, &mut self.buffer)?;
        Ok(TagObject::Annotated { tag_id, commit, tagger, message, name_sum })
    }
}

impl GitError {
    /// The tag object, or one below it, cannot be made sense of.
    pub(in crate::git) fn unreadable(id: ObjectId, why: UnreadableTag) -> Self {
        match why {
            UnreadableTag::Malformed => Self::broken_object(id, "it is damaged or too large"),
            why => Self::broken_object(id, why.to_string()),
        }
    }
}

/// Why an object leads to no commit.
pub(in crate::git) enum PeelError {
    Git(GitError),
    Tag(UnreadableTag),
}

/// The contents of a tag object.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::git) struct Said {
    pub kind: ObjectKind,
    pub target: ObjectId,
    pub tagger: Signature,
    pub message: String,
    pub name_sum: u32,
}

/// A number for a tag's name: far shorter than the name, and another one for nearly every other.
pub(crate) fn name_sum(name: &[u8]) -> u32 {
    crc32fast::hash(name)
}

/// Reads a tag object; `known` is a tagger whose texts may be shared.
pub(in crate::git) fn said(
    parts: &Parts<'_>,
    want: Want,
    known: Option<&Signature>,
) -> Result<Said, UnreadableTag> {
    let (kind, target) = target_of(parts)?;
    let ident = parts.field("tagger").ok_or(UnreadableTag::NoTagger)?;
    // Git reads a tag with such a line.
    let ident = Ident::parse(ident).ok_or(UnreadableTag::NoTagger)?;
    let time = ident.time.ok_or(UnreadableTag::BadTime)?;
    let tagger = match known {
        Some(known) if ident.is_by(known) => Signature { time, ..known.clone() },
        _ => ident.signature(time),
    };
    let message = match want {
        Want::Everything => lossy(without_signature(parts.body)),
        Want::NoMessages => String::new(),
    };
    let name_sum = name_sum(parts.field("tag").unwrap_or_default());
    Ok(Said { kind, target, tagger, message, name_sum })
}

/// The target according to a tag object.
fn target_of(parts: &Parts<'_>) -> Result<(ObjectKind, ObjectId), UnreadableTag> {
    let target = parts.id("object").ok_or(UnreadableTag::Malformed)?;
    let kind = match parts.field("type") {
        Some(b"commit") => ObjectKind::Commit,
        Some(b"tree") => ObjectKind::Tree,
        Some(b"blob") => ObjectKind::Blob,
        Some(b"tag") => ObjectKind::Tag,
        _ => return Err(UnreadableTag::Malformed),
    };
    Ok((kind, target))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

    use super::*;
    use crate::git::test_repo::{each_storage, id, open};

    /// The tag of this name, by both ways to read one.
    fn read(repo: &Repo, name: &str) -> TagObject {
        let repository = open(repo);
        let tag = repository.tag_ref(name).unwrap().unwrap();
        let one = repository.read_tag(&tag);
        assert_eq!(repository.read_tags(&[tag.clone(), tag], Want::Everything), [one.clone(), one.clone()]);
        one
    }

    fn unreadable(repo: &Repo, name: &str) -> UnreadableTag {
        match read(repo, name) {
            TagObject::Unreadable(why) => why,
            other => panic!("{name} can be read: {other:?}"),
        }
    }

    #[test]
    fn a_tag_is_read_with_its_commit_tagger_and_message() {
        for repo in each_storage() {
            let commit = repo.commit(&[], "first");
            let spec = TagSpec::at(1_600_000_000).offset("-0330").by("Zoë", "z@x").message("one\n\ntwo");
            let tag = repo.tag("m@v1.0.0", "HEAD", &spec);
            let TagObject::Annotated { tag_id, commit: on, tagger, message, name_sum } =
                read(&repo, "m@v1.0.0")
            else {
                panic!("it is annotated")
            };
            assert_eq!((tag_id, on), (id(&tag), id(&commit)));
            assert_eq!((tagger.name.as_ref(), tagger.email.as_ref()), ("Zoë", "z@x"));
            assert_eq!((tagger.time.seconds(), tagger.time.offset()), (1_600_000_000, -12_600));
            assert_eq!(message, "one\n\ntwo\n");
            assert_eq!(name_sum, super::name_sum(b"m@v1.0.0"));
            assert_eq!(open(&repo).name_inside(tag_id), Some("m@v1.0.0".to_owned()));
        }
    }

    #[test]
    fn a_tag_of_a_tag_is_on_the_commit_at_the_end() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.tag("t1", "HEAD", &TagSpec::default());
        for n in 2..=12 {
            repo.tag(&format!("t{n}"), &format!("t{}", n - 1), &TagSpec::default());
        }
        let TagObject::Annotated { tag_id, commit: on, message, .. } = read(&repo, "t3") else {
            panic!("it is annotated")
        };
        assert_eq!((tag_id, on), (id(&repo.git_ok(&["rev-parse", "t3"])), id(&commit)));
        assert_eq!(message, "t3\n");
        assert!(matches!(read(&repo, "t10"), TagObject::Annotated { .. }));
        assert_eq!(unreadable(&repo, "t12"), UnreadableTag::TooDeep);
    }

    #[test]
    fn a_tag_on_anything_but_a_commit_says_on_what() {
        let repo = Repo::new();
        let commit = repo.commit(&[("f", "text")], "first");
        repo.tag("tree", "HEAD^{tree}", &TagSpec::default());
        repo.tag("blob", "HEAD:f", &TagSpec::default());
        repo.tag("deep", "blob", &TagSpec::default());
        repo.lightweight("light", "HEAD");
        repo.lightweight("light-blob", "HEAD:f");
        let [tree, blob] = ["HEAD^{tree}", "HEAD:f"].map(|what| id(&repo.git_ok(&["rev-parse", what])));
        let not_a_commit = |kind, target| UnreadableTag::NotACommit { kind, target };
        assert_eq!(unreadable(&repo, "tree"), not_a_commit(ObjectKind::Tree, tree));
        assert_eq!(unreadable(&repo, "blob"), not_a_commit(ObjectKind::Blob, blob));
        assert_eq!(unreadable(&repo, "deep"), not_a_commit(ObjectKind::Blob, blob));
        assert_eq!(read(&repo, "light"), TagObject::Lightweight { target: id(&commit) });
        assert_eq!(read(&repo, "light-blob"), TagObject::Lightweight { target: blob });
    }

    #[test]
    fn a_tag_that_git_would_not_write_is_unreadable_and_never_an_error() {
        use UnreadableTag::{BadTime, Malformed, Missing, NoTagger};
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let absent = "1".repeat(40);
        let head = |kind: &str, id: &str| format!("object {id}\ntype {kind}\ntag t\n");
        let by = |tagger: &str| format!("{}tagger {tagger}\n\ntext\n", head("commit", &commit));
        let huge = format!("{}{}", by("A <a> 1 +0000"), "x".repeat(1024 * 1024));
        for (name, object, why) in [
            ("no-tagger", format!("{}\ntext\n", head("commit", &commit)), NoTagger),
            ("no-brackets", by("Ann 1 +0000"), NoTagger),
            ("no-time", by("A <a>"), BadTime),
            ("word", by("A <a> yesterday +0000"), BadTime),
            ("zone", by("A <a> 1 +9999"), BadTime),
            ("late", by("A <a> 99999999999999999999 +0000"), BadTime),
            ("empty", String::new(), Malformed),
            ("text", "hello\n".to_owned(), Malformed),
            (
                "no-object",
                format!("type commit\ntag t\ntagger A <a> 1 +0000\n\nobject {commit}\n"),
                Malformed,
            ),
            ("short-id", by("A <a> 1 +0000").replace(&commit, "1234"), Malformed),
            ("kind", by("A <a> 1 +0000").replace("type commit", "type thing"), Malformed),
            ("below", by("A <a> 1 +0000").replace(&head("commit", &commit), &head("tag", &absent)), Missing),
            ("huge", huge, Malformed),
        ] {
            let args = ["hash-object", "-t", "tag", "--literally", "-w", "--stdin"];
            let tag = repo.git_stdin(&args, object.as_bytes());
            // Not through git, which refuses a ref to the worst of them.
            fs::write(repo.git_dir().join("refs/tags").join(name), tag + "\n").unwrap();
            assert_eq!(unreadable(&repo, name), why, "{name}");
        }
        fs::write(repo.git_dir().join("refs/tags/gone"), format!("{absent}\n")).unwrap();
        assert_eq!(unreadable(&repo, "gone"), Missing);
    }

    #[test]
    fn a_tag_on_a_commit_that_is_not_here_can_be_read() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let absent = "1".repeat(40);
        let object = format!("object {absent}\ntype commit\ntag t\ntagger A <a> 1 +0000\n\ntext\n");
        repo.raw_tag("t", object.as_bytes());
        assert!(matches!(read(&repo, "t"), TagObject::Annotated { commit, .. } if commit == id(&absent)));
        assert!(!open(&repo).has_object(id(&absent)));
    }

    #[test]
    fn text_that_is_not_utf8_is_read_with_replacement_characters() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let mut object = format!("object {commit}\ntype commit\ntag t\ntagger ").into_bytes();
        object.extend_from_slice(b"J\xf6rg <j\xf6@x> 1 +0000\n\ncaf\xe9 \x1b[31m\n");
        repo.raw_tag("t", &object);
        let TagObject::Annotated { tagger, message, .. } = read(&repo, "t") else { panic!("it can be read") };
        assert_eq!((tagger.name.as_ref(), tagger.email.as_ref()), ("J\u{fffd}rg", "j\u{fffd}@x"));
        assert_eq!(message, "caf\u{fffd} \u{1b}[31m\n");
    }

    #[test]
    fn tags_of_a_sha256_repository_are_read() {
        let repo = Sandbox::new().repo_with("r", RepoOptions { sha256: true, ..RepoOptions::default() });
        let commit = repo.commit(&[], "first");
        repo.tag("t", "HEAD", &TagSpec::default());
        assert!(matches!(read(&repo, "t"), TagObject::Annotated { commit: on, .. } if on == id(&commit)));
        assert_eq!(
            open(&repo).read_tag(&TagRef { name: "x".to_owned(), target: id(&"1".repeat(40)) }),
            TagObject::Unreadable(UnreadableTag::Missing)
        );
    }

    #[test]
    fn packed_tags_are_read_as_loose_ones_are() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        for n in 0..60 {
            repo.tag(
                &format!("m@v0.0.{n}"),
                "HEAD",
                &TagSpec::default().message("much the same\n".repeat(20)),
            );
        }
        let all = |repo: &Repo| {
            let repository = open(repo);
            repository.read_tags(&repository.tag_refs("").unwrap().refs, Want::Everything)
        };
        let loose = all(&repo);
        assert!(loose.iter().all(|tag| matches!(tag, TagObject::Annotated { .. })));
        repo.git_ok(&["gc", "-q", "--prune=now"]);
        assert_eq!(all(&repo), loose);
    }

    #[test]
    fn damaged_object_files_are_unreadable_tags() {
        let repo = Repo::new();
        repo.commit(&[("f", &"text".repeat(1000))], "first");
        let tag = repo.tag("t", "HEAD", &TagSpec::default().message("message ".repeat(500)));
        let path = repo.git_dir().join("objects").join(&tag[..2]).join(&tag[2..]);
        let intact = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for damaged in damages(&intact) {
            fs::write(&path, damaged).unwrap();
            let repository = open(&repo);
            let tag = repository.tag_ref("t").unwrap().unwrap();
            // Some of the damages do no harm, and some are not seen for want of a checksum; none may panic.
            let _ = repository.read_tag(&tag);
        }
        fs::write(&path, "").unwrap();
        assert_eq!(unreadable(&repo, "t"), UnreadableTag::Malformed);
    }

    #[test]
    fn a_tag_object_that_is_not_the_one_its_id_names_is_damaged() {
        let repo = Repo::new();
        let first = repo.commit(&[], "first");
        repo.commit(&[], "second");
        let [one, two] =
            [("one", "HEAD~1"), ("two", "HEAD")].map(|(tag, on)| repo.tag(tag, on, &TagSpec::default()));
        let file = |id: &str| repo.git_dir().join("objects").join(&id[..2]).join(&id[2..]);
        fs::remove_file(file(&two)).unwrap();
        fs::copy(file(&one), file(&two)).unwrap();
        assert_eq!(unreadable(&repo, "two"), UnreadableTag::Malformed);
        // The replacement is meant.
        fs::remove_file(file(&two)).unwrap();
        repo.tag("three", "HEAD", &TagSpec::default());
        repo.git_ok(&["replace", "three", "one"]);
        assert!(matches!(read(&repo, "three"), TagObject::Annotated { commit, .. } if commit == id(&first)));
    }

    #[test]
    fn damaged_packs_are_unreadable_tags() {
        let repo = Repo::new();
        repo.commit(&[("f", "text")], "first");
        for n in 0..20 {
            repo.tag(&format!("t{n}"), "HEAD", &TagSpec::default().message("much the same\n".repeat(20)));
        }
        repo.git_ok(&["gc", "-q", "--prune=now"]);
        for extension in ["pack", "idx"] {
            let packs = fs::read_dir(repo.git_dir().join("objects/pack")).unwrap();
            let path = packs
                .map(|entry| entry.unwrap().path())
                .find(|path| path.extension().is_some_and(|found| found == extension))
                .unwrap();
            let intact = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            for damaged in damages(&intact) {
                fs::write(&path, damaged).unwrap();
                let repository = open(&repo);
                let tags = repository.tag_refs("").unwrap().refs;
                let read = repository.read_tags(&tags, Want::Everything);
                assert_eq!(read.len(), 20);
                // What cannot be read is not taken for something that is no tag (D27).
                assert!(!read.iter().any(|tag| matches!(tag, TagObject::Lightweight { .. })));
            }
            fs::write(&path, intact).unwrap();
        }
    }

    /// Ways to damage a file: cut it, and turn one byte over.
    fn damages(intact: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
        let step = (intact.len() / 60).max(1);
        let cut = (0..intact.len()).step_by(step).map(|at| intact[..at].to_vec());
        let turned = (0..intact.len()).step_by(step).map(|at| {
            let mut bytes = intact.to_vec();
            bytes[at] ^= 0xff;
            bytes
        });
        cut.chain(turned)
    }
}
