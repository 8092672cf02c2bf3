//! The progress of a read: on a terminal, and nowhere else.
//!
//! The registry read here takes as long as the test wants.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gto_testkit::{Repo, skip};

/// A registry that takes many seconds to read: thousands of tags, and one large object to inflate for each.
struct Slow {
    repo: Repo,
    object: PathBuf,
}

impl Slow {
    fn new() -> Self {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        let text = "much the same\n".repeat(70_000);
        let tag = format!("object {commit}\ntype commit\ntag m\ntagger A <a@b> 1700000000 +0000\n\n{text}");
        let id = repo.raw_tag("m@v0.0.10000", tag.as_bytes());
        let packed: Vec<String> = (10_000..30_000).map(|n| format!("{id} refs/tags/m@v0.0.{n}\n")).collect();
        fs::write(repo.git_dir().join("packed-refs"), packed.concat()).expect("the sandbox is writable");
        let object = repo.git_dir().join("objects").join(&id[..2]).join(&id[2..]);
        Self { repo, object }
    }

    /// What is left can be read at once, since it is not there.
    fn hurry(&self) {
        fs::remove_file(&self.object).expect("the object is loose");
    }
}

#[test]
fn a_long_reading_shows_a_line_on_a_terminal_that_goes_before_the_answer() {
    if !Path::new("/usr/bin/script").exists() {
        skip("script (util-linux) is not installed");
        return;
    }
    for (command, answer) in [("show", "latest"), ("history", "timestamp")] {
        let slow = Slow::new();
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_gto"));
        let mut terminal = slow.repo.command("script");
        terminal.args(["-qefc", &line, "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = terminal.spawn().expect("script starts");
        let mut screen = child.stdout.take().expect("it is piped");
        let mut seen = String::new();
        // On a busy machine none has been read when the line first comes.
        while !seen.replace(": 0 of 20,000", "").contains(" of 20,000") {
            let mut bytes = [0; 256];
            let count = screen.read(&mut bytes).expect("the terminal can be read");
            assert!(count > 0, "{command} ended with {seen:?}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        assert!(seen.starts_with("\rreading tags: "), "{seen:?}");
        assert!(!seen.contains(answer), "{seen:?}");
        slow.hurry();
        screen.read_to_string(&mut seen).expect("the terminal can be read");
        child.wait().expect("script ends");
        // Everything of the line is overwritten with blanks, and only then comes the answer.
        let (line, after) = seen.rsplit_once(" of 20,000").expect("it was seen");
        let (_, count) = line.rsplit_once("\rreading tags: ").expect("the line was seen");
        let width = "reading tags: ".len() + count.len() + " of 20,000".len();
        let answered = after.strip_prefix(&format!("\r{}\r", " ".repeat(width)));
        assert!(answered.is_some_and(|text| text.contains(answer)), "{after:?}");
    }
}

#[test]
fn without_a_terminal_there_is_no_line_however_long_it_takes() {
    let slow = Slow::new();
    let mut gto = slow.repo.command(env!("CARGO_BIN_EXE_gto"));
    gto.args(["show", "--plain"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = gto.spawn().expect("gto starts");
    // Longer than it would take to show the line.
    std::thread::sleep(std::time::Duration::from_millis(900));
    slow.hurry();
    let output = child.wait_with_output().expect("gto ends");
    let said = String::from_utf8_lossy(&output.stderr);
    // Many refs of one tag object, which then is gone.
    let is_warning = |line: &&str| line.starts_with("warning: ");
    assert_eq!(said.lines().filter(|line| !is_warning(line)).collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}
