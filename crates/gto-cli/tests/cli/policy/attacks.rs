//! Attacks on a policy at a server's hook: each by somebody who may push, with git alone.

use std::time::{Duration, Instant};

use gto_testkit::{Repo, RepoOptions, Sandbox, SshKey};

use super::hook::{fresh, install, refused, taken};
use super::policy;
use crate::common::gto;

/// A bare repository that has the hook from the start, two keys, and a clone.
struct Scene {
    server: Repo,
    clone: Repo,
    ada: SshKey,
    eve: SshKey,
}

/// The key without its comment.
fn public(key: &SshKey) -> String {
    key.public().split(' ').take(2).collect::<Vec<_>>().join(" ")
}

impl Scene {
    /// The policy has the group `release` with the one key and `others` with the other.
    fn with(text: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        let home = sandbox.home();
        let (ada, eve) = (SshKey::or_skip(home.join("ada"))?, SshKey::or_skip(home.join("eve"))?);
        let server = sandbox.repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
        server.commit(&[("a", "1")], "first");
        let clone = server.clone_to("clone");
        clone.git_ok(&["config", "gpg.format", "ssh"]);
        let scene = Self { server, clone, ada, eve };
        scene.change_policy(text);
        scene.clone.tag("m@v1.0.0", "HEAD", &fresh(-900));
        scene.clone.git_ok(&["push", "-q", "--tags", "origin", "HEAD"]);
        install(&scene.server);
        Some(scene)
    }

    fn change_policy(&self, text: &str) {
        let groups = "groups: {release: ['email:ada@example.com'], others: ['email:eve@example.com']}\n";
        let keys = format!("{} ada@example.com\n{} eve@example.com\n", public(&self.ada), public(&self.eve));
        policy(&self.clone, &format!("{groups}{text}"), &[(".gto-policy/keys/all.pub", &keys)]);
    }

    fn sign_as(&self, key: &SshKey) {
        self.clone.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
    }

    fn sign(&self, key: &SshKey, tag: &str, on: &str, message: &str) {
        self.sign_as(key);
        self.clone.git_ok(&["tag", "-s", "-m", message, tag, on]);
    }

    fn refused(&self, args: &[&str], words: &[&str]) {
        refused(&self.server, &self.clone, args, words);
    }

    /// What was there before the policy is taken as it is.
    fn baseline(&self) {
        let format = "--format=%(objectname) %(refname:strip=2)";
        let baseline = self.clone.git_ok(&["for-each-ref", format, "refs/tags"]);
        self.clone.commit(&[(".gto-policy/baseline", &baseline)], "Baseline");
        std::fs::remove_file(self.server.git_dir().join("hooks/pre-receive")).expect("it is there");
        taken(&self.clone, &["--tags", "HEAD"]);
        install(&self.server);
    }
}

#[test]
fn a_registration_that_lets_a_stage_show_another_version_is_a_promotion() {
    let Some(scene) = Scene::with("rules:\n- {stage: prod, version: {range: '>=2'}}\n") else { return };
    let clone = &scene.clone;
    // In prod: a commit without a version, and of another artifact an old version that a deprecation hides.
    let bare = clone.commit(&[("a", "2")], "second");
    clone.tag("m#prod#1", &bare, &fresh(-800));
    clone.tag("n@v1.0.0", "HEAD", &fresh(-790));
    clone.tag("n#prod#2", "HEAD", &fresh(-780));
    clone.tag("n@deprecated", "HEAD", &fresh(-770));
    scene.baseline();
    clone.tag("m@v1.5.0", &bare, &fresh(-5));
    scene.refused(&["m@v1.5.0"], &["remote: m@v1.5.0", "matches '>=2'"]);
    clone.tag("m@v2.5.0", &bare, &fresh(-5));
    taken(clone, &["m@v2.5.0"]);
    let new = clone.commit(&[("a", "3")], "third");
    clone.tag("n@v3.0.0", &new, &fresh(-5));
    scene.refused(&["n@v3.0.0"], &["remote: n@v3.0.0", "it is v1.0.0"]);
    // A deprecation alone shows nothing.
    clone.tag("m@deprecated", &bare, &fresh(-4));
    taken(clone, &["m@deprecated"]);
}

