//! `cargo xtask bench --get`: how long `gto get` takes for many small files, for a large one, and for one blob of a remote registry,
//! beside what else gets the same.
//!
//! The remote of DVC is a folder, so that no network hides anything; the remote registry is served over http on this machine.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gto_testkit::{Repo, TagSpec};

use super::registry::Registry;
use super::table::Compared;
use crate::Result;
use crate::measure::{Contender, Measured, side_by_side};
use crate::workspace::{Workspace, output_of};
use crate::{file_servers, workspace::display};

const FILES: usize = 10_000;
const LARGE: u64 = 2 << 30;
const TAGS: usize = 100_000;

/// What `gto get` may take at most, in MiB.
const MEMORY: u64 = 64;

/// Measures and prints the table: `runs` runs of each command, those of a case in turn.
pub fn run(workspace: &Workspace, gto: &Path, runs: usize) -> Result<()> {
    let dvc = match file_servers::dvc(&workspace.target) {
        Ok(python) => Some(python.with_file_name("dvc")),
        Err(reason) => {
            println!("without DVC, which is not to be had: {reason}\n");
            None
        }
    };
    println!("{runs} interleaved runs of each command:\n");
    println!("| what | command | median s | min..max | time of `gto get` × | peak MiB | wanted |");
    println!("|---|---|---:|---:|---:|---:|---|");
    // One after the other: each has some GiB.
    many(gto, dvc.as_deref())?.measure(runs)?;
    large(gto)?.measure(runs)?;
    blob(workspace, gto)?.measure(runs)
}

/// Commands that get the same. The first is `gto get`.
struct Case {
    what: String,
    /// Where they run.
    repo: Repo,
    contenders: Vec<Contender>,
    /// The part of the time of each other one that it may take.
    wanted: f64,
    _server: Option<Server>,
}

impl Case {
    fn measure(&self, runs: usize) -> Result<()> {
        eprintln!("measuring {}: {} commands, {runs} runs each", self.what, self.contenders.len());
        let measured = side_by_side(&self.contenders, runs, &|program| self.repo.command(program))?;
        print!("{}", self.rows(&measured));
        Ok(())
    }

    fn rows(&self, measured: &[Measured]) -> String {
        let mut rows = String::new();
        let (own, first) = (&measured[0], &self.contenders[0]);
        for (contender, measured) in self.contenders.iter().zip(measured) {
            let is_own = contender.name == first.name;
            let ratio = Compared::new(own, "", measured).time;
            let met = |is_met| if is_met { "✓" } else { "✗" };
            let peak = measured.peak_kib.map(|kib| kib.div_ceil(1024));
            let (ratio, wanted) = if is_own {
                (String::new(), peak.map(|mib| format!("≤ {MEMORY} MiB {}", met(mib <= MEMORY))))
            } else {
                (format!("{ratio:.2}"), Some(format!("≤ {} {}", self.wanted, met(ratio <= self.wanted))))
            };
            let _ = writeln!(
                rows,
                "| {} | {} | {:.2} | {:.2}..{:.2} | {ratio} | {} | {} |",
                self.what,
                contender.name,
                measured.median().as_secs_f64(),
                measured.shortest().as_secs_f64(),
                measured.longest().as_secs_f64(),
                peak.map_or_else(|| "-".to_owned(), |mib| mib.to_string()),
                wanted.unwrap_or_default(),
            );
        }
        rows
    }
}

