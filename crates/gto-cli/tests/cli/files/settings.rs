//! What the settings that a commit brings may not choose: credentials, files with credentials, programs, and the addresses where clouds
//! have those of a machine.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::dvc::{Dvc, md5};
use crate::common::gto;

#[test]
fn the_local_configuration_that_a_commit_brings_is_not_the_users() {
    let dvc = Dvc::new();
    dvc.file("d", "1");
    let home = dvc.repo.sandbox().home().join("dvc");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("config"), "['remote \"r\"']\nuser = me\npassword = secret\n").unwrap();
    let mut dvc = dvc;
    dvc.repo.sandbox_mut().set_env("DVC_GLOBAL_CONFIG_DIR", &home);
    let local = "['remote \"r\"']\nurl = http://127.0.0.1:9/x\nauth = basic\n";
    dvc.configure("[core]\nremote = r\n");
    let sends_nothing = |how: &str| {
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(
            run.err().contains("no password is sent to '127.0.0.1:9' without --trust-remote"),
            "{how}: {run}"
        );
    };
    // The user's own file is another matter.
    let file = dvc.repo.path().join(".dvc/config.local");
    fs::write(&file, local).unwrap();
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("refused"), "{run}");
    dvc.repo.commit(&[(".dvc/config.local", local)], "local");
    sends_nothing("a file of the commit");
    fs::remove_file(&file).unwrap();
    symlink("/dev/zero", &file).unwrap();
    gto(&dvc.repo, "get d -o out").fails(1);
    fs::remove_file(&file).unwrap();
    // The folder of the work tree is not that of the version.
    dvc.repo.git_ok(&["rm", "-rqf", "--cached", ".dvc"]);
    fs::remove_dir_all(dvc.repo.path().join(".dvc")).unwrap();
    symlink("other", dvc.repo.path().join(".dvc")).unwrap();
    dvc.repo.git_ok(&["add", ".dvc"]);
    dvc.repo.commit(&[("other/config.local", local)], "a link");
    sends_nothing("a file that a link leads to");
    fs::remove_file(dvc.repo.path().join(".dvc")).unwrap();
    dvc.repo.git_ok(&["init", "-q", ".dvc"]);
    fs::write(&file, local).unwrap();
    sends_nothing("a file of another repository");
}

#[test]
fn no_commit_names_a_file_with_credentials_or_has_them() {
    let mut dvc = Dvc::new();
    dvc.file("d", "1");
    let key = dvc.repo.path().join("key");
    fs::write(&key, "[default]\naws_access_key_id = A\naws_secret_access_key = B\n").unwrap();
    let bin = dvc.repo.sandbox().path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("sftp"), "#!/bin/sh\necho \"$*\" >> said\nexit 1\n").unwrap();
    fs::set_permissions(bin.join("sftp"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    dvc.repo.sandbox_mut().set_env("PATH", path);
    let key = key.display();
    let keys = "access_key_id = A\nsecret_access_key = B\n";
    for (options, error) in [
        (format!("url = s3://bucket/x\ncredentialpath = {key}\n"), "no credentials of AWS were found"),
        (format!("url = s3://bucket/x\n{keys}"), "no credentials of AWS were found"),
        (
            format!("url = s3://bucket/x\nprofile = default\nconfigpath = {key}\n"),
            "no credentials of AWS were found",
        ),
        (format!("url = gs://bucket/x\ncredentialpath = {key}\n"), "no credentials of Google were found"),
        (
            "url = azure://bucket/x\naccount_name = a\naccount_key = AAAA\nsas_token = x\n".to_owned(),
            "no credentials of Azure were found",
        ),
        (format!("url = ssh://host/x\nkeyfile = {key}\npassword = secret\n"), "remote 'r'"),
        (
            format!("url = http://127.0.0.1:9/x\nuser = me\npassword = secret\ncustom_auth_header = {key}\n"),
            "refused",
        ),
        ("url = http://me:secret@127.0.0.1:9/x\n".to_owned(), "refused"),
    ] {
        dvc.configure(&format!("[core]\nremote = r\n['remote \"r\"']\n{options}"));
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains(error) && !run.err().contains("secret"), "{options}: {run}");
    }
    let said = dvc.read("said");
    assert!(said.contains("BatchMode=yes") && !said.contains("-i ") && !said.contains("key"), "{said}");
}

#[test]
fn no_address_of_a_clouds_metadata_is_asked() {
    let mut dvc = Dvc::new();
    for (name, value) in [("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret")] {
        dvc.repo.sandbox_mut().set_env(name, value);
    }
    dvc.file("d", "1");
    for host in ["169.254.169.254", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"] {
        for options in [
            format!("url = http://{host}/latest/meta-data\n"),
            format!("url = s3://bucket\nendpointurl = http://{host}\n"),
            format!("url = gs://bucket\nendpointurl = http://{host}\nallow_anonymous_login = true\n"),
        ] {
            dvc.configure(&format!("[core]\nremote = r\n['remote \"r\"']\n{options}"));
            let run = gto(&dvc.repo, &format!("get d -o out --trust-remote {host}")).fails(1);
            assert!(run.err().contains("its host cannot be found"), "{options}: {run}");
        }
        let source = format!(
            "deps:\n- {{path: 's3://b/k', version_id: v, fs_config: {{endpointurl: 'http://{host}'}}}}\nouts:\n- {{md5: {}, hash: md5, path: d}}\n",
            md5("1")
        );
        dvc.repo.commit(&[("d.dvc", &source)], "import");
        dvc.register();
        let run = gto(&dvc.repo, &format!("get d -o out --trust-remote {host}")).fails(1);
        assert!(run.err().contains("its host cannot be found"), "{run}");
        dvc.file("d", "1");
        let pointer =
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 1\n", "0".repeat(64));
        let lfs = format!("[lfs]\n\turl = http://{host}/latest\n");
        dvc.repo.commit(&[(".lfsconfig", &lfs), ("lfs", &pointer)], "Git LFS");
        dvc.register();
        let run = gto(&dvc.repo, "get d --path lfs -o out").fails(1);
        assert!(run.err().contains("its host cannot be found"), "{run}");
    }
}
