//! Keys at a server's hook, with real signatures: expired, revoked, unknown, and a tag that has another name inside.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use gto_testkit::{GpgHome, Repo, RepoOptions, Sandbox, SshKey};

use super::authority::Authority;
use super::hook::{fresh, install, now, refused, taken};
use super::policy;
use crate::common::{commit_with, gto};

/// A bare repository with the hook and a policy by which `release` signs for `prod`, and a clone of it.
fn hooked(sandbox: &Sandbox, group: &str, keys: &[(&str, &str)]) -> (Repo, Repo) {
    let server = sandbox.repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    server.commit(&[("a", "1")], "first");
    let clone = server.clone_to("clone");
    change_policy(&clone, group, keys);
    let branch = clone.git_ok(&["symbolic-ref", "--short", "HEAD"]);
    clone.tag("m@v1.0.0", "HEAD", &fresh(-1800));
    clone.git_ok(&["push", "-q", "--tags", "origin", &branch]);
    install(&server);
    (server, clone)
}

fn change_policy(clone: &Repo, group: &str, keys: &[(&str, &str)]) {
    let text = format!("groups: {{release: ['{group}']}}\nrules:\n- {{stage: prod, by: [release]}}\n");
    policy(clone, &text, keys);
}

/// Makes a signed tag with git alone, dated so many seconds from now.
fn sign(clone: &Repo, tag: &str, seconds: i64) {
    let mut git = clone.command("git");
    git.args(["tag", "-s", "-m", "signed", tag, "m@v1.0.0^{}"]);
    git.env("GIT_COMMITTER_DATE", format!("@{} +0000", now() + seconds));
    let output = git.output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn openpgp_keys_are_judged_at_the_hook() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let key = ring.add_key("Ada Tester <ada@example.com>");
    let eve = ring.add_key("Eve <eve@example.com>");
    let export = |key: &str| String::from_utf8(ring.gpg(&["--armor", "--export", key]).stdout).expect("text");
    let group = format!("openpgp:{key}");
    let (server, clone) = hooked(&sandbox, &group, &[(".gto-policy/keys/ada.asc", &export(&key))]);
    clone.git_ok(&["config", "user.signingKey", &eve]);
    sign(&clone, "m#prod#1", -60);
    refused(&server, &clone, &["m#prod#1"], &["remote: m#prod#1", "key of the policy"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    clone.git_ok(&["config", "user.signingKey", &key]);
    sign(&clone, "m#prod#1", -50);
    refused(&server, &clone, &["m#prod#1:refs/tags/m#prod#2"], &["it is a copy of"]);
    taken(&clone, &["m#prod#1"]);
    // A key that expires while its tag waits is judged at the tag's time.
    sign(&clone, "m#prod#3", -10);
    let before = now();
    ring.gpg(&["--quick-set-expire", &key, "seconds=2"]);
    sleep(Duration::from_secs(3));
    change_policy(&clone, &group, &[(".gto-policy/keys/ada.asc", &export(&key))]);
    taken(&clone, &["HEAD", "m#prod#3"]);
    let wrapper = sandbox.home().join("gpg-then");
    let then = format!("#!/bin/sh\nexec gpg --faked-system-time {before} \"$@\"\n");
    super::write(&wrapper, &then);
    super::make_executable(&wrapper);
    clone.git_ok(&["config", "gpg.program", &wrapper.display().to_string()]);
    sign(&clone, "m#prod#4", 1);
    refused(&server, &clone, &["m#prod#4"], &["its signature has expired"]);
    clone.git_ok(&["tag", "-d", "m#prod#4"]);
    clone.git_ok(&["config", "--unset", "gpg.program"]);
    // A revoked one counts for nothing, whenever it signed.
    ring.gpg(&["--quick-set-expire", &key, "1y"]);
    sign(&clone, "m#prod#5", 1);
    let revocation = ring.path().join(format!("openpgp-revocs.d/{key}.rev"));
    let text = std::fs::read_to_string(&revocation).expect("gpg has written it");
    super::write(&revocation, &text.replace(":-----BEGIN", "-----BEGIN"));
    ring.gpg(&["--import", &revocation.display().to_string()]);
    change_policy(&clone, &group, &[(".gto-policy/keys/ada.asc", &export(&key))]);
    taken(&clone, &["HEAD"]);
    refused(&server, &clone, &["m#prod#5"], &["its key was revoked"]);
    gto(&clone, "policy check").fails(4);
}

#[test]
fn ssh_keys_are_judged_at_the_hook() {
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    let (Some(ada), Some(eve)) = (SshKey::or_skip(home.join("ada")), SshKey::or_skip(home.join("eve")))
    else {
        return;
    };
    let signers = |until: &str| format!("ada@example.com {until} {}\n", ada.public());
    let group = "email:ada@example.com";
    let (server, clone) =
        hooked(&sandbox, group, &[(".gto-policy/keys/allowed_signers", &signers("namespaces=\"git\""))]);
    clone.git_ok(&["config", "gpg.format", "ssh"]);
    let sign_as =
        |key: &SshKey| clone.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
    sign_as(&eve);
    sign(&clone, "m#prod#1", -1000);
    refused(&server, &clone, &["m#prod#1"], &["remote: m#prod#1", "key of the policy"]);
    clone.git_ok(&["tag", "-d", "m#prod#1"]);
    sign_as(&ada);
    sign(&clone, "m#prod#1", -900);
    refused(&server, &clone, &["m#prod#1:refs/tags/m#prod#2"], &["it is a copy of"]);
    // Valid until five minutes ago.
    let mut date = Command::new("date");
    let until = date.args(["-d", "-300 seconds", "+%Y%m%d%H%M%S"]).output();
    let until = String::from_utf8(until.expect("date runs").stdout).expect("digits");
    let expired = signers(&format!("valid-before=\"{}\"", until.trim()));
    change_policy(&clone, group, &[(".gto-policy/keys/allowed_signers", &expired)]);
    taken(&clone, &["HEAD", "m#prod#1"]);
    sign(&clone, "m#prod#3", -60);
    refused(&server, &clone, &["m#prod#3"], &["its signature has expired"]);
    clone.git_ok(&["tag", "-d", "m#prod#3"]);
    sign(&clone, "m#prod#4", -600);
    taken(&clone, &["m#prod#4"]);
    sign(&clone, "m#prod#5", -500);
    change_policy(&clone, group, &[(".gto-policy/keys/revoked", &ada.public())]);
    taken(&clone, &["HEAD"]);
    refused(&server, &clone, &["m#prod#5"], &["its key was revoked"]);
}

#[test]
fn certificates_are_judged_at_the_hook() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let validity = "-startdate 20200101000000Z -enddate \"$(date -u -d '+20 seconds' +%Y%m%d%H%M%SZ)\"";
    let Some(authority) = Authority::or_skip(&sandbox.home(), &ring, validity) else { return };
    authority.root("other", "Other CA");
    let file = |name: &str| authority.file(name);
    let (ca, other, ada) = (file("ca.pem"), file("other.pem"), file("ada.pem"));
    let keys = [(".gto-policy/keys/ca.pem", ca.as_str()), (".gto-policy/keys/ada.pem", ada.as_str())];
    let (server, clone) = hooked(&sandbox, "x509:/CN=Ada", &keys);
    clone.git_ok(&["config", "gpg.format", "x509"]);
    clone.git_ok(&["config", "user.signingKey", "/CN=Ada"]);
    sign(&clone, "m#prod#1", -60);
    sign(&clone, "m#prod#3", -50);
    // Dated after the certificate.
    sign(&clone, "m#prod#4", 120);
    refused(&server, &clone, &["m#prod#1:refs/tags/m#prod#2"], &["it is a copy of"]);
    taken(&clone, &["m#prod#1"]);
    sleep(Duration::from_secs(21));
    refused(&server, &clone, &["m#prod#4"], &["its signature has expired"]);
    taken(&clone, &["m#prod#3"]);
    // Of an authority that the policy does not have.
    let keys = [(".gto-policy/keys/ca.pem", other.as_str()), (".gto-policy/keys/ada.pem", "")];
    change_policy(&clone, "x509:/CN=Ada", &keys);
    taken(&clone, &["HEAD"]);
    clone.git_ok(&["tag", "-d", "m#prod#4"]);
    clone.git_ok(&["tag", "m#prod#5", "m#prod#3"]);
    refused(&server, &clone, &["m#prod#5"], &["remote: m#prod#5"]);
}

#[test]
fn certificates_that_their_authority_has_revoked_are_refused_at_the_hook() {
    let Some(ring) = GpgHome::or_skip() else { return };
    let mut sandbox = Sandbox::new();
    sandbox.set_env("GNUPGHOME", ring.path());
    let Some(authority) = Authority::or_skip(&sandbox.home(), &ring, "-days 30") else { return };
    if !Authority::has_lists() {
        return;
    }
    let (ca, ada) = (authority.file("ca.pem"), authority.file("ada.pem"));
    let (of_ca, of_ada, list) =
        (".gto-policy/keys/ca.pem", ".gto-policy/keys/ada.pem", ".gto-policy/keys/acme.crl");
    let before = authority.revocations(3600);
    let (server, clone) = hooked(&sandbox, "x509:/CN=Ada", &[(of_ca, &ca), (of_ada, &ada), (list, &before)]);
    clone.git_ok(&["config", "gpg.format", "x509"]);
    clone.git_ok(&["config", "user.signingKey", "/CN=Ada"]);
    sign(&clone, "m#prod#1", -60);
    taken(&clone, &["m#prod#1"]);
    authority.revoke();
    change_policy(&clone, "x509:/CN=Ada", &[(list, &authority.revocations(3600))]);
    taken(&clone, &["HEAD"]);
    sign(&clone, "m#prod#2", -50);
    refused(&server, &clone, &["m#prod#2"], &["remote: m#prod#2", "its key was revoked"]);
}

#[test]
fn an_approval_has_the_name_of_the_key_that_signs_it() {
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    let (Some(ada), Some(eve)) = (SshKey::or_skip(home.join("ada")), SshKey::or_skip(home.join("eve")))
    else {
        return;
    };
    let server = sandbox.repo_with("hub.git", RepoOptions { bare: true, ..RepoOptions::default() });
    server.commit(&[("a", "1")], "first");
    let clone = server.clone_to("clone");
    let keys = format!("{} ada@example.com\n{} eve@example.com\n", ada.public(), eve.public());
    let text = "groups: {release: ['email:*@example.com']}\nrules:\n- {stage: prod, approvals: {count: 1, by: [release]}}\n";
    policy(&clone, text, &[(".gto-policy/keys/all.pub", &keys)]);
    commit_with(&clone, &["m@v1.0.0"]);
    clone.git_ok(&["push", "-q", "--tags", "origin", "HEAD"]);
    install(&server);
    clone.git_ok(&["config", "gpg.format", "ssh"]);
    let sign_as =
        |key: &SshKey| clone.git_ok(&["config", "user.signingKey", &key.private().display().to_string()]);
    sign_as(&ada);
    gto(&clone, "approve m@v1.0.0 --stage prod").ok();
    let name =
        clone.tag_names().into_iter().find(|tag| tag.starts_with("gto-approval/")).expect("it was made");
    let commit = clone.git_ok(&["rev-parse", "m@v1.0.0^{}"]);
    let made = clone.git_ok(&["rev-parse", &name]);
    // Eve takes the name that Ada's approval will have.
    sign_as(&eve);
    clone.git_ok(&["tag", "-f", "-s", "-m", "mine", &name, &commit]);
    refused(&server, &clone, &[&name], &["an approval that has the name of who makes it"]);
    clone.git_ok(&["tag", "-f", "-a", "-m", "unsigned", &name, &commit]);
    refused(&server, &clone, &[&name], &["signed with a key of the policy", "unsigned"]);
    clone.git_ok(&["update-ref", &format!("refs/tags/{name}"), &made]);
    taken(&clone, &[&name]);
    sign_as(&eve);
    gto(&clone, "approve m@v1.0.0 --stage prod --push").ok();
}
