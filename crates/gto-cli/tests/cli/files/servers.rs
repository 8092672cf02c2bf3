//! Remotes of DVC on real servers of this machine: clouds as they are imitated for tests, and OpenSSH. Each is skipped in sight where it is
//! not to be had.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::dvc::{Dvc, Server, md5};
use crate::common::gto;
use crate::common::sshd::Sshd;
use gto_testkit::skip;

/// Where the task of tests puts what is installed for them.
fn installed(variable: &str, name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(name);
    let path = std::env::var_os(variable).map_or_else(beside, PathBuf::from);
    if path.exists() {
        return path.canonicalize().ok();
    }
    skip(&format!("{variable} names no folder with the servers of clouds"));
    None
}

/// The server of a cloud with what is in this folder, and its address; or the test is skipped in sight.
fn cloud(kind: &str, folder: &Path) -> Option<(Server, String)> {
    cloud_with(kind, folder, None)
}

/// The same; versions are written to this file.
pub fn cloud_with(kind: &str, folder: &Path, versions: Option<&Path>) -> Option<(Server, String)> {
    let python = installed("GTO_SERVERS", "servers")?.join("bin/python");
    let mut server = std::process::Command::new(python);
    server.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/files/clouds.py")).arg(kind).arg(folder);
    server.args(versions);
    if kind == "azure" {
        server.arg(installed("GTO_AZURITE", "azurite")?);
    }
    let mut child = server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut address = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut address).ok()?;
    let address = address.trim().to_owned();
    if address.is_empty() {
        skip(&format!("the server of {kind} does not start"));
        return None;
    }
    Some((Server(child), address))
}

/// A repository with a large file and a folder, whose objects are not here.
fn with_objects(prefix: &str) -> (Dvc, String) {
    let mut dvc = Dvc::new();
    dvc.store = dvc.repo.path().join("../served").join(prefix);
    let large = "0123456789abcdef".repeat(100_000);
    dvc.cache(&large);
    let list = format!(
        r#"[{{"md5": "{}", "relpath": "a b.txt"}}, {{"md5": "{}", "relpath": "s/l"}}]"#,
        md5("1"),
        md5(&large)
    );
    dvc.cache("1");
    dvc.folder("d", &list);
    (dvc, large)
}

fn set(dvc: &mut Dvc, variables: &[(&str, &str)]) {
    for (name, value) in variables {
        dvc.repo.sandbox_mut().set_env(*name, value);
    }
}

fn gets_all(dvc: &Dvc, large: &str, folder: &str) {
    let run = gto(&dvc.repo, &format!("get d -o {folder}")).ok();
    assert_eq!(dvc.read(&format!("{folder}/a b.txt")), "1", "{run}");
    assert!(dvc.read(&format!("{folder}/s/l")) == *large);
    // A part of it is here.
    let left = dvc.repo.path().join(format!(".{folder}2.gto-get/files/s"));
    fs::create_dir_all(&left).expect("the sandbox is writable");
    fs::write(left.join("l"), &large[..1000]).expect("the sandbox is writable");
    gto(&dvc.repo, &format!("get d -o {folder}2")).ok();
    assert!(dvc.read(&format!("{folder}2/s/l")) == *large);
}

fn served(dvc: &Dvc) -> PathBuf {
    dvc.repo.path().join("../served")
}

