//! Random policies, registries and pushes, in real repositories: the client, the hook of a server, `policy check` and readers
//! give one verdict.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::fmt::Write as _;
use std::fs;

use gto::name::{ArtifactName, StageName};
use gto::object_id::ObjectId;
use gto::plan::{NewTag, Step};
use gto::policy::{RefUpdate, Verdict};
use gto::query::{self, AnnotatedAt};
use gto::request::Target;
use gto::rules::{Registering, TagWish, Undo};
use gto::{
    Author, CheckedRef, Detail, Environment, Error, OpenOptions, Plan, Registry, Request, TagsToCheck,
    Timestamp,
};
use gto_testkit::Repo;
use gto_testkit::random::SplitMix;

const STAGES: [&str; 3] = ["dev", "staging", "prod"];
const PEOPLE: [&str; 3] = ["ada@acme.org", "bob@acme.org", "cleo@example.com"];
/// When everything is done.
const NOW: i64 = 1_900_000_000;

/// A random policy, a registry that came about without one, and what somebody wants to do.
struct Case {
    random: SplitMix,
    stream: String,
    request: Request,
}

fn rule(random: &mut SplitMix) -> String {
    let level = random.below(3);
    let trust = if random.one_in(9) { "signature: required" } else { "unsigned: trust" };
    let mut keys = vec![trust.to_owned()];
    if random.one_in(5) {
        let event = random.pick(&["register", "assign", "unassign", "deregister", "deprecate"]);
        keys.push(format!("event: {event}"));
    } else {
        keys.push(format!("stage: {}", STAGES[level]));
        if level > 0 && random.one_in(2) {
            let from = random.pick(&["from", "from_all"]);
            keys.push(format!("{from}: [{}]", STAGES[..level].join(", ")));
            keys.extend(random.one_in(2).then(|| "soak: 90s".to_owned()));
        }
        keys.extend(random.one_in(3).then(|| "rollback: allow".to_owned()));
        let approvals = format!("approvals: {{count: 1, by: [some], not_self: {}}}", random.one_in(2));
        keys.extend(random.one_in(5).then_some(approvals));
    }
    keys.extend(random.one_in(4).then(|| "by: [some]".to_owned()));
    keys.extend(random.one_in(4).then(|| "branches: [main]".to_owned()));
    keys.extend(random.one_in(4).then(|| "version: {range: \">=0\", prerelease: deny}".to_owned()));
    keys.extend(
        random
            .one_in(5)
            .then(|| "freeze: {from: \"2030-03-17T17:40:00\", to: \"2030-03-17T17:46:00\"}".to_owned()),
    );
    format!("- {{{}}}\n", keys.join(", "))
}

/// Four commits, the last of them not in the history of `main`; `free` has no policy.
fn commits(policy: &str) -> String {
    let mut stream = String::new();
    for number in 1..=4 {
        let from = match number {
            1 => String::new(),
            4 => "from :1\n".to_owned(),
            _ => format!("from :{}\n", number - 1),
        };
        let branch = if number == 4 { "side" } else { "free" };
        _ = write!(
            stream,
            "commit refs/heads/{branch}\nmark :{number}\ncommitter A <a@x.org> {number} +0000\ndata 1\nx{from}\n"
        );
    }
    let size = policy.len();
    _ = write!(
        stream,
        "commit refs/heads/main\nmark :5\ncommitter A <a@x.org> 5 +0000\ndata 1\nxfrom :3\nM 644 inline .gto-policy.yaml\ndata {size}\n{policy}\n"
    );
    stream
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let rules: String = (0..random.between(2, 6)).map(|_| rule(&mut random)).collect();
        let policy = format!("version: 1\ngroups: {{some: ['email:*@acme.org']}}\nrules:\n{rules}");
        let mut stream = commits(&policy);
        let mut seconds = NOW - 1_000;
        for counter in 1..=random.below(16) {
            seconds += i64::try_from(random.between(1, 60)).unwrap();
            let (name, commit) = tag(&mut random, counter);
            let email = random.pick(&PEOPLE);
            add_tag(&mut stream, &name, commit, email, seconds);
        }
        for approval in 0..random.below(3) {
            let commit = random.between(1, 4);
            let (stage, email) = (random.pick(&STAGES), random.pick(&PEOPLE));
            let name = format!("gto-approval/m@v{commit}.0.0/{stage}/-/{approval:016x}");
            add_tag(&mut stream, &name, commit, email, NOW - 500);
        }
        let request = request(&mut random);
        Self { random, stream, request }
    }
}

