//! What holds for all policies, registries and events.

use std::fmt::Write as _;

use crate::event::sort_events;
use crate::name::StageName;
use crate::query::shown_in;
use crate::state::Artifact;

use super::*;

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

/// Judges all events, each by a timeline that has all valid events before it and no others.
fn judge_in_order(judge: &mut Judge<'_>, world: &World) -> Vec<Judgement> {
    let mut facts = world.facts();
    let mut judgements = Vec::new();
    for index in 0..judge.events().len() {
        judgements.push(loop {
            match judge.judge(index, &facts) {
                Ok(judgement) => break judgement,
                Err(needs) => world.answer(&needs, &mut facts),
            }
        });
        judge.leave_out_invalid();
    }
    judgements
}

#[test]
fn no_more_is_judged_than_an_answer_rests_on_and_it_is_the_answer_of_judging_everything() {
    for seed in 0..1_500 {
        let case = random_case(seed);
        let mut judge = Judge::new(&case.policy, case.before.clone());
        let expected = judge_in_order(&mut judge, &case.world);
        for (index, expected) in expected.iter().enumerate() {
            let mut fresh = Judge::new(&case.policy, case.before.clone());
            let mut facts = case.world.facts();
            let found = loop {
                match fresh.judge(index, &facts) {
                    Ok(judgement) => break judgement,
                    Err(needs) => case.world.answer(&needs, &mut facts),
                }
            };
            assert_eq!(&found, expected, "seed {seed}, {}: {}", judge.events()[index].tag, case.listed());
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
        judge_in_order(&mut judge, &self.world);
        judge.timeline().newest(stage)?.after.as_deref().cloned()
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
