//! Owns writing a random registry with one `git fast-import`. Must not decide anything about its contents.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::{CommitSpec, RegistrySpec, Stamp};
use crate::{Repo, Sandbox};

impl RegistrySpec {
    /// Writes the registry into the folder `name` of the sandbox; returns it and the ids of its commits.
    pub fn write(&self, sandbox: &Sandbox, name: &str) -> (Repo, Vec<String>) {
        let repo = sandbox.repo(name);
        let mut import = Import::start(&repo, self.loose_objects);
        let mut ids = Vec::new();
        for (index, commit) in self.commits.iter().enumerate() {
            ids.push(import.commit(self, index, commit));
        }
        for event in &self.events {
            import.tag(&event.tag, event.commit, &event.stamp, &event.message);
        }
        for tag in &self.foreign {
            match &tag.stamp {
                Some(stamp) => import.tag(&tag.tag, tag.commit, stamp, "Somebody else's tag\n"),
                None => import.line(&format!("reset refs/tags/{}\nfrom :{}\n", tag.tag, tag.commit + 1)),
            }
        }
        import.finish();
        if self.detached {
            repo.git_ok(&["update-ref", "--no-deref", "HEAD", &ids[self.head]]);
        }
        repo.git_ok(&["reset", "-q", "--hard"]);
        if self.packed {
            repo.pack_refs();
        }
        (repo, ids)
    }
}

/// A running `git fast-import`. See gitformat in `git help fast-import`.
struct Import {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Import {
    fn start(repo: &Repo, loose_objects: bool) -> Self {
        let mut command = repo.command("git");
        // Below the limit the pack is taken apart.
        let limit = if loose_objects { u32::MAX / 2 } else { 0 };
        command
            .args(["-c", &format!("fastimport.unpackLimit={limit}"), "fast-import", "--quiet", "--force"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("git is installed");
        let commands = child.stdin.take().expect("stdin was piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout was piped"));
        Self { child, commands, answers }
    }

    fn line(&mut self, text: &str) {
        writeln!(self.commands, "{text}").expect("fast-import takes commands");
    }

    fn data(&mut self, text: &str) {
        self.line(&format!("data {}\n{text}", text.len()));
    }

    fn tag(&mut self, name: &str, commit: usize, stamp: &Stamp, message: &str) {
        self.line(&format!("tag {name}\nfrom :{}\ntagger {}", commit + 1, signature(stamp)));
        self.data(message);
    }

    /// Makes the commit, again and again with another last line until the first seven digits of its id do not look like a
    /// number (`1234567`, `12e4567`), which the table library of the Python tool would print as one.
    fn commit(&mut self, spec: &RegistrySpec, index: usize, commit: &CommitSpec) -> String {
        for nonce in 0_u64.. {
            self.write_commit(
                spec,
                index,
                commit,
                &format!("{}\nNonce: {}.{nonce}\n", commit.message, spec.seed),
            );
            self.line(&format!("get-mark :{}", index + 1));
            self.commands.flush().expect("fast-import takes commands");
            let mut id = String::new();
            self.answers.read_line(&mut id).expect("fast-import answers");
            if !looks_like_a_number(&id[..7]) {
                return id.trim_end().to_owned();
            }
        }
        unreachable!("one id in twenty looks like a number, not all of them")
    }

    fn write_commit(&mut self, spec: &RegistrySpec, index: usize, commit: &CommitSpec, message: &str) {
        let author = Stamp { person: commit.author, ..commit.committer.clone() };
        self.line(&format!("commit refs/heads/{}\nmark :{}", commit.branch, index + 1));
        self.line(&format!("author {}\ncommitter {}", signature(&author), signature(&commit.committer)));
        self.data(message);
        for (word, parent) in ["from", "merge"].into_iter().zip(&commit.parents) {
            self.line(&format!("{word} :{}", parent + 1));
        }
        self.line("deleteall");
        self.file("train.py", &format!("print({index})\n"));
        if let Some(config) = &spec.config {
            self.file(".gto", &config.text);
        }
        if let Some(yaml) = &commit.annotations {
            self.file(spec.index, yaml);
        }
    }

    fn file(&mut self, path: &str, text: &str) {
        self.line(&format!("M 100644 inline {path}"));
        self.data(text);
    }

    fn finish(mut self) {
        drop(self.commands);
        let status = self.child.wait().expect("fast-import can be waited for");
        assert!(status.success(), "git fast-import: {status}");
    }
}

fn signature(stamp: &Stamp) -> String {
    format!("{} <{}> {} {}", stamp.person.name, stamp.person.email, stamp.time, stamp.offset)
}

fn looks_like_a_number(digits: &str) -> bool {
    !digits.contains(['a', 'b', 'c', 'd', 'f'])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_the_same_repository_each_time() {
        let write = || {
            let (repo, ids) = RegistrySpec::generate(3).write(&Sandbox::new(), "r");
            (repo.git_ok(&["for-each-ref"]), ids)
        };
        assert_eq!(write(), write());
    }

    #[test]
    fn what_is_written_is_what_the_registry_says() {
        let sandbox = Sandbox::new();
        for seed in 0..20 {
            let spec = RegistrySpec::generate(seed);
            let (repo, ids) = spec.write(&sandbox, &format!("r{seed}"));
            assert_eq!(repo.head(), ids[spec.head]);
            let written: BTreeSet<String> = repo.tag_names().into_iter().collect();
            let events = spec.events.iter().map(|event| &event.tag);
            let wanted: BTreeSet<String> =
                events.chain(spec.foreign.iter().map(|tag| &tag.tag)).cloned().collect();
            assert_eq!(written, wanted);
            let times: BTreeSet<i64> = spec.events.iter().map(|event| event.stamp.time).collect();
            assert_eq!(times.len(), spec.events.len(), "two events in one second");
            assert_eq!(repo.git_ok(&["status", "--porcelain"]), "");
        }
    }
}
