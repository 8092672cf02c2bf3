//! Pushes to a real gitolite that is set up as the guide says.

use std::fs;
use std::path::{Path, PathBuf};

use gto_testkit::{Repo, Sandbox, skip};

use super::hook::{fresh, refused, taken};
use super::{make_executable, policy, write};

/// As sshd with gitolite's keys: the user is in the address, and the command is gitolite's to run.
const SSH: &str = "#!/bin/sh\nunset GIT_DIR\nfor word; do host=$command command=$word; done\nexport HOME='{home}' \
    SSH_ORIGINAL_COMMAND=\"$command\" SSH_CONNECTION='127.0.0.1 1 127.0.0.1 22'\nexec '{bin}/gitolite-shell' \"${host%@*}\"\n";

const CONF: &str = "repo models\n    RW+ = ada bob\n    option hook.pre-receive = gto-policy\n";

/// Sets gitolite up in `home`, and returns the program in the place of ssh.
fn set_up(sandbox: &Sandbox, home: &Path) -> Option<PathBuf> {
    let gitolite = |args: &[&str]| {
        let output = sandbox.command("gitolite").env("HOME", home).args(args).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    fs::create_dir(home).expect("the sandbox is writable");
    let Some(bin) = gitolite(&["query-rc", "GL_BINDIR"]) else {
        skip("no gitolite");
        return None;
    };
    gitolite(&["setup", "-a", "ada"])?;
    let hook = home.join("local/hooks/repo-specific/gto-policy");
    fs::create_dir_all(hook.parent()?).expect("the sandbox is writable");
    write(&hook, &format!("#!/bin/sh\nexec {} policy hook pre-receive\n", env!("CARGO_BIN_EXE_gto")));
    make_executable(&hook);
    let rc = home.join(".gitolite.rc");
    let text = fs::read_to_string(&rc).expect("gitolite wrote it");
    let local = r#"LOCAL_CODE                =>  "$ENV{HOME}/local""#;
    let pattern = "$REF_OR_FILENAME_PATT = qr(^[0-9a-zA-Z][-0-9a-zA-Z._\\@/+ :,#=!]*$);\n1;\n";
    let text = text.replace(&format!("# {local}"), local);
    let text = text
        .replace("# 'repo-specific-hooks'", "'repo-specific-hooks'")
        .replace("\n1;\n", &format!("\n{pattern}"));
    write(&rc, &text);
    write(&home.join(".gitolite/conf/gitolite.conf"), CONF);
    gitolite(&["setup"])?;
    let ssh = sandbox.path().join("ssh.sh");
    write(&ssh, &SSH.replace("{home}", &home.display().to_string()).replace("{bin}", &bin));
    make_executable(&ssh);
    Some(ssh)
}

#[test]
fn pushes_to_gitolite_are_judged_and_it_says_who_pushes() {
    let mut sandbox = Sandbox::new();
    let home = sandbox.path().join("gitolite");
    let Some(ssh) = set_up(&sandbox, &home) else { return };
    sandbox.set_env("GIT_SSH_COMMAND", &ssh).set_env("GIT_ALLOW_PROTOCOL", "ssh");
    let server = Repo::at(&sandbox, home.join("repositories/models.git"), true);
    let clone = sandbox.repo("clone");
    clone.git_ok(&["remote", "add", "origin", "ada@host:models"]);
    clone.commit(&[("a", "1")], "first");
    clone.tag("m@v1.0.0", "HEAD", &fresh(-40));
    policy(&clone, "rules:\n- {stage: prod, from: [staging]}\n- {event: delete, pusher: [ada]}\n", &[]);
    // Of another branch than HEAD there no policy is in force, which is said.
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/nobodys"]);
    taken(&clone, &["HEAD:refs/heads/main"]);
    let said = clone.git(&["push", "origin", "m@v1.0.0"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("remote: gto: this push was not judged") && said.contains("'nobodys'"), "{said}");
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    server.git_ok(&["config", "gto.pusherFrom", "GL_USER"]);

    clone.tag("m#prod#1", "m@v1.0.0", &fresh(-3));
    refused(&server, &clone, &["m#prod#1"], &["remote: m#prod#1", "never validly in 'staging'"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    for (tag, ago) in [("m#staging#1", -3), ("m#prod#2", -2), ("m#prod!#3", -1)] {
        clone.tag(tag, "m@v1.0.0", &fresh(ago));
    }
    taken(&clone, &["m#staging#1", "m#prod#2", "m#prod!#3"]);
    clone.git_ok(&["remote", "set-url", "origin", "bob@host:models"]);
    refused(&server, &clone, &["--delete", "m#prod!#3"], &["m#prod!#3"]);
    clone.git_ok(&["remote", "set-url", "origin", "ada@host:models"]);
    taken(&clone, &["--delete", "m#prod!#3"]);
    assert_eq!(server.tag_names(), ["m#prod#2", "m#staging#1", "m@v1.0.0"]);
}
