use std::fs;
use std::time::Instant;

use super::entry::MAX_TEXT;
use super::writer::UNFINISHED;
use super::*;
use crate::time::Timestamp;

/// An id that looks like a hash, and differs for every number.
fn id(number: u64, hash_len: usize) -> ObjectId {
    let mut state = number.wrapping_add(1);
    let mut bytes = Vec::new();
    while bytes.len() < 32 {
        // SplitMix64, which gives each number once.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend((mixed ^ mixed >> 31).to_le_bytes());
    }
    ObjectId::from_bytes(&bytes[..hash_len]).unwrap()
}

/// What the tests say that object `number` is.
fn tag(number: u64, hash_len: usize, message: &str) -> CachedTag<'_> {
    if number % 10 == 9 {
        return CachedTag::Lightweight;
    }
    let offset = i32::try_from(number % 27).unwrap() * 3600 - 12 * 3600;
    let time =
        Timestamp::new(1_700_000_000 - i64::try_from(number * number).unwrap() % 4_000_000_000, offset);
    let (name, email) =
        [("Ann", "a@x"), ("Zoë", ""), ("", "a@x"), ("A", "nna@x")][usize::try_from(number % 4).unwrap()];
    let tagger = Signature { name: name.into(), email: email.into(), time: time.unwrap() };
    CachedTag::Annotated {
        commit: id(number + 1_000_000_000, hash_len),
        tagger,
        message: Some(message),
        name_sum: 7,
    }
}

fn message(number: u64) -> String {
    match number % 5 {
        0 => String::new(),
        1 => format!("Registering artifact m version v0.0.{number}\n"),
        _ => format!("zwei\nZeilen – {number}\n"),
    }
}

fn store(folder: &Path, numbers: impl Iterator<Item = u64>, hash_len: usize) {
    let mut writer = Writer::create(folder, hash_len).unwrap();
    for number in numbers {
        writer.add(id(number, hash_len), &tag(number, hash_len, &message(number))).unwrap();
    }
    writer.finish().unwrap();
}

fn without_message(tag: CachedTag<'_>) -> CachedTag<'_> {
    match tag {
        CachedTag::Annotated { commit, tagger, name_sum, .. } => {
            CachedTag::Annotated { commit, tagger, message: None, name_sum }
        }
        CachedTag::Lightweight => CachedTag::Lightweight,
    }
}

fn load(folder: &Path) -> TagCache {
    TagCache::load(folder, 20, Want::Everything)
}

/// Whether the file is taken, which it must not be if it is not what was written; nor may it give anything wrong.
fn is_sound(folder: &Path, want: Want) -> bool {
    let cache = TagCache::load(folder, 20, want);
    assert_eq!(cache.len() == 0, cache.problem().is_some());
    for number in 0..200 {
        let message = message(number);
        let expected = tag(number, 20, &message);
        let expected = if want == Want::NoMessages { without_message(expected) } else { expected };
        assert!(cache.get(id(number, 20)).is_none_or(|found| found == expected));
    }
    cache.problem().is_none()
}

#[test]
fn what_was_written_is_read_and_nothing_else() {
    for hash_len in [20, 32] {
        for count in [0, 1, 2, 3, 4, 5, 8, 9, 100, 1000, 5000] {
            let folder = tempfile::tempdir().unwrap();
            store(folder.path(), 0..count, hash_len);
            let all = TagCache::load(folder.path(), hash_len, Want::Everything);
            let events = TagCache::load(folder.path(), hash_len, Want::NoMessages);
            assert!(all.problem().is_none() && events.problem().is_none());
            assert_eq!((all.len() as u64, events.len() as u64), (count, count));
            for number in 0..count {
                let message = message(number);
                let expected = tag(number, hash_len, &message);
                assert_eq!(all.get(id(number, hash_len)), Some(expected.clone()), "{number} of {count}");
                assert_eq!(events.get(id(number, hash_len)), Some(without_message(expected)));
            }
            for number in count..count + 100 {
                assert_eq!(all.get(id(number, hash_len)), None);
                assert_eq!(all.get(id(number, 52 - hash_len)), None);
            }
            let other = TagCache::load(folder.path(), 52 - hash_len, Want::NoMessages);
            assert!(matches!(other.problem(), Some(Problem::OtherHash)));
        }
    }
}

#[test]
fn ids_that_are_alike_and_ids_that_come_twice_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<_> = (0..1000_u32)
        .map(|number| {
            let mut bytes = [0xab; 20];
            bytes[16..].copy_from_slice(&number.to_be_bytes());
            ObjectId::from_bytes(&bytes).unwrap()
        })
        .collect();
    let mut writer = Writer::create(folder.path(), 20).unwrap();
    for (number, &id) in (0..).zip(&ids).chain((0..).zip(&ids)) {
        writer.add(id, &tag(number, 20, "x")).unwrap();
    }
    writer.finish().unwrap();
    let cache = load(folder.path());
    assert_eq!(cache.len(), 1000);
    for (number, &id) in (0..).zip(&ids) {
        assert_eq!(cache.get(id), Some(tag(number, 20, "x")));
    }
    assert_eq!(cache.get(ObjectId::from_bytes(&[0xab; 20]).unwrap()), None);
}

