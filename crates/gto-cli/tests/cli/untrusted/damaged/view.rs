//! Git's view of a repository. Must not know ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gto_testkit::Sandbox;

/// After so long a process hangs; a loaded machine may take ten seconds over one.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What a process said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `None` if it was ended by a signal, or by us.
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Whether it failed or warned.
    pub fn complains(&self) -> bool {
        self.status != Some(0) || !self.err.is_empty()
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(700).collect::<String>();
        let status = self.status.map_or("a signal or the time limit".to_owned(), |status| status.to_string());
        write!(f, "status {status}\n    out: {:?}\n    err: {:?}", cut(&self.out), cut(&self.err))
    }
}

/// Runs a program to its end, or to the time limit.
pub fn run(command: &mut Command) -> Said {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program is installed");
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let read = |pipe: &mut dyn std::io::Read| {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let err = scope.spawn(move || err.as_mut().map(|pipe| read(pipe)).unwrap_or_default());
        let out = scope.spawn(move || out.as_mut().map(|pipe| read(pipe)).unwrap_or_default());
        let begun = Instant::now();
        let mut pause = Duration::from_micros(500);
        let status = loop {
            match child.try_wait().expect("the process can be waited for") {
                Some(status) => break status.code(),
                None if begun.elapsed() > LIMIT => {
                    let _ = child.kill();
                    let _ = child.wait();
                    break None;
                }
                None => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(5));
        };
        let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
        Said { status, out, err }
    })
}

/// Git on one repository.
pub struct Git<'a> {
    pub sandbox: &'a Sandbox,
    pub folder: &'a Path,
}

/// The tags of a repository by name: the object's id, and everything that Git prints about it.
pub type Listing = BTreeMap<String, (String, String)>;

/// Each tag's name, id and contents; the message makes Git read the object.
const FORMAT: &str = "--format=%(refname:strip=2)%01%(objectname)%01%(objecttype) %(object) %(type) \
                      %(taggerdate:raw) %(taggername) %(contents)%02";

impl Git<'_> {
    pub fn run(&self, args: &[&str]) -> Said {
        run(self.sandbox.command("git").args(args).current_dir(self.folder))
    }

    /// The tags that the patterns name, with their contents.
    pub fn tags(&self, patterns: &[&str]) -> Said {
        self.run(&[&["for-each-ref", FORMAT], patterns].concat())
    }

    /// The commit that `HEAD` is, if Git finds one and has nothing to complain about.
    pub fn head(&self) -> Option<String> {
        let said = self.run(&["rev-parse", "--verify", "HEAD^{commit}"]);
        (!said.complains()).then(|| said.out.trim().to_owned())
    }

    /// Whether Git finds a commit at `HEAD`, whatever it has to say of its caches.
    pub fn has_head(&self) -> bool {
        self.run(&["rev-parse", "--verify", "HEAD^{commit}"]).status == Some(0)
    }

    /// Whether Git can list the files of the current commit.
    pub fn has_head_folder(&self) -> bool {
        !self.run(&["ls-tree", "HEAD"]).complains()
    }

    /// What Git says of these commits.
    pub fn log(&self, commits: &[String]) -> Said {
        let ids: Vec<&str> = commits.iter().map(String::as_str).collect();
        self.run(
            &[&["log", "--no-walk=unsorted", "--format=%H %an %ae %at %cn %ce %ct %B"], &ids[..]].concat(),
        )
    }
}

/// What was listed.
pub fn listing(said: &Said) -> Listing {
    let records = said.out.split("\u{2}\n").filter(|record| !record.is_empty());
    records
        .filter_map(|record| {
            let mut parts = record.splitn(3, '\u{1}');
            Some((parts.next()?.to_owned(), (parts.next()?.to_owned(), parts.next()?.to_owned())))
        })
        .collect()
}