fn tag(random: &mut SplitMix, counter: usize) -> (String, usize) {
    let commit = random.between(1, 4);
    let pre = if commit == 2 { "-rc.1" } else { "" };
    let stage = random.pick(&STAGES);
    let name = match random.below(12) {
        0..=2 => format!("m@v{commit}.0.0{pre}#{counter}"),
        3 if random.one_in(4) => format!("m@v9.{commit}.0#{counter}"),
        3 => format!("m@v{commit}.0.0{pre}!#{counter}"),
        4 if random.one_in(2) => format!("m@deprecated#{counter}"),
        4 | 5 => format!("m#{stage}!#{counter}"),
        _ => format!("m#{stage}#{counter}"),
    };
    (name, commit)
}

fn add_tag(stream: &mut String, name: &str, commit: usize, email: &str, seconds: i64) {
    _ = write!(stream, "tag {name}\nfrom :{commit}\ntagger T <{email}> {seconds} +0000\ndata 1\nx\n");
}

fn request(random: &mut SplitMix) -> Request {
    let artifact: ArtifactName = "m".parse().unwrap();
    let stage: StageName = random.pick(&STAGES).parse().unwrap();
    let commit = random.between(1, 4);
    let version =
        if commit == 2 { "v2.0.0-rc.1".to_owned() } else { format!("v{commit}.0.0") }.parse().unwrap();
    let author = Author {
        name: Some("T".to_owned()),
        email: Some(random.pick(&PEOPLE).to_owned()),
        ..Author::default()
    };
    // What has no effect is done, too.
    let wish = TagWish { force: true, ..TagWish::default() };
    match random.below(8) {
        0 => {
            let revision = format!("free~{}", random.below(3));
            let new = Registering { version: Some(format!("v7.{commit}.0")), ..Registering::default() };
            Request::Register { artifact, revision, new, if_changed: false, author }
        }
        1 => Request::Unassign { artifact, version: None, stage, undo: Undo::default(), tag: wish, author },
        2 => Request::Deregister { artifact, version, undo: Undo::default(), tag: wish, author },
        3 if random.one_in(3) => {
            Request::Deprecate { artifact, revision: None, undo: Undo::default(), tag: wish, author }
        }
        4 => {
            let revision = format!("free~{}", random.below(3));
            let target = Target::Commit { revision, version: None, skip_registration: random.one_in(2) };
            Request::Assign { artifact, stage, target, tag: wish, author }
        }
        _ => Request::Assign { artifact, stage, target: Target::Version(version), tag: wish, author },
    }
}

/// The one repository that all cases use, one after the other.
struct Bench {
    repo: Repo,
}

impl Bench {
    fn new() -> Self {
        Self { repo: Repo::new() }
    }

    fn environment() -> Environment {
        Environment::new([], Timestamp::new(NOW, 0).unwrap())
    }

    fn open(&self) -> Registry {
        Registry::open(self.repo.path(), Self::environment()).unwrap()
    }

    /// As a reader that obeys the policy.
    fn reader(&self) -> Registry {
        OpenOptions::new(Self::environment()).enforce_policy(true).open(self.repo.path()).unwrap()
    }

    fn head(&self, branch: &str) {
        fs::write(self.repo.git_dir().join("HEAD"), format!("ref: refs/heads/{branch}\n")).unwrap();
    }

