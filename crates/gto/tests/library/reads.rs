//! What questions cost: a question about one artifact looks at that artifact's tags and nothing else, however large the
//! registry is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use gto::name::{ArtifactName, StageName};
use gto::query::{self, AnnotatedAt, HistoryOptions, ShowOptions};
use gto::reference::{Reference, Selector};
use gto::request::Target;
use gto::rules::{Registering, TagWish};
use gto::{Author, CheckedRef, Detail, Environment, Located, Registry, Request, Timestamp};
use gto_testkit::random::{Large, RegistrySpec, large};
use gto_testkit::{Repo, Sandbox};

const VERSIONS: usize = 20;

/// What is asked, in words, and how.
type Question<'a> = (&'static str, &'a dyn Fn(&Registry) -> gto::Result<()>);

fn registry(sandbox: &Sandbox, name: &str, artifacts: usize, loose: bool) -> Repo {
    let folder = sandbox.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    large(&folder, Large { artifacts, versions: VERSIONS, noise: artifacts, loose, ..Large::default() })
        .unwrap();
    Repo::at(sandbox, folder, false)
}

fn open(repo: &Repo) -> Registry {
    let now = Timestamp::new(1_900_000_000, 0).unwrap();
    Registry::open(repo.path(), Environment::new([], now)).unwrap()
}

/// How many objects each of the questions about `name` looks at.
fn costs(repo: &Repo, name: &str) -> Vec<(&'static str, usize)> {
    let artifact: ArtifactName = name.parse().unwrap();
    let author = Author {
        name: Some("Ada".to_owned()),
        email: Some("ada@example.com".to_owned()),
        ..Author::default()
    };
    let prod: StageName = "prod".parse().unwrap();
    let show = |registry: &Registry, reference: String| {
        let reference = Reference::parse(&reference);
        registry.show_versions(&reference, &ShowOptions::default(), Detail::Brief).map(drop)
    };
    let of_artifact = HistoryOptions { artifact: Some(name.parse().unwrap()), ..HistoryOptions::default() };
    let questions: [Question<'_>; 5] = [
        ("show NAME", &|registry| show(registry, name.to_owned())),
        ("show NAME#prod", &|registry| show(registry, format!("{name}#prod"))),
        ("history NAME", &|registry| registry.history(&of_artifact, true).map(drop)),
        ("register NAME", &|registry| {
            let new = Registering { version: Some("v99.0.0".to_owned()), ..Registering::default() };
            // On a commit of its own, since one carries one version.
            let (artifact, revision, author) = (artifact.clone(), "new".to_owned(), author.clone());
            let request = Request::Register { artifact, revision, new, if_changed: false, author };
            registry.plan(&request).map(drop)
        }),
        ("assign NAME", &|registry| {
            let target = Target::Version("v0.0.1".parse().unwrap());
            let (artifact, stage, author) = (artifact.clone(), prod.clone(), author.clone());
            let request = Request::Assign { artifact, stage, target, tag: TagWish::default(), author };
            registry.plan(&request).map(drop)
        }),
    ];
    let cost = |(what, ask): Question<'_>| {
        let registry = open(repo);
        ask(&registry).unwrap_or_else(|error| panic!("{what}: {error}"));
        (what, registry.objects_read())
    };
    questions.into_iter().map(cost).collect()
}

#[test]
fn a_question_about_one_artifact_looks_at_its_own_tags_only_at_any_size() {
    let sandbox = Sandbox::new();
    for loose in [false, true] {
        let small = registry(&sandbox, &format!("small-{loose}"), 3, loose);
        let grown = registry(&sandbox, &format!("grown-{loose}"), 60, loose);
        for repo in [&small, &grown] {
            repo.git_ok(&["commit", "-q", "--allow-empty", "-m", "new"]);
            repo.git_ok(&["branch", "new"]);
            // As `git gc` leaves it, with the whole registry in the cache.
            open(repo).show(&ShowOptions::default()).unwrap();
        }
        let names = small.tag_names();
        let name = names
            .iter()
            .find_map(|tag| tag.split_once("@v").filter(|(name, _)| !name.contains('=')))
            .unwrap()
            .0;
        let of_it = |tag: &&String| tag.strip_prefix(name).is_some_and(|rest| rest.starts_with(['@', '#']));
        let tags = names.iter().filter(of_it).count();
        assert_eq!(grown.tag_names().iter().filter(of_it).count(), tags);
        let (few, many) = (costs(&small, name), costs(&grown, name));
        assert_eq!(few, many, "the other artifacts cost something (loose: {loose})");
        for (what, cost) in many {
            // The tag that is checked, and the commit, its tree and the file of annotations.
            assert!(cost <= tags + 8, "{what} looked at {cost} objects for {tags} tags");
            assert!(cost >= tags.min(VERSIONS), "{what} cannot have read {tags} tags with {cost} objects");
        }
    }
}

#[test]
fn the_second_reading_of_a_registry_looks_at_no_tag_at_all() {
    let sandbox = Sandbox::new();
    let repo = registry(&sandbox, "repo", 10, false);
    let cost = |registry: &Registry| {
        registry.show(&ShowOptions::default()).unwrap();
        registry.objects_read()
    };
    let (first, second) = (cost(&open(&repo)), cost(&open(&repo)));
    assert!(first > 10 * VERSIONS && second <= 8, "{first} objects first, {second} then");
}

/// What a bare value shows of versions.
fn shown(located: impl IntoIterator<Item = Located>) -> Vec<(String, String, String)> {
    let line =
        |found: Located| (found.version.unwrap().to_string(), found.commit.to_string(), found.reference);
    located.into_iter().map(line).collect()
}