#[test]
fn a_tag_with_too_much_text_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), 20).unwrap();
    let long = "x".repeat(MAX_TEXT);
    writer.add(id(0, 20), &tag(0, 20, &long)).unwrap();
    writer.add(id(1, 20), &tag(1, 20, "short")).unwrap();
    writer.finish().unwrap();
    let cache = load(folder.path());
    assert_eq!((cache.len(), cache.get(id(0, 20))), (1, None));
}

#[test]
fn people_stay_apart_whatever_their_names_hold() {
    let people =
        [("a\0b", "c"), ("a", "b\0c"), ("a", "b"), ("ab", ""), ("", "ab"), ("a <b>", "c"), ("a", "<b> c")];
    let by = |(name, email): (&str, &str)| {
        let tagger =
            Signature { name: name.into(), email: email.into(), time: Timestamp::new(1, 0).unwrap() };
        CachedTag::Annotated { commit: id(7, 20), tagger, message: Some(""), name_sum: 7 }
    };
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), 20).unwrap();
    for (number, person) in (0..).zip(people) {
        writer.add(id(number, 20), &by(person)).unwrap();
    }
    writer.finish().unwrap();
    let cache = load(folder.path());
    for (number, person) in (0..).zip(people) {
        assert_eq!(cache.get(id(number, 20)), Some(by(person)), "{person:?}");
    }
}

#[test]
fn people_beyond_the_limit_are_left_out_with_their_tags() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), 20).unwrap();
    let long = "x".repeat(MAX_TEXT - 8);
    let count = MAX_PEOPLE as u64 / MAX_TEXT as u64 + 10;
    for number in 0..count {
        let time = Timestamp::new(1, 0).unwrap();
        let tagger = Signature { name: long.as_str().into(), email: number.to_string().into(), time };
        let tag = CachedTag::Annotated { commit: id(7, 20), tagger, message: Some(""), name_sum: 7 };
        writer.add(id(number, 20), &tag).unwrap();
    }
    writer.finish().unwrap();
    let cache = load(folder.path());
    assert!(cache.problem().is_none() && cache.people_len <= MAX_PEOPLE && (cache.len() as u64) < count);
    assert_eq!(cache.new_wanted(), None, "there is no more room");
}

#[test]
fn more_people_than_tags_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let intact = fs::read(path_in(folder.path())).unwrap();
    let header = Header::decode(&intact).unwrap();
    let (before, rest) = intact[HEADER_LEN..].split_at(header.people_start() - HEADER_LEN);
    let people = vec![0; 101 * layout::PERSON_LEN];
    let lie = Header { people_len: people.len(), people_crc: crc32fast::hash(&people), ..header.clone() };
    let bytes = [&lie.encode(), before, &people, &rest[header.people_len..]].concat();
    fs::write(path_in(folder.path()), bytes).unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::Damaged)));
}

#[test]
fn sections_beyond_their_limits_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..3, 20);
    let header = Header::decode(&fs::read(path_in(folder.path())).unwrap()).unwrap();
    for lie in [
        Header { messages_len: MAX_MESSAGES + 1, ..header.clone() },
        Header { people_len: MAX_PEOPLE + 1, ..header.clone() },
    ] {
        fs::write(path_in(folder.path()), lie.encode()).unwrap();
        // A file of that length that takes no room on the disk.
        let file = File::options().write(true).open(path_in(folder.path())).unwrap();
        file.set_len(lie.file_len().unwrap()).unwrap();
        assert!(matches!(load(folder.path()).problem(), Some(Problem::Damaged)));
    }
}

