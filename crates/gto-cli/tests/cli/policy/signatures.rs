//! Whose signatures count: real keys for `ssh-keygen`, `gpg` and `gpgsm`, from the policy's own folder and from nowhere else.

use std::thread::sleep;
use std::time::Duration;

use gto_testkit::{GpgHome, Repo, RepoOptions, Sandbox, SshKey};

use super::authority::Authority;
use super::{forbidden, policy};
use crate::common::{binary, gto};

/// A repository that signs with an SSH key, and the key with its fingerprint.
fn ssh(name: &str, repo: &Repo) -> Option<(SshKey, String)> {
    let key = SshKey::or_skip(repo.sandbox().home().join(name))?;
    let listed = repo.command("ssh-keygen").arg("-lf").arg(key.private()).output();
    let listed = String::from_utf8_lossy(&listed.expect("ssh-keygen was found").stdout).into_owned();
    let print = listed.split(' ').nth(1).expect("ssh-keygen lists a fingerprint").to_owned();
    Some((key, print))
}

fn sign_with(repo: &Repo, key: &SshKey) {
    repo.git_ok(&["config", "gpg.format", "ssh"]);
    repo.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
}

fn start() -> Repo {
    let repo = Sandbox::new().repo_with("repo", RepoOptions::default());
    repo.commit(&[], "first");
    gto(&repo, "register m --version v1.0.0").ok();
    repo
}

#[test]
fn only_a_key_of_the_group_signs_for_it_and_the_machines_own_keys_count_for_nothing() {
    let repo = start();
    let (Some((ada, print)), Some((eve, _))) = (ssh("ada", &repo), ssh("eve", &repo)) else { return };
    let text = format!(
        "registry: acme/ml\ngroups: {{release: ['ssh:{print}']}}\nrules:\n- {{stage: prod, by: [release]}}\n"
    );
    policy(&repo, &text, &[(".gto-policy/keys/ada.pub", &format!("{} ada@example.com\n", ada.public()))]);
    let unsigned = "The policy forbids 'm#prod#1': .gto-policy.yaml:5 wants a tag signed by a member of 'release', but the tag is not signed";
    forbidden(&repo, "assign m --version v1.0.0 --stage prod", unsigned);
    // Eve's key is trusted on this machine, and is none of the policy's.
    sign_with(&repo, &eve);
    let signers = repo.sandbox().home().join("signers");
    super::write(&signers, &format!("eve@example.com {}\n", eve.public()));
    repo.git_ok(&["config", "gpg.ssh.allowedSignersFile", &signers.display().to_string()]);
    let before = repo.refs_fingerprint();
    let run = gto(&repo, "assign m --version v1.0.0 --stage prod --sign").fails(4);
    assert!(run.err().contains("which is no key of the policy"), "{run}");
    assert_eq!(repo.refs_fingerprint(), before);
    sign_with(&repo, &ada);
    gto(&repo, "assign m --version v1.0.0 --stage prod --sign").ok();
    assert!(repo.git_ok(&["cat-file", "tag", "m#prod#1"]).contains("\nGto-Registry: acme/ml\n"));
    gto(&repo, "policy check").ok();
    // Another object in its place is not what was signed.
    repo.git_ok(&["replace", "m#prod#1", "m@v1.0.0"]);
    gto(&repo, "policy check m#prod#1").fails(1);
    repo.git_ok(&["replace", "-d", "m#prod#1"]);
    // Copied under another name, made by hand without the registry's name, signed by another: none of them counts.
    repo.git_ok(&["update-ref", "refs/tags/m#prod#2", "m#prod#1"]);
    repo.git_ok(&["tag", "-s", "-m", "by hand", "m#prod#3", "HEAD~1"]);
    sign_with(&repo, &eve);
    repo.git_ok(&["tag", "-s", "-m", "Gto-Registry: acme/ml", "m#prod#4", "HEAD~1"]);
    let said = gto(&repo, "policy check").fails(4).out();
    for reason in [
        "m#prod#2: .gto-policy.yaml:5 wants a tag signed by a member of 'release', but its signature is bad: it is a copy of tag 'm#prod#1'",
        "m#prod#3: .gto-policy.yaml:5 wants a tag signed by a member of 'release', but it names no registry",
        "which is no key of the policy",
    ] {
        assert!(said.contains(reason), "{reason}\n{said}");
    }
}

