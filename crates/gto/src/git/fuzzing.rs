//! The fuzz targets on what Git keeps and prints: refs, tag objects, the cache of tags.
//!
//! Owns what they promise, and the small repository that some of them read. See `crate::fuzzing`.

use std::fs;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::hash::Kind;
use tempfile::TempDir;

use crate::environment::Environment;
use crate::fuzzing::assert_same;
use crate::git::objects::tag as tags;
use crate::git::objects::text::{Ident, Parts};
use crate::git::refs::{TAGS, full_name};
use crate::git::remote::mirror;
use crate::git::remote::porcelain::{self, Outcome};
use crate::git::remote::{RemoteTag, read_listing};
use crate::git::tag_cache::{self, CachedTag, TagCache, Writer};
use crate::git::{ObjectKind, Repository, TagRef, TagRefs, Want, is_valid_tag_name};
use crate::object_id::ObjectId;
use crate::signature::Signature;
use crate::time::Timestamp;

/// A repository without objects whose files the targets write.
struct Scratch {
    folder: TempDir,
    repository: Repository,
}

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

impl Scratch {
    /// Made by hand: a fuzzer should not start a `git` for this.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name);
        for name in ["objects", TAGS] {
            fs::create_dir_all(path(name)).expect("the folder is ours");
        }
        fs::write(path("HEAD"), "ref: refs/heads/main\n").expect("the folder is ours");
        let config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
        fs::write(path("config"), config).expect("the folder is ours");
        let repository =
            Repository::discover(folder.path(), &Environment::new([], Timestamp::new(0, 0).expect("a time")))
                .expect("it is a repository");
        Self { folder, repository }
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.folder.path().join(name), content).expect("the folder is ours");
    }

    fn remove(&self, name: &str) {
        // It need not be there.
        let _ = fs::remove_file(self.folder.path().join(name));
    }
}

/// `packed-refs`: whatever is in it, what is listed are valid names in order, as a whole and in parts.
pub fn packed_refs(data: &[u8]) {
    SCRATCH.with(|scratch| {
        scratch.write("packed-refs", data);
        let listed = scratch.repository.tag_refs("");
        if let Ok(listed) = &listed {
            assert_listing(listed);
        }
        for prefix in ["m", "m@", "a/b", "a//", "\u{e9}"] {
            if let (Ok(all), Ok(some)) = (&listed, scratch.repository.tag_refs(prefix)) {
                assert!(some.refs.iter().all(|tag| tag.name.starts_with(prefix)), "{prefix}");
                // For a few tags, a file that claims to be sorted is trusted, as by git.
                if !data.starts_with(b"#") {
                    let expected = all.refs.iter().filter(|tag| tag.name.starts_with(prefix));
                    assert_same(
                        &some.refs.iter().collect(),
                        &expected.collect::<Vec<_>>(),
                        "the tags of a prefix",
                    );
                }
            }
            let _ = scratch.repository.tag_ref(prefix);
        }
        scratch.remove("packed-refs");
    });
}

fn assert_listing(listed: &TagRefs) {
    assert!(listed.refs.is_sorted_by(|a, b| a.name <= b.name));
    for TagRef { name, .. } in &listed.refs {
        assert!(full_name(name).is_some() && !name.contains(|c: char| c.is_ascii_control()), "{name:?}");
    }
}

/// The file of a loose ref: an id, the name of another ref, or anything.
pub fn ref_file(data: &[u8]) {
    SCRATCH.with(|scratch| {
        let name = "refs/tags/m@v1.0.0";
        scratch.write(name, data);
        let listed = scratch.repository.tag_refs("");
        let alone = scratch.repository.tag_ref("m@v1.0.0");
        if let Ok(listed) = &listed {
            assert_listing(listed);
            assert_eq!(listed.refs.len() + listed.broken.len(), 1, "it is listed once, broken or not");
            match &alone {
                Ok(alone) => assert_same(&alone.as_ref(), &listed.refs.first(), "the tag listed and alone"),
                Err(_) => assert!(listed.refs.is_empty()),
            }
        }
        let _ = scratch.repository.resolve("m@v1.0.0");
        scratch.remove(name);
        // Where `HEAD` leads is not the stranger's of a remote repository to say, but of one in an archive.
        scratch.write("HEAD", data);
        let _ = scratch.repository.head_commit();
        let _ = scratch.repository.resolve("HEAD");
        scratch.write("HEAD", b"ref: refs/heads/main\n");
    });
}

