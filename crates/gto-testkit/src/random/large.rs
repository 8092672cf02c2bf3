//! Owns large registries for benchmarks: a shape that is always the same, no chance. Must not hold them in memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
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
    /// Leave all refs loose instead of packing them.
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
    let aside = if size.loose { None } else { RefsAside::new(dir)? };
    let mut command = Command::new("git");
    command.current_dir(dir).args(["fast-import", "--quiet", "--force"]).stdin(Stdio::piped());
    if let Some(aside) = &aside {
        aside.use_in(&mut command);
    }
    let mut import = command.spawn()?;
    let stdin = import.stdin.take().expect("stdin was piped");
    let tags = write(stdin, size)?;
    let status = import.wait()?;
    if !status.success() {
        return Err(std::io::Error::other(format!("git fast-import: {status}")));
    }
    if let Some(aside) = aside {
        aside.move_to_packed_refs()?;
    }
    git(dir, &["reset", "-q", "--hard", "main"], false)?;
    if !size.loose {
        git(dir, &["pack-refs", "--all"], false)?;
        git(dir, &["gc", "-q"], false)?;
    }
    Ok(tags)
}

fn write(out: impl Write, size: Large) -> std::io::Result<usize> {
    let mut writer =
        Writer { out: BufWriter::new(out), clock: 1_600_000_000, tags: 0, counters: vec![0; size.artifacts] };
    writer.commits(size)?;
    writer.events(size)?;
    let tags = writer.tags;
    for k in 0..size.noise {
        writer.tag(&format!("release-{k:06}"), k % size.versions, &format!("Unrelated release {k}"))?;
    }
    writer.out.flush()?;
    Ok(tags)
}

/// A second Git folder for the refs of an import, with a reftable. fast-import makes a file of every ref otherwise,
/// and packing a million of them takes many minutes.
struct RefsAside {
    git_dir: PathBuf,
    folder: PathBuf,
}

impl RefsAside {
    /// Beside the refs of the repository in `dir`; `None` if this Git knows no reftable.
    fn new(dir: &Path) -> std::io::Result<Option<Self>> {
        if !crate::Repo::reftable_works() {
            return Ok(None);
        }
        let git_dir = dir.join(".git");
        let folder = git_dir.join("import");
        let mut init = Command::new("git");
        let status = init
            .args(["init", "-q", "-b", "main", "--bare", "--ref-format=reftable"])
            .arg(&folder)
            .status()?;
        Ok(status.success().then_some(Self { git_dir, folder }))
    }

    /// Makes a command write objects into the repository, and refs here.
    fn use_in(&self, command: &mut Command) {
        command.env("GIT_DIR", &self.folder).env("GIT_OBJECT_DIRECTORY", self.git_dir.join("objects"));
    }

    /// Writes all refs into the repository's `packed-refs`. See gitrepository-layout in `git help`, and
    /// refs/packed-backend.c in Git's source for the format.
    fn move_to_packed_refs(self) -> std::io::Result<()> {
        let mut list = Command::new("git");
        self.use_in(&mut list);
        list.args(["for-each-ref", "--format=%(objectname) %(refname)%0a^%(*objectname)"]);
        let mut list = list.stdout(Stdio::piped()).spawn()?;
        let listed = BufReader::new(list.stdout.take().expect("stdout was piped"));
        let mut packed = BufWriter::new(File::create(self.git_dir.join("packed-refs"))?);
        writeln!(packed, "# pack-refs with: peeled fully-peeled sorted ")?;
        for line in listed.lines() {
            let line = line?;
            // A branch is not peeled.
            if line != "^" {
                writeln!(packed, "{line}")?;
            }
        }
        packed.flush()?;
        let status = list.wait()?;
        if !status.success() {
            return Err(std::io::Error::other(format!("git for-each-ref: {status}")));
        }
        std::fs::remove_dir_all(self.folder)
    }
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

/// Every third artifact is in a folder.
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
        repo.git_ok(&["fsck", "--strict"]);
    }

    #[test]
    fn packed_or_loose_the_refs_are_the_same() {
        let sandbox = crate::Sandbox::new();
        let refs = |name: &str, loose| {
            let dir = sandbox.path().join(name);
            large(&dir, Large { artifacts: 4, versions: 5, noise: 3, loose, ..Large::default() })
                .expect("git works");
            assert_eq!(dir.join(".git/packed-refs").exists(), !loose);
            Repo::at(&sandbox, &dir, false)
                .git_ok(&["for-each-ref", "--format=%(refname) %(objectname) %(*objectname)"])
        };
        assert_eq!(refs("packed", false), refs("loose", true));
    }
}