#[test]
fn a_revoked_key_signs_for_nobody_and_a_missing_one_cannot_be_judged() {
    let repo = start();
    let Some((ada, print)) = ssh("ada", &repo) else { return };
    sign_with(&repo, &ada);
    let text = format!("groups: {{release: ['ssh:{print}']}}\nrules:\n- {{stage: prod, by: [release]}}\n");
    policy(&repo, &text, &[]);
    let run = gto(&repo, "assign m --version v1.0.0 --stage prod --sign").fails(1);
    assert!(run.err().contains("is not in '.gto-policy/keys'"), "{run}");
    let public = format!("{} ada@example.com\n", ada.public());
    policy(&repo, &text, &[(".gto-policy/keys/ada.pub", &public), (".gto-policy/keys/revoked", &public)]);
    let run = gto(&repo, "assign m --version v1.0.0 --stage prod --sign").fails(4);
    assert!(run.err().contains("its key was revoked"), "{run}");
}

#[test]
fn a_reason_to_override_counts_from_those_who_may_give_one() {
    let repo = start();
    let (Some((ada, print)), Some((eve, eves))) = (ssh("ada", &repo), ssh("eve", &repo)) else { return };
    let text = format!(
        "groups: {{boss: ['ssh:{print}'], all: ['ssh:{eves}']}}\nbreak_glass: {{by: [boss], reason: required}}\nrules:\n\
         - {{stage: prod, from: [staging]}}\n"
    );
    let keys = [ada.public(), eve.public()].join("\n");
    policy(&repo, &text, &[(".gto-policy/keys/all.pub", &keys)]);
    let line = ["assign", "m", "--version", "v1.0.0", "--stage", "prod", "--override", "outage 17"];
    binary().run(&repo, &line).fails(4);
    sign_with(&repo, &eve);
    let run = binary().run(&repo, &[&line[..], &["--sign"]].concat()).fails(4);
    assert!(run.err().contains("was never validly in 'staging'"), "{run}");
    sign_with(&repo, &ada);
    binary().run(&repo, &[&line[..], &["--sign"]].concat()).ok();
    let said = gto(&repo, "policy check").ok().out();
    assert!(said.starts_with("m#prod#1: overridden (outage 17)\n"), "{said}");
}

#[test]
fn approvals_are_counted_by_key_for_the_commit_that_they_are_of() {
    let repo = start();
    let (Some((ada, adas)), Some((bob, bobs))) = (ssh("ada", &repo), ssh("bob", &repo)) else { return };
    let text = format!(
        "groups: {{release: ['ssh:{adas}', 'ssh:{bobs}']}}\nrules:\n- stage: prod\n  by: [release]\n  approvals: {{count: 1, by: \
         [release], not_self: true}}\n"
    );
    policy(&repo, &text, &[(".gto-policy/keys/all.pub", &[ada.public(), bob.public()].join("\n"))]);
    sign_with(&repo, &ada);
    let approve = |id: &str, commit: &str| {
        let tag = format!("gto-approval/m@v1.0.0/prod/-/{id}");
        repo.git_ok(&["tag", "-s", "-m", "fine", &tag, commit]);
    };
    // By who makes the tag, and of another commit.
    approve("1111111111111111", "m@v1.0.0^{commit}");
    sign_with(&repo, &bob);
    approve("2222222222222222", "HEAD");
    sign_with(&repo, &ada);
    let run = gto(&repo, "assign m --version v1.0.0 --stage prod --sign").fails(4);
    assert!(run.err().contains("but nobody has approved"), "{run}");
    sign_with(&repo, &bob);
    approve("3333333333333333", "m@v1.0.0^{commit}");
    sign_with(&repo, &ada);
    gto(&repo, "assign m --version v1.0.0 --stage prod --sign").ok();
    gto(&repo, "policy check").ok();
    assert_eq!(gto(&repo, "show m#prod --version").ok().out(), "v1.0.0\n");
}