/// A tag or commit object: it reads the same with and without what was read before, and comes back from the cache.
pub fn tag_object(data: &[u8]) {
    let parts = Parts::of(data);
    let all = tags::said(&parts, Want::Everything, None);
    let _ = parts.field("author").and_then(Ident::parse);
    let Ok(said) = all else {
        assert_same(&tags::said(&parts, Want::NoMessages, None), &all, "what cannot be read");
        return;
    };
    let again = tags::said(&parts, Want::Everything, Some(&said.tagger));
    assert_same(&again.as_ref(), &Ok(&said), "readings with a known tagger");
    let short = tags::said(&parts, Want::NoMessages, None).expect("the message is not what is wrong");
    assert_same(&(short.target, &short.tagger), &(said.target, &said.tagger), "readings without message");
    assert_eq!(short.message, "");
    assert!(said.message.len() <= 3 * data.len());
    assert!(!said.tagger.time.iso().is_empty());
    // What gix can read, we read as it does.
    if let Ok(theirs) = gix::objs::TagRef::from_bytes(data, kind_of(&said.target)) {
        assert_eq!(
            (theirs.target().as_bytes(), ObjectKind::from(theirs.target_kind)),
            (said.target.as_bytes(), said.kind)
        );
    }
}

fn kind_of(id: &ObjectId) -> Kind {
    if id.as_bytes().len() == 20 { Kind::Sha1 } else { Kind::Sha256 }
}

/// The file of the cache: raw, with the right checksums around what somebody else wrote, a good one that was
/// damaged, and one that we wrote. The first byte says which.
pub fn tag_cache(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    SCRATCH.with(|scratch| {
        let common_dir = scratch.folder.path();
        match mode % 4 {
            0 => {
                write_cache(common_dir, data);
                look_around(common_dir, data);
            }
            1 => {
                let file = tag_cache::fuzzing::with_right_checksums(data);
                write_cache(common_dir, &file);
                look_around(common_dir, &file);
            }
            2 => damage(common_dir, data),
            _ => round_trip(common_dir, data),
        }
        let _ = tag_cache::clear(common_dir);
    });
}

fn write_cache(common_dir: &Path, content: &[u8]) {
    let path = tag_cache::path_in(common_dir);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is ours");
    fs::write(path, content).expect("the folder is ours");
}

/// Loads the cache, and looks up everything in it that may be an id.
fn look_around(common_dir: &Path, bytes: &[u8]) {
    for hash_len in [20, 32] {
        for want in [Want::Everything, Want::NoMessages] {
            let cache = TagCache::load(common_dir, hash_len, want);
            assert_eq!(cache.problem().is_some(), cache.len() == 0 && cache.problem().is_some());
            for id in bytes.windows(hash_len).step_by(1 + bytes.len() / 256).filter_map(ObjectId::from_bytes)
            {
                if let Some(CachedTag::Annotated { tagger, .. }) = cache.get(id) {
                    assert!(!tagger.time.iso().is_empty());
                }
            }
            let _ = (cache.used().count(), cache.is_mostly_dead(), cache.new_wanted());
        }
    }
}

/// Up to three bits turned over in a file of this size, or its end cut off, are always seen: that is what CRC-32
/// promises (Koopman, "32-Bit Cyclic Redundancy Codes for Internet Applications", 2002).
fn damage(common_dir: &Path, data: &[u8]) {
    let tags: Vec<_> =
        (0..40_u8).map(|n| (id(n), signature("Ann", "a@x", n), format!("message {n}"))).collect();
    write(common_dir, &tags);
    let path = tag_cache::path_in(common_dir);
    let mut bytes = fs::read(&path).expect("it was just written");
    let intact = bytes.clone();
    if let Some(&[low, high]) = data.first_chunk::<2>().filter(|_| data.len() < 4) {
        bytes.truncate(usize::from(u16::from_le_bytes([low, high])));
    }
    for place in data.chunks_exact(3).take(3) {
        let at = usize::from(u16::from_le_bytes([place[0], place[1]])) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << (place[2] % 8);
        }
    }
    write_cache(common_dir, &bytes);
    let cache = TagCache::load(common_dir, 20, Want::Everything);
    assert_eq!(cache.problem().is_none(), bytes == intact, "damage is seen, and nothing else is");
    look_around(common_dir, &intact);
}

