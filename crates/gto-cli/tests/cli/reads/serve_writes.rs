//! `gto serve` as a program that writes to remote repositories, and is killed: nothing is said to be done that the remote does not have.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use gto_testkit::{Repo, Sandbox, SshKey, TagSpec};

const FORM: &str = "action=assign&artifact=m&stage=prod&version=v1.0.0";

/// A server in a process of its own, which Ada uses by way of a proxy.
struct Serving {
    child: Child,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(sandbox: &Sandbox, remote: &Path) -> Self {
        let mut serve = sandbox.command(env!("CARGO_BIN_EXE_gto"));
        serve.args(["serve", "--listen", "127.0.0.1:0", "--refresh", "1s", "--write", "service"]);
        serve.args(["--auth", "proxy", "--trusted-proxy", "127.0.0.1/32"]);
        serve.arg(format!("file://{}", remote.display()));
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, address }
    }

    /// The status, where it leads, and the text.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nX-Forwarded-User: ada@example.com\r\nOrigin: http://{0}\r\n\
             Sec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Length: {1}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
        (status, location.to_owned(), answer.clone())
    }

    fn page(&self) -> String {
        self.ask("GET", "/r/remote/m", "").2
    }

    fn wait(&self, is_there: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is_there(&self.page()) {
            assert!(start.elapsed() < Duration::from_secs(60), "{}", self.page());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn plan(&self) -> String {
        let (status, plan, text) = self.ask("POST", "/write/remote", FORM);
        assert_eq!(status, 303, "{text}");
        plan
    }

    fn confirm(&self, plan: &str) -> (u16, String, String) {
        self.ask("POST", &format!("{plan}/apply"), "")
    }
}

/// A bare repository with a policy that trusts the key which signs in the sandbox.
fn served() -> Option<(Repo, Sandbox)> {
    let mut sandbox = Sandbox::new();
    let key = SshKey::or_skip(sandbox.home().join("service"))?;
    let config = format!("[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {}\n", key.private().display());
    sandbox.set_git_config(&config);
    let work = sandbox.repo("work");
    let policy = "version: 1\ngroups: {release: ['email:ada@example.com'], bots: ['email:bot@example.com']}\n\
                  service: {by: [bots]}\nrules:\n- {stage: prod, by: [release]}\n";
    let keys = format!("{} bot@example.com\n", key.public().trim_end_matches(" test"));
    work.commit(&[(".gto-policy.yaml", policy), (".gto-policy/keys/bot.pub", &keys)], "Ada promotes");
    work.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let path = sandbox.path().join("remote.git");
    work.git_ok(&["clone", "--quiet", "--bare", ".", &path.display().to_string()]);
    Some((Repo::at(&sandbox, path, true), sandbox))
}

#[cfg(unix)]
fn refuse_by_hook(remote: &Repo) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let hook = remote.path().join("hooks/update");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'only on Mondays' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    hook
}

#[cfg(unix)]
#[test]
fn a_write_for_a_user_is_on_the_remote_or_it_is_not_said_to_be_done() {
    let Some((remote, sandbox)) = served() else { return };
    let server = Serving::start(&sandbox, remote.path());
    server.wait(|page| page.contains("v1.0.0"));
    let hook = refuse_by_hook(&remote);
    let (status, _, text) = server.confirm(&server.plan());
    assert!(status >= 400 && text.contains("only on Mondays"), "{text}");
    let alias = r#"{"name": "m", "alias": "prod", "version": "1000000"}"#;
    let (status, _, text) = server.ask("POST", "/api/2.0/mlflow/registered-models/alias", alias);
    assert!(status >= 400, "{text}");
    std::fs::remove_file(&hook).unwrap();
    // The remote goes away between the plan and its confirmation.
    let (plan, away) = (server.plan(), remote.path().with_extension("away"));
    std::fs::rename(remote.path(), &away).unwrap();
    let (status, _, text) = server.confirm(&plan);
    assert!(status >= 500, "{text}");
    assert!(server.page().contains("No version is in a stage"), "{}", server.page());
    std::fs::rename(&away, remote.path()).unwrap();
    server.wait(|page| !page.contains("cannot be read"));
    assert_eq!(remote.git_ok(&["tag"]).trim(), "m@v1.0.0");
    assert!(server.page().contains("No version is in a stage"), "{}", server.page());
    // Killed after a plan: the plan is gone, and what was not confirmed is nowhere.
    let plan = server.plan();
    drop(server);
    let server = Serving::start(&sandbox, remote.path());
    server.wait(|page| page.contains("v1.0.0"));
    assert_eq!(server.confirm(&plan).0, 404);
    let (status, to, text) = server.confirm(&server.plan());
    assert_eq!(status, 303, "{text}");
    let tag = remote.git_ok(&["cat-file", "tag", "m#prod#1"]);
    assert!(tag.contains("\nGto-Actor: ada@example.com\n") && tag.contains("BEGIN SSH SIGNATURE"), "{tag}");
    let start = Instant::now();
    while !server.ask("GET", &to, "").2.contains("is made") {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", server.page());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_starts_again_with_what_the_remote_has() {
    let Some((remote, sandbox)) = served() else { return };
    for round in 0..12_u64 {
        remote.tag(&format!("m@v2.{round}.0"), "HEAD", &TagSpec::default());
        let _killed = Serving::start(&sandbox, remote.path());
        // In the middle of the clone, of a fetch, of a look.
        std::thread::sleep(Duration::from_millis(round * 15));
    }
    let server = Serving::start(&sandbox, remote.path());
    server.wait(|page| page.contains("v2.11.0") && !page.contains("cannot be read"));
    remote.git_ok(&["tag", "--delete", "m@v2.11.0"]);
    server.wait(|page| !page.contains("v2.11.0"));
}
