//! Tags that are signed, and looking at signatures: with real keys, and `git verify-tag` as the judge of both.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{binary, gto, hints_at, refused, registry, wrong_usage};
use gto_testkit::{GpgHome, Repo, RepoOptions, Run, Sandbox, SshKey};

/// The identity in the sandbox.
const ADA: &str = "Ada Tester <ada@example.com>";

/// A repository of one commit, with an SSH key that signs if it is asked to, and that is known to be Ada's.
fn with_ssh_key(options: RepoOptions) -> Option<(Repo, SshKey)> {
    let repo = Sandbox::new().repo_with("repo", options);
    let home = repo.sandbox().home();
    let key = SshKey::or_skip(home.join("key"))?;
    write(&home.join("signers"), &format!("ada@example.com {}\n", key.public()));
    configure(
        &repo,
        &[
            ("gpg.format", "ssh"),
            ("user.signingKey", &key.private().display().to_string()),
            ("gpg.ssh.allowedSignersFile", &home.join("signers").display().to_string()),
        ],
    );
    repo.commit(&[], "first");
    Some((repo, key))
}

/// A repository of one commit, with a key ring that has a key of Ada's.
fn with_gpg_key(options: RepoOptions) -> Option<(Repo, GpgHome)> {
    let mut repo = Sandbox::new().repo_with("repo", options);
    let ring = GpgHome::or_skip()?;
    ring.add_key(ADA);
    repo.sandbox_mut().set_env("GNUPGHOME", ring.path());
    repo.commit(&[], "first");
    Some((repo, ring))
}

