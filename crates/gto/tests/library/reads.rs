//! What questions cost: a question about one artifact looks at that artifact's tags and nothing else, however large the
//! registry is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use gto::name::{ArtifactName, StageName};
use gto::query::{HistoryOptions, ShowOptions};
use gto::reference::Reference;
use gto::request::Target;
use gto::rules::{Registering, TagWish};
use gto::{Author, Detail, Environment, Registry, Request, Timestamp};
use gto_testkit::random::{Large, large};
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
    let tag = repo.tag_names().into_iter().find(|tag| tag.starts_with(&format!("{name}@v"))).unwrap();
    let questions: [Question<'_>; 6] = [
        ("show NAME", &|registry| show(registry, name.to_owned())),
        ("show NAME#prod", &|registry| show(registry, format!("{name}#prod"))),
        ("history NAME", &|registry| registry.history(&of_artifact, true).map(drop)),
        ("check-ref TAG", &|registry| registry.check_ref(&tag).map(drop)),
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