/// A folder of small files that DVC keeps.
fn many(gto: &Path, dvc: Option<&Path>) -> Result<Case> {
    let repo = Repo::new();
    let (plain, store) = (repo.path().join("../plain"), repo.path().join("../store/files/md5"));
    fs::create_dir_all(&plain)?;
    for number in 0..FILES {
        fs::write(plain.join(number.to_string()), format!("file {number}\n").repeat(16))?;
    }
    let sums = output_of(repo.command("sh").args(["-c", "cd ../plain && md5sum *"]))?;
    let mut files: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8_lossy(&sums).lines() {
        let (hash, name) = line.split_once("  ").ok_or("md5sum printed something else")?;
        keep(&plain.join(name), &store, hash, "")?;
        files.push((format!("d{:02}/{name}", files.len() % 100), hash.to_owned()));
    }
    files.sort();
    let entry = |(path, hash): &(String, String)| format!(r#"{{"md5": "{hash}", "relpath": "{path}"}}"#);
    let list = plain.join("list");
    fs::write(&list, format!("[{}]", files.iter().map(entry).collect::<Vec<_>>().join(", ")))?;
    let hash = md5(&repo, &list)?;
    keep(&list, &store, &hash, ".dir")?;
    commit(&repo, &format!("{hash}.dir\n  nfiles: {FILES}"));
    let mut contenders = vec![own(gto, &["get", "m", "-o", "out"])];
    contenders.extend(dvc.map(|dvc| got("dvc get", dvc, &["get", "-q", ".", "model", "-o", "out"])));
    Ok(Case { what: format!("{FILES} small files"), repo, contenders, wanted: 0.1, _server: None })
}

/// One large file that DVC keeps.
fn large(gto: &Path) -> Result<Case> {
    let repo = Repo::new();
    let (file, store) = (repo.path().join("../large"), repo.path().join("../store/files/md5"));
    output_of(repo.command("sh").args(["-c", &format!("head -c {LARGE} /dev/urandom > ../large")]))?;
    let hash = md5(&repo, &file)?;
    let object = keep(&file, &store, &hash, "")?;
    commit(&repo, &format!("{hash}\n  size: {LARGE}"));
    let script = format!("cp '{}' out && sync out && md5sum out", object.display());
    let contenders = vec![
        own(gto, &["get", "m", "-o", "out"]),
        got("cp && sync FILE && md5sum", Path::new("sh"), &["-c", &script]),
    ];
    // "At least 0.8 of the speed".
    Ok(Case { what: "2 GiB".to_owned(), repo, contenders, wanted: 1.25, _server: None })
}

/// One blob of a large registry, by its address.
fn blob(workspace: &Workspace, gto: &Path) -> Result<Case> {
    let Registry { repo: served, tags } = Registry::make(TAGS, false)?;
    let mut content = String::new();
    for number in 0..12_800_u32 {
        let _ = write!(content, "{:08x}", number.wrapping_mul(0x9e37_79b9));
    }
    served.commit(&[("artifacts.yaml", "blob: {path: blob.bin}\n"), ("blob.bin", &content)], "blob");
    served.tag("blob@v1.0.0", "HEAD", &TagSpec::default());
    served.git_ok(&["pack-refs", "--all"]);
    for (key, value) in [("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true")] {
        served.git_ok(&["config", key, value]);
    }
    let server = Server::start(workspace, &served)?;
    let url = format!("{}/registry/.git", server.address);
    let repo = served.sandbox().repo("here");
    let script = format!(
        "git init -q out && cd out && git remote add origin '{url}' && git config remote.origin.promisor true && \
         git fetch -q --depth 1 --filter=blob:none origin refs/tags/blob@v1.0.0:refs/tags/blob@v1.0.0 && \
         git cat-file -p blob@v1.0.0:blob.bin > blob.bin"
    );
    let contenders = vec![
        own(gto, &["get", "blob", "-r", &url, "-o", "out"]),
        got("git fetch --depth 1 --filter=blob:none, git cat-file", Path::new("sh"), &["-c", &script]),
    ];
    let what = format!("100 KiB by URL, {tags} tags");
    Ok(Case { what, repo, contenders, wanted: 1.5, _server: Some(server) })
}

fn own(gto: &Path, arguments: &[&str]) -> Contender {
    got("gto get", gto, arguments)
}

/// What writes `out`, which is not there when it begins.
fn got(name: &str, program: &Path, arguments: &[&str]) -> Contender {
    Contender::new(name, program, arguments)
        .env("DVC_NO_ANALYTICS", "1")
        .env("GIT_ALLOW_PROTOCOL", "http:file")
        .env("no_proxy", "127.0.0.1")
        .after_git(&["clean", "-ffdxq", "--", "out"])
}

/// Puts a file where DVC 3 has the object of its hash.
fn keep(file: &Path, store: &Path, hash: &str, ending: &str) -> Result<PathBuf> {
    let (folder, name) = hash.split_at_checked(2).ok_or("md5sum printed something else")?;
    let object = store.join(folder).join(format!("{name}{ending}"));
    fs::create_dir_all(store.join(folder))?;
    fs::rename(file, &object)?;
    Ok(object)
}

fn md5(repo: &Repo, file: &Path) -> Result<String> {
    let sum = output_of(repo.command("md5sum").arg(file))?;
    Ok(String::from_utf8_lossy(&sum).split_whitespace().next().unwrap_or_default().to_owned())
}

/// Registers the output with this hash, and more about it.
fn commit(repo: &Repo, hash: &str) {
    let config = "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../store\n";
    let output = format!("outs:\n- md5: {hash}\n  hash: md5\n  path: model\n");
    let files =
        [(".dvc/config", config), ("artifacts.yaml", "m: {path: model}\n"), ("model.dvc", output.as_str())];
    repo.commit(&files, "a model");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
}

/// The server of `git http-backend` that the tests use, until it is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(workspace: &Workspace, served: &Repo) -> Result<Self> {
        let script = workspace.root.join("crates/gto-cli/tests/cli/remotes/http/server.py");
        let mut python: Command = served.command("python3");
        python.arg(script).arg(served.sandbox().path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process =
            python.spawn().map_err(|error| format!("cannot start {}: {error}", display(&python)))?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().ok_or("it is piped")?).read_line(&mut port)?;
        Ok(Self { process, address: format!("http://127.0.0.1:{}", port.trim()) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