#[test]
fn openpgp_keys_come_from_the_policy_and_expire_at_the_tags_time() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let repo = sandbox.repo_with("repo", RepoOptions::default());
    repo.commit(&[], "first");
    gto(&repo, "register m --version v1.0.0").ok();
    let print = ring.add_key("Ada Tester <ada@example.com>");
    let public = String::from_utf8(ring.gpg(&["--armor", "--export", &print]).stdout).unwrap();
    let text = "groups: {release: ['email:*@example.com']}\nrules:\n- {stage: prod, by: [release]}\n";
    policy(&repo, text, &[(".gto-policy/keys/ada.asc", &public)]);
    gto(&repo, "assign m --version v1.0.0 --stage prod --sign").ok();
    gto(&repo, "policy check").ok();
    let other = ring.add_key("Eve <eve@example.com>");
    gto(&repo, &format!("assign m --version v1.0.0 --stage prod --force -u {other}")).fails(4);
    // The same rule by fingerprint.
    let text =
        format!("groups: {{release: ['openpgp:{print}']}}\nrules:\n- {{stage: prod, by: [release]}}\n");
    policy(&repo, &text, &[]);
    gto(&repo, "policy check").ok();
}

#[test]
fn certificates_count_where_the_policy_has_their_authority() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let repo = sandbox.repo_with("repo", RepoOptions::default());
    let Some(authority) = Authority::or_skip(&repo.sandbox().home(), &ring, "-days 30") else { return };
    repo.commit(&[], "first");
    gto(&repo, "register m --version v1.0.0").ok();
    repo.git_ok(&["config", "gpg.format", "x509"]);
    repo.git_ok(&["config", "user.signingKey", "/CN=Ada"]);
    let file = |name: &str| authority.file(name);
    let text = "groups: {release: ['x509:/CN=Ada']}\nrules:\n- {stage: prod, by: [release]}\n";
    policy(
        &repo,
        text,
        &[(".gto-policy/keys/ca.pem", &file("ca.pem")), (".gto-policy/keys/ada.pem", &file("ada.pem"))],
    );
    gto(&repo, "assign m --version v1.0.0 --stage prod --sign").ok();
    gto(&repo, "policy check").ok();
    // The same signature, by a policy that knows only another authority.
    authority.root("other", "Other CA");
    policy(&repo, text, &[(".gto-policy/keys/ca.pem", &file("other.pem")), (".gto-policy/keys/ada.pem", "")]);
    let run = gto(&repo, "policy check");
    assert_ne!(run.status, 0, "{run}");
}

/// The list comes from the policy, and no network is asked for another one.
#[test]
fn what_its_authority_has_revoked_signs_for_nobody_and_an_old_list_proves_nothing() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let repo = sandbox.repo_with("repo", RepoOptions::default());
    let Some(authority) = Authority::or_skip(&repo.sandbox().home(), &ring, "-days 30") else { return };
    if !Authority::has_lists() {
        return;
    }
    repo.commit(&[], "first");
    gto(&repo, "register m --version v1.0.0").ok();
    repo.git_ok(&["config", "gpg.format", "x509"]);
    repo.git_ok(&["config", "user.signingKey", "/CN=Ada"]);
    let (ca, ada) = (authority.file("ca.pem"), authority.file("ada.pem"));
    let with_list = |list: &str| {
        let text = "groups: {release: ['x509:/CN=Ada']}\nrules:\n- {stage: prod, by: [release]}\n";
        let keys = ["ca.pem", "ada.pem", "acme.crl"].map(|name| format!(".gto-policy/keys/{name}"));
        let [ca_file, ada_file, list_file] = keys.each_ref().map(String::as_str);
        policy(&repo, text, &[(ca_file, &ca), (ada_file, &ada), (list_file, list)]);
    };
    with_list(&authority.revocations(3600));
    gto(&repo, "assign m --version v1.0.0 --stage prod --sign").ok();
    gto(&repo, "policy check").ok();
    // One that is out of date, and what is none.
    let short = authority.revocations(2);
    with_list(&short);
    sleep(Duration::from_secs(3));
    let said = gto(&repo, "policy check").fails(1).out();
    assert!(said.contains("the key file 'acme.crl' cannot be used: CRL too old"), "{said}");
    with_list("none");
    let said = gto(&repo, "policy check").fails(1).out();
    assert!(said.contains("the key file 'acme.crl' cannot be used"), "{said}");
    authority.revoke();
    with_list(&authority.revocations(3600));
    let said = gto(&repo, "policy check").fails(4).out();
    assert!(said.contains("its key was revoked: its authority has revoked the certificate"), "{said}");
    let run = gto(&repo, "assign m --version v1.0.0 --stage prod --sign --force").fails(4);
    assert!(run.err().contains("its key was revoked"), "{run}");
    // Of the user's own ring, which asks as it is told to there.
    authority.ask_for_revocations();
    let run = gto(&repo, "verify m#prod#1").fails(1);
    assert!(run.out().contains("revoked"), "{run}");
}
