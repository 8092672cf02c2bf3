//! A whole deployment: a tag is pushed to a server, whose hook makes a checkout, runs `gto ci` and deploys.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::binary;
use gto_testkit::{Repo, RepoOptions, Run, Sandbox};

/// For each tag that is pushed: a checkout of depth 1 as a system makes it, one step that asks gto, and one that deploys.
const HOOK: &str = r#"#!/bin/sh
set -eu
while read -r old new ref; do
    case $ref in refs/tags/*) ;; *) continue ;; esac
    work=$(mktemp -d "$GTO_TEST_JOBS/job-XXXXXX")
    (
        unset GIT_DIR GIT_QUARANTINE_PATH
        cd "$work"
        git init --quiet
        git remote add origin "file://$GTO_TEST_SERVER"
        commit=$(git ls-remote origin "$ref^{}" | cut -f 1)
        git fetch --quiet --no-tags --depth=1 origin "+$commit:$ref"
        git checkout --quiet "$ref"
        JENKINS_URL=x TAG_NAME=${ref#refs/tags/} "$GTO_TEST_BINARY" ci --only assignment:prod
        . ./gto.env
        if [ "$GTO_MATCH" = true ]; then
            echo "$GTO_ARTIFACT $GTO_VERSION instead of ${GTO_PREVIOUS_VERSION:-nothing}: $(cat model)" >> "$GTO_TEST_JOBS/deployed"
        fi
    ) >> "$GTO_TEST_JOBS/log" 2>&1
done
"#;

#[test]
fn a_push_deploys_and_a_rollback_deploys_the_version_before() {
    let sandbox = Sandbox::new();
    let server = sandbox.repo_with("server.git", RepoOptions { bare: true, ..RepoOptions::default() });
    server.git_ok(&["config", "uploadpack.allowFilter", "true"]);
    server.git_ok(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let jobs = sandbox.path().join("jobs");
    fs::create_dir(&jobs).unwrap();
    let hook = server.path().join("hooks/post-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, HOOK).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();

    let work = sandbox.repo("work");
    work.git_ok(&["remote", "add", "origin", &server.path().to_string_lossy()]);
    let gto = |line: &str| -> Run {
        let words: Vec<&str> = line.split(' ').collect();
        binary()
            .env("GTO_TEST_JOBS", jobs.as_os_str())
            .env("GTO_TEST_SERVER", server.path().as_os_str())
            .env("GTO_TEST_BINARY", env!("CARGO_BIN_EXE_gto"))
            .run(&work, &words)
            .ok()
    };
    let deployed = || fs::read_to_string(jobs.join("deployed")).unwrap_or_default();
    for model in ["first", "second"] {
        work.commit(&[("model", model)], model);
        work.git_ok(&["push", "-q", "origin", "main"]);
        gto("register m --bump-major --push");
        gto("assign m --version latest --stage dev --push");
        gto("assign m --version latest --stage prod --push");
    }
    let log = fs::read_to_string(jobs.join("log")).unwrap();
    assert_eq!(
        deployed(),
        "m v1.0.0 instead of nothing: first\nm v2.0.0 instead of v1.0.0: second\n",
        "{log}"
    );
    gto("rollback m prod --push");
    assert!(deployed().ends_with("\nm v1.0.0 instead of v2.0.0: first\n"), "{}", deployed());
    // What is taken out of prod deploys nothing.
    gto("unassign m prod --push");
    assert_eq!(deployed().lines().count(), 3);
    drop(Repo::at(&sandbox, server.path(), true));
}
