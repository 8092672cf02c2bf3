//! Several clones that push to one remote at once: what they make is as if they had come one after the other.
//!
//! `GTO_TEST_RACE=8x25` runs 8 clones with 25 writes each; the default is small, so that the test takes seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use crate::common::binary;
use gto_testkit::{Repo, RepoOptions, Run, Sandbox};

/// How many clones there are, and how many writes each makes.
fn size() -> (usize, usize) {
    let wanted = std::env::var("GTO_TEST_RACE").unwrap_or_else(|_| "4x6".to_owned());
    let (clones, writes) = wanted.split_once('x').expect("GTO_TEST_RACE is CLONESxWRITES");
    (clones.parse().expect("a number"), writes.parse().expect("a number"))
}

/// The writes of one clone: versions on commits of its own, and stages of what is there, of an artifact that all write
/// to, and sometimes of one of its own. All have one name and address, as the jobs of a CI have.
fn write(repo: &Repo, clone: usize, writes: usize) -> Vec<Run> {
    let one = |n: usize| {
        let line = match n % 4 {
            0 => format!("register m {} --push --json", repo.commit(&[], &format!("{clone} {n}"))),
            1 => "assign m --version v0.0.1 --stage prod --force --push --json".to_owned(),
            2 => format!("assign m {} --stage dev --push --json", repo.commit(&[], &format!("{clone} {n}"))),
            _ => format!("register own{clone} {} --push --json", repo.commit(&[], &format!("{clone} {n}"))),
        };
        binary().run(repo, &line.split(' ').collect::<Vec<_>>())
    };
    (0..writes).map(one).collect()
}

fn tags_by_name(repo: &Repo) -> BTreeMap<String, String> {
    repo.tags().into_iter().map(|tag| (tag.name, tag.object_id)).collect()
}

#[test]
fn clones_that_push_at_once_make_tags_of_their_own_and_none_that_the_remote_lacks() {
    let (clones, writes) = size();
    let remote = Sandbox::new().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    remote.commit(&[], "first");
    binary().run(&remote, &["register", "m"]).ok();
    let repos: Vec<Repo> = (0..clones).map(|n| remote.clone_to(&format!("clone{n}"))).collect();
    let runs: Vec<Run> = thread::scope(|scope| {
        let write = |(n, path): (usize, std::path::PathBuf)| {
            let repo = Repo::at(remote.sandbox(), path, false);
            scope.spawn(move || write(&repo, n, writes))
        };
        let paths = repos.iter().map(|repo| repo.path().to_owned());
        let writers: Vec<_> = paths.enumerate().map(write).collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer ends")).collect()
    });

    let (done, refused): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| run.status == 0);
    println!("{} writes, of which {} succeeded", clones * writes, done.len());
    for run in &refused {
        assert!(run.err().starts_with("❌ Others push to origin at the same time"), "{run}");
    }
    let there = tags_by_name(&remote);
    let made = done.iter().flat_map(|run| {
        let report = run.json();
        let tags = report["tags"].as_array().cloned().unwrap_or_default();
        tags.into_iter().map(|tag| tag["tag"].as_str().unwrap_or_default().to_owned())
    });
    let made: Vec<String> = made.chain(["m@v0.0.1".to_owned()]).collect();
    let names: BTreeSet<&String> = made.iter().collect();
    assert_eq!(names.len(), made.len(), "a tag was made twice: {made:?}");
    assert_eq!(names, there.keys().collect(), "what succeeded, and nothing else, is on the remote");

    for repo in &repos {
        let astray: Vec<_> =
            tags_by_name(repo).into_iter().filter(|(k, v)| there.get(k) != Some(v)).collect();
        assert_eq!(astray, [], "without a twin on the remote");
        repo.git_ok(&["fetch", "-q", "--tags"]);
        assert_eq!(tags_by_name(repo), there);
        assert_eq!(repo.git_ok(&["fsck", "--strict", "--no-dangling", "--no-progress"]), "");
    }
    assert_eq!(remote.git_ok(&["fsck", "--strict", "--no-dangling", "--no-progress"]), "");

    // Tags of different names do not keep each other out: two clones that push in one moment may give the same counter and
    // time (doctor notes that). Of one name there is one, so that each version is registered once.
    let history = binary().run(&remote, &["history", "m", "--json"]).ok().json();
    let versions: Vec<String> = history
        .as_array()
        .into_iter()
        .flatten()
        .filter(|event| event["event"] == "registration")
        .map(|event| event["version"].to_string())
        .collect();
    assert_eq!(versions.iter().collect::<BTreeSet<_>>().len(), versions.len(), "{versions:?}");
    let twice = binary().run(&remote, &["doctor", "--json"]);
    let counters: Vec<&str> =
        there.keys().filter_map(|tag| Some(tag.strip_prefix("m#")?.split_once('#')?.1)).collect();
    let is_shared = counters.iter().collect::<BTreeSet<_>>().len() < counters.len();
    assert_eq!(twice.out().contains("\"counter-used-twice\""), is_shared, "{counters:?}\n{twice}");
}