#[test]
fn a_file_cut_off_anywhere_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let intact = fs::read(path_in(folder.path())).unwrap();
    for len in (0..intact.len()).step_by(7).chain(0..HEADER_LEN + 2) {
        fs::write(path_in(folder.path()), &intact[..len]).unwrap();
        for want in [Want::NoMessages, Want::Everything] {
            assert!(!is_sound(folder.path(), want), "{len}");
        }
    }
    fs::write(path_in(folder.path()), [&intact[..], b"x"].concat()).unwrap();
    assert!(!is_sound(folder.path(), Want::NoMessages));
    fs::write(path_in(folder.path()), &intact).unwrap();
    assert!(is_sound(folder.path(), Want::NoMessages) && is_sound(folder.path(), Want::Everything));
}

#[test]
fn a_flipped_bit_anywhere_is_seen_where_it_matters() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let mut bytes = fs::read(path_in(folder.path())).unwrap();
    let header = Header::decode(&bytes).unwrap();
    let people = header.people_start();
    for at in 0..bytes.len() {
        bytes[at] ^= 1 << (at % 8);
        fs::write(path_in(folder.path()), &bytes).unwrap();
        assert!(!is_sound(folder.path(), Want::Everything), "{at}");
        // Whoever does not read the messages need not notice that they are spoilt.
        assert_eq!(is_sound(folder.path(), Want::NoMessages), (HEADER_LEN..people).contains(&at), "{at}");
        bytes[at] ^= 1 << (at % 8);
    }
}

#[test]
fn noise_and_zeros_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let intact = fs::read(path_in(folder.path())).unwrap();
    let noise: Vec<u8> = (0..2000).flat_map(|number| id(number, 20).as_bytes().to_vec()).collect();
    let torn = [&intact[..intact.len() / 2], &vec![0; intact.len() - intact.len() / 2]].concat();
    let header_and_noise = [&intact[..HEADER_LEN], &noise[..intact.len() - HEADER_LEN]].concat();
    for bytes in [b"".to_vec(), b"gto-tags".to_vec(), vec![0; 5000], noise, torn, header_and_noise] {
        fs::write(path_in(folder.path()), bytes).unwrap();
        assert!(!is_sound(folder.path(), Want::NoMessages) && !is_sound(folder.path(), Want::Everything));
    }
}

#[test]
fn another_version_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let mut bytes = fs::read(path_in(folder.path())).unwrap();
    bytes[8..12].copy_from_slice(&(layout::VERSION + 1).to_le_bytes());
    let crc = crc32fast::hash(&bytes[..HEADER_LEN - 4]);
    bytes[HEADER_LEN - 4..HEADER_LEN].copy_from_slice(&crc.to_le_bytes());
    fs::write(path_in(folder.path()), bytes).unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::OtherFormat)));
}

/// A header with a right checksum, and lengths made by somebody who means harm.
#[test]
fn lengths_that_lie_neither_panic_nor_take_memory() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..100, 20);
    let intact = fs::read(path_in(folder.path())).unwrap();
    let header = Header::decode(&intact).unwrap();
    let numbers = [0, 1, 99, 101, MAX_ENTRIES, MAX_ENTRIES + 1, usize::MAX / 2, usize::MAX - 60, usize::MAX];
    for number in numbers {
        for lie in [
            Header { entries: number, ..header.clone() },
            Header { messages_len: number, ..header.clone() },
            Header { people_len: number, ..header.clone() },
            Header { messages_len: number, people_len: number, entries: number, ..header.clone() },
        ] {
            fs::write(path_in(folder.path()), [&lie.encode(), &intact[HEADER_LEN..]].concat()).unwrap();
            assert!(!is_sound(folder.path(), Want::NoMessages) && !is_sound(folder.path(), Want::Everything));
        }
    }
}

