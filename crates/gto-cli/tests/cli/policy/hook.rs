//! `gto policy hook pre-receive`, in real bare repositories: what is refused lands nowhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gto_testkit::{Repo, RepoOptions, Run, Sandbox, TagSpec};

use super::policy;
use crate::common::{binary, gto, hints_at, warns_of};
use crate::remotes::http::served;

const FROM: &str = "rules:\n- {stage: prod, from: [staging]}\n";

/// A bare repository with a policy and its hook, and a clone of it.
struct Hooked {
    server: Repo,
    clone: Repo,
    /// Everything was there before it.
    policy: String,
}

pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(now.as_secs()).unwrap_or_default()
}

/// A tag that the hook takes for new.
pub fn fresh(seconds: i64) -> TagSpec {
    TagSpec::at(now() + seconds)
}

/// A server whose policy has these lines, with the versions v1.0.0 and v2.0.0 of `m` on two commits; v1.0.0 is in `staging`.
fn hooked(text: &str) -> Hooked {
    let server = Sandbox::new().repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    server.commit(&[("a", "1")], "first");
    let clone = server.clone_to("clone");
    clone.tag("m@v1.0.0", "HEAD", &fresh(-40));
    clone.tag("m#staging#1", "HEAD", &fresh(-30));
    clone.commit(&[("a", "2")], "second");
    clone.tag("m@v2.0.0", "HEAD", &fresh(-20));
    policy(&clone, text, &[]);
    let branch = clone.git_ok(&["symbolic-ref", "--short", "HEAD"]);
    clone.git_ok(&["push", "-q", "--tags", "origin", &branch]);
    install(&server);
    Hooked { server, clone, policy: text.to_owned() }
}

pub fn install(server: &Repo) {
    let run = gto(server, "policy hook --install").ok();
    assert!(run.out().starts_with("Installed "), "{run}");
}

impl Hooked {
    fn refused(&self, args: &[&str], words: &[&str]) -> String {
        refused(&self.server, &self.clone, args, words)
    }

    fn taken(&self, args: &[&str]) {
        taken(&self.clone, args);
    }
}

/// Pushes with git alone, which must be refused in these words; nothing lands.
pub fn refused(server: &Repo, clone: &Repo, args: &[&str], words: &[&str]) -> String {
    let before = server.refs_fingerprint();
    let output = clone.git(&[&["push", "-q", "origin"], args].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{args:?} was taken: {said}");
    assert_eq!(server.refs_fingerprint(), before, "something landed of {args:?}: {said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in\n{said}");
    }
    let is_short = |line: &str| !line.starts_with("remote: ") || line.trim_end().chars().count() <= 80;
    assert!(said.lines().all(is_short), "{said}");
    said
}

