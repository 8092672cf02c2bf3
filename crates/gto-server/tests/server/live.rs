//! Changes that are made beside the server.

use std::time::{Duration, Instant};

use gto_testkit::TagSpec;

use crate::common::{example, serve, serve_with};

#[test]
fn a_tag_of_plain_git_is_on_the_page_at_once_where_the_system_reports_changes() {
    let repo = example();
    let server = serve(&repo);
    server.get("/").ok();
    let health = server.get("/health.json").ok().json();
    if health["repositories"][0]["watched"] != true {
        return gto_testkit::skip("this system reports no changes of files");
    }
    let mut times = Vec::new();
    for number in 2..6 {
        repo.git_ok(&["tag", "-a", "-m", "by hand", &format!("nlp=churn@v{number}.0.0")]);
        times.push(server.wait_for("/", |page| page.body.contains(&format!("v{number}.0.0"))));
    }
    times.sort();
    assert!(times[1] < Duration::from_millis(300), "{times:?}");
    repo.pack_refs();
    repo.git_ok(&["tag", "-d", "nlp=churn@v5.0.0"]);
    server.wait_for("/", |page| !page.body.contains("v5.0.0"));
}

#[test]
fn without_the_systems_word_a_change_is_seen_at_the_next_regular_look() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".into()));
    server.get("/").ok();
    // Not by way of the folder that is watched.
    std::fs::write(repo.path().join(".gto"), "stages: [dev, staging, prod]\n").unwrap();
    server.wait_for("/index.json", |page| page.json()["stages"][1] == "staging");
}

#[test]
fn the_stream_tells_of_new_moved_and_deleted_tags() {
    let repo = example();
    let server = serve(&repo);
    server.get("/").ok();
    let mut lines = server.stream(None);
    lines.find(|line| line.contains("hello")).unwrap();
    let mut next = |wanted: &str| {
        let start = Instant::now();
        let found = lines.find(|line| line.starts_with("data: ") && line.contains(wanted)).unwrap();
        assert!(start.elapsed() < Duration::from_secs(20));
        serde_json::from_str::<serde_json::Value>(&found["data: ".len()..]).unwrap()
    };
    repo.tag("nlp=churn#qa#5", "HEAD", &TagSpec::default().message("for the testers"));
    let change = next("qa");
    assert_eq!((change["kind"].as_str(), change["repo"].as_str()), (Some("new"), Some("repo")));
    assert_eq!(change["after"]["event"]["message"], "for the testers");
    repo.tag("nlp=churn#qa#5", "HEAD~1", &TagSpec::default());
    assert_eq!(next("qa")["kind"], "moved");
    repo.git_ok(&["tag", "-d", "nlp=churn#qa#5"]);
    assert_eq!(next("qa")["kind"], "gone");
}

#[test]
fn the_stream_tells_of_a_repository_that_goes_away_and_of_another_policy() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".into()));
    server.get("/").ok();
    let mut lines = server.stream(None);
    lines.find(|line| line.contains("hello")).unwrap();
    let mut state = || {
        lines.find(|line| line.trim() == "event: state").unwrap();
        assert_eq!(lines.next().unwrap().trim(), r#"data: {"repo":"repo"}"#);
    };
    repo.commit(&[(".gto-policy.yaml", "version: 1\nrules: []\n")], "A policy");
    state();
    let away = repo.path().with_extension("away");
    std::fs::rename(repo.path(), &away).unwrap();
    state();
    server.wait_for("/", |page| page.text().contains("cannot be read since"));
    std::fs::rename(&away, repo.path()).unwrap();
    state();
}
