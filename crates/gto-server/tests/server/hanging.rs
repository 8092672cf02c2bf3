//! Many repositories, of which some do not answer.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use gto_testkit::{Sandbox, TagSpec};

use crate::common::{Running, serve_with};

/// So many repositories, a part of which hangs.
struct Many {
    sandbox: Sandbox,
    fine: Vec<PathBuf>,
    hanging: Vec<String>,
    /// They take connections, and never say anything.
    _silent: Vec<TcpListener>,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Many {
    /// A third hangs in each way: a named pipe in the place of a file, a host that takes connections and is silent, an `ssh` that
    /// sleeps.
    fn new(fine: usize, hanging: usize) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.set_env("GIT_ALLOW_PROTOCOL", "file:http:ssh");
        sandbox.set_git_config("[core]\n\tsshCommand = \"exec sleep 30; \"\n");
        let first = sandbox.repo("first");
        first.commit(&[], "Train");
        first.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        first.pack_refs();
        let _ = std::fs::remove_dir_all(first.git_dir().join("hooks"));
        let copied = |name: String| {
            let path = sandbox.path().join(name);
            copy(&first.git_dir(), &path.join(".git"));
            path
        };
        let silent: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let hangs = |number: usize| match number % 3 {
            0 => {
                let path = copied(format!("pipe{number}"));
                let pipe = path.join(".git/packed-refs");
                std::fs::remove_file(&pipe).unwrap();
                assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                path.display().to_string()
            }
            1 => format!("http://{}/silent{number}.git", silent[number / 3 % 3].local_addr().unwrap()),
            _ => format!("ssh://sleeps/ssh{number}.git"),
        };
        let hanging = (0..hanging).map(hangs).collect();
        let fine = (0..fine).map(|number| copied(format!("fine{number}"))).collect();
        Self { fine, hanging, _silent: silent, sandbox }
    }

    fn serve(&self, refresh: &str) -> Running {
        // Those that hang come first.
        let paths: Vec<PathBuf> =
            self.hanging.iter().map(PathBuf::from).chain(self.fine.iter().cloned()).collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        serve_with(&self.sandbox, &paths, |a| a.refresh = Some(refresh.to_owned()))
    }

    /// How many are current, and how many cannot be read.
    fn counts(server: &Running) -> (usize, usize) {
        let answer = server.get("/api/v1/repos").ok().json();
        let repos = answer["repos"].as_array().unwrap();
        let failing = repos.iter().filter(|repo| !repo["failing"].is_null()).count();
        let is_current = |repo: &&serde_json::Value| repo["failing"].is_null() && repo["artifacts"] == 1;
        (repos.iter().filter(is_current).count(), failing)
    }

    /// The threads of this process that look at repositories.
    fn threads() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
        tasks.filter_map(name).filter(|name| name.starts_with("gto-look")).count()
    }
}

fn those_that_hang_keep_no_other_waiting(many: &Many, refresh: &str, at_most: Duration) {
    let start = Instant::now();
    let server = many.serve(refresh);
    loop {
        let (current, _) = Many::counts(&server);
        if current == many.fine.len() {
            break;
        }
        assert!(start.elapsed() < at_most, "{current} of {} are current", many.fine.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    // A change in one of the others is seen.
    let repo = gto_testkit::Repo::at(&many.sandbox, &many.fine[many.fine.len() / 2], false);
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::default());
    let page = format!("/r/fine{}/m", many.fine.len() / 2);
    let took = server.wait_for(&page, |page| page.text().contains("v2.0.0"));
    assert!(took < at_most, "{took:?}");
    // Those that hang are said to; no request waits for them, however often it is asked for what they have.
    let pipes = many.hanging.len().div_ceil(3);
    server.wait_for("/api/v1/repos", |_| Many::counts(&server).1 >= pipes);
    for _ in 0..100 {
        let asked = Instant::now();
        let answer = server.get("/r/pipe0/m");
        assert_eq!(answer.status, 503, "{}", answer.text());
        server.get("/").ok();
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    }
    let overview = server.get("/").ok().text();
    assert!(overview.contains("repositories cannot be read"), "{overview}");
    let health = server.get("/health").ok().text();
    assert!(health.contains("a look at it has not come to an end"), "{health}");
    assert_eq!(Many::counts(&server).0, many.fine.len());
    assert!(Many::threads() <= 2 * many.hanging.len() + 64, "{} threads", Many::threads());
    let end = Instant::now();
    drop(server);
    assert!(end.elapsed() < Duration::from_secs(8), "the end takes {:?}", end.elapsed());
}

#[test]
fn repositories_that_hang_keep_no_other_waiting_and_are_said_to() {
    let many = Many::new(30, 12);
    those_that_hang_keep_no_other_waiting(&many, "2s", Duration::from_secs(20));
}

#[test]
#[ignore = "takes a minute"]
fn of_a_thousand_repositories_fifty_hang_and_the_others_are_current() {
    let many = Many::new(950, 50);
    those_that_hang_keep_no_other_waiting(&many, "20s", Duration::from_secs(60));
}

#[test]
fn a_repository_that_hangs_while_it_is_served_keeps_its_state_and_comes_back() {
    let many = Many::new(1, 0);
    let server = many.serve("1s");
    server.get("/r/fine0/m").ok();
    let packed = many.fine[0].join(".git/packed-refs");
    let kept = packed.with_extension("kept");
    std::fs::rename(&packed, &kept).unwrap();
    assert!(Command::new("mkfifo").arg(&packed).status().unwrap().success());
    server.wait_for("/", |page| page.text().contains("It does not answer"));
    let page = server.get("/r/fine0/m").ok().text();
    assert!(page.contains("v1.0.0") && page.contains("last good state"), "{page}");
    let version = server.get("/r/fine0/m@v1.0.0");
    assert_eq!(version.status, 503, "{}", version.text());
    // Who waits for the pipe gets an end of it.
    let pipe = std::fs::File::options().write(true).open(&packed).unwrap();
    std::fs::rename(&kept, &packed).unwrap();
    drop(pipe);
    server.wait_for("/", |page| !page.text().contains("cannot be read"));
    // What came out of the pipe was an empty file, so the artifact is back with the look after that.
    server.wait_for("/r/fine0/m@v1.0.0", |page| page.status == 200);
}

#[test]
fn a_signature_that_is_checked_for_ever_keeps_no_other_repository_waiting() {
    let many = Many::new(2, 0);
    let program = many.sandbox.path().join("verify.sh");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let repo = gto_testkit::Repo::at(&many.sandbox, &many.fine[0], false);
    repo.git_ok(&["config", "gpg.program", program.to_str().unwrap()]);
    let signature = "-----BEGIN PGP SIGNATURE-----\n\nnone\n-----END PGP SIGNATURE-----\n";
    repo.tag("m@v2.0.0", "HEAD", &TagSpec::default().message(signature));
    let server = many.serve("1s");
    server.wait_for("/r/fine0/m", |page| page.text().contains("v2.0.0"));
    // What is found out beside the pages is, of the other one.
    server.wait_for("/r/fine1/m.json", |page| page.json()["pending"] == false);
    server.wait_for("/health.json", |page| page.json()["repositories"][1]["findings_of"] == "now");
    let waiting = server.get("/r/fine0/m.json").ok().json();
    assert_eq!(waiting["pending"], true, "{waiting}");
}
