//! The time and the tagger of a tag, compared with `git tag -a` on the same machine.

use std::ffi::OsStr;
use std::fs;
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt as _;

use gto_testkit::Repo;

use crate::common::{binary, commit_with, gto, hints_at};

/// Variables of the environment, which need not be text.
type Variables<'v> = &'v [(&'v str, &'v [u8])];

/// The line about the tagger that git and we write with these variables; `None` where it is refused.
fn taggers(repo: &Repo, variables: &[(&str, &OsStr)]) -> [Option<Vec<u8>>; 2] {
    let mut sandbox = repo.sandbox().clone();
    for (name, value) in variables {
        sandbox.set_env(*name, value);
    }
    let repo = Repo::at(&sandbox, repo.path(), false);
    let tagger = |tag: &str| {
        let object = repo.git(&["cat-file", "tag", tag]).stdout;
        repo.git_ok(&["tag", "-d", tag]);
        object.split(|&byte| byte == b'\n').find(|line| line.starts_with(b"tagger ")).map(<[u8]>::to_vec)
    };
    let theirs = repo.git(&["tag", "-a", "-m", "x", "theirs"]).status.success();
    let ours = gto(&repo, "register m").status == 0;
    [theirs.then(|| tagger("theirs")).flatten(), ours.then(|| tagger("m@v0.0.1")).flatten()]
}

#[test]
fn dates_are_those_that_git_tag_writes() {
    let given = [
        "2024.05.05 10:00",
        "20240505T100000",
        "2024-05-05  10:00:00",
        "1234567890",
        "Sun Nov 29 15:30:43 UTC 2026",
        "2024-05-05 10:00:00 UTC",
        "2024/05/05 10:00:00",
        "05/05/2024 10:00:00",
        "2024-05-05",
        "@0",
        "@0 +0000",
        "2 weeks ago",
        "yesterday",
        " ",
        "5 +0000",
        "1700000000 +2500",
        "@1700000000 +1500",
        "2100-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2024-02-30T10:00:00Z",
        "2024-05-05T24:00:00Z",
        "2024-05-05T10:00:00.5Z",
        "@1700000000",
        "+1700000000 +0000",
        "1700000000 +0000x",
        "99999999 +0000",
        "100000000 +0000",
        "2024-05-05T10:00:00-00:30",
        "Sun, 05 May 2024 10:00:00 +0200",
        "2024-03-10 02:30:00",
        "2024-11-03 01:30:00",
        "noon yesterday",
        "2024-05-05T10:00:00 EST",
        "10:00:00 2024-05-05 +0200",
    ];
    let mut dates: Vec<String> = given.map(str::to_owned).to_vec();
    // Forms of dates with forms of times and zones.
    for date in ["2024-01-31", "2024-07-31", "31.07.2024", "2038-01-20"] {
        for between in ["T", " "] {
            for time in ["23:59:59", "00:00", "7:05:09"] {
                for zone in ["", "Z", " +0530", "-07:00", " -0700", "+14"] {
                    dates.push(format!("{date}{between}{time}{zone}"));
                }
            }
        }
    }
    let repo = Repo::new();
    commit_with(&repo, &[]);
    for (n, date) in dates.iter().enumerate() {
        // What is listed goes through all zones; of what is put together each takes its turn.
        let zones = ["UTC", "America/New_York", "Asia/Kolkata"];
        let zones = if n < given.len() { &zones[..] } else { &zones[n % 3..=n % 3] };
        for zone in zones {
            let variables = [("GIT_COMMITTER_DATE", OsStr::new(date)), ("TZ", OsStr::new(zone))];
            let [theirs, ours] =
                taggers(&repo, &variables).map(|line| line.map(|line| String::from_utf8(line).unwrap()));
            assert_eq!(ours, theirs, "{date:?} in {zone}");
        }
    }
}

#[test]
fn a_date_that_git_refuses_is_named_with_those_that_it_takes() {
    let repo = Repo::new();
    commit_with(&repo, &[]);
    let run = binary().env("GIT_COMMITTER_DATE", "@0").run(&repo, &["register", "m"]).fails(1);
    assert!(
        run.err().starts_with("❌ GIT_COMMITTER_DATE is '@0', which Git does not take for a date\n"),
        "{run}"
    );
    hints_at(&run, "'@1700000000 +0000'");
}