    fn fill(&self, stream: &str) {
        let tags = self.repo.git_dir().join("refs/tags");
        fs::remove_dir_all(&tags).unwrap();
        fs::create_dir(&tags).unwrap();
        self.repo.git_stdin(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    }

    /// The tag object that the plan would make, before it has a ref.
    fn object(&self, tag: &NewTag) -> ObjectId {
        let NewTag { name, commit, message, tagger, .. } = tag;
        let text = format!(
            "object {commit}\ntype commit\ntag {name}\ntagger {} <{}> {} +0000\n\n{message}\n",
            tagger.name,
            tagger.email,
            tagger.time.seconds()
        );
        self.repo.git_stdin(&["hash-object", "-t", "tag", "-w", "--stdin"], text.as_bytes()).parse().unwrap()
    }

    fn land(&self, tag: &str, id: ObjectId) {
        let path = self.repo.git_dir().join("refs/tags").join(tag);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{id}\n")).unwrap();
    }
}

/// What somebody says: that all is well, or what violates the policy.
type Said = Result<(), String>;

fn of_client(planned: gto::Result<Plan>) -> Said {
    match planned {
        Ok(_) => Ok(()),
        Err(Error::PolicyViolated { tag, .. }) => Err(tag),
        Err(error) => panic!("{error}"),
    }
}

/// What client, hook, check and readers say of one case; `None` if the rules of the registry itself refuse it.
fn compare(bench: &Bench, seed: u64) -> Option<bool> {
    let mut case = Case::new(seed);
    bench.fill(&case.stream);
    bench.head("free");
    let planned = bench.open().plan(&case.request);
    bench.head("main");
    let planned = planned.ok().filter(|plan| !plan.steps.is_empty())?;
    let client = of_client(bench.open().plan(&case.request));
    let new = |step: &Step| if let Step::Create(tag) = step { Some(tag.clone()) } else { None };
    let tags: Vec<NewTag> = planned.steps.iter().filter_map(new).collect();
    let made: Vec<(String, ObjectId)> =
        tags.iter().map(|tag| (tag.name.clone(), bench.object(tag))).collect();
    let update = |(name, id): &(String, ObjectId)| RefUpdate {
        name: format!("refs/tags/{name}"),
        old: None,
        new: Some(*id),
    };
    let mut updates: Vec<RefUpdate> = made.iter().map(update).collect();
    if case.random.one_in(2) {
        updates.reverse();
    }
    let refused = bench.open().judge_push(&updates).unwrap();
    let context = || format!("seed {seed}, {:?}\n{}", case.request, case.stream);
    assert_eq!(client.is_ok(), refused.is_empty(), "client {client:?}, hook {refused:?}: {}", context());
    // What was refused lands all the same, as where there is no hook.
    for (name, id) in &made {
        bench.land(name, *id);
    }
    let registry = bench.open();
    let in_force = registry.policy_in_force().unwrap().unwrap();
    let artifact: ArtifactName = "m".parse().unwrap();
    let checked =
        registry.check_policy(&in_force, std::slice::from_ref(&artifact), &TagsToCheck::All).unwrap();
    let reader = bench.reader();
    for tag in &checked.tags {
        let is_valid = tag.judgement.verdict() == Verdict::Valid;
        if made.iter().any(|(name, _)| *name == tag.tag) {
            let is_refused = refused.iter().any(|refused| refused.name == tag.tag);
            assert_eq!(is_valid, !is_refused, "check and hook of {}: {}", tag.tag, context());
            if !is_valid && client == Err(tag.tag.clone()) {
                assert!(matches!(tag.judgement.verdict(), Verdict::Violations(_)));
            }
        }
        let seen = matches!(reader.check_ref(&tag.tag).unwrap().value, CheckedRef::Event(_));
        assert_eq!(seen, is_valid, "check and reader of {}: {}", tag.tag, context());
        let alone =
            registry.check_policy(&in_force, std::slice::from_ref(&artifact), &TagsToCheck::Named(&tag.tag));
        assert_eq!(alone.unwrap().tags[0], *tag, "alone: {}", context());
    }
    if let Err(tag) = &client {
        assert!(refused.iter().any(|refused| refused.name == *tag), "{tag}: {}", context());
    }
    compare_readers(bench, &artifact, &context);
    Some(client.is_ok())
}

/// A narrow question has the answer that all valid events give.
fn compare_readers(bench: &Bench, artifact: &ArtifactName, context: &dyn Fn() -> String) {
    let state = bench.reader().state_of(artifact, Detail::Brief, AnnotatedAt::Head).unwrap().value;
    let folded = state.artifact(artifact.as_str());
    for stage in STAGES {
        let stage: StageName = stage.parse().unwrap();
        let expected =
            folded.filter(|found| found.is_active()).and_then(|found| query::shown_in(found, &stage));
        let expected = expected.map(|version| (version.label().clone(), version.commit()));
        let located = bench.reader().locate(&format!("m#{stage}")).ok().map(|answer| answer.value);
        let located = located.map(|found| (found.version.unwrap(), found.commit));
        assert_eq!(located, expected, "{stage}: {}", context());
    }
}

/// Compares so many cases that the rules of the registry itself allow.
fn compare_all(first: u64, count: usize) {
    let bench = Bench::new();
    let said: Vec<bool> = (first..).filter_map(|seed| compare(&bench, seed)).take(count).collect();
    let valid = said.iter().filter(|is_valid| **is_valid).count();
    assert!(valid * 5 > count && (count - valid) * 5 > count, "{valid} of {count} are allowed");
}

#[test]
fn client_hook_check_and_readers_give_one_verdict() {
    compare_all(0, 100);
}

#[test]
#[ignore = "two thousand of them: run by --long"]
fn client_hook_check_and_readers_give_one_verdict_of_two_thousand() {
    compare_all(1_000_000, 2_000);
}