#[test]
fn a_question_about_one_version_reads_the_tags_that_decide_it() {
    let sandbox = Sandbox::new();
    for loose in [false, true] {
        let repo = registry(&sandbox, &format!("repo-{loose}"), 3, loose);
        let cost = |ask: &dyn Fn(&Registry)| {
            let registry = open(&repo);
            ask(&registry);
            registry.objects_read()
        };
        let pick = |text: &str| {
            let reference = Reference::parse(text);
            cost(&|registry| {
                let answer = registry.pick(&reference, &ShowOptions::default()).unwrap();
                assert_eq!(answer.unwrap().value.len(), 1, "{text}");
            })
        };
        let check = |tag: &str| cost(&|registry| drop(registry.check_ref(tag).unwrap()));
        assert_eq!(pick("model-00001@v0.0.5"), 1);
        assert_eq!(check("model-00001@v0.0.5"), 1);
        // It was deregistered.
        assert!(repo.tag_names().contains(&"model-00001@v0.1.7!".to_owned()));
        assert_eq!(check("model-00001@v0.1.7!"), 1);
        assert_eq!(pick("model-00001@latest"), 1);
        let names = repo.tag_names();
        let in_stage = names.iter().filter(|tag| tag.starts_with("model-00001#prod")).count();
        let versions = names.iter().filter(|tag| tag.starts_with("model-00001@v")).count();
        let stage_tag = names.iter().find(|tag| tag.starts_with("model-00001#prod#")).unwrap();
        // Loose refs do not say on which commits their tags are.
        let (of_stage, of_tag) = if loose { (versions, versions) } else { (in_stage, 1) };
        assert!(pick("model-00001#prod") <= in_stage + of_stage, "{loose}");
        assert_eq!(check(stage_tag), 1 + of_tag, "{loose}");
    }
}

#[test]
fn what_some_tags_say_is_what_all_tags_say() {
    let sandbox = Sandbox::new();
    let mut picked = 0;
    for seed in 0..40 {
        let (repo, _) = RegistrySpec::generate(seed).write(&sandbox, &format!("random-{seed}"));
        match seed % 3 {
            0 => repo.pack_refs(),
            1 => {}
            // Some of both.
            _ => {
                repo.pack_refs();
                for tag in repo.tag_names().iter().step_by(3) {
                    let id = repo.git_ok(&["rev-parse", &format!("refs/tags/{tag}")]);
                    let file = repo.git_dir().join("refs/tags").join(tag);
                    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                    std::fs::write(file, id + "\n").unwrap();
                }
            }
        }
        let registry = open(&repo);
        for name in registry.artifact_names().unwrap() {
            let state = registry.state_of(&name, Detail::Brief, AnnotatedAt::Head).unwrap().value;
            let Some(artifact) = state.artifact(name.as_str()) else { continue };
            for (event, owner) in artifact.events_with_owners() {
                let CheckedRef::Event(checked) = registry.check_ref(&event.tag).unwrap().value else {
                    panic!("{} is an event", event.tag)
                };
                assert_eq!(
                    checked.version.as_deref(),
                    owner.map(|version| version.label()),
                    "{seed} {}",
                    event.tag
                );
            }
            let versions = artifact.versions().filter_map(|version| version.label().number().cloned());
            let mut selectors: Vec<Selector> = versions.map(Selector::Version).collect();
            selectors.extend(query::used_stages(artifact).into_iter().map(Selector::Stage));
            selectors.push(Selector::Latest);
            for (selector, deprecated) in
                selectors.into_iter().flat_map(|it| [(it.clone(), false), (it, true)])
            {
                let reference = Reference { name: name.to_string(), selector: Some(selector) };
                let options = ShowOptions { deprecated, ..ShowOptions::default() };
                let Some(some) = registry.pick(&reference, &options).unwrap() else { continue };
                let all = registry.show_versions(&reference, &options, Detail::Brief).unwrap().value.versions;
                let all = all.into_iter().map(|version| {
                    (version.version.to_string(), version.commit.to_string(), version.tag.unwrap())
                });
                assert_eq!(shown(some.value), all.collect::<Vec<_>>(), "{seed} {reference:?}");
                picked += 1;
            }
        }
    }
    assert!(picked > 100, "{picked} answers came from some tags");
}

#[test]
fn what_a_branch_was_at_in_a_second_is_what_git_says() {
    let repo = Repo::new();
    // More commits than are looked at without git, some of them in one second, one with an earlier time than its parent.
    let time = |n: usize| 1_700_000_000 + 10 * (n / 2) - if n == 200 { 50 } else { 0 };
    let commit = |n: usize| {
        let from = if n == 0 { String::new() } else { format!("from :{n}\n") };
        let mark = n + 1;
        format!(
            "commit refs/heads/main\nmark :{mark}\ncommitter A <a@example.com> {} +0000\ndata 1\nx\n{from}\n",
            time(n)
        )
    };
    let stream: String = (0..400).map(commit).collect();
    repo.git_stdin(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    let registry = open(&repo);
    let tip = repo.head();
    for second in [
        0,
        time(0),
        time(5),
        time(50) + 3,
        time(150),
        time(200),
        time(200) + 20,
        time(398) + 5,
        time(399) + 99,
    ] {
        let args = ["rev-list", "-1", "--first-parent", &format!("--min-age={second}"), &tip];
        let found = registry.commit_at(tip.parse().unwrap(), i64::try_from(second).unwrap()).unwrap();
        assert_eq!(found.map(|id| id.to_string()).unwrap_or_default(), repo.git_ok(&args), "{second}");
    }
}
