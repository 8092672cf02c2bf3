//! Trees and lists that lead out of the target, and what is in the way there.

#![cfg(unix)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

use super::dvc::{Dvc, md5, served};
use crate::common::gto;
use gto_testkit::{Repo, TagSpec};

const ANNOTATION: &str = "d: {path: d}\n";

/// A repository whose folder `d` has these entries, which no `git add` would make.
fn with_tree(entries: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    let blob = |content: &str| repo.git_stdin(&["hash-object", "-w", "--stdin"], content.as_bytes());
    let mut lines = String::new();
    for (name, content) in entries {
        let (mode, kind, id) = match content.strip_prefix("tree:") {
            Some(tree) => ("040000", "tree", tree.to_owned()),
            None => match content.strip_prefix("link:") {
                Some(target) => ("120000", "blob", blob(target)),
                None => ("100644", "blob", blob(content)),
            },
        };
        let _ = writeln!(lines, "{mode} {kind} {id}\t{name}");
    }
    let below = repo.git_stdin(&["mktree"], lines.as_bytes());
    let annotation = blob(ANNOTATION);
    let top = format!("100644 blob {annotation}\tartifacts.yaml\n040000 tree {below}\td\n");
    let tree = repo.git_stdin(&["mktree"], top.as_bytes());
    let commit = repo.git_stdin(&["commit-tree", &tree, "-m", "1"], b"");
    repo.tag("d@v1.0.0", &commit, &TagSpec::default());
    repo
}

#[test]
fn a_tree_that_leads_out_of_the_target_is_refused_as_a_whole() {
    for name in ["..", ".", ".git", ".GIT", ".git ", "git~1"] {
        let repo = with_tree(&[("good", "1"), (name, "2")]);
        let run = gto(&repo, "get d -o out").fails(1);
        assert!(run.err().contains("is not written"), "{run}");
        assert!(!repo.path().join("out").exists());
    }
}

#[test]
fn links_are_made_inside_the_target_and_nowhere_else() {
    let repo = Repo::new();
    fs::create_dir_all(repo.path().join("d/sub")).unwrap();
    for (link, target) in
        [("inside", "sub/x"), ("sub/up", "../y"), ("dangling", "nothing"), ("copied", "../shared")]
    {
        symlink(target, repo.path().join("d").join(link)).unwrap();
    }
    repo.git_ok(&["add", "-A"]);
    repo.commit(&[("artifacts.yaml", ANNOTATION), ("d/sub/x", "x"), ("d/y", "y"), ("shared", "s")], "1");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    gto(&repo, "get d -o out").ok();
    let out = repo.path().join("out");
    assert_eq!(fs::read_link(out.join("inside")).unwrap().to_str(), Some("sub/x"));
    assert_eq!(fs::read_to_string(out.join("sub/up")).unwrap(), "y");
    assert!(fs::symlink_metadata(out.join("dangling")).unwrap().is_symlink());
    assert!(fs::symlink_metadata(out.join("copied")).unwrap().is_file());
    assert!(gto(&repo, "get d -o out").ok().out().contains("is up to date"));

    for target in ["/etc/passwd", "../../x", "..", ".git/config", "sub/.git/hooks", "loop"] {
        let tree = with_tree(&[("good", "1"), ("loop", &format!("link:{target}"))]);
        let run = gto(&tree, "get d -o out").fails(1);
        assert!(run.err().contains("is a link to"), "{run}");
        assert!(!tree.path().join("out").exists());
    }
    // Each of the two stays inside by the letter, and both together do not.
    let deep = Repo::new();
    fs::create_dir_all(deep.path().join("d/a/b/c")).unwrap();
    symlink("../../../z", deep.path().join("d/a/b/c/flat")).unwrap();
    symlink("a/b/c/flat/../../../artifacts.yaml", deep.path().join("d/out")).unwrap();
    deep.git_ok(&["add", "-A"]);
    deep.commit(&[("artifacts.yaml", ANNOTATION), ("d/z/x", "1")], "1");
    deep.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    let run = gto(&deep, "get d -o out").fails(1);
    assert!(run.err().contains("is a link to"), "{run}");
}

#[test]
fn a_link_in_the_target_is_not_followed_out_of_it() {
    let repo = Repo::new();
    repo.commit(&[("artifacts.yaml", ANNOTATION), ("d/sub/x", "new"), ("d/y", "new")], "1");
    repo.tag("d@v1.0.0", "HEAD", &TagSpec::default());
    let (out, elsewhere) = (repo.path().join("out"), repo.path().join("elsewhere"));
    for folder in [&out, &elsewhere] {
        fs::create_dir(folder).unwrap();
    }
    fs::write(elsewhere.join("x"), "old").unwrap();
    symlink(&elsewhere, out.join("sub")).unwrap();
    symlink(elsewhere.join("x"), out.join("y")).unwrap();
    gto(&repo, "get d -o out").fails(1);
    gto(&repo, "get d -o out --force").ok();
    assert_eq!(fs::read_to_string(elsewhere.join("x")).unwrap(), "old");
    assert_eq!(fs::read_to_string(out.join("sub/x")).unwrap(), "new");
    assert_eq!(fs::read_to_string(out.join("y")).unwrap(), "new");
}

