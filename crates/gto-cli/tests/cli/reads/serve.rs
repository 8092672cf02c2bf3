//! `gto serve` as a program: what it prints, and how it ends. What the pages say is tested in `gto-server`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gto_testkit::{Repo, TagSpec};

use crate::common::{gto, refused};

#[test]
fn serve_prints_an_address_that_opens_the_pages_and_ends_with_ctrl_c() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let mut serve = repo.command(env!("CARGO_BIN_EXE_gto"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = serve.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (address, token) = line.trim().strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("v1.0.0"), "{page}");
    // One that hangs must not keep it.
    let _hanging = TcpStream::connect(address).unwrap();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn serve_refuses_what_would_be_open_to_strangers_and_says_what_to_type() {
    let repo = Repo::new();
    refused(
        &repo,
        "serve --auth none --listen 0.0.0.0:0",
        "`--auth none` would show the registry to everyone who reaches this machine",
    );
    refused(
        &repo,
        "serve --auth none --write local",
        "`--auth none` would let every user of this machine write under your name",
    );
    let run = gto(&repo, "serve --refresh soon").fails(1);
    assert!(run.err().contains("hint: as in `--refresh 30s`"), "{}", run.err());
    let run = gto(&repo, "serve --config absent.yaml").fails(1);
    assert!(run.err().contains("absent.yaml"), "{}", run.err());
    let run = gto(&repo, "serve absent").fails(1);
    assert!(run.err().contains("No Git repo found"), "{}", run.err());
    assert!(run.err().contains("as in `gto serve PATH`") && !run.err().contains("--repo"), "{}", run.err());
    std::fs::write(repo.path().join("gto-serve.yaml"), "hook_secret_file: absent.key\n").unwrap();
    let run = gto(&repo, "serve --config gto-serve.yaml").fails(1);
    assert!(run.err().contains("Cannot read the file of `hook_secret_file`, '"), "{}", run.err());
}