/// Checksums are no protection from malice: what fits them may still lead anywhere.
#[test]
fn contents_that_lie_under_right_checksums_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..40, 20);
    let intact = fs::read(path_in(folder.path())).unwrap();
    let header = Header::decode(&intact).unwrap();
    let cold = HEADER_LEN + header.messages_len;
    let people = cold + header.entries * COLD_LEN;
    let hot = people + header.people_len;
    for at in HEADER_LEN..intact.len() {
        let mut bytes = intact.clone();
        bytes[at] = 0xff;
        let sum = |range: std::ops::Range<usize>| crc32fast::hash(&bytes[range]);
        let lie = Header {
            messages_crc: sum(HEADER_LEN..cold),
            cold_crc: sum(cold..people),
            people_crc: sum(people..hot),
            hot_crc: sum(hot..bytes.len()),
            ..header.clone()
        };
        bytes[..HEADER_LEN].copy_from_slice(&lie.encode());
        fs::write(path_in(folder.path()), &bytes).unwrap();
        for want in [Want::NoMessages, Want::Everything] {
            let cache = TagCache::load(folder.path(), 20, want);
            for number in 0..50 {
                let _ = cache.get(id(number, 20));
            }
        }
    }
}

#[test]
fn something_else_in_its_place_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::Absent)));
    assert!(matches!(load(&folder.path().join("nowhere")).problem(), Some(Problem::Absent)));
    fs::create_dir_all(path_in(folder.path()).join("inside")).unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::NotAFile)));
    assert!(Writer::create(folder.path(), 20).is_err());
    assert!(clear(folder.path()).is_err());
    fs::remove_dir_all(folder_in(folder.path())).unwrap();
    fs::write(folder_in(folder.path()), "x").unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::NotAFile)));
    assert!(Writer::create(folder.path(), 20).is_err());
    assert!(!clear(folder.path()).unwrap());
    assert_eq!(fs::read(folder_in(folder.path())).unwrap(), b"x");
}

#[cfg(unix)]
#[test]
fn a_link_is_neither_read_nor_written_through() {
    use std::os::unix::fs::symlink;

    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    store(other.path(), 0..100, 20);
    let target = fs::read(path_in(other.path())).unwrap();
    symlink(folder_in(other.path()), folder_in(folder.path())).unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::NotAFile)));
    assert!(Writer::create(folder.path(), 20).is_err());
    assert!(!clear(folder.path()).unwrap());
    fs::remove_file(folder_in(folder.path())).unwrap();
    fs::create_dir(folder_in(folder.path())).unwrap();
    symlink(path_in(other.path()), path_in(folder.path())).unwrap();
    assert!(matches!(load(folder.path()).problem(), Some(Problem::NotAFile)));
    store(folder.path(), 0..50, 20);
    assert_eq!(load(folder.path()).len(), 50);
    assert_eq!(fs::read(path_in(other.path())).unwrap(), target);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_its_place_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder_in(folder.path())).unwrap();
    let made = std::process::Command::new("mkfifo").arg(path_in(folder.path())).status();
    if !made.is_ok_and(|status| status.success()) {
        gto_testkit::skip("there is no mkfifo");
        return;
    }
    assert!(matches!(load(folder.path()).problem(), Some(Problem::NotAFile)));
}

#[cfg(unix)]
#[test]
fn the_file_may_be_read_by_whoever_may_read_the_repository() {
    use std::os::unix::fs::PermissionsExt as _;

    for (file, objects) in [(0o644, 0o755), (0o664, 0o2775), (0o600, 0o700)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("HEAD"), "").unwrap();
        fs::create_dir(folder.path().join("objects")).unwrap();
        let set =
            |name, mode| fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode));
        set("HEAD", file).unwrap();
        set("objects", objects).unwrap();
        store(folder.path(), 0..3, 20);
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(path_in(folder.path())), file);
        assert_eq!(mode(folder_in(folder.path())), objects);
    }
}

#[test]
fn what_killed_writers_left_goes_after_an_hour_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..3, 20);
    let gto = folder_in(folder.path());
    for name in ["tags-abc.tmp", "tags-new.tmp", "notes.txt"] {
        fs::write(gto.join(name), "x").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 60 * 60);
    for name in ["tags-abc.tmp", "notes.txt"] {
        File::options().write(true).open(gto.join(name)).unwrap().set_modified(long_ago).unwrap();
    }
    store(folder.path(), 0..3, 20);
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&gto).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["notes.txt", "tags-new.tmp", "tags.cache"]);
    remove_leftovers(&gto, UNFINISHED, None);
    assert_eq!(names(), ["notes.txt", "tags.cache"]);
    assert!(clear(folder.path()).unwrap());
    assert_eq!(names(), ["notes.txt"]);
}