#[test]
fn a_deprecation_of_what_is_above_lets_the_version_below_be_shown_and_is_judged() {
    let Some(scene) = Scene::with("rules:\n- {stage: prod, version: {range: '>=2'}}\n") else { return };
    let clone = &scene.clone;
    clone.tag("m#prod#1", "m@v1.0.0", &fresh(-800));
    let new = clone.commit(&[("a", "2")], "second");
    clone.tag("m@v2.0.0", &new, &fresh(-790));
    clone.tag("m#prod#2", &new, &fresh(-780));
    scene.baseline();
    gto(clone, "policy check").ok();
    let run = gto(clone, "deprecate m v2.0.0").fails(4);
    assert!(run.err().contains("matches '>=2', but it is v1.0.0"), "{run}");
    for tag in ["m@v2.0.0!#3", "m#prod!#3"] {
        clone.tag(tag, &new, &fresh(-5));
        scene.refused(&[tag], &[&format!("remote: {tag}"), "it is v1.0.0"]);
        clone.git_ok(&["tag", "-d", tag]);
    }
}

#[test]
fn the_policy_is_changed_by_whom_it_names_and_by_nobody_else() {
    let Some(scene) = Scene::with("policy: {by: [release], signature: required}\nrules: []\n") else {
        return;
    };
    let clone = &scene.clone;
    let start = clone.head();
    let change = |key: &SshKey, file: &str| {
        scene.sign_as(key);
        let old = std::fs::read_to_string(clone.path().join(file)).unwrap_or_default();
        std::fs::write(clone.path().join(file), format!("{old}# more\n")).expect("it is writable");
        clone.git_ok(&["add", "-A"]);
        clone.git_ok(&["commit", "-q", "-S", "-m", "Change"]);
    };
    for file in [".gto-policy.yaml", ".gto-policy/keys/all.pub", ".gto-policy/baseline"] {
        change(&scene.eve, file);
        scene.refused(&["HEAD"], &["a change of the policy that is signed by release", "is signed by"]);
        let checked = gto(clone, "policy check --range origin/HEAD..HEAD").fails(4);
        assert!(checked.out().contains("a change of the policy that is signed by release"), "{checked}");
        clone.git_ok(&["reset", "-q", "--hard", &start]);
    }
    change(&scene.ada, ".gto-policy.yaml");
    gto(clone, "policy check --range origin/HEAD..").ok();
    taken(clone, &["HEAD"]);
    // A signed change on another branch, merged without a signature.
    clone.git_ok(&["checkout", "-q", "-b", "topic"]);
    change(&scene.ada, ".gto-policy.yaml");
    clone.git_ok(&["checkout", "-q", "-"]);
    clone.commit(&[("b", "")], "side");
    clone.git_ok(&["merge", "-q", "--no-gpg-sign", "-m", "merge", "topic"]);
    taken(clone, &["HEAD"]);
    // What another hand changes after a signed commit is not signed by it.
    change(&scene.ada, ".gto-policy.yaml");
    change(&scene.eve, ".gto-policy.yaml");
    scene.refused(&["HEAD"], &["a change of the policy that is signed by release"]);
    clone.git_ok(&["reset", "-q", "--hard", "@{u}"]);
    let json = gto(clone, "policy check --range HEAD~1..HEAD --json").ok().json();
    assert_eq!(json["changes"], serde_json::json!([]));
}