/// A name need not be UTF-8: git writes the bytes. We wrote U+FFFD.
#[cfg(unix)]
#[test]
fn a_person_is_who_git_says_byte_for_byte() {
    const LATIN: &[u8] = b"Jos\xe9";
    let user = "[user]\nname = A\nemail = a@x\n";
    let latin = [b"[user]\nname = ", LATIN, b"\nemail = ", LATIN, b"@x\n"].concat();
    let address = [LATIN, b"@x"].concat();
    // The reflog has them too, and one that is written by git as well.
    let mut repo = Repo::new();
    commit_with(&repo, &[]);
    repo.sandbox_mut().remove_identity();
    fs::write(repo.sandbox().home().join("gitconfig"), &latin).unwrap();
    repo.git_ok(&["config", "core.logAllRefUpdates", "always"]);
    for shared in ["false", "true"] {
        repo.git_ok(&["config", "core.sharedRepository", shared]);
        gto(&repo, "register m --force").ok();
    }
    for log in ["m@v0.0.1", "m@v0.0.1#1"] {
        let log = fs::read(repo.git_dir().join("logs/refs/tags").join(log)).unwrap();
        let shown = String::from_utf8_lossy(&log).into_owned();
        assert!(log.windows(LATIN.len()).filter(|part| *part == LATIN).count() == 2, "{shown}");
    }
    let rows: [(&[u8], Variables<'_>); 26] = [
        (user.as_bytes(), &[]),
        (&latin, &[]),
        (b"[user]\nname = \xff\xfe\nemail = a\n[i18n]\ncommitEncoding = latin1\n", &[]),
        (user.as_bytes(), &[("GIT_COMMITTER_NAME", LATIN)]),
        (user.as_bytes(), &[("GIT_COMMITTER_NAME", LATIN), ("GIT_COMMITTER_EMAIL", &address)]),
        (b"[user]\nname = A\n", &[("EMAIL", &address)]),
        (b"[user]\nname = A\n", &[("EMAIL", b" e@x ")]),
        (b"[user]\nname = A\nuseConfigOnly = true\n", &[("EMAIL", b"e@x")]),
        (b"[user]\nname = A\nemail = a\nuseConfigOnly = true\n", &[]),
        (b"[user]\nname = A\nemail =\n", &[]),
        (b"[user]\nname = A\nemail = \"\"\n", &[("EMAIL", b"e@x")]),
        (b"[user]\nname = A\nemail =\nuseConfigOnly = true\n", &[]),
        (b"[user]\nname = A\nemail = a@x\n[committer]\nemail =\n", &[]),
        (b"[user]\nname = A\n[author]\nemail = q@x\n", &[]),
        (b"[user]\nname = A\n[author]\nemail = q@x\n", &[("EMAIL", b"e@x")]),
        (b"[author]\nname = A\nemail = q@x\n", &[]),
        (b"[committer]\nname = A\nemail = q@x\n", &[]),
        (b"[user]\nname = A\nemail = a@x\n[committer]\nname = C\n[author]\nname = D\n", &[]),
        (b"[user]\nname =\nemail = a@x\n", &[]),
        (b"[user]\nname = \"<>\"\nemail = a@x\n", &[]),
        (b"[user]\nname = \" A, <b> \"\nemail = \" <a@x> \"\n", &[]),
        (user.as_bytes(), &[("GIT_COMMITTER_EMAIL", b"")]),
        (user.as_bytes(), &[("GIT_COMMITTER_NAME", b"")]),
        (user.as_bytes(), &[("GIT_AUTHOR_NAME", b"B"), ("GIT_AUTHOR_EMAIL", b"b@x")]),
        (b"[user]\nname = First\nname = Last\nemail = a@x\n", &[]),
        (b"[user]\nname = \xc3\xa9\xff\nemail = a@x\n", &[]),
    ];
    for (settings, variables) in rows {
        let mut repo = Repo::new();
        commit_with(&repo, &[]);
        repo.sandbox_mut().remove_identity();
        fs::write(repo.sandbox().home().join("gitconfig"), settings).unwrap();
        let mut with_date = vec![("GIT_COMMITTER_DATE", OsStr::new("@1700000000 +0000"))];
        with_date.extend(variables.iter().map(|(name, value)| (*name, OsStr::from_bytes(value))));
        let [theirs, ours] = taggers(&repo, &with_date);
        let shown = String::from_utf8_lossy(settings);
        assert_eq!(ours, theirs, "{shown:?} {variables:?}");
    }
}