#[test]
fn objects_come_from_s3() {
    let (mut dvc, large) = with_objects("pre fix");
    let Some((_server, address)) = cloud("s3", &served(&dvc)) else { return };
    let host = address.trim_start_matches("http://").to_owned();
    dvc.configure(&format!(
        "[core]\nremote = r\n['remote \"r\"']\nurl = s3://bucket/pre fix\nendpointurl = {address}\n"
    ));
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("no credentials of AWS were found"), "{run}");
    set(&mut dvc, &[("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains(&format!("without --trust-remote {host}")), "{run}");
    gto(&dvc.repo, &format!("get d -o trusted --trust-remote {host}")).ok();
    let own = format!("['remote \"r\"']\nendpointurl = {address}\n");
    fs::write(dvc.repo.path().join(".dvc/config.local"), own).unwrap();
    gets_all(&dvc, &large, "out");
}

/// As DVC 3.67 has written it after its `push` to such a remote: `version_aware`, or `worktree`.
#[test]
fn versions_of_files_come_from_a_bucket_that_has_them_under_their_own_names() {
    let mut dvc = Dvc::new();
    let (folder, versions) = (served(&dvc), dvc.repo.path().join("../versions"));
    let files = [("pre fix/sub/d/a b.txt", "1"), ("pre fix/sub/d/s/l", "22"), ("pre fix/sub/m", "333")];
    for (name, content) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the sandbox is writable");
        fs::write(file, content).expect("the sandbox is writable");
    }
    let Some((_server, address)) = cloud_with("s3", &folder, Some(&versions)) else { return };
    set(&mut dvc, &[("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    let remote = format!("['remote \"v\"']\nurl = s3://bucket/pre fix\nendpointurl = {address}\n");
    fs::create_dir_all(dvc.repo.path().join(".dvc")).expect("the sandbox is writable");
    fs::write(dvc.repo.path().join(".dvc/config.local"), &remote).expect("the sandbox is writable");
    let versions = fs::read_to_string(versions).expect("the server wrote it");
    let [a, l, m] = files.map(|(name, content)| {
        let line = versions.lines().find(|line| line.ends_with(name)).expect("each has a version");
        let id = line.split(' ').next().unwrap_or_default();
        let size = content.len();
        format!(
            "md5: {}\n    size: {size}\n    cloud:\n      v:\n        etag: e\n        version_id: {id}\n",
            md5(content)
        )
    });
    let of_folder = format!(
        "outs:\n- hash: md5\n  path: d\n  files:\n  - relpath: a b.txt\n    {a}  - relpath: s/l\n    {l}"
    );
    let of_file = |m: &str| format!("outs:\n-   hash: md5\n    path: m\n    {m}");
    for kind in ["version_aware", "worktree"] {
        let config = format!(
            "[core]\nremote = other\n['remote \"v\"']\n{kind} = true\nurl = s3://bucket/pre fix\n['remote \"other\"']\nurl = s3://none\n"
        );
        let (of_file, artifacts) = (of_file(&m), format!("d: {{path: sub}}\n# {kind}\n"));
        dvc.repo.commit(
            &[
                (".dvc/config", &*config),
                ("sub/d.dvc", &of_folder),
                ("sub/m.dvc", &of_file),
                ("artifacts.yaml", &artifacts),
            ],
            "pushed",
        );
        dvc.register();
        gto(&dvc.repo, &format!("get d -o {kind}")).ok();
        let got = ["d/a b.txt", "d/s/l", "m"].map(|file| dvc.read(&format!("{kind}/{file}")));
        assert_eq!(got, ["1", "22", "333"]);
        gto(&dvc.repo, &format!("get d --path sub/d/s/l -o {kind}-l")).ok();
        assert_eq!(dvc.read(&format!("{kind}-l")), "22");
    }
    // Another version of it than was pushed is none of it, and before `dvc push` there is none.
    for (m, why) in [
        (m.replace("version_id", "no_version"), "'m' is damaged in remote 'v'"),
        (m.split("    cloud").next().unwrap_or_default().to_owned(), "the commit does not say in which"),
    ] {
        let config =
            "[core]\nremote = v\n['remote \"v\"']\nversion_aware = true\nurl = s3://bucket/pre fix\n";
        dvc.repo.commit(&[(".dvc/config", config), ("sub/m.dvc", &of_file(&m))], "changed");
        dvc.register();
        let run = gto(&dvc.repo, "get d -o no").fails(1);
        assert!(run.err().contains(why), "{run}");
    }
}

/// As DVC 3.67 writes it after `import-url --version-aware`: it pushes none of that.
#[test]
fn what_is_imported_from_versions_in_a_bucket_comes_from_there() {
    let mut dvc = Dvc::new();
    let (folder, versions) = (served(&dvc), dvc.repo.path().join("../versions"));
    let files = [("in/d/a", "1"), ("in/d/s/l", "22"), ("in/m", "333")];
    for (name, content) in files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("the sandbox is writable");
        fs::write(file, content).expect("the sandbox is writable");
    }
    let Some((_server, address)) = cloud_with("s3", &folder, Some(&versions)) else { return };
    let host = address.trim_start_matches("http://").to_owned();
    set(&mut dvc, &[("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    let versions = fs::read_to_string(versions).expect("the server wrote it");
    let [a, l, m] = files.map(|(name, _)| {
        let line = versions.lines().find(|line| line.ends_with(name)).expect("each has a version");
        line.split(' ').next().unwrap_or_default()
    });
    let config = format!(
        "[core]\nremote = r\n['remote \"r\"']\nurl = /nonexistent\n['remote \"From\"']\nurl = s3://bucket/in\nendpointurl = {address}\n"
    );
    let import = |dep: &str, hash: &str| {
        let text = format!(
            "frozen: true\ndeps:\n- {dep}\nouts:\n- {{md5: {hash}, hash: md5, path: d, push: false}}\n"
        );
        dvc.repo.commit(&[(".dvc/config", &config), ("d.dvc", &text)], "import");
        dvc.register();
    };
    import(&format!("{{path: 'remote://From/m', etag: e, version_id: {m}}}"), &md5("333"));
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains(&format!("--trust-remote {host}")), "{run}");
    gto(&dvc.repo, &format!("get d -o remote --trust-remote {host}")).ok();
    let direct = format!("fs_config: {{version_aware: true, endpointurl: '{address}'}}");
    import(&format!("{{path: 's3://bucket/in/m', version_id: {m}, {direct}}}"), &md5("333"));
    gto(&dvc.repo, &format!("get d -o direct --trust-remote {host}")).ok();
    assert_eq!((dvc.read("remote"), dvc.read("direct")), ("333".into(), "333".into()));
    // What was put there in parts has no hash of the cloud.
    let list = format!(
        r#"[{{"md5": "{}", "relpath": "a"}}, {{"md5": "{}", "relpath": "s/l"}}]"#,
        md5("1"),
        md5("22")
    );
    for (number, etag) in [md5("1"), "e-2".to_owned(), md5("wrong")].iter().enumerate() {
        let listed = format!(
            "[{{relpath: a, etag: {etag}, version_id: {a}}}, {{relpath: s/l, etag: {}, version_id: {l}}}]",
            md5("22")
        );
        import(&format!("{{path: 'remote://from/d', files: {listed}}}"), &format!("{}.dir", md5(&list)));
        gto(&dvc.repo, &format!("get d -o out{number} --trust-remote {host}")).ok();
        let got = ["a", "s/l"].map(|file| dvc.read(&format!("out{number}/{file}")));
        assert_eq!(got, ["1", "22"]);
    }
    // Another version than was imported is none of it.
    import("{path: 'remote://from/m', version_id: none}", &md5("333"));
    gto(&dvc.repo, &format!("get d -o no --trust-remote {host}")).fails(1);
    import(&format!("{{path: 'remote://from/m', version_id: {a}}}"), &md5("333"));
    gto(&dvc.repo, &format!("get d -o no --trust-remote {host}")).fails(1);
    // A commit names no file of this machine, and no remote of another kind.
    for url in
        ["/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/x", "remote://r/x", "remote://none/x"]
    {
        import(&format!("{{path: '{url}', version_id: v}}"), &md5("333"));
        let run = gto(&dvc.repo, "get d -o no").fails(1);
        assert!(run.err().contains("the import's source '"), "{run}");
    }
}

#[test]
fn objects_come_from_google_cloud_storage() {
    let (mut dvc, large) = with_objects("pre/fix");
    let Some((_server, address)) = cloud("gs", &served(&dvc)) else { return };
    dvc.configure("[core]\nremote = r\n['remote \"r\"']\nurl = gs://bucket/pre/fix\n");
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("no credentials of Google were found"), "{run}");
    set(&mut dvc, &[("STORAGE_EMULATOR_HOST", &address)]);
    gets_all(&dvc, &large, "out");
}

#[test]
fn generations_of_files_come_from_google_cloud_storage() {
    let mut dvc = Dvc::new();
    let (folder, versions) = (served(&dvc), dvc.repo.path().join("../versions"));
    fs::create_dir_all(folder.join("pre/sub")).expect("the sandbox is writable");
    fs::write(folder.join("pre/sub/d"), "333").expect("the sandbox is writable");
    let Some((_server, address)) = cloud_with("gs", &folder, Some(&versions)) else { return };
    set(&mut dvc, &[("STORAGE_EMULATOR_HOST", &address)]);
    let versions = fs::read_to_string(versions).expect("the server wrote it");
    let generation = versions.split(' ').next().unwrap_or_default();
    let config = "[core]\nremote = v\n['remote \"v\"']\nurl = gs://bucket/pre\nversion_aware = true\n";
    let get = |name: &str, text: &str| {
        let artifacts = "d: {path: sub/d}\n";
        let files = [(".dvc/config", config), ("sub/d.dvc", text), ("artifacts.yaml", artifacts)];
        dvc.repo.commit(&files, name);
        dvc.register();
        let run = gto(&dvc.repo, &format!("get d -o {name}"));
        (run.status, dvc.read(name))
    };
    let pushed = |generation: &str| {
        format!(
            "outs:\n- {{md5: {}, hash: md5, path: d, cloud: {{v: {{version_id: {generation}}}}}}}\n",
            md5("333")
        )
    };
    let imported = format!(
        "deps:\n- {{path: 'gs://bucket/pre/sub/d', version_id: '{generation}'}}\nouts:\n- {{md5: {}, hash: md5, path: d}}\n",
        md5("333")
    );
    for (name, text) in
        [("number", pushed(generation)), ("text", pushed(&format!("'{generation}'"))), ("imported", imported)]
    {
        assert_eq!(get(name, &text), (0, "333".to_owned()), "{name}");
    }
    assert_eq!(get("other", &pushed("1")).0, 1);
}

#[test]
fn objects_come_from_azure() {
    let (mut dvc, large) = with_objects("pre fix");
    let Some((_server, connection)) = cloud("azure", &served(&dvc)) else { return };
    // A commit may not say it.
    dvc.configure(&format!(
        "[core]\nremote = r\n['remote \"r\"']\nurl = azure://bucket/pre fix\nconnection_string = {connection}\n"
    ));
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("it has no account_name"), "{run}");
    set(&mut dvc, &[("AZURE_STORAGE_CONNECTION_STRING", &connection)]);
    gets_all(&dvc, &large, "out");
    let wrong = connection.replace("AccountKey=", "AccountKey=AAAA");
    set(&mut dvc, &[("AZURE_STORAGE_CONNECTION_STRING", &wrong)]);
    let run = gto(&dvc.repo, "get d -o no").fails(1);
    assert!(run.err().contains("denies access (403") && !run.err().contains("AAAA"), "{run}");
}

#[test]
fn objects_come_from_a_server_of_ssh() {
    let (mut dvc, large) = with_objects("pre \"fix'");
    let Some(sshd) = Sshd::or_skip(&dvc.repo) else { return };
    let Ok(sftp) = dvc.repo.command("sh").args(["-c", "command -v sftp"]).output() else { return };
    let sftp = String::from_utf8_lossy(&sftp.stdout).trim().to_owned();
    if sftp.is_empty() {
        return skip("sftp is not installed");
    }
    // What a user has in ~/.ssh, which OpenSSH looks for beside no HOME of ours.
    let bin = dvc.repo.sandbox().path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let (known, config) = (sshd.folder.join("known"), sshd.folder.join("client"));
    fs::write(
        &config,
        format!(
            "IdentityFile {0}/user\nIdentitiesOnly yes\nUserKnownHostsFile {1}\nGlobalKnownHostsFile /dev/null\n",
            sshd.folder.display(),
            known.display()
        ),
    )
    .unwrap();
    let script = format!("#!/bin/sh\nexec {sftp} -F {} \"$@\"\n", config.display());
    fs::write(bin.join("sftp"), script).unwrap();
    make_executable(&bin.join("sftp"));
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    set(&mut dvc, &[("PATH", &path)]);
    let at = sshd.url.trim_end_matches(&dvc.repo.path().display().to_string()).to_owned();
    let url = format!("{at}{}", dvc.store.display());
    dvc.configure(&format!("[core]\nremote = r\n['remote \"r\"']\nurl = {url}\n"));
    // A server that the user does not know gets nothing.
    fs::write(&known, "").unwrap();
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("Host key verification failed"), "{run}");
    let port = at.rsplit(':').next().unwrap_or_default();
    let key = fs::read_to_string(sshd.folder.join("host.pub")).unwrap();
    fs::write(&known, format!("[127.0.0.1]:{port} {key}")).unwrap();
    gets_all(&dvc, &large, "out");
    // What is not there is missed by its name.
    fs::remove_dir_all(&dvc.store).unwrap();
    let run = gto(&dvc.repo, "get d -o gone").fails(1);
    assert!(run.err().contains("not in remote 'r'"), "{run}");
}

#[test]
fn a_remote_of_ssh_names_no_option_and_no_program() {
    for bad in
        ["ssh://-oProxyCommand=touch%20evil/p", "ssh://-x@host/p", "ssh://host/p\nuser = -oProxyCommand=x"]
    {
        let dvc = Dvc::new();
        dvc.file("d", "1");
        let config = format!("[core]\nremote = r\n['remote \"r\"']\nurl = {bad}\nkeyfile = /etc/passwd\n");
        dvc.configure(&config);
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains("is no host") || run.err().contains("is no user"), "{run}");
    }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
}