fn configure(repo: &Repo, settings: &[(&str, &str)]) {
    for (key, value) in settings {
        repo.git_ok(&["config", key, value]);
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the sandbox is writable");
}

/// A program that only this test knows, in the sandbox.
fn program(repo: &Repo, name: &str, script: &str) -> String {
    let path = repo.sandbox().path().join(name);
    write(&path, script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
    path.display().to_string()
}

fn is_signed(repo: &Repo, tag: &str) -> bool {
    repo.git_ok(&["cat-file", "tag", tag]).contains("-----BEGIN ")
}

/// The results of `verify --json`, tag by tag.
fn results(run: &Run) -> Vec<String> {
    let tags = run.json();
    let tags = tags.as_array().expect("a list").iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    tags.map(|tag| format!("{} {}", text(&tag["tag"]), text(&tag["result"]))).collect()
}

/// The object of a tag, changed, under a name.
fn forge(repo: &Repo, tag: &str, name: &str, change: impl FnOnce(String) -> String) {
    let object = change(repo.git_ok(&["cat-file", "tag", tag]) + "\n");
    repo.raw_tag(name, object.as_bytes());
}

#[test]
fn signed_tags_pass_git_verify_tag_in_every_kind_of_repository() {
    for sha256 in [false, true] {
        let options = RepoOptions { sha256, ..RepoOptions::default() };
        let gpg = with_gpg_key(options).map(|(repo, ring)| (repo, Some(ring)));
        let ssh = with_ssh_key(options).map(|(repo, _)| (repo, None));
        for (repo, _ring) in gpg.into_iter().chain(ssh) {
            gto(&repo, "assign m --stage prod --sign").ok();
            gto(&repo, "deprecate m v0.0.1 prod --sign").ok();
            for tag in ["m@v0.0.1", "m#prod#1", "m#prod!#2"] {
                repo.git_ok(&["verify-tag", tag]);
            }
            assert_eq!(repo.git_ok(&["fsck", "--strict", "--no-dangling"]), "");
            let run = gto(&repo, "history m --json").ok();
            assert!(run.out().contains("Registering artifact m version v0.0.1\""), "{run}");
            assert!(!run.out().contains("BEGIN"), "a signature is no part of the message: {run}");
            assert_eq!(
                results(&gto(&repo, "verify --strict --json").ok()),
                ["m#prod!#2 good", "m#prod#1 good", "m@v0.0.1 good"]
            );
        }
    }
}

#[test]
fn an_ssh_signature_is_byte_for_byte_that_of_git_tag() {
    let Some((repo, _)) = with_ssh_key(RepoOptions::default()) else { return };
    let date = "1700000000 +0530";
    let message = "two\n\nlines";
    let made = repo
        .command("git")
        .env("GIT_COMMITTER_DATE", date)
        .args(["tag", "-s", "-m", message, "m@v0.0.1"])
        .output()
        .expect("git is installed");
    assert!(made.status.success(), "{made:?}");
    let theirs = repo.git_ok(&["rev-parse", "m@v0.0.1"]);
    repo.git_ok(&["tag", "-d", "m@v0.0.1"]);
    let gto = binary().env("GIT_COMMITTER_DATE", date);
    gto.run(&repo, &["register", "m", "--sign", "-m", message]).ok();
    assert_eq!(repo.git_ok(&["rev-parse", "m@v0.0.1"]), theirs);
}

#[test]
fn the_flags_win_over_the_configuration_and_the_last_of_them_over_the_first() {
    let Some((repo, key)) = with_ssh_key(RepoOptions::default()) else { return };
    let Some(other) = SshKey::or_skip(repo.sandbox().home().join("other")) else { return };
    let signs = |name: &str, flags: &[&str]| {
        binary().run(&repo, &[&["register", name], flags].concat()).ok();
        is_signed(&repo, &format!("{name}@v0.0.1"))
    };
    assert!(!signs("a", &[]));
    assert!(signs("b", &["--sign"]));
    assert!(!signs("c", &["--sign", "--no-sign"]));
    configure(&repo, &[("tag.gpgSign", "true")]);
    assert!(signs("d", &[]));
    assert!(!signs("e", &["--no-sign"]));
    assert!(signs("f", &["--no-sign", "--sign"]));
    // A key of one's own for this tag.
    let path = other.private().display().to_string();
    assert!(signs("g", &["-u", &path]));
    repo.git_ok(&["verify-tag", "d@v0.0.1"]);
    assert!(!repo.git(&["verify-tag", "g@v0.0.1"]).status.success(), "signed by {}", key.public());
    wrong_usage(&repo, "register h --no-sign --local-user x");
    // To take tags away needs no signature.
    configure(&repo, &[("user.signingKey", "/absent")]);
    gto(&repo, "deprecate a --delete").ok();
}

#[test]
fn the_key_is_found_where_git_finds_it() {
    let Some((mut repo, key)) = with_ssh_key(RepoOptions::default()) else { return };
    let socket = repo.sandbox().path().join("agent");
    let mut agent = repo.command("ssh-agent");
    let agent = agent.arg("-D").arg("-a").arg(&socket).stdout(std::process::Stdio::null()).spawn();
    let Ok(mut agent) = agent else {
        gto_testkit::skip("no ssh-agent");
        return;
    };
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    repo.sandbox_mut().set_env("SSH_AUTH_SOCK", &socket);
    let added = repo.command("ssh-add").arg("-q").arg(key.private()).status().expect("ssh-add is there");
    assert!(added.success());
    fs::copy(key.private(), repo.path().join("-key")).expect("the sandbox is writable");
    fs::create_dir(repo.path().join("below")).expect("the sandbox is writable");
    let printer = program(&repo, "print key", &format!("#!/bin/sh\necho \"key::{}\"\n", key.public()));
    for (n, (setting, value)) in [
        ("user.signingKey", "~/key".to_owned()),
        // At the top of the work tree, wherever one is.
        ("user.signingKey", "-key".to_owned()),
        ("user.signingKey", format!("key::{}", key.public())),
        ("user.signingKey", key.public()),
        ("gpg.ssh.defaultKeyCommand", format!("'{printer}'")),
        ("gpg.ssh.defaultKeyCommand", "ssh-add -L".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        repo.git(&["config", "--unset", "user.signingKey"]);
        configure(&repo, &[(setting, &value)]);
        let name = format!("m{n}");
        let run =
            binary().run_in(repo.sandbox(), &repo.path().join("below"), &["register", &name, "--sign"], b"");
        assert_eq!(run.status, 0, "{setting} {value}\n{run}");
        repo.git_ok(&["verify-tag", &format!("{name}@v0.0.1")]);
    }
    agent.kill().and_then(|()| agent.wait()).expect("the agent runs until now");
}

#[test]
fn a_dry_run_tells_how_the_tags_would_be_signed() {
    let repo = registry(&["m@v1.0.0"]);
    let dry = |flags: &[&str]| binary().run(&repo, &[&["register", "n", "--dry-run"], flags].concat()).ok();
    assert!(!dry(&[]).out().contains("sign "));
    assert!(dry(&["--json"]).json()["signing"].is_null());
    assert!(dry(&["--sign"]).out().ends_with("Would sign with the OpenPGP key of the tagger\n"));
    configure(&repo, &[("tag.gpgSign", "true"), ("user.signingKey", "ABCD")]);
    assert!(dry(&[]).out().ends_with("Would sign with the OpenPGP key 'ABCD'\n"));
    configure(&repo, &[("gpg.format", "ssh")]);
    let signing = dry(&["-u", "key::x", "--json"]).json()["signing"].clone();
    assert_eq!(signing, serde_json::json!({ "format": "ssh", "key": "key::x" }));
    assert!(dry(&["--json", "--no-sign"]).json()["signing"].is_null());
}

#[test]
fn a_tag_that_cannot_be_signed_is_not_made_and_the_program_has_its_say() {
    let repo = registry(&["m@v1.0.0"]);
    let says = |run: &Run, words: &str| assert!(run.err().contains(words), "no `{words}` in\n{run}");
    let fails = |settings: &[(&str, &str)], words: &str| {
        let copy = repo.copy();
        configure(&copy, settings);
        let run = refused(&copy, "assign m --stage prod --version v1.0.0 --sign", "Cannot sign the tag");
        says(&run, words);
        hints_at(&run, "--no-sign");
        hints_at(&run, "git config user.signingKey KEY");
    };
    let cancelled = program(
        &repo,
        "cancelled",
        "#!/bin/sh\nexec <&-\necho '[GNUPG:] FAILURE sign 1' >&2; echo 'gpg: signing failed: Operation cancelled' >&2; exit 2\n",
    );
    fails(&[("gpg.program", &cancelled)], "said: gpg: signing failed: Operation cancelled\n");
    let silent = program(&repo, "silent", "#!/bin/sh\nexit 3\n");
    fails(&[("gpg.openpgp.program", &silent)], "said: nothing (exit status: 3)");
    let liar = program(&repo, "liar", "#!/bin/sh\necho signed\n");
    fails(&[("gpg.program", &liar)], "said: nothing");
    fails(&[("gpg.program", "/absent/gpg")], "the program `/absent/gpg` cannot be run");
    fails(&[("gpg.format", "pgp")], "the value `pgp` of gpg.format is not understood");
    fails(&[("gpg.format", "ssh")], "neither user.signingKey nor gpg.ssh.defaultKeyCommand names an SSH key");
    // No shell has a look at what is configured.
    fails(&[("gpg.program", "gpg; touch here")], "the program `gpg; touch here` cannot be run");

    configure(&repo, &[("tag.gpgSign", "perhaps")]);
    let run = refused(&repo, "register n", "Cannot sign the tag");
    says(&run, "the value `perhaps` of tag.gpgSign is not understood");
    gto(&repo, "register n --no-sign").ok();
}

#[test]
fn gpg_without_a_secret_key_says_so() {
    let Some((repo, _ring)) = with_gpg_key(RepoOptions::default()) else { return };
    let run = refused(&repo, "register m -u nobody", "Cannot sign the tag");
    assert!(
        run.err().contains("`gpg` said: gpg: skipped \"nobody\": No secret key; gpg: signing failed"),
        "{run}"
    );
    // The tagger is whose key is looked for.
    let args = ["register", "m", "--sign", "--author", "Bob", "--author-email", "bob@example.com"];
    let run = binary().run(&repo, &args).fails(1);
    assert!(run.err().contains("Bob <bob@example.com>"), "{run}");
}

#[test]
fn the_owner_of_a_repository_chooses_no_program_for_others() {
    let repo = registry(&["m@v1.0.0"]);
    let trap = program(&repo, "trap", "#!/bin/sh\ntouch \"$(dirname \"$0\")/sprung\"\nexit 1\n");
    forge(&repo, "m@v1.0.0", "m@v1.1.0", |object| object + "-----BEGIN PGP SIGNATURE-----\n");
    configure(&repo, &[("gpg.program", &trap), ("tag.gpgSign", "true")]);
    for path in [repo.path(), &repo.git_dir()] {
        if std::os::unix::fs::chown(path, Some(12345), None).is_err() {
            gto_testkit::skip("only root can give a repository away");
            return;
        }
    }
    for line in ["register n", "register n --sign", "verify", "history --verify"] {
        gto(&repo, line).fails(1);
    }
    assert!(!repo.sandbox().path().join("sprung").exists());
}

#[test]
fn each_signature_gets_the_result_that_it_deserves() {
    let Some((repo, ring)) = with_gpg_key(RepoOptions::default()) else { return };
    let bob = ring.add_key("Bob <bob@example.com>");
    for line in ["register good --sign", "register none", "register gone -u bob@example.com"] {
        gto(&repo, line).ok();
    }
    ring.gpg(&["--delete-secret-and-public-key", &bob]);
    forge(&repo, "good@v0.0.1", "good@v0.0.2", |object| object);
    forge(&repo, "none@v0.0.1", "none@v0.0.2", |object| object);
    let renamed = |object: String| object.replace("tag good@v0.0.1", "tag bad@v0.0.1");
    forge(&repo, "good@v0.0.1", "bad@v0.0.1", renamed);
    let torn = |object: String| object.replace("good@v0.0.1", "torn@v0.0.1").replace("\n\ni", "\n\nj");
    forge(&repo, "good@v0.0.1", "torn@v0.0.1", torn);
    repo.lightweight("light@v1.0.0", "HEAD");
    repo.git_ok(&["tag", "-a", "-m", "foreign", "foreign"]);

    let run = gto(&repo, "verify --json").fails(1);
    assert_eq!(
        results(&run),
        [
            "bad@v0.0.1 bad",
            "gone@v0.0.1 unknown",
            "good@v0.0.1 good",
            "good@v0.0.2 bad",
            "none@v0.0.1 unsigned",
            "none@v0.0.2 unsigned",
            "torn@v0.0.1 bad"
        ]
    );
    let tags = run.json();
    assert_eq!((&tags[2]["signer"], &tags[2]["reason"]), (&ADA.into(), &serde_json::Value::Null));
    assert_eq!((&tags[1]["key"], &tags[1]["signer"]), (&bob.into(), &serde_json::Value::Null));
    assert_eq!(tags[3]["reason"], "it is a copy of tag 'good@v0.0.1'");
    assert_eq!(tags[5]["reason"], "it is a copy of tag 'none@v0.0.1'");

    // What is asked for decides what it ends with.
    for (line, status) in [
        ("verify good", 1),
        ("verify good@v0.0.1 --strict", 0),
        ("verify refs/tags/good@v0.0.1 --strict", 0),
        ("verify good@v0.0.2", 1),
        ("verify none", 0),
        ("verify none --strict", 1),
        ("verify gone", 0),
        ("verify gone@latest --strict", 1),
        // A gate that finds nothing to look at does not open.
        ("verify absent", 1),
        ("verify good@v7.0.0", 1),
        ("verify good#prod", 1),
        ("verify refs/tags/good@v7.0.0", 1),
        ("verify refs/tags/light@v1.0.0", 1),
        ("verify light@v1.0.0", 1),
    ] {
        gto(&repo, line).fails(status);
    }
    hints_at(&gto(&repo, "verify none").ok(), "2 of 2 tags are not good: with --strict that is a failure");
    assert_eq!(
        gto(&repo, "verify none --plain").ok().out(),
        "tag          result    signer    key    reason\n\
         none@v0.0.1  unsigned  -         -      -\n\
         none@v0.0.2  unsigned  -         -      it is a copy of tag 'none@v0.0.1'\n"
    );
    let empty = registry(&[]);
    gto(&empty, "verify").ok();
    gto(&empty, "verify --strict").fails(1);
}

#[test]
fn ssh_keys_are_good_unknown_expired_or_revoked() {
    let Some((repo, key)) = with_ssh_key(RepoOptions::default()) else { return };
    gto(&repo, "register m --sign").ok();
    forge(&repo, "m@v0.0.1", "m@v0.0.2", |object| object.replace("m@v0.0.1", "m@v0.0.2"));
    forge(&repo, "m@v0.0.1", "m@v0.0.3", |object| {
        object.replace("m@v0.0.1", "m@v0.0.3").replace("\nU1N", "\nU1M")
    });
    let run = gto(&repo, "verify --json").fails(1);
    assert_eq!(results(&run), ["m@v0.0.1 good", "m@v0.0.2 bad", "m@v0.0.3 bad"]);
    assert_eq!(run.json()[0]["signer"], "ada@example.com");
    assert!(run.json()[0]["key"].as_str().is_some_and(|key| key.starts_with("SHA256:")), "{run}");

    let signers = repo.sandbox().home().join("signers");
    let result = |text: &str| {
        write(&signers, text);
        results(&gto(&repo, "verify m@v0.0.1 --json")).concat()
    };
    assert_eq!(result(""), "m@v0.0.1 unknown");
    assert_eq!(result(&format!("ada valid-before=\"20200101\" {}\n", key.public())), "m@v0.0.1 expired");
    let known = format!("ada {}\n", key.public());
    assert_eq!(result(&known), "m@v0.0.1 good");
    let revoked = repo.sandbox().home().join("revoked");
    write(&revoked, &key.public());
    configure(&repo, &[("gpg.ssh.revocationFile", &revoked.display().to_string())]);
    assert_eq!(result(&known), "m@v0.0.1 revoked");
    repo.git_ok(&["config", "--unset", "gpg.ssh.allowedSignersFile"]);
    assert_eq!(result(&known), "m@v0.0.1 unknown");
}

#[test]
fn show_and_history_tell_what_signatures_are_worth_if_asked() {
    let Some((repo, _)) = with_ssh_key(RepoOptions::default()) else { return };
    gto(&repo, "register m --sign").ok();
    repo.commit(&[], "second");
    gto(&repo, "register m --sign").ok();
    gto(&repo, "assign m --version v0.0.2 --stage prod").ok();
    // A version is worth no more than the assignment that brought it into its stage.
    let table = gto(&repo, "show m --verify --plain").ok().out();
    let last: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().next_back()).collect();
    assert_eq!(last, ["verified", "unsigned", "good"]);
    let versions = gto(&repo, "show m --verify --json").ok().json();
    assert_eq!((&versions[0]["verified"], &versions[1]["verified"]), (&"unsigned".into(), &"good".into()));
    assert_eq!(versions[0]["stages"][0]["verified"], "unsigned");
    let entries = gto(&repo, "history m --verify --json").ok().json();
    assert_eq!((&entries[0]["verified"], &entries[1]["verified"]), (&"unsigned".into(), &"good".into()));
    let table = gto(&repo, "history --verify --plain").ok().out();
    assert!(table.lines().next().is_some_and(|line| line.ends_with("  verified")), "{table}");
    // Nobody who does not ask sees it.
    for line in ["show m --json", "history --json", "show m", "history"] {
        assert!(!gto(&repo, line).ok().out().contains("verified"), "{line}");
    }
    refused(&repo, "show --verify", "`--verify` is for the versions of an artifact");
    wrong_usage(&repo, "show m --verify --version");
}

#[test]
fn nothing_in_a_tag_drives_the_terminal_of_who_verifies_it() {
    let repo = registry(&["m@v1.0.0"]);
    forge(&repo, "m@v1.0.0", "m@v1.1.0", |object| {
        object.replace("tag m@v1.0.0", "tag \u{1b}[31m") + "-----BEGIN SSH SIGNATURE-----\n\u{1b}[31m\n"
    });
    for line in ["verify", "verify --json", "verify --plain"] {
        let run = gto(&repo, line).fails(1);
        assert!(!run.stdout.contains(&0x1b) && !run.stderr.contains(&0x1b), "{run}");
    }
}
