//! The Python tool and DVC beside a policy: a registry with approvals, keys and a policy file is to them the one without.

use gto_testkit::{Oracle, Repo};

use super::policy;
use crate::common::{commit_with, gto, theirs};
use crate::files::against_dvc::python;

const POLICY: &str = "registry: acme/ml\ngroups: {all: ['email:*@example.com']}\nrules:\n\
    - {stage: prod, from: [staging], approvals: {count: 1, by: [all]}, unsigned: trust}\n";

/// Versions of `m` and `nlp:n` that DVC knows, in stages.
fn registry_of_dvc() -> Repo {
    let repo = Repo::new();
    let yaml = "artifacts:\n  m: {path: m.txt, type: model}\n";
    repo.commit(
        &[(".dvc/config", ""), ("dvc.yaml", yaml), ("nlp/dvc.yaml", &yaml.replace("m:", "n:"))],
        "DVC",
    );
    repo.commit(&[("m.txt", "1"), ("nlp/m.txt", "1")], "Train");
    commit_with(&repo, &["m@v1.0.0", "nlp=n@v1.0.0", "m#staging#1", "m#prod#2", "nlp=n#staging#1"]);
    repo.commit(&[("m.txt", "2")], "Train again");
    commit_with(&repo, &["m@v2.0.0", "m#staging#3"]);
    repo
}

/// Approvals of both, one of them withdrawn, and on the newest commit a policy with a key and a baseline.
fn adopt_policy(repo: &Repo) {
    let files =
        [(".gto-policy/keys/ada.pub", "ssh-ed25519 AAAA ada@example.com\n"), (".gto-policy/baseline", "")];
    policy(repo, POLICY, &files);
    for line in [
        "approve m@v2.0.0 --stage prod --author-email a@example.com",
        "approve m@v2.0.0 --stage prod --author-email b@example.com",
        "approve m@v2.0.0 --stage prod --author-email b@example.com --withdraw",
        "approve nlp:n@v1.0.0 --stage prod --author-email a@example.com",
    ] {
        gto(repo, line).ok();
    }
    let approvals = repo.tag_names().into_iter().filter(|tag| tag.starts_with("gto-approval/"));
    assert_eq!(approvals.count(), 4);
}

#[test]
fn the_python_tool_reads_a_registry_with_approvals_and_a_policy_as_the_same_without() {
    let Some(mut oracle) = Oracle::or_skip() else { return };
    let repo = registry_of_dvc();
    let questions = [
        "show",
        "show --json",
        "show m",
        "show m --json",
        "show nlp:n --json",
        "show m@latest --json",
        "show m#prod --json",
        "show --all-branches --json",
        "history",
        "history --json",
        "history m --ascending --json",
        "stages --json",
        "describe m",
        "check-ref m#prod#2 --json",
        "check-ref gto-approval/m@v2.0.0/prod/-/0123456789abcdef",
    ];
    let mut ask =
        |repo: &Repo| questions.map(|line| theirs(&mut oracle, repo, line)).map(|run| (run.out(), run.err()));
    let without = ask(&repo);
    assert!(without[3].0.contains("v2.0.0") && without[9].0.contains("m#prod#2"), "{without:?}");
    adopt_policy(&repo);
    for ((without, with), question) in without.into_iter().zip(ask(&repo)).zip(questions) {
        assert_eq!(with, without, "{question}");
    }
    // To be written to, too: the tool knows no policy, and takes the next number and counter.
    theirs(&mut oracle, &repo, "register m").ok();
    theirs(&mut oracle, &repo, "assign m --version v2.0.0 --stage dev").ok();
    let tags = repo.tag_names();
    for tag in ["m@v2.0.1", "m#dev#4"] {
        assert!(tags.iter().any(|name| name == tag), "{tags:?}");
    }
}

#[test]
fn dvc_reads_a_registry_with_approvals_and_a_policy_as_the_same_without() {
    let Some(python) = python() else { return };
    let repo = registry_of_dvc();
    let script = "import json, os, sys\n\
        from dvc.api import artifacts_show, open as content\n\
        from dvc.repo import Repo\n\
        url, found = sys.argv[1], []\n\
        for name in ['m', 'nlp:n', 'gto-approval/m']:\n    \
            for wanted in [{}, {'version': 'v1.0.0'}, {'version': 'v2.0.0'}, {'stage': 'prod'}, {'stage': 'staging'}]:\n        \
                try:\n            \
                    shown = artifacts_show(name, repo=url, **wanted)\n            \
                    with content(shown['path'], repo=url, rev=shown['rev']) as file: shown['content'] = file.read()\n        \
                except Exception as error:\n            shown = type(error).__name__\n        \
                found.append(shown)\n\
        with Repo.open(url, uninitialized=True) as repo: found.append(list(repo.artifacts.read()))\n\
        print(json.dumps(found))";
    let read = || {
        let mut dvc = repo.command(&python);
        dvc.args(["-c", script, &repo.path().to_string_lossy()]).env("DVC_NO_ANALYTICS", "1");
        let output = dvc.output().expect("it was started before");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let without = read();
    assert!(without.contains(r#""content": "1"}"#) && without.contains(r#""content": "2"}"#), "{without}");
    adopt_policy(&repo);
    assert_eq!(read(), without);
}
