//! What each rule means.

use std::time::{Duration, Instant};

use super::*;

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
    assert_eq!(
        delete("m#prod#3", None),
        ["? who pushes is not known: only a server says it (`git config gto.pusherFrom` there)"]
    );
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