pub fn taken(clone: &Repo, args: &[&str]) {
    let output = clone.git(&[&["push", "-q", "origin"], args].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_good_push_passes_and_a_bad_one_is_refused_as_a_whole_in_words() {
    let hooked = hooked(FROM);
    let Hooked { clone, server, .. } = &hooked;
    // One tag of the two is good.
    clone.tag("m#dev#2", "HEAD", &fresh(-2));
    clone.tag("m#prod#3", "HEAD", &fresh(-1));
    let said = hooked.refused(
        &["m#dev#2", "m#prod#3"],
        &[
            "the policy refuses this push",
            "remote: m#prod#3",
            "wanted:",
            "found:",
            "fix:",
            ".gto-policy.yaml:3",
        ],
    );
    assert!(!said.contains("remote: m#dev#2"), "{said}");
    clone.git_ok(&["tag", "-d", "m#prod#3", "m#dev#2"]);
    // What stage staging shows may go on, also where both come in one push.
    clone.tag("m#staging#2", "m@v2.0.0", &fresh(-2));
    clone.tag("m#prod#3", "m@v2.0.0", &fresh(-1));
    hooked.taken(&["m#staging#2", "m#prod#3"]);
    assert!(server.tag_names().contains(&"m#prod#3".to_owned()));
    // Unrelated refs do not matter, and gto itself pushes.
    clone.git_ok(&["tag", "-a", "-m", "x", "release-1"]);
    hooked.taken(&["release-1", "HEAD:refs/heads/topic"]);
    gto(clone, "register other --push").ok();
    gto(clone, "approve m@v1.0.0 --stage prod --push").ok();
}

#[test]
fn a_policy_that_is_loosened_in_the_same_push_does_not_count() {
    let hooked = hooked(FROM);
    policy(&hooked.clone, "rules: []\n", &[]);
    hooked.clone.tag("m#prod#3", "m@v2.0.0", &fresh(-1));
    hooked.refused(&["HEAD", "m#prod#3"], &["remote: m#prod#3"]);
    // One after the other it does, since nothing guards the policy here.
    hooked.taken(&["HEAD"]);
    hooked.taken(&["m#prod#3"]);
}

#[test]
fn whoever_may_not_change_the_policy_cannot_and_the_default_branch_keeps_its_history() {
    let key = "ssh:SHA256:0123456789012345678901234567890123456789012";
    let text =
        format!("groups: {{release: ['{key}']}}\npolicy: {{by: [release], signature: required}}\n{FROM}");
    let hooked = hooked(&text);
    let clone = &hooked.clone;
    clone.commit(&[("a", "3")], "third");
    hooked.taken(&["HEAD"]);
    policy(clone, "rules: []\n", &[]);
    hooked.refused(&["HEAD"], &["a change of the policy that is signed by release", "is not signed"]);
    // A key is as good as a rule.
    clone.git_ok(&["reset", "-q", "--hard", "@{u}"]);
    clone.commit(&[(".gto-policy/keys/mallory.pub", "ssh-ed25519 AAAA mallory@example.com")], "A key");
    hooked.refused(&["HEAD"], &["a change of the policy that is signed by release"]);
    // Nor by a merge that takes what the policy was before.
    clone.git_ok(&["reset", "-q", "--hard", "@{u}"]);
    clone.git_ok(&["checkout", "-q", "-b", "old", "m@v2.0.0"]);
    clone.commit(&[("b", "")], "side");
    clone.git_ok(&["merge", "-q", "-s", "ours", "-m", "merge", "@{-1}"]);
    let branch = hooked.server.git_ok(&["symbolic-ref", "HEAD"]);
    hooked.refused(&[&format!("HEAD:{branch}")], &["a change of the policy that is signed by release"]);
    hooked.server.git_ok(&["config", "receive.denyDeleteCurrent", "ignore"]);
    hooked.refused(
        &["--force", &format!("m@v1.0.0^{{commit}}:{branch}")],
        &["the default branch keeps its history"],
    );
    hooked.refused(&[&format!(":{branch}")], &["the default branch keeps its history"]);
    assert_eq!(hooked.policy, text);
}

#[test]
fn what_is_no_policy_is_not_taken_for_one() {
    let hooked = hooked(FROM);
    policy(&hooked.clone, "rulez: []\n", &[]);
    hooked.refused(&["HEAD"], &["a policy that can be read", "rulez"]);
}

#[test]
fn tags_are_moved_and_deleted_by_nobody_unless_a_rule_says_by_whom() {
    let hooked = hooked(FROM);
    let (clone, server) = (&hooked.clone, &hooked.server);
    hooked.refused(&[":m#staging#1"], &["remote: m#staging#1", "no tag deleted or moved"]);
    clone.tag("m#staging#1", "m@v2.0.0", &fresh(-1));
    hooked.refused(&["--force", "m#staging#1"], &["remote: m#staging#1", "no tag deleted or moved"]);
    // Deleted, and made again on another commit, in one push.
    hooked.refused(&[":m#staging#1", "m#staging#1:refs/tags/m#staging#9"], &["no tag deleted or moved"]);
    clone.git_ok(&["fetch", "-q", "--force", "origin", "refs/tags/m#staging#1:refs/tags/m#staging#1"]);
    gto(clone, "approve m@v2.0.0 --stage prod --push").ok();
    let approval = server.tag_names().into_iter().find(|tag| tag.starts_with("gto-approval/"));
    hooked.refused(&[&format!(":{}", approval.expect("it landed"))], &["no tag deleted or moved"]);

    let text = format!("{FROM}- {{event: delete, pusher: [bot]}}\n");
    policy(clone, &text, &[]);
    hooked.taken(&["HEAD"]);
    hooked.refused(&[":m#staging#1"], &["who pushes is not known"]);
    server.git_ok(&["config", "gto.pusherFrom", "REMOTE_USER"]);
    let push = |user: &str| {
        let mut git = clone.command("git");
        git.args(["push", "-q", "origin", ":m#staging#1"]).env("REMOTE_USER", user);
        git.output().expect("git runs").status.success()
    };
    assert!(!push("eve") && server.tag_names().contains(&"m#staging#1".to_owned()));
    assert!(push("bot") && !server.tag_names().contains(&"m#staging#1".to_owned()));
}

#[test]
fn the_clock_of_a_tagger_is_held_against_the_server() {
    let hooked = hooked("rules:\n- {stage: prod, from: [staging], soak: 1h}\n");
    let clone = &hooked.clone;
    for (seconds, word) in [(3600, "ahead of the server's clock"), (-7200, "behind the server's clock")] {
        clone.tag("m#dev#2", "HEAD", &fresh(seconds));
        hooked.refused(&["m#dev#2"], &["remote: m#dev#2", word, "make the tag anew"]);
        clone.git_ok(&["tag", "-d", "m#dev#2"]);
    }
    // Backdated, so that it seems to have been there for long.
    clone.tag("m#staging#2", "m@v2.0.0", &fresh(-3500));
    hooked.refused(&["m#staging#2"], &["after the artifact's newest event"]);
}

#[test]
fn whatever_changes_what_a_stage_shows_is_a_promotion() {
    let hooked = hooked("rules:\n- {stage: prod, from: [staging], version: {range: '>=2'}}\n");
    let (clone, server) = (&hooked.clone, &hooked.server);
    // What was there before the hook: v1.0.0 in prod, and v2.0.0 above it.
    std::fs::remove_file(server.git_dir().join("hooks/pre-receive")).expect("it is there");
    clone.tag("m#staging#2", "m@v2.0.0", &fresh(-15));
    clone.tag("m#prod#3", "m@v1.0.0", &fresh(-14));
    clone.tag("m#prod#4", "m@v2.0.0", &fresh(-13));
    let bare = clone.commit(&[("a", "bare")], "bare");
    clone.tag("m#prod#5", &bare, &fresh(-12));
    clone.tag("m#prod!#6", &bare, &fresh(-11));
    // The policy came later, and takes that as it is.
    let baseline = clone.git_ok(&["for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/tags"]);
    clone.commit(&[(".gto-policy/baseline", &baseline)], "Baseline");
    hooked.taken(&["--tags", "HEAD"]);
    install(server);
    for (tag, on) in [
        // Each of them lets prod show v1.0.0.
        ("m#prod!#7", "m@v2.0.0"),
        ("m@v2.0.0!", "m@v2.0.0"),
        ("m#prod#7", "m@v1.0.0"),
        // A commit without a version.
        ("m#prod#7", bare.as_str()),
    ] {
        clone.tag(tag, on, &fresh(-1));
        hooked.refused(&[tag], &[&format!("remote: {tag}")]);
        clone.git_ok(&["tag", "-d", tag]);
    }
}

#[test]
fn copies_and_lightweight_tags_are_no_way_around_a_rule() {
    let hooked = hooked(FROM);
    let clone = &hooked.clone;
    clone.tag("m#staging#2", "m@v2.0.0", &fresh(-1));
    hooked.refused(&["m#staging#2:refs/tags/m#prod#3"], &["remote: m#prod#3", "it is a copy of another tag"]);
    clone.lightweight("m#prod#3", "m@v1.0.0^{commit}");
    hooked.refused(&["m#prod#3"], &["lightweight"]);
    let staged = clone.git_ok(&["rev-parse", "m#staging#1"]);
    hooked.refused(&[&format!("m#staging#2:refs/replace/{staged}")], &["refs/replace"]);
    clone.tag("gto-approval/x@v1.0.0", "HEAD", &fresh(-1));
    hooked.refused(&["gto-approval/x@v1.0.0"], &["no artifact whose name begins with"]);
}

#[test]
fn an_approval_counts_for_its_commit_alone_and_comes_in_the_same_push_or_before() {
    let hooked = hooked(
        "groups: {release: ['email:*@example.com']}\nrules:\n- {stage: prod, approvals: {count: 1, by: [release]}, unsigned: trust}\n",
    );
    let clone = &hooked.clone;
    gto(clone, "approve m@v2.0.0 --stage prod --author-email b@example.com").ok();
    let approval =
        clone.tag_names().into_iter().find(|tag| tag.starts_with("gto-approval/")).expect("it was made");
    clone.git_ok(&["tag", "-d", &approval]);
    // The name of the version, and another commit.
    let elsewhere = fresh(-2).by("B", "b@example.com");
    clone.tag(&approval, "m@v1.0.0", &elsewhere);
    clone.tag("m#prod#3", "m@v2.0.0", &fresh(-1));
    hooked.refused(&[&approval, "m#prod#3"], &["remote: m#prod#3", "approval"]);
    clone.tag(&approval, "m@v2.0.0", &elsewhere);
    hooked.refused(&["m#prod#3"], &["nobody has approved"]);
    hooked.taken(&[&approval, "m#prod#3"]);
}

#[test]
fn five_thousand_tags_in_one_push_are_judged() {
    let hooked = hooked(FROM);
    let clone = &hooked.clone;
    let (now, head) = (now(), clone.head());
    let tag = |n: usize| {
        let tag = format!("n{}#dev#{}", n % 50, n / 50 + 1);
        format!("tag {tag}\nfrom {head}\ntagger A <a@example.com> {now} +0000\ndata 1\nx\n")
    };
    let stream: Vec<String> = (0..5_000).map(tag).collect();
    let stream = stream.concat();
    clone.git_stdin(&["fast-import", "--quiet"], stream.as_bytes());
    clone.tag("m#prod#9", "m@v2.0.0", &fresh(-1));
    hooked.refused(&["--tags"], &["remote: m#prod#9"]);
    clone.git_ok(&["tag", "-d", "m#prod#9"]);
    hooked.taken(&["--tags"]);
    assert!(hooked.server.tag_names().len() > 5_000);
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let hooked = hooked(FROM);
    let run = |input: &str| -> Run {
        let dir = hooked.server.path();
        binary().run_in(hooked.server.sandbox(), dir, &["policy", "hook", "pre-receive"], input.as_bytes())
    };
    run("").ok();
    hooked.clone.tag("m#staging#7", "m@v1.0.0", &fresh(-1));
    let to_namespace = hooked
        .clone
        .command("git")
        .args(["push", "-q", "origin", "m#staging#7"])
        .env("GIT_NAMESPACE", "x")
        .output();
    let said = String::from_utf8_lossy(&to_namespace.expect("git runs").stderr).into_owned();
    assert!(said.contains("this cannot be judged: GIT_NAMESPACE is 'x'"), "{said}");
    assert!(run("x\n").fails(1).err().contains("is no line 'OLD NEW REF' of git"));
    let (zero, one) = ("0".repeat(40), "1".repeat(40));
    let said = run(&format!("{zero} {one} refs/tags/m#dev#7\n")).fails(1);
    assert!(said.out().contains("this cannot be judged"), "{said}");
    // Another hook is not overwritten.
    gto(&hooked.server, "policy hook --install").ok();
    std::fs::write(hooked.server.git_dir().join("hooks/pre-receive"), "#!/bin/sh\n").expect("it is writable");
    assert!(gto(&hooked.server, "policy hook --install").fails(1).err().contains("There is another hook"));
}

#[test]
fn a_server_whose_head_has_no_policy_is_warned_of_with_the_fix() {
    let server = Sandbox::new().repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/master"]);
    let install = |server: &Repo| gto(server, "policy hook --install").ok();
    let findings = |server: &Repo| gto(server, "doctor --json").json()["findings"].clone();
    let run = install(&server);
    warns_of(&run, "this repository is empty, and its default branch is 'master'");
    let clone = server.clone_to("clone");
    clone.git_ok(&["checkout", "-q", "-b", "trunk"]);
    clone.commit(&[("a", "1")], "first");
    taken(&clone, &["trunk"]);
    let run = install(&server);
    warns_of(&run, "HEAD of this repository names the branch 'master', which does not exist");
    hints_at(&run, "symbolic-ref HEAD refs/heads/trunk");
    assert_eq!(findings(&server).as_array().map(Vec::len), Some(0));
    policy(&clone, FROM, &[]);
    clone.tag("m@v1.0.0", "HEAD", &fresh(-3));
    clone.tag("m#prod#1", "HEAD", &fresh(-2));
    let said = clone.git(&["push", "origin", "trunk", "m@v1.0.0"]);
    let said = String::from_utf8_lossy(&said.stderr).replace("\nremote:", " ").replace("  ", "");
    assert!(said.contains("this push was not judged") && said.contains("'master'"), "{said}");
    let run = install(&server);
    warns_of(&run, "which does not exist, while 'trunk' has one");
    assert_eq!(findings(&server)[0]["id"], "policy-not-in-force");
    assert_eq!(findings(&server)[0]["fix"][0], "git symbolic-ref HEAD refs/heads/trunk");
    super::do_as_told(&server, &run);
    assert_eq!(
        install(&server).err(),
        format!("hint: {} is there already\n", server.git_dir().join("hooks/pre-receive").display())
    );
    refused(&server, &clone, &["m#prod#1"], &["remote: m#prod#1"]);
    assert!(
        findings(&server).as_array().into_iter().flatten().all(|found| found["id"] != "policy-not-in-force")
    );
    // A branch without one.
    server.git_ok(&["branch", "other", "trunk~1"]);
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/other"]);
    let run = install(&server);
    warns_of(&run, "'other', the default branch of this repository, has none, while 'trunk' has one");
}

#[test]
fn pushes_by_http_are_judged() {
    let Some(served) = served(None) else { return };
    let clone = served.clone_at("clone", &format!("http://{}", served.at));
    policy(&clone, FROM, &[]);
    taken(&clone, &["HEAD"]);
    install(&served.remote);
    clone.tag("n@v1.0.0", "HEAD", &fresh(-3));
    clone.tag("n#prod#1", "HEAD", &fresh(-2));
    refused(&served.remote, &clone, &["n@v1.0.0", "n#prod#1"], &["remote: n#prod#1"]);
    clone.git_ok(&["tag", "-d", "n#prod#1"]);
    clone.tag("n#staging#1", "HEAD", &fresh(-2));
    clone.tag("n#prod#2", "HEAD", &fresh(-1));
    taken(&clone, &["n@v1.0.0", "n#staging#1", "n#prod#2"]);
    assert!(served.remote.tag_names().contains(&"n#prod#2".to_owned()));
}

#[test]
fn pushes_by_ssh_are_judged() {
    let mut hooked = hooked(FROM);
    let Some(server) = crate::common::sshd::Sshd::or_skip(&hooked.server) else { return };
    hooked.clone.sandbox_mut().set_env("GIT_ALLOW_PROTOCOL", "ssh");
    hooked.clone.git_ok(&["remote", "set-url", "origin", &server.url]);
    hooked.clone.git_ok(&["config", "core.sshCommand", &server.command]);
    hooked.clone.tag("m#prod#3", "m@v2.0.0", &fresh(-1));
    hooked.refused(&["m#prod#3"], &["remote: m#prod#3"]);
    hooked.clone.git_ok(&["tag", "-d", "m#prod#3"]);
    hooked.clone.tag("m#prod#3", "m@v1.0.0", &fresh(-1));
    hooked.taken(&["m#prod#3"]);
    assert!(hooked.server.tag_names().contains(&"m#prod#3".to_owned()));
}