/// Foreign tags survive a round trip.
fn round_trip(common_dir: &Path, data: &[u8]) {
    let texts: Vec<String> = data.split(|&byte| byte == 0xff).map(crate::git::lossy).collect();
    let mut tags = Vec::new();
    for (number, text) in (0..=255).zip(texts.chunks(3)) {
        let [name, email, message] = std::array::from_fn(|i| text.get(i).map_or("", String::as_str));
        tags.push((id(number), signature(name, email, number), message.to_owned()));
    }
    write(common_dir, &tags);
    let cache = TagCache::load(common_dir, 20, Want::Everything);
    assert!(cache.problem().is_none() && cache.len() == tags.len());
    for (id, tagger, message) in &tags {
        let expected =
            CachedTag::Annotated { commit: *id, tagger: tagger.clone(), message: Some(message), name_sum: 7 };
        assert_same(&cache.get(*id).as_ref(), &Some(&expected), "what was written and what was read");
    }
}

fn write(common_dir: &Path, tags: &[(ObjectId, Signature, String)]) {
    let mut writer = Writer::create(common_dir, 20).expect("the folder is ours");
    for (id, tagger, message) in tags {
        let tag =
            CachedTag::Annotated { commit: *id, tagger: tagger.clone(), message: Some(message), name_sum: 7 };
        writer.add(*id, &tag).expect("the folder is ours");
    }
    writer.finish().expect("the folder is ours");
}

fn id(number: u8) -> ObjectId {
    // As far apart as hashes are.
    let first = number.wrapping_mul(101);
    ObjectId::from_bytes(&[first, number, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
        .expect("20 bytes are an id")
}

fn signature(name: &str, email: &str, number: u8) -> Signature {
    let time = Timestamp::new(1_700_000_000 + i64::from(number), i32::from(number) * 60);
    Signature { name: name.into(), email: email.into(), time: time.expect("a time of this century") }
}

/// A name that may be written as a tag is one to Git, and no option.
pub(crate) fn tag_name(text: &str) {
    if is_valid_tag_name(text) {
        assert!(
            !text.starts_with('-')
                && gix::validate::reference::name(format!("{TAGS}{text}").as_bytes().as_bstr()).is_ok()
        );
        assert!(!text.contains(|c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c)), "{text:?}");
        assert!(text.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "{text:?}");
    }
}

/// What `git` prints that is read, of which much was said by another side. The first byte says whether git succeeded; what
/// it printed and what it said have a NUL between them.
pub fn git_output(data: &[u8]) {
    let _ = crate::git::process::command::version(&crate::git::lossy(data));
    listing(data);
    let _ = mirror::read_listing(data);
    for task in data.lines().filter_map(crate::git::process::said::progress_in) {
        assert!(task.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{task:?}");
    }
    let Some((succeeded, data)) = data.split_first() else { return };
    let (printed, said) = data.split_once_str(b"\0").unwrap_or((data, b""));
    let (printed, said) = (crate::git::lossy(printed), crate::git::lossy(said));
    let refs = ["refs/tags/m@v1.0.0", "refs/tags/m#prod#1"].map(str::to_owned);
    match &porcelain::outcome(succeeded % 2 == 1, &printed, &said, &refs) {
        Outcome::Done | Outcome::Present => {
            let is_told = |name: &String| printed.lines().any(|line| line.contains(&format!(":{name}\t")));
            assert!(succeeded % 2 == 1 && refs.iter().all(is_told));
        }
        Outcome::NotAtomic => assert!(succeeded % 2 == 0),
        Outcome::Held(why) => assert_words(why),
        Outcome::Moved(why) | Outcome::Locked(why) | Outcome::Refused(why) | Outcome::Unclear(why) => {
            assert_words(why);
        }
    }
    assert_words(&crate::git::process::said::words(&said));
}

/// Untrusted messages have a limited length, and no control sequences.
fn assert_words(words: &str) {
    let drives = |c: char| c.is_control() && c != '\n';
    assert!(words.len() < 20 * 1024 && !words.contains(drives), "{words:?}");
    assert!(words.lines().all(|line| crate::git::remote::url::without_passwords(line) == line), "{words:?}");
}

/// The names that a server lists are names of refs, whatever it writes.
fn listing(data: &[u8]) {
    for RemoteTag { name, .. } in read_listing(data) {
        let full_name = format!("{TAGS}{name}");
        assert!(gix::refs::FullName::try_from(full_name.as_str()).is_ok(), "{full_name:?}");
    }
}
