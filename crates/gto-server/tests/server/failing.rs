//! Repositories that go away while they are served.

use gto_testkit::{Sandbox, TagSpec};

use crate::common::{example, serve_with};

#[test]
fn a_repository_that_goes_away_keeps_its_last_good_state_and_says_since_when() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".into()));
    server.get("/").ok();
    let away = repo.path().with_extension("away");
    std::fs::rename(repo.path(), &away).unwrap();
    server.wait_for("/", |page| page.text().contains("cannot be read since"));
    let page = server.get("/").ok().text();
    assert!(page.contains("last good state") && page.contains("churn"), "{page}");
    assert!(server.get("/health").ok().text().contains("unreachable"));
    std::fs::rename(&away, repo.path()).unwrap();
    server.wait_for("/", |page| !page.text().contains("cannot be read since"));
}

#[test]
fn one_of_several_repositories_that_is_none_does_not_hide_the_others() {
    let repo = example();
    let nothing = repo.sandbox().path().join("nothing");
    let server = serve_with(repo.sandbox(), &[&nothing, repo.path()], |_| {});
    let page = server.get("/").ok().text();
    assert!(page.contains("churn") && page.contains("nothing cannot be read since"), "{page}");
    assert_eq!(server.get("/r/nothing/m").status, 503);
    assert_eq!(server.get("/r/absent/m").status, 404);
}

#[test]
fn a_damaged_tag_is_a_warning_and_hides_nothing_else() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo("repo");
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    std::fs::write(repo.git_dir().join("refs/tags/m#prod#1"), format!("{}\n", "1".repeat(40))).unwrap();
    let server = serve_with(&sandbox, &[repo.path()], |_| {});
    assert!(server.get("/").ok().text().contains("v1.0.0"));
    assert!(server.get("/health").ok().text().contains("m#prod#1"));
}
