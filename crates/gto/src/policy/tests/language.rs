//! What is a policy, and what is none.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn what_is_no_policy_is_refused_with_its_place() {
    let cases = [
        ("", "it is empty; the least is `version: 1`"),
        ("version: 2", "line 1, column 10: `version` is 1"),
        ("version: 1\nrule: []", "line 2, column 1: unknown key 'rule' in the policy"),
        (
            "version: 1\nrules:\n- stage: prod\n  form: [dev]",
            "line 4, column 3: unknown key 'form' in a rule",
        ),
        ("version: 1\nrules:\n- soak: 1h", "line 3, column 3: a rule has a `stage`, an `event`, or both"),
        ("version: 1\nrules:\n- {stage: prod, soak: 1h}", "`soak` needs `from` or `from_all`"),
        ("version: 1\nrules:\n- {stage: prod, from: dev, soak: soon}", "`soak` is a time such as 30m"),
        ("version: 1\nrules:\n- {stage: prod, from: []}", "`from` is empty"),
        ("version: 1\nrules:\n- {stage: prod, by: [release]}", "line 3, column 1: unknown group 'release'"),
        ("version: 1\nrules:\n- {event: delete, by: [x]}", "`by` is not for `event: delete`"),
        ("version: 1\nrules:\n- {event: [delete, assign]}", "`event: delete` is a rule of its own"),
        ("version: 1\nrules:\n- {stage: prod, pusher: [x]}", "`pusher` is for `event: delete`"),
        (
            "version: 1\nrules:\n- {stage: prod, version: {range: new}}",
            "`range` is one such as '>=1.0.0, <3'",
        ),
        ("version: 1\nrules:\n- {stage: prod, branches: ['[a-z]']}", "a pattern has no meaning for '['"),
        (
            "version: 1\nrules:\n- {stage: prod, freeze: {from: 2026-01-02, to: 2026-01-01}}",
            "`freeze` ends before",
        ),
        ("version: 1\nrules:\n- {stage: prod, rollback: yes}", "`rollback` is `allow`, not 'yes'"),
        ("version: 1\ngroups: {a: [ssh:SHA256:short]}", "'ssh:SHA256:short' is no member of a group"),
        ("version: 1\ngroups: {a: [openpgp:097EC285]}", "is no member of a group"),
        ("version: 1\ngroups: {a: []}", "group 'a' has no members"),
        ("version: 1\nbreak_glass: {by: [a]}", "`break_glass` has no `reason`"),
        ("version: 1\nversion: 1", "line 2, column 1: repeated key 'version'"),
        ("version: 1\nrules: {", "line"),
        ("- 1", "the policy is a mapping of keys to values, not a list"),
    ];
    for (text, expected) in cases {
        let error = Policy::read(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn a_large_policy_and_one_of_aliases_are_read_within_limits() {
    let start = Instant::now();
    let large = format!("version: 1\nregistry: {}\n", "a".repeat(Policy::MAX_SIZE));
    assert!(Policy::read(large.as_bytes()).unwrap_err().message.contains("larger than 1 MiB"));
    let many = format!("version: 1\nrules:\n{}", "- stage: prod\n".repeat(70_000));
    assert!(Policy::read(many.as_bytes()).unwrap_err().message.contains("more than 1000 items"));
    let mut bomb = "version: 1\nregistry: &a0 x\n".to_owned();
    for level in 1..40 {
        let before = format!("*a{}", level - 1);
        _ = writeln!(bomb, "x{level}: &a{level} [{}]", vec![before; 10].join(", "));
    }
    assert!(Policy::read(bomb.as_bytes()).is_err());
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn every_key_of_the_contract_is_read() {
    let text = format!(
        "version: 1\nregistry: acme/ml\nmax_age: 30m\ngroups:\n  release: [\"{}\", \"openpgp:{}\", \"x509:/CN=Ada\", \
         \"email:*@ml.example.com\"]\npolicy: {{by: [release], signature: required}}\nrules:\n- artifact: \"nlp:*\"\n  \
         stage: prod\n  from: [staging, hotfix]\n  soak: 24h\n  branches: [main, \"release/*\"]\n  by: [release]\n  \
         signature: required\n  approvals: {{count: 2, by: [release], not_self: true}}\n  version: {{range: \">=1.0.0\", \
         prerelease: deny}}\n  freeze: {{from: 2026-12-20, to: 2027-01-03}}\n  rollback: allow\n- event: delete\n  \
         pusher: [release-bot]\nbreak_glass: {{by: [release], reason: required}}\n",
        key("ada"),
        "ab".repeat(20)
    );
    let policy = Policy::read(text.as_bytes()).unwrap();
    assert_eq!(policy.rules[0].place.to_string(), ".gto-policy.yaml:8");
    assert_eq!(policy.rules[0].soak.map(Span::as_seconds), Some(86_400));
    assert_eq!(policy.groups[0].members.len(), 4);
    assert_eq!(
        (policy.max_age.as_seconds(), policy.rules[1].pusher.clone()),
        (1_800, vec!["release-bot".to_owned()])
    );
}
