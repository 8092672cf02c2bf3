//! Owns a release to install from, whose program is a script, and a server for it. Must not know who installs it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use gto_testkit::Sandbox;

/// The workspace.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the crate lies in the workspace")
}

/// What `uname` answers, and the platform of its archive.
pub const LINUX: (&str, &str, &str) = ("Linux", "x86_64", "x86_64-unknown-linux-musl");

/// A program that only knows its version.
pub fn stand_in(version: &str) -> String {
    // What follows its end makes it larger than a block or two, compressed.
    let mut noise = 1_u64;
    let filler: String = (0..40_000)
        .map(|_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from(noise >> 60).expect("four bits"))
        })
        .collect();
    format!("#!/bin/sh\necho \"GTO Version: {version}\"\nexit\n{filler}\n")
}

/// The files of a release for one platform, in a folder of the sandbox.
pub fn release(sandbox: &Sandbox, target: &str, program: &str) -> PathBuf {
    let dist = sandbox.path().join("dist");
    let inside = sandbox.path().join("build").join(format!("gto-{target}"));
    fs::create_dir_all(&inside).expect("the sandbox is writable");
    fs::create_dir_all(&dist).expect("the sandbox is writable");
    let name = if target.contains("windows") { "gto.exe" } else { "gto" };
    write_program(&inside.join(name), program);
    let archive = format!("gto-{target}.tar.gz");
    let mut tar = sandbox.command("tar");
    tar.arg("-czf")
        .arg(dist.join(&archive))
        .arg("-C")
        .arg(sandbox.path().join("build"))
        .arg(format!("gto-{target}"));
    assert!(tar.status().expect("tar runs").success());
    fs::copy(root().join("install.sh"), dist.join("install.sh")).expect("the script is there");
    // Linux has the one program, macOS the other.
    let sums =
        r#"if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi >SHA256SUMS"#;
    let mut sh = sandbox.command("sh");
    sh.args(["-c", sums, "sh", &archive, "install.sh"]).current_dir(&dist);
    assert!(sh.status().expect("sh runs").success());
    dist
}

/// Writes a program by a child: while this process has it open, a fork by another test can keep it "busy".
pub fn write_program(path: &Path, text: &str) {
    let text_file = path.with_extension("text");
    fs::write(&text_file, text).expect("the sandbox is writable");
    let mut cp = std::process::Command::new("sh");
    cp.args(["-c", r#"cp "$0" "$1" && chmod 755 "$1" && rm "$0""#]).arg(&text_file).arg(path);
    assert!(cp.status().expect("sh runs").success());
}

/// How a server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// With the whole file.
    Whole,
    /// Archives end in the middle, and the connection with them.
    CutOff,
    /// Archives stop in the middle, and the connection stays.
    Stalled,
}

/// Serves the files of a folder by HTTP until the test ends.
pub fn serve(folder: PathBuf, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let folder = folder.clone();
            thread::spawn(move || answer(connection, &folder, manner));
        }
    });
    format!("http://{address}")
}

fn answer(mut connection: TcpStream, folder: &Path, manner: Manner) {
    let mut lines = BufReader::new(connection.try_clone().expect("a socket can be cloned")).lines();
    let request = lines.next().and_then(Result::ok).unwrap_or_default();
    while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
    let name = request.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let Ok(body) = fs::read(folder.join(name)) else {
        connection
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .ok();
        return;
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    connection.write_all(head.as_bytes()).ok();
    let is_whole = manner == Manner::Whole || !name.contains(".tar.");
    connection.write_all(if is_whole { &body } else { &body[..body.len() / 2] }).ok();
    if manner == Manner::Stalled && !is_whole {
        thread::sleep(std::time::Duration::from_secs(60));
    }
}

/// The program of the release is the one under test.
pub fn real() -> String {
    format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_gto"))
}