#[test]
fn a_list_of_dvc_that_leads_out_of_the_target_is_refused_as_a_whole() {
    let content = md5("1");
    for bad in ["../x", "/tmp/x", "a/../../x", "a\\u0000b", ".git/hooks/pre-commit", "", "a//b", "./x"] {
        let dvc = Dvc::new();
        dvc.cache("1");
        let list = format!(
            r#"[{{"md5": "{content}", "relpath": "good"}}, {{"md5": "{content}", "relpath": "{bad}"}}]"#
        );
        dvc.folder("d", &list);
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains("is not written"), "{run}");
        assert!(!dvc.repo.path().join("out").exists());
    }
    for (list, why) in [
        (
            format!(r#"[{{"md5": "{content}", "relpath": "a"}}, {{"md5": "{content}", "relpath": "a/b"}}]"#),
            "as a file and as a folder",
        ),
        (r#"[{"md5": "../../../../etc/passwd", "relpath": "a"}]"#.to_owned(), "is none"),
        ("{}".to_owned(), "cannot be read"),
        ("[".repeat(100_000), "cannot be read"),
    ] {
        let dvc = Dvc::new();
        dvc.cache("1");
        dvc.folder("d", &list);
        let run = gto(&dvc.repo, "get d -o out").fails(1);
        assert!(run.err().contains(why), "{run}");
    }
}

#[test]
fn a_place_that_the_commit_chooses_gets_no_password() {
    let dvc = Dvc::new();
    dvc.file("d", "1");
    let config = "[core]\nremote = r\n['remote \"r\"']\nurl = http://127.0.0.1:9/x\nuser = committed\npassword = committed\n";
    dvc.configure(config);
    let own = dvc.repo.path().join(".dvc/config.local");
    fs::write(&own, "['remote \"r\"']\nuser = me\npassword = secret\n").unwrap();
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("no password is sent to '127.0.0.1:9' without --trust-remote"), "{run}");
    assert!(!run.err().contains("secret"));
    // Where the user's own file names the place, too, it is tried.
    fs::write(&own, "['remote \"r\"']\nurl = http://127.0.0.1:9/x\nuser = me\npassword = secret\n").unwrap();
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(!run.err().contains("trust-remote") && !run.err().contains("secret"), "{run}");
}

#[test]
fn a_redirect_to_another_server_gets_no_password_and_none_leads_to_a_clouds_metadata() {
    for mode in ["away", "metadata"] {
        let mut dvc = Dvc::new();
        dvc.store = dvc.repo.path().join("../served");
        dvc.cache("1");
        let Some((_server, url)) = served(&dvc.store, mode) else { return };
        dvc.configure("[core]\nremote = r\n['remote \"r\"']\nurl = http://host.invalid\n");
        let own = format!("['remote \"r\"']\nurl = {url}\nuser = me\npassword = secret\n");
        fs::write(dvc.repo.path().join(".dvc/config.local"), own).unwrap();
        dvc.file("d", "1");
        let run = gto(&dvc.repo, "get d -o out");
        let logins = fs::read_to_string(dvc.store.join("logins")).unwrap();
        assert!(logins.starts_with("first Basic "), "{logins}");
        if mode == "away" {
            assert_eq!((run.status, dvc.read("out").as_str()), (0, "1"), "{run}");
            assert!(logins.ends_with("second None\n"), "{logins}");
        } else {
            assert!(run.status == 1 && run.err().contains("its host cannot be found"), "{run}");
        }
    }
}

#[test]
fn what_comes_packed_or_in_another_size_than_was_said_is_refused() {
    let mut dvc = Dvc::new();
    dvc.store = dvc.repo.path().join("../served");
    dvc.cache("1");
    let Some((_server, url)) = served(&dvc.store, "gzip") else { return };
    dvc.configure(&format!("[core]\nremote = r\n['remote \"r\"']\nurl = {url}\n"));
    dvc.file("d", "1");
    let run = gto(&dvc.repo, "get d -o out").fails(1);
    assert!(run.err().contains("is damaged in remote 'r'"), "{run}");
    for size in ["0", "5", "18446744073709551615"] {
        let dvc = Dvc::new();
        dvc.cache("1");
        let text = format!("outs:\n- md5: {}\n  size: {size}\n  hash: md5\n  path: d\n", md5("1"));
        dvc.repo.commit(&[("d.dvc", &text)], "lies");
        dvc.register();
        gto(&dvc.repo, "get d -o out").fails(1);
        assert!(!dvc.repo.path().join("out").exists());
    }
    // All of them together are more than a number can be.
    let dvc = Dvc::new();
    let lies = ["a", "b", "c"].map(|name| {
        let hash = md5("1");
        let text = format!("outs:\n- {{md5: {hash}, size: 18446744073709551615, hash: md5, path: {name}}}\n");
        (format!("d/{name}.dvc"), text)
    });
    let lies: Vec<_> = lies.iter().map(|(name, text)| (&**name, &**text)).collect();
    dvc.repo.commit(&lies, "lies");
    dvc.register();
    for command in ["ls d", "ls d --json", "get d -o out --dry-run"] {
        gto(&dvc.repo, command).ok();
    }
    gto(&dvc.repo, "get d -o out").fails(1);
}

#[test]
fn no_address_names_a_program_whatever_the_users_git_allows() {
    let mut repo = Repo::new();
    repo.sandbox_mut().remove_env("GIT_ALLOW_PROTOCOL");
    repo.sandbox_mut().set_git_config("[protocol \"ext\"]\n\tallow = always\n");
    let evil = repo.path().join("evil");
    let url = format!("ext::touch {}", evil.display());
    let arguments = ["get", "d", "-r", &url, "-o", "out"];
    let run = crate::common::binary().run(&repo, &arguments).fails(1);
    assert!(!evil.exists(), "{run}");
}