#[test]
fn a_writer_that_does_not_finish_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..3, 20);
    let mut writer = Writer::create(folder.path(), 20).unwrap();
    writer.add(id(7, 20), &tag(7, 20, "x")).unwrap();
    drop(writer);
    assert_eq!(load(folder.path()).len(), 3);
    assert_eq!(fs::read_dir(folder_in(folder.path())).unwrap().count(), 1);
}

#[test]
fn looking_whether_it_can_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Writer::obstacle(folder.path(), 20).is_none());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    store(folder.path(), 0..3, 20);
    assert!(Writer::obstacle(folder.path(), 20).is_none());
    assert_eq!(load(folder.path()).len(), 3);
}

#[test]
fn a_rewrite_is_due_when_enough_is_new_or_most_is_dead() {
    let with = |problem| TagCache { problem, ..TagCache::default() };
    let of = |entries| TagCache { entries, ..TagCache::default() };
    assert_eq!(
        [of(0), of(4000), of(100_000), of(1_000_000)].map(|c| c.new_wanted()),
        [64, 64, 316, 1000].map(Some)
    );
    assert_eq!(with(Some(Problem::Absent)).new_wanted(), Some(64));
    assert_eq!(with(Some(Problem::Damaged)).new_wanted(), Some(1), "it is mended");
    assert_eq!(of(MAX_ENTRIES).new_wanted(), None, "there is no more room");
    assert_eq!(TagCache { messages_len: MAX_MESSAGES, ..TagCache::default() }.new_wanted(), None);
    assert_eq!(TagCache { people_len: MAX_PEOPLE, ..TagCache::default() }.new_wanted(), None);
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), 0..200, 20);
    let cache = load(folder.path());
    for number in 0..100 {
        assert!(cache.is_mostly_dead());
        cache.get(id(number, 20)).unwrap();
    }
    let used: std::collections::BTreeSet<_> = cache.used().collect();
    assert_eq!(used, (0..100).map(|number| id(number, 20)).collect());
    cache.get(id(100, 20)).unwrap();
    assert!(!cache.is_mostly_dead());
    store(folder.path(), 0..50, 20);
    assert!(!load(folder.path()).is_mostly_dead(), "not for a few");
}

/// The figures in the module's documentation:
/// `cargo test --release -p gto -- --ignored --nocapture figures_of_the_cache`
#[test]
#[ignore = "measures"]
fn figures_of_the_cache() {
    const RUNS: usize = 7;
    let median = |mut work: Box<dyn FnMut() -> usize + '_>| {
        let mut times: Vec<f64> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(work());
                start.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        format!("{:8.1} ms ({:.1} to {:.1})", times[RUNS / 2], times[0], times[RUNS - 1])
    };
    for count in [1000, 100_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let messages: Vec<String> =
            (0..count).map(|n| format!("Registering artifact model{n} version v0.0.1\n")).collect();
        let ids: Vec<ObjectId> = (0..count).map(|number| id(number, 20)).collect();
        let store = || {
            let mut writer = Writer::create(folder.path(), 20).unwrap();
            for (number, (id, message)) in (0..).zip(ids.iter().zip(&messages)) {
                writer.add(*id, &tag(number, 20, message)).unwrap();
            }
            writer.finish().unwrap();
            0
        };
        println!("{count} entries");
        println!("  store     {}", median(Box::new(store)));
        println!("  size      {:8} KB", fs::metadata(path_in(folder.path())).unwrap().len() / 1000);
        let load = |want| TagCache::load(folder.path(), 20, want);
        println!("  load hot  {}", median(Box::new(|| load(Want::NoMessages).len())));
        println!("  load all  {}", median(Box::new(|| load(Want::Everything).len())));
        let (hot, all) = (load(Want::NoMessages), load(Want::Everything));
        for (name, cache) in [("get hot ", &hot), ("get all ", &all)] {
            let get = || {
                let found =
                    (0..1_000_000 / ids.len()).flat_map(|_| &ids).filter(|id| cache.get(**id).is_some());
                assert_eq!(found.count(), 1_000_000);
                0
            };
            println!("  {name}  {} for 1,000,000", median(Box::new(get)));
        }
    }
}