#[test]
fn a_branch_that_stands_for_the_default_branch_is_guarded_as_it_is() {
    let Some(scene) = Scene::with("policy: {by: [release], signature: required}\nrules: []\n") else {
        return;
    };
    let (clone, server) = (&scene.clone, &scene.server);
    let branch = server.git_ok(&["symbolic-ref", "HEAD"]);
    server.git_ok(&["symbolic-ref", "refs/heads/alias", &branch]);
    server.git_ok(&["symbolic-ref", "refs/heads/second", "refs/heads/alias"]);
    policy(clone, "rules: []\n", &[]);
    for name in ["refs/heads/alias", "refs/heads/second"] {
        scene.refused(&[&format!("HEAD:{name}")], &["a change of the policy that is signed by release"]);
        scene.refused(&["--force", &format!("HEAD~2:{name}")], &["the default branch keeps its history"]);
    }
    // The other way round: what HEAD names is a symbolic ref itself.
    server.git_ok(&["symbolic-ref", "HEAD", "refs/heads/second"]);
    scene.refused(&[&format!("HEAD:{branch}")], &["a change of the policy that is signed by release"]);
    scene.refused(&["HEAD:refs/heads/second"], &["a change of the policy that is signed by release"]);
}

#[test]
fn a_signed_tag_of_a_fork_is_no_tag_of_this_registry() {
    let text = "registry: acme/ml\nrules:\n- {stage: prod, by: [release]}\n";
    let Some(scene) = Scene::with(text) else { return };
    let clone = &scene.clone;
    scene.sign(&scene.ada, "m#prod#1", "m@v1.0.0^{}", "Ship it\n\nGto-Registry: mallory/ml");
    scene.refused(&["m#prod#1"], &["it was made for registry 'mallory/ml'"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    // In a fork with the same policy but its own name, by gto itself.
    let fork = clone.clone_to("fork");
    fork.git_ok(&["remote", "remove", "origin"]);
    let ours = std::fs::read_to_string(fork.path().join(".gto-policy.yaml")).expect("the policy is there");
    fork.commit(&[(".gto-policy.yaml", &ours.replace("acme/ml", "mallory/ml"))], "Fork");
    fork.git_ok(&["config", "gpg.format", "ssh"]);
    fork.git_ok(&["config", "user.signingKey", &scene.ada.private().display().to_string()]);
    gto(&fork, "assign m --version v1.0.0 --stage prod --sign").ok();
    clone.git_ok(&[
        "fetch",
        "-q",
        &fork.path().display().to_string(),
        "refs/tags/m#prod#1:refs/tags/m#prod#1",
    ]);
    scene.refused(&["m#prod#1"], &["it was made for registry 'mallory/ml'"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    scene.sign(&scene.ada, "m#prod#1", "m@v1.0.0^{}", "Ship it\n\nGto-Registry: acme/ml");
    taken(clone, &["m#prod#1"]);
}

#[test]
fn nobody_approves_what_is_ones_own_whatever_the_name_in_the_tag() {
    let text = "rules:\n- {stage: prod, by: [release, others], approvals: {count: 1, by: [release, others], not_self: true}}\n";
    let Some(scene) = Scene::with(text) else { return };
    let clone = &scene.clone;
    scene.sign_as(&scene.ada);
    gto(clone, "approve m@v1.0.0 --stage prod --author Bob --author-email bob@example.com --push").ok();
    clone.git_ok(&["config", "user.email", "carol@example.com"]);
    scene.sign(&scene.ada, "m#prod#1", "m@v1.0.0^{}", "Ship it");
    scene.refused(&["m#prod#1"], &["nobody has approved"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    scene.sign(&scene.eve, "m#prod#1", "m@v1.0.0^{}", "Ship it");
    taken(clone, &["m#prod#1"]);
}

#[test]
fn a_reason_or_an_actor_counts_from_those_alone_who_may_write_it() {
    let text = "break_glass: {by: [release], reason: required}\nrules:\n- {stage: prod, from: [staging]}\n";
    let Some(scene) = Scene::with(text) else { return };
    let clone = &scene.clone;
    let forged = "Ship it\n\nGto-Override: outage 17";
    clone.git_ok(&["tag", "-a", "-m", forged, "m#prod#1", "m@v1.0.0^{}"]);
    scene.refused(&["m#prod#1"], &["was never validly in 'staging'"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    scene.sign(&scene.eve, "m#prod#1", "m@v1.0.0^{}", forged);
    scene.refused(&["m#prod#1"], &["was never validly in 'staging'"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    scene.sign(&scene.ada, "m#prod#1", "m@v1.0.0^{}", forged);
    taken(clone, &["m#prod#1"]);
}

#[test]
fn an_actor_is_believed_in_tags_that_a_service_signed_and_in_no_others() {
    let policies = |service: &str| {
        format!(
            "{service}rules:\n- {{stage: prod, by: [humans], approvals: {{count: 1, by: [humans], not_self: true}}}}\n"
        )
    };
    let Some(scene) = Scene::with("rules: []\n") else { return };
    let clone = &scene.clone;
    let change = |service: &str| {
        let groups = "groups: {humans: ['email:*@people.org'], bots: ['email:ada@example.com']}\n";
        let keys = format!("{} ada@example.com\n{} eve@people.org\n", public(&scene.ada), public(&scene.eve));
        policy(clone, &format!("{groups}{}", policies(service)), &[(".gto-policy/keys/all.pub", &keys)]);
        taken(clone, &["HEAD"]);
    };
    change("");
    // Eve approves with a key of her own.
    scene.sign_as(&scene.eve);
    gto(clone, "approve m@v1.0.0 --stage prod --push").ok();
    let by = |actor: &str| format!("Ship it\n\nGto-Actor: {actor}");
    // Without a service nobody writes for others.
    scene.sign(&scene.ada, "m#prod#1", "m@v1.0.0^{}", &by("bob@people.org"));
    scene.refused(&["m#prod#1"], &["member of 'humans'", "it is signed with"]);
    change("service: {by: [bots]}\n");
    taken(clone, &["m#prod#1"]);
    // A service that names nobody acts for itself, and one that names somebody else than the group has does not help.
    for (message, word) in
        [("Ship it".to_owned(), "it is signed with"), (by("mallory@example.com"), "'mallory@example.com'")]
    {
        scene.sign(&scene.ada, "m#prod#2", "m@v1.0.0^{}", &message);
        scene.refused(&["m#prod#2"], &["member of 'humans'", word]);
        clone.git_ok(&["tag", "-d", "m#prod#2"]);
    }
    // Eve is one person, by her key and by way of the service.
    scene.sign(&scene.ada, "m#prod#2", "m@v1.0.0^{}", &by("Eve@people.org"));
    scene.refused(&["m#prod#2"], &["nobody has approved"]);
    clone.git_ok(&["tag", "-d", "m#prod#2"]);
    // And her own key writes for nobody else.
    scene.sign(&scene.eve, "m#prod#2", "m@v1.0.0^{}", &by("bob@people.org"));
    scene.refused(&["m#prod#2"], &["nobody has approved"]);
}

#[test]
fn a_policy_of_any_size_or_shape_is_refused_or_judged_in_seconds() {
    let Some(scene) = Scene::with("rules: []\n") else { return };
    let clone = &scene.clone;
    let start = clone.head();
    let mut bomb = String::from("x0: &a0 [1, 2]\n");
    for level in 1..30 {
        let before = level - 1;
        let line = format!("x{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n");
        bomb.push_str(&line);
    }
    let large = format!("rules: []\n# {}\n", "x".repeat(1 << 20));
    for text in [bomb.as_str(), large.as_str()] {
        policy(clone, text, &[]);
        let begun = Instant::now();
        scene.refused(&["HEAD"], &["a policy that can be read"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        clone.git_ok(&["reset", "-q", "--hard", &start]);
    }
    // As many rules as there may be, each with a pattern that other languages explode on.
    let pattern = "*a".repeat(60);
    let rule = format!("- {{stage: prod, artifact: '{pattern}b', version: {{range: '>=9'}}}}\n");
    policy(clone, &format!("rules:\n{}", rule.repeat(1_000)), &[]);
    taken(clone, &["HEAD"]);
    let name = "a".repeat(150);
    clone.tag(&format!("{name}#prod#1"), "HEAD", &fresh(-1));
    let begun = Instant::now();
    taken(clone, &[&format!("{name}#prod#1")]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
