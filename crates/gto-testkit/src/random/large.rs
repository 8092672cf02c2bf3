//! Owns large registries for benchmarks: a shape that is always the same, no chance. Must not hold them in memory.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The size of a registry to measure with.
#[derive(Clone, Copy, Debug)]
pub struct Large {
    /// How many artifacts.
    pub artifacts: usize,
    /// Registrations of each artifact; also the number of commits.
    pub versions: usize,
    /// Tags that are not GTO's.
    pub noise: usize,
    /// Leave every ref in a file of its own instead of packing them.
    pub loose: bool,
    /// Put an `artifacts.yaml` into every tenth commit.
    pub yaml: bool,
}

impl Default for Large {
    /// About ten thousand tags.
    fn default() -> Self {
        Self { artifacts: 55, versions: 100, noise: 500, loose: false, yaml: true }
    }
}

const WHO: &str = "Ada Tester <ada@example.com>";
const STAGES: [&str; 3] = ["dev", "staging", "prod"];
/// At most this many artifacts are annotated.
const ANNOTATED: usize = 200;

/// Writes a registry into `dir` and returns the number of its GTO tags.
///
/// Every version is registered on its own commit and two of three are assigned a stage; some of these are
/// unassigned again, some versions deregistered, and one artifact in twenty is deprecated in the end. Each event
/// has its own second.
///
/// # Errors
/// If git cannot be started, fails, or takes no input.
pub fn large(dir: &Path, size: Large) -> std::io::Result<usize> {
    git(dir, &["init", "-q", "-b", "main"], true)?;
    let mut import = Command::new("git")
        .current_dir(dir)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()?;
    let stdin = import.stdin.take().expect("stdin was piped");
    let mut writer = Writer {
        out: BufWriter::new(stdin),
        clock: 1_600_000_000,
        tags: 0,
        counters: vec![0; size.artifacts],
    };
    writer.commits(size)?;
    writer.events(size)?;
    let tags = writer.tags;
    for k in 0..size.noise {
        writer.tag(&format!("release-{k:06}"), k % size.versions, &format!("Unrelated release {k}"))?;
    }
    drop(writer);
    let status = import.wait()?;
    if !status.success() {
        return Err(std::io::Error::other(format!("git fast-import: {status}")));
    }
    git(dir, &["reset", "-q", "--hard", "main"], false)?;
    if !size.loose {
        git(dir, &["pack-refs", "--all"], false)?;
        git(dir, &["gc", "-q"], false)?;
    }
    Ok(tags)
}

struct Writer<W: Write> {
    out: W,
    clock: u64,
    tags: usize,
    counters: Vec<usize>,
}

impl<W: Write> Writer<W> {
    fn commits(&mut self, size: Large) -> std::io::Result<()> {
        for commit in 0..size.versions {
            self.clock += 60;
            writeln!(
                self.out,
                "commit refs/heads/main\nmark :{}\ncommitter {WHO} {} +0000",
                commit + 1,
                self.clock
            )?;
            self.data(&format!("Commit {commit}\n"))?;
            if commit > 0 {
                writeln!(self.out, "from :{commit}")?;
            }
            writeln!(self.out, "M 100644 inline train.py")?;
            self.data(&format!("print({commit})\n"))?;
            if size.yaml && commit % 10 == 0 {
                writeln!(self.out, "M 100644 inline artifacts.yaml")?;
                self.data(&annotations(size.artifacts, commit))?;
            }
        }
        Ok(())
    }

    fn events(&mut self, size: Large) -> std::io::Result<()> {
        for v in 0..size.versions {
            let version = format!("v{}.{}.{}", v / 100, v / 10 % 10, v % 10 + 1);
            for i in 0..size.artifacts {
                self.version(i, v, &version)?;
            }
        }
        for i in (0..size.artifacts).step_by(20) {
            let name = name(i);
            self.event(
                &format!("{}@deprecated", in_tag(&name)),
                size.versions - 1,
                &format!("Deprecating artifact '{name}'"),
            )?;
        }
        Ok(())
    }

    /// The events of one version of one artifact.
    fn version(&mut self, i: usize, v: usize, version: &str) -> std::io::Result<()> {
        let name = name(i);
        let tag = in_tag(&name);
        self.event(
            &format!("{tag}@{version}"),
            v,
            &format!("Registering artifact {name} version {version}"),
        )?;
        if !v.is_multiple_of(3) {
            let stage = STAGES[(v + i) % 3];
            let counter = self.count(i);
            let text = format!("Assigning stage {stage} to artifact {name} version {version}");
            self.event(&format!("{tag}#{stage}#{counter}"), v, &text)?;
            if (v + i).is_multiple_of(11) {
                let counter = self.count(i);
                let text = format!("Unassigning stage '{stage}' to artifact '{name}' version '{version}'");
                self.event(&format!("{tag}#{stage}!#{counter}"), v, &text)?;
            }
        }
        if (v + i).is_multiple_of(17) {
            self.event(
                &format!("{tag}@{version}!"),
                v,
                &format!("Deregistering artifact {name} version {version}"),
            )?;
        }
        Ok(())
    }

    fn count(&mut self, artifact: usize) -> usize {
        self.counters[artifact] += 1;
        self.counters[artifact]
    }

    fn event(&mut self, tag: &str, commit: usize, message: &str) -> std::io::Result<()> {
        self.tags += 1;
        self.tag(tag, commit, message)
    }

    fn tag(&mut self, tag: &str, commit: usize, message: &str) -> std::io::Result<()> {
        self.clock += 1;
        writeln!(self.out, "tag {tag}\nfrom :{}\ntagger {WHO} {} +0000", commit + 1, self.clock)?;
        self.data(message)
    }

    fn data(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.out, "data {}\n{text}", text.len())
    }
}

/// Every third artifact lies in a folder.
fn name(i: usize) -> String {
    if i.is_multiple_of(3) {
        format!("team{}/dir{}:model-{i:05}", i % 10, i % 7)
    } else {
        format!("model-{i:05}")
    }
}

fn in_tag(name: &str) -> String {
    super::generate::in_tag(name)
}

fn annotations(artifacts: usize, commit: usize) -> String {
    let entry = |i: usize| {
        format!(
            "model-{i:05}:\n  type: model\n  path: models/model-{i:05}.pkl\n  labels: [l{commit}]\n  description: annotated at {commit}\n"
        )
    };
    let yaml: String = (0..artifacts.min(ANNOTATED)).filter(|i| i % 3 > 0).map(entry).collect();
    if yaml.is_empty() { "{}\n".to_owned() } else { yaml }
}

fn git(dir: &Path, args: &[&str], init: bool) -> std::io::Result<()> {
    let mut command = Command::new("git");
    command.args(args);
    if init {
        command.arg(dir);
    } else {
        command.current_dir(dir);
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(format!("git {}: {status}", args.join(" "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Repo;

    #[test]
    fn a_large_registry_has_the_tags_that_it_counts() {
        let sandbox = crate::Sandbox::new();
        let dir = sandbox.path().join("large");
        let size = Large { artifacts: 7, versions: 20, noise: 11, ..Large::default() };
        let tags = large(&dir, size).expect("git works");
        let repo = Repo::at(&sandbox, &dir, false);
        assert_eq!(repo.tag_names().len(), tags + 11);
        assert!(repo.git_ok(&["show", "HEAD:artifacts.yaml"]).contains("annotated at 10"));
    }
}
