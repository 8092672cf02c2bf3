//! The reader and the judge: what a rule means, and what holds for all policies, registries and events.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::event::{Event, sort_events, tests::event};
use crate::name::StageName;
use crate::object_id::ObjectId;
use crate::query::shown_in;
use crate::signing::Verified;
use crate::state::Artifact;

use super::*;

fn policy(rules: &str) -> Policy {
    Policy::read(format!("version: 1\n{rules}").as_bytes()).unwrap_or_else(|error| panic!("{error}\n{rules}"))
}

fn key(name: &str) -> Key {
    Key::new(KeyKind::Ssh, &format!("SHA256:{name:A<43}"))
}

/// What the tests say about the repository around the tags.
#[derive(Default, Clone)]
struct World {
    /// Who signed which tag; `None` for nobody.
    signers: std::collections::HashMap<String, &'static str>,
    trailers: std::collections::HashMap<String, Trailers>,
    /// Commits in the history of `main`.
    merged: std::collections::HashSet<ObjectId>,
    approvals: Vec<(String, Approval)>,
    pusher: Option<String>,
}

impl World {
    fn answer(&self, needs: &[Need], facts: &mut Facts) {
        for need in needs {
            assert!(!facts.has(need), "{need:?} was asked for twice");
            match need.clone() {
                Need::Signature { tag, id } => {
                    let signed = |who: &&str| TagSignature {
                        result: Verified::Good,
                        key: Some(key(who)),
                        addresses: vec![format!("{who}@x.org")],
                        reason: None,
                        trailers: self.trailers.get(&tag).cloned().unwrap_or_default(),
                    };
                    let fact = self.signers.get(&tag).map_or_else(TagSignature::unsigned, signed);
                    facts.signatures.insert((tag, id), Ok(fact));
                }
                Need::Branch { commit, branches } => {
                    let on = self.merged.contains(&commit).then(|| "main".to_owned());
                    let fact = BranchFact { on, looked_at: vec!["main".to_owned()] };
                    facts.branches.insert((commit, branches), Ok(fact));
                }
                Need::Approvals { artifact, version, stage } => {
                    let name = format!("{artifact}@{version}/{stage}");
                    let those =
                        self.approvals.iter().filter(|(of, _)| *of == name).map(|(_, found)| found.clone());
                    facts.approvals.insert((artifact, version, stage), Ok(those.collect()));
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        Facts { pusher: self.pusher.clone(), ..Facts::default() }
    }

    fn judge(&self, policy: &Policy, before: &[Event], change: &Change) -> Judgement {
        let mut facts = self.facts();
        for _ in 0..10_000 {
            match judge(policy, before, change, &facts) {
                Ok(judgement) => return judgement,
                Err(needs) => {
                    assert!(!needs.is_empty());
                    self.answer(&needs, &mut facts);
                }
            }
        }
        panic!("no end of needs");
    }

    fn approve(&mut self, of: &str, who: &'static str, commit: u8, seconds: i64, is_withdrawal: bool) {
        let tag = format!("gto-approval/{of}/-/{who}{}", if is_withdrawal { "!" } else { "" });
        self.signers.insert(tag.clone(), who);
        let approval = Approval {
            tag,
            id: ObjectId::NONE,
            approver: who.to_owned(),
            commit: ObjectId::from_bytes(&[commit; 20]).unwrap(),
            is_withdrawal,
            email: format!("{who}@x.org"),
            seconds,
        };
        self.approvals.push((of.to_owned(), approval));
    }
}

fn events(of: &[(&str, u8, i64)]) -> Vec<Event> {
    of.iter().map(|(tag, commit, seconds)| event(tag, *commit, *seconds)).collect()
}

fn created(tag: &str, commit: u8, seconds: i64) -> Change {
    Change::Create(event(tag, commit, seconds))
}

/// The violations, as `condition: found`; `?` for what cannot be judged.
fn found(judgement: &Judgement) -> Vec<String> {
    match judgement.verdict() {
        Verdict::Valid => Vec::new(),
        Verdict::Violations(violations) => {
            violations.iter().map(|it| format!("{}: {}", it.condition.word(), it.found)).collect()
        }
        Verdict::CannotJudge(missing) => missing.iter().map(|it| format!("? {}", it.reason)).collect(),
    }
}

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

#[test]
fn a_version_comes_from_a_stage_where_it_was_long_enough() {
    let policy = policy("rules:\n- {stage: prod, from: [staging, hotfix], soak: 100s}");
    let before = events(&[("m@v1.0.0", 1, 10), ("m@v2.0.0", 2, 11), ("m#staging#3", 1, 20)]);
    let world = World::default();
    let judged = |tag, commit, at| found(&world.judge(&policy, &before, &created(tag, commit, at)));
    assert_eq!(judged("m#prod#4", 2, 30), ["from: v2.0.0 was never validly in 'staging' or 'hotfix'"]);
    assert_eq!(judged("m#prod#4", 1, 30), ["soak: v1.0.0 was there for 10s"]);
    assert_eq!(judged("m#prod#4", 1, 120), [""; 0]);
    assert_eq!(judged("m#prod#4", 7, 120), ["registered: commit 0707070 has no version"]);
    // Other stages are free.
    assert_eq!(judged("m#dev#4", 7, 120), [""; 0]);
    // Replaced and back: the sum counts.
    let mut more = before.clone();
    more.extend(events(&[("m#staging#4", 2, 70), ("m#staging#5", 1, 200)]));
    let at = |seconds| found(&world.judge(&policy, &more, &created("m#prod#6", 1, seconds)));
    assert_eq!((at(249), at(250)), (vec!["soak: v1.0.0 was there for 1m 39s".to_owned()], vec![]));
}

#[test]
fn what_was_invalid_itself_counts_for_nothing() {
    let policy = policy("rules:\n- {stage: prod, from: staging}\n- {stage: staging, from: dev}");
    let before = events(&[("m@v1.0.0", 1, 10), ("m#staging#2", 1, 20)]);
    let world = World::default();
    let judged = found(&world.judge(&policy, &before, &created("m#prod#3", 1, 30)));
    assert_eq!(judged, ["from: v1.0.0 was never validly in 'staging'"]);
    // What was there before the policy counts.
    let exempt = Policy { baseline: Baseline::of([("m#staging#2", before[1].tag_id)]), ..policy };
    assert_eq!(found(&world.judge(&exempt, &before, &created("m#prod#3", 1, 30))), [""; 0]);
}

#[test]
fn every_way_to_show_another_version_is_judged() {
    let policy = policy("rules:\n- {stage: prod, version: {prerelease: deny}}");
    // v1.0.0-rc.1 is under v2.0.0 in prod, and commit 3 has no version.
    let before =
        events(&[("m@v1.0.0-rc.1", 1, 10), ("m@v2.0.0", 2, 11), ("m#prod#3", 1, 20), ("m#prod#4", 2, 30)]);
    let policy = Policy {
        baseline: Baseline::of(before.iter().map(|event| (event.tag.as_str(), event.tag_id))),
        ..policy
    };
    let world = World::default();
    let denied = ["version: it is v1.0.0-rc.1"];
    for change in [
        created("m#prod#5", 1, 40),
        created("m#prod!#5", 2, 40),
        created("m@v2.0.0!", 2, 40),
        // A plain tag, without a counter.
        created("m#prod", 1, 40),
    ] {
        assert_eq!(found(&world.judge(&policy, &before, &change)), denied, "{change:?}");
    }
    // A deprecation shows nothing, and what revives the artifact shows it all.
    let deprecated = [before.clone(), events(&[("m#prod!#5", 2, 40), ("m@deprecated", 2, 50)])].concat();
    assert_eq!(found(&world.judge(&policy, &before, &created("m@deprecated", 2, 50))), [""; 0]);
    let exempt = Policy {
        baseline: Baseline::of(deprecated.iter().map(|event| (event.tag.as_str(), event.tag_id))),
        ..policy.clone()
    };
    assert_eq!(found(&world.judge(&exempt, &deprecated, &created("m@v1.0.0", 1, 60))), denied);
    // A deletion that uncovers it.
    let deleted = world.judge(&policy, &before, &Change::Delete("m#prod#4".to_owned()));
    assert_eq!(found(&deleted)[0], "delete: this one would be (no rule for `event: delete` allows it)");
    // A registration on a commit that is in the stage.
    let bare = events(&[("m#prod#1", 1, 10)]);
    let with_bare = Policy { baseline: Baseline::of([("m#prod#1", bare[0].tag_id)]), ..policy };
    assert_eq!(found(&world.judge(&with_bare, &bare, &created("m@v1.0.0-rc.1", 1, 20))), denied);
    assert_eq!(found(&world.judge(&with_bare, &bare, &created("m@v1.0.0", 1, 20))), [""; 0]);
}

#[test]
fn deletions_are_denied_unless_a_rule_names_who_pushes() {
    let before =
        events(&[("m@v1.0.0", 1, 10), ("m@v2.0.0-rc.1", 2, 11), ("m#prod#3", 2, 20), ("m#prod#4", 1, 30)]);
    let bot =
        policy("rules:\n- {event: delete, pusher: [bot]}\n- {stage: prod, version: {prerelease: deny}}");
    let exempt = Policy {
        baseline: Baseline::of(before.iter().map(|event| (event.tag.as_str(), event.tag_id))),
        ..bot
    };
    let world = |pusher: Option<&str>| World { pusher: pusher.map(str::to_owned), ..World::default() };
    let delete = |tag: &str, who| found(&world(who).judge(&exempt, &before, &Change::Delete(tag.to_owned())));
    assert_eq!(delete("m@v1.0.0", Some("eve"))[0], "delete: 'eve' pushes");
    assert_eq!(delete("m#prod#3", Some("bot")), [""; 0]);
    assert_eq!(delete("m#prod#3", None), ["? who pushes is not known: only the server knows"]);
    // Allowed as a deletion; what the stage shows afterwards is judged like any other change.
    assert_eq!(delete("m#prod#4", Some("bot")), ["version: it is v2.0.0-rc.1"]);
    let moved = Event { tag_id: ObjectId::from_bytes(&[9; 20]).unwrap(), ..event("m#prod#4", 2, 40) };
    let moved = Change::Move(moved);
    assert_eq!(found(&world(Some("eve")).judge(&exempt, &before, &moved))[0], "delete: 'eve' pushes");
    assert_eq!(found(&world(Some("bot")).judge(&exempt, &before, &moved)), ["version: it is v2.0.0-rc.1"]);
}

#[test]
fn people_are_told_by_their_keys() {
    let groups =
        format!("groups: {{release: [\"{}\", \"{}\"], all: [\"email:*@x.org\"]}}\n", key("ada"), key("bob"));
    let approvals = "approvals: {count: 2, by: [release, all], not_self: true}";
    let policy =
        policy(&format!("registry: acme\n{groups}rules:\n- {{stage: prod, by: [release], {approvals}}}"));
    let before = events(&[("m@v1.0.0", 1, 10)]);
    let change = created("m#prod#2", 1, 100);
    let mut world = World::default();
    let registry = Trailers { registry: Some("acme".to_owned()), ..Trailers::default() };
    let judged = |world: &World| found(&world.judge(&policy, &before, &change));
    let unknown = "approvals: who makes the tag is not known: the tag is not signed";
    assert_eq!(judged(&world), [unknown, "by: the tag is not signed"]);
    world.signers.insert("m#prod#2".to_owned(), "eve");
    world.trailers.insert("m#prod#2".to_owned(), registry.clone());
    assert_eq!(judged(&world)[1], format!("by: it is signed with {}", key("eve")));
    world.signers.insert("m#prod#2".to_owned(), "ada");
    // By oneself, for another commit, too late, without the registry's name: none of these counts.
    let of = "m@v1.0.0/prod";
    for (who, commit, at) in [("ada", 1, 50), ("bob", 2, 50), ("cleo", 1, 101)] {
        world.approve(of, who, commit, at, false);
    }
    world.approve(of, "dora", 1, 50, false);
    for who in ["ada", "bob", "cleo"] {
        world.trailers.insert(format!("gto-approval/{of}/-/{who}"), registry.clone());
    }
    assert_eq!(judged(&world), ["approvals: nobody has approved"]);
    world.trailers.insert(format!("gto-approval/{of}/-/dora"), registry.clone());
    world.approve(of, "fay", 1, 60, false);
    world.trailers.insert(format!("gto-approval/{of}/-/fay"), registry.clone());
    assert_eq!(judged(&world), [""; 0]);
    world.approve(of, "fay", 1, 70, true);
    world.trailers.insert(format!("gto-approval/{of}/-/fay!"), registry);
    assert_eq!(judged(&world), ["approvals: 1 of 2 have approved"]);
    // For the tag of a fork, too.
    world.trailers.remove("m#prod#2");
    assert_eq!(judged(&world)[1], "by: it names no registry");
}

#[test]
fn who_approves_oneself_is_found_out_whatever_else_the_rule_wants() {
    let policy = policy("rules:\n- {stage: prod, approvals: {count: 1, not_self: true}}");
    let before = events(&[("m@v1.0.0", 1, 10)]);
    let change = created("m#prod#2", 1, 100);
    let mut world = World::default();
    world.approve("m@v1.0.0/prod", "ada", 1, 50, false);
    // Not signed, it could be Ada's own.
    let judged = |world: &World| found(&world.judge(&policy, &before, &change));
    assert_eq!(judged(&world), ["approvals: who makes the tag is not known: the tag is not signed"]);
    world.signers.insert("m#prod#2".to_owned(), "ada");
    assert_eq!(judged(&world), ["approvals: nobody has approved"]);
    world.signers.insert("m#prod#2".to_owned(), "bob");
    assert_eq!(judged(&world), [""; 0]);
}

#[test]
fn a_reason_counts_only_from_those_who_may_give_one() {
    let groups = format!("groups: {{boss: [\"{}\"]}}\n", key("ada"));
    let policy = policy(&format!(
        "{groups}break_glass: {{by: [boss], reason: required}}\nrules:\n- {{stage: prod, from: dev}}"
    ));
    let before = events(&[("m@v1.0.0", 1, 10)]);
    let change = created("m#prod#2", 1, 20);
    let mut world = World::default();
    let with_reason = Trailers { override_reason: Some("outage".to_owned()), ..Trailers::default() };
    world.trailers.insert("m#prod#2".to_owned(), with_reason);
    assert!(!world.judge(&policy, &before, &change).is_valid());
    world.signers.insert("m#prod#2".to_owned(), "eve");
    assert!(!world.judge(&policy, &before, &change).is_valid());
    world.signers.insert("m#prod#2".to_owned(), "ada");
    assert_eq!(world.judge(&policy, &before, &change).overridden.as_deref(), Some("outage"));
}

#[test]
fn what_was_shown_before_may_come_back() {
    let rule = "from: staging, soak: 1h, freeze: {from: 1970-01-02, to: 1970-01-03}";
    let world = World::default();
    let before =
        events(&[("m@v1.0.0", 1, 10), ("m@v2.0.0", 2, 11), ("m#prod#3", 1, 20), ("m#prod#4", 2, 30)]);
    let baseline = Baseline::of(before.iter().map(|event| (event.tag.as_str(), event.tag_id)));
    for (rollback, expected) in [("", 2), (", rollback: allow", 0)] {
        let policy = Policy {
            baseline: baseline.clone(),
            ..policy(&format!("rules:\n- {{stage: prod, {rule}{rollback}}}"))
        };
        let judged = found(&world.judge(&policy, &before, &created("m#prod#5", 1, 100_000)));
        assert_eq!(judged.len(), expected, "{judged:?}");
    }
}

#[test]
fn five_thousand_events_of_one_artifact_are_judged_in_seconds() {
    let policy = policy("rules:\n- {stage: prod, from: staging, soak: 1s}\n- {stage: staging, from: dev}");
    let mut all = events(&[("m@v1.0.0", 1, 1), ("m#dev#2", 1, 2)]);
    for i in 0..5_000 {
        let stage = if i % 2 == 0 { "staging" } else { "prod" };
        all.push(event(&format!("m#{stage}#{}", i + 10), 1, 10 + i));
    }
    let start = Instant::now();
    let mut judge = Judge::new(&policy, all);
    for index in 0..judge.events().len() {
        assert!(judge.judge(index, &Facts::default()).unwrap().is_valid());
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_chain_of_thousands_of_rollbacks_needs_no_deep_stack() {
    let policy = policy("rules:\n- {stage: prod, from: staging, rollback: allow}");
    let mut all = events(&[("m@v1.0.0", 1, 1), ("m@v2.0.0", 2, 2), ("m#prod#3", 1, 3), ("m#prod#4", 2, 4)]);
    let baseline = Baseline::of(all.iter().map(|event| (event.tag.as_str(), event.tag_id)));
    let policy = Policy { baseline, ..policy };
    let last = 5_000;
    all.extend(
        (0..last).map(|i| event(&format!("m#prod#{}", i + 10), if i % 2 == 0 { 1 } else { 2 }, 10 + i)),
    );
    let mut judge = Judge::new(&policy, all);
    let index = judge.events().len() - 1;
    assert!(judge.judge(index, &Facts::default()).unwrap().is_valid());
}

/// Random numbers from a seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const STAGES: [&str; 3] = ["dev", "staging", "prod"];
const PEOPLE: [&str; 3] = ["ada", "bob", "cleo"];

fn random_policy(random: &mut Random) -> Policy {
    let groups =
        format!("groups: {{some: [\"{}\", \"{}\"], rest: [\"email:c*\"]}}\n", key("ada"), key("bob"));
    let mut text = format!("{groups}rules:\n");
    for _ in 0..=random.below(4) {
        let mut rule = Vec::new();
        let level = random.below(3);
        if random.chance(5) {
            rule.push(format!(
                "event: {}",
                random.pick(&["register", "assign", "unassign", "deregister", "deprecate"])
            ));
        } else {
            rule.push(format!("stage: {}", STAGES[level]));
            if level > 0 && random.chance(2) {
                rule.push(format!(
                    "{}: [{}]",
                    random.pick(&["from", "from_all"]),
                    STAGES[..level].join(", ")
                ));
                if random.chance(2) {
                    rule.push("soak: 50s".to_owned());
                }
            }
            if random.chance(3) {
                rule.push("rollback: allow".to_owned());
            }
            if random.chance(4) {
                rule.push(format!("approvals: {{count: {}, by: [some], not_self: {}}}", 1, random.chance(2)));
            }
        }
        if random.chance(4) {
            rule.push("by: [some]".to_owned());
        }
        if random.chance(4) {
            rule.push("branches: [main]".to_owned());
        }
        if random.chance(4) {
            rule.push("version: {range: \">=0.0.0\", prerelease: deny}".to_owned());
        }
        if random.chance(4) {
            rule.push("freeze: {from: \"1970-01-01T00:01:00\", to: \"1970-01-01T00:03:00\"}".to_owned());
        }
        _ = writeln!(text, "- {{{}}}", rule.join(", "));
    }
    policy(&text)
}

fn random_event(random: &mut Random, counter: usize, seconds: i64) -> Event {
    let commit = u8::try_from(random.below(4) + 1).unwrap();
    let pre = if commit == 4 { "-rc.1" } else { "" };
    let stage = random.pick(&STAGES);
    let tag = match random.below(12) {
        0..=2 => format!("m@v{commit}.0.0{pre}#{counter}"),
        // A second version on a commit.
        3 if random.chance(4) => format!("m@v9.{commit}.0#{counter}"),
        3 => format!("m@v{commit}.0.0{pre}!#{counter}"),
        4 if random.chance(2) => format!("m@deprecated#{counter}"),
        4 | 5 => format!("m#{stage}!#{counter}"),
        _ => format!("m#{stage}#{counter}"),
    };
    event(&tag, commit, seconds)
}

fn random_world(random: &mut Random, events: &[Event]) -> World {
    let mut world = World::default();
    for event in events {
        if random.chance(2) {
            world.signers.insert(event.tag.clone(), random.pick(&PEOPLE));
        }
    }
    for commit in 1..=4u8 {
        if random.chance(2) {
            world.merged.insert(ObjectId::from_bytes(&[commit; 20]).unwrap());
        }
        if random.chance(2) {
            let of = format!("m@v{commit}.0.0/{}", random.pick(&STAGES));
            world.approve(
                &of,
                random.pick(&PEOPLE),
                commit,
                i64::try_from(random.below(200)).unwrap(),
                random.chance(4),
            );
        }
    }
    world
}

#[test]
fn the_timeline_is_what_folding_each_beginning_gives() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let mut seconds = 0;
        let events: Vec<Event> = (0..random.below(25))
            .map(|i| {
                seconds += i64::try_from(random.below(30)).unwrap() + 1;
                random_event(&mut random, i, seconds)
            })
            .collect();
        let events = sort_events(events);
        let timeline = Timeline::of(&events, |_| true);
        for end in 0..events.len() {
            let artifact = Artifact::from_events("m".parse().unwrap(), events[..=end].to_vec());
            for stage in STAGES {
                let stage: StageName = stage.parse().unwrap();
                let shown = shown_in(&artifact, &stage).filter(|_| artifact.is_active());
                let expected =
                    shown.map(|version| Shown { label: version.label().clone(), commit: version.commit() });
                let change = timeline.changes_of(&stage).rev().find(|change| change.event <= end);
                let found = change.and_then(|change| change.after.as_deref().cloned());
                assert_eq!(found, expected, "seed {seed}, event {end}, {stage}: {:?}", events[end].tag);
            }
        }
    }
}

/// A registry, and what is to be done to it.
struct Case {
    policy: Policy,
    world: World,
    before: Vec<Event>,
    seconds: i64,
    random: Random,
}

fn random_case(seed: u64) -> Case {
    let mut random = Random(seed);
    let policy = random_policy(&mut random);
    let mut seconds = 0;
    let before: Vec<Event> = (0..random.below(16))
        .map(|i| {
            seconds += i64::try_from(random.below(30)).unwrap() + 1;
            random_event(&mut random, i, seconds)
        })
        .collect();
    let world = random_world(&mut random, &before);
    Case { policy, world, before, seconds, random }
}

#[test]
fn the_verdict_is_one_whatever_was_asked_before() {
    for seed in 0..2_000 {
        let mut case = random_case(seed);
        let mut facts = case.world.facts();
        let mut shared = Judge::new(&case.policy, case.before.clone());
        let mut order: Vec<usize> = (0..case.before.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, case.random.below(i + 1));
        }
        for index in order {
            let event = shared.events()[index].clone();
            let kept = loop {
                match shared.judge(index, &facts) {
                    Ok(judgement) => break judgement,
                    Err(needs) => case.world.answer(&needs, &mut facts),
                }
            };
            let others: Vec<Event> =
                case.before.iter().filter(|other| other.tag != event.tag).cloned().collect();
            let fresh = case.world.judge(&case.policy, &others, &Change::Create(event.clone()));
            assert_eq!(kept, fresh, "seed {seed}, {}", event.tag);
        }
    }
}

#[test]
fn what_would_satisfy_a_rule_satisfies_it_when_it_is_done() {
    let (mut satisfied, mut violated) = (0, 0);
    for seed in 0..2_000 {
        let mut case = random_case(seed);
        case.seconds += 1;
        let counter = case.before.len();
        let event = random_event(&mut case.random, counter, case.seconds);
        let first = case.world.judge(&case.policy, &case.before, &Change::Create(event.clone()));
        violated += usize::from(!first.is_valid());
        if case.satisfy(event, 0).is_some() && !first.is_valid() {
            satisfied += 1;
        }
    }
    // Most can be: the rest is about versions that do not fit, and stages that show nothing.
    assert!(satisfied * 2 > violated && violated > 400, "{satisfied} of {violated}");
}

impl Case {
    fn listed(&self) -> String {
        let line = |event: &Event| {
            format!("{} on {} at {}", event.tag, event.commit.short(), event.tagger.time.seconds())
        };
        format!("{}\n{:?}", self.before.iter().map(line).collect::<Vec<_>>().join("\n"), self.policy.rules)
    }

    /// Does what the judge says until the event is valid; `None` if the judge says that it is not possible.
    fn satisfy(&mut self, mut event: Event, depth: usize) -> Option<Event> {
        assert!(depth < 20, "one leads to the other without an end: {}", event.tag);
        for _ in 0..20 {
            let judgement = self.world.judge(&self.policy, &self.before, &Change::Create(event.clone()));
            let violation = match judgement.verdict() {
                Verdict::Valid => {
                    self.before.push(event.clone());
                    return Some(event);
                }
                Verdict::Violations(mut violations) => violations.remove(0),
                Verdict::CannotJudge(missing) => panic!("{missing:?}"),
            };
            self.apply(&violation, &mut event, depth)?;
            let again = self.world.judge(&self.policy, &self.before, &Change::Create(event.clone()));
            // Where the event is itself another one by now (it shows what it did not show before), others may come.
            let is_still = |check: &Check| {
                (check.rule, check.condition, &check.stage)
                    == (violation.rule, violation.condition, &violation.stage)
                    && matches!(&check.outcome, Outcome::Violated(found, remedy)
                        if (found, remedy) == (&violation.found, &violation.remedy))
            };
            assert!(!again.checks.iter().any(is_still), "{violation:?} of {}: {}", event.tag, self.listed());
        }
        panic!("no end: {}", event.tag);
    }

    /// `None` if nothing can be done.
    fn apply(&mut self, violation: &Violation, event: &mut Event, depth: usize) -> Option<()> {
        let commit = self.commit_of(event, violation);
        let at = |case: &mut Self| {
            case.seconds += 1;
            case.seconds
        };
        let counter = self.before.len() + 100;
        match &violation.remedy {
            Remedy::Register => {
                let new = event_on(&format!("m@v{}.5.0#{counter}", commit.as_bytes()[0]), commit, at(self));
                self.satisfy(new, depth + 1)?;
            }
            Remedy::AssignFirst(stages) | Remedy::AssignAndWait(stages, _) => {
                let new = event_on(&format!("m#{}#{counter}", stages[0]), commit, at(self));
                let made = self.satisfy(new, depth + 1)?;
                // An invalid event may be in the way (a registration again that does not count, say), or another version of the
                // commit is shown: nothing is promised then.
                if self
                    .shown_validly(&stages[0])
                    .is_none_or(|shown| !violation.found.starts_with(&shown.label.short()))
                {
                    return None;
                }
                self.seconds = made.tagger.time.seconds();
                if let Remedy::AssignAndWait(_, seconds) = violation.remedy {
                    self.seconds += seconds;
                }
            }
            Remedy::WaitUntil(seconds) => self.seconds = self.seconds.max(*seconds - 1),
            Remedy::Merge(_) => _ = self.world.merged.insert(commit),
            Remedy::Sign(_) => _ = self.world.signers.insert(event.tag.clone(), "ada"),
            Remedy::Approve(..) => {
                let stage = violation.stage.clone()?;
                let version = self.version_at(event, commit)?;
                let of = format!("m@{version}/{stage}");
                let maker = self.world.signers.get(&event.tag).copied();
                let taken: Vec<&str> =
                    self.world.approvals.iter().map(|(_, it)| it.approver.as_str()).collect();
                let who =
                    ["ada", "bob"].into_iter().find(|who| Some(*who) != maker && !taken.contains(who))?;
                let at = self.seconds;
                self.world.approve(&of, who, commit.as_bytes()[0], at, false);
            }
            _ => return None,
        }
        self.seconds += 1;
        *event = Event { tagger: event_on("m@v1.0.0", commit, self.seconds).tagger, ..event.clone() };
        Some(())
    }

    fn shown_validly(&self, stage: &StageName) -> Option<Shown> {
        let mut judge = Judge::new(&self.policy, self.before.clone());
        let mut facts = self.world.facts();
        loop {
            match judge.shown_in(stage, &facts) {
                Ok(found) => return found.shown,
                Err(needs) => self.world.answer(&needs, &mut facts),
            }
        }
    }

    /// The commit of the version that the violation is about.
    fn commit_of(&self, event: &Event, violation: &Violation) -> ObjectId {
        let Some(stage) = &violation.stage else { return event.commit };
        if event.kind() == crate::event::EventKind::Assignment && event.stage() == Some(stage) {
            return event.commit;
        }
        let judge = Judge::new(&self.policy, [self.before.clone(), vec![event.clone()]].concat());
        let newest = judge.timeline().newest(stage).and_then(|change| change.after.clone());
        newest.map_or(event.commit, |shown| shown.commit)
    }

    fn version_at(&self, event: &Event, commit: ObjectId) -> Option<String> {
        let judge = Judge::new(&self.policy, [self.before.clone(), vec![event.clone()]].concat());
        let index = judge.place_of(&event.tag)?;
        let owner = judge.timeline().owner(index).filter(|owner| owner.commit == commit);
        owner.map(|owner| owner.label.to_string())
    }
}

fn event_on(tag: &str, commit: ObjectId, seconds: i64) -> Event {
    Event { commit, ..event(tag, 1, seconds) }
}

#[test]
fn more_rules_never_allow_more_and_more_approvals_never_less() {
    for seed in 0..1_000 {
        let mut case = random_case(seed);
        let counter = case.before.len();
        let seconds = case.seconds + 1;
        // Without history rules, so that nothing earlier is invalid: that could uncover what is allowed.
        case.policy.rules.retain(|rule| rule.from.is_empty() && rule.from_all.is_empty());
        let baseline = Baseline::of(case.before.iter().map(|event| (event.tag.as_str(), event.tag_id)));
        let policy = Policy { baseline, ..case.policy.clone() };
        let event = random_event(&mut case.random, counter, seconds);
        let change = Change::Create(Event { tag_id: ObjectId::from_bytes(&[9; 20]).unwrap(), ..event });
        let whole = case.world.judge(&policy, &case.before, &change);
        let fewer =
            Policy { rules: policy.rules[..policy.rules.len().saturating_sub(1)].to_vec(), ..policy.clone() };
        if whole.is_valid() {
            assert!(case.world.judge(&fewer, &case.before, &change).is_valid(), "seed {seed}");
            let mut world = case.world.clone();
            for commit in 1..=4u8 {
                world.approve(&format!("m@v{commit}.0.0/prod"), "bob", commit, 0, false);
            }
            assert!(world.judge(&policy, &case.before, &change).is_valid(), "seed {seed}");
        }
    }
}
