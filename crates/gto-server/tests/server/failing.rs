//! Repositories that go away while they are served.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use gto_testkit::{Repo, Sandbox, TagSpec};

use crate::common::{Running, example, serve, serve_with};

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
fn a_repository_that_was_made_anew_is_watched_again() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("4s".into()));
    if server.get("/api/v1/health").ok().json()["repositories"][0]["watched"] != true {
        return gto_testkit::skip("the system reports no changes of files here");
    }
    let away = repo.path().with_extension("away");
    std::fs::rename(repo.path(), &away).unwrap();
    server.wait_for("/", |page| page.text().contains("cannot be read since"));
    repo.sandbox().command("cp").arg("-r").arg(&away).arg(repo.path()).status().unwrap();
    server.wait_for("/", |page| !page.text().contains("cannot be read since"));
    for number in 5..9 {
        repo.tag(&format!("nlp=churn@v{number}.0.0"), "HEAD", &TagSpec::default());
        let took =
            server.wait_for("/r/repo/nlp:churn", |page| page.text().contains(&format!("v{number}.0.0")));
        assert!(took.as_secs() < 2, "v{number}.0.0 is on the page after {took:?}");
    }
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
    for path in ["/", "/r/repo/m", "/activity"] {
        let page = server.get(path).ok().text();
        assert!(page.contains("v1.0.0") || path == "/activity", "{page}");
        assert!(page.contains("repo has 1 tag that cannot be read: m#prod#1"), "{page}");
    }
    assert!(server.get("/health").ok().text().contains("m#prod#1"));
    assert_eq!(server.get("/api/v1/repos").ok().json()["repos"][0]["unreadable_tags"][0], "m#prod#1");
}

/// A page that shows a state which may be old says so; nothing else is said of a repository that is well.
fn is_said_to_be_old(server: &Running) -> bool {
    let page = server.get("/r/repo/nlp:churn").ok().text();
    assert!(page.contains("v1.1.0"), "the last good state is shown: {page}");
    page.contains("cannot be read")
}

#[test]
fn parts_of_a_repository_that_break_while_it_is_served_are_said_on_each_page() {
    type Break = fn(&Repo);
    let all: [(&str, Break); 7] = [
        ("deleted", |repo| std::fs::remove_dir_all(repo.path()).unwrap()),
        ("deleted little by little", |repo| {
            repo.git_ok(&["pack-refs", "--all"]);
            std::fs::remove_file(repo.git_dir().join("packed-refs")).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1500));
            std::fs::remove_dir_all(repo.path()).unwrap();
        }),
        ("without HEAD", |repo| std::fs::remove_file(repo.git_dir().join("HEAD")).unwrap()),
        ("half of packed-refs", |repo| {
            let path = repo.git_dir().join("packed-refs");
            let text = std::fs::read(&path).unwrap();
            std::fs::write(&path, &text[..text.len() / 2 + 7]).unwrap();
        }),
        ("without its objects", |repo| std::fs::remove_dir_all(repo.git_dir().join("objects")).unwrap()),
        ("a configuration that is none", |repo| {
            std::fs::write(repo.git_dir().join("config"), "[core\n\0").unwrap();
        }),
        ("half of a tag", |repo| {
            std::fs::write(repo.git_dir().join("refs/tags/nlp=churn#prod#7"), "0123456789").unwrap();
        }),
    ];
    for (what, breaks) in all {
        let repo = example();
        repo.pack_refs();
        let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".into()));
        assert!(!is_said_to_be_old(&server), "{what}");
        breaks(&repo);
        // While it is being deleted, it may have lost a part of its tags.
        server.wait_for("/", |page| page.text().contains("cannot be read"));
        assert!(is_said_to_be_old(&server), "{what}");
        let repos = server.get("/api/v1/repos").ok().json();
        let said = &repos["repos"][0];
        assert!(!said["failing"].is_null() || said["unreadable_tags"][0].is_string(), "{what}: {said}");
    }
}

/// The kept clones below a folder.
fn kept(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("objects").is_dir() && path.join("HEAD").exists() {
            found.push(path);
        } else if path.is_dir() {
            kept(&path, found);
        }
    }
}

#[test]
fn a_remote_that_cannot_be_reached_keeps_its_state_also_over_a_restart_after_a_kill() {
    let repo = example();
    let sandbox = repo.sandbox();
    let url = format!("file://{}", repo.path().display());
    let start = || {
        serve_with(sandbox, &[], |a| {
            a.repositories = vec![url.clone()];
            a.refresh = Some("1s".into());
        })
    };
    let server = start();
    server.wait_for("/", |page| page.text().contains("churn"));
    assert!(!is_said_to_be_old(&server));
    let away = repo.path().with_extension("away");
    std::fs::rename(repo.path(), &away).unwrap();
    server.wait_for("/", |_| is_said_to_be_old(&server));
    std::fs::rename(&away, repo.path()).unwrap();
    repo.tag("nlp=churn@v3.0.0", "HEAD", &TagSpec::default());
    server.wait_for("/", |page| page.text().contains("v3.0.0"));
    drop(server);
    // What a process leaves behind that was killed while it fetched.
    let mut clones = Vec::new();
    kept(&sandbox.home(), &mut clones);
    kept(sandbox.path(), &mut clones);
    let clone = clones.iter().find(|path| **path != repo.git_dir()).expect("a clone is kept");
    for lock in
        ["packed-refs.lock", "shallow.lock", "objects/pack/tmp_pack_zzz", "refs/tags/nlp=churn@v3.0.0.lock"]
    {
        let path = clone.join(lock);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    repo.tag("nlp=churn@v4.0.0", "HEAD", &TagSpec::default());
    let server = start();
    server.wait_for("/", |page| {
        let page = page.text();
        page.contains("v4.0.0") || page.contains("cannot be read")
    });
    let page = server.get("/").ok().text();
    assert!(page.contains("v4.0.0") || page.contains(".lock"), "it is well, or says what to remove: {page}");
    drop(server);
    // A clone that is damaged is made anew, or said.
    std::fs::remove_dir_all(clone.join("objects")).unwrap();
    let server = start();
    server.wait_for("/", |page| {
        let page = page.text();
        page.contains("v4.0.0") || page.contains("cannot be read")
    });
}

#[test]
fn hosts_that_hang_keep_no_other_waiting() {
    let repo = example();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let server = serve_with(repo.sandbox(), &[], |a| {
        a.repositories = (0..12).map(|number| format!("http://{address}/{number}.git")).collect();
        a.repositories.push(format!("file://{}", repo.path().display()));
    });
    let took = server.wait_for("/", |page| page.text().contains("churn"));
    assert!(took.as_secs() < 15, "{took:?}");
    let page = server.get("/").ok().text();
    assert!(page.contains("12 of 13 repositories are being read for the first time"), "{page}");
    drop(silent);
}

#[test]
fn a_write_that_meets_a_lock_says_so_and_its_plan_can_be_confirmed_later() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    let headers = [("authorization", &*format!("Bearer {}", server.token))];
    let body =
        r#"{"action": "assign", "artifact": "nlp:churn", "stage": "prod", "target": {"version": "v1.1.0"}}"#;
    let plan = server.ask("POST", "/api/v1/repos/repo/plans", &headers, body).json();
    let apply = format!("/api/v1/repos/repo/plans/{}/apply", plan["id"].as_str().unwrap());
    let lock = repo.git_dir().join("refs/tags/nlp=churn#prod#5.lock");
    std::fs::write(&lock, "").unwrap();
    let locked = server.ask("POST", &apply, &headers, "");
    assert_eq!(locked.status, 503, "{}", locked.body);
    assert!(locked.body.contains("lock"), "{}", locked.body);
    assert!(!server.get("/").ok().text().contains("cannot be read"), "a lock is no damage");
    std::fs::remove_file(&lock).unwrap();
    let done = server.ask("POST", &apply, &headers, "");
    assert_eq!(done.status, 201, "{}", done.body);
}

fn is_failing(server: &Running, failing: bool) {
    server.wait_for("/api/v1/repos", |page| page.json()["repos"][0]["failing"].is_null() != failing);
}

#[test]
fn answers_that_were_made_while_a_repository_was_away_are_not_kept() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".to_owned()));
    let version = "/api/v1/repos/repo/artifacts/nlp:churn";
    let [files, compare, events] = [
        format!("{version}/versions/v1.1.0/files"),
        format!("{version}/compare/v1.0.0...v1.1.0"),
        "/api/v1/events?limit=3".to_owned(),
    ];
    let asked = [files.as_str(), compare.as_str(), events.as_str()];
    let before = asked.map(|path| server.get(path).ok().json());
    repo.tag("data@v0.2.0", "HEAD", &TagSpec::default());
    server.wait_for("/api/v1/resolve?ref=data", |page| page.body.contains("v0.2.0"));
    let [git, away] = [".git", "away"].map(|name| repo.path().join(name));
    std::fs::rename(&git, &away).unwrap();
    is_failing(&server, true);
    let during = server.get(asked[0]);
    assert!(during.status != 200 || during.body.contains("cannot be read"), "{}", during.body);
    for path in asked {
        server.get(path);
    }
    std::fs::rename(&away, &git).unwrap();
    is_failing(&server, false);
    for (path, before) in asked.iter().zip(&before).take(2) {
        assert_eq!(server.get(path).ok().json(), *before, "{path}");
    }
    assert!(!server.get(asked[2]).ok().json()["events"][1]["message"].as_str().unwrap().is_empty());
}

#[test]
fn the_last_good_state_is_the_last_one_also_after_a_tag_was_deleted() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1s".to_owned()));
    let prod = "/api/v1/resolve?ref=nlp:churn%23prod";
    server.wait_for(prod, |page| page.body.contains("v1.0.0"));
    repo.git_ok(&["tag", "-d", "data@v0.1.0"]);
    server.wait_for("/api/v1/resolve?ref=data", |page| page.status == 404);
    repo.tag("nlp=churn#prod#5", "HEAD", &TagSpec::default());
    server.wait_for(prod, |page| page.body.contains("v1.1.0"));
    std::fs::rename(repo.path().join(".git"), repo.path().join("away")).unwrap();
    is_failing(&server, true);
    assert!(server.get(prod).ok().body.contains("v1.1.0"), "{}", server.get(prod).body);
    assert_eq!(server.get("/api/v1/resolve?ref=data").status, 404);
}

#[test]
fn what_is_wrong_is_looked_for_again_also_without_a_change_of_a_tag() {
    let repo = example();
    let server = serve(&repo);
    let findings = |wanted: bool| {
        server.wait_for("/api/v1/health", |page| {
            let health = page.json()["repositories"][0].clone();
            health["findings_of"] == "now" && page.body.contains("left-lock") == wanted
        });
    };
    findings(false);
    let lock = repo.git_dir().join("refs/tags/data@v9.0.0.lock");
    let file = std::fs::File::create(&lock).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3600)).unwrap();
    findings(true);
    std::fs::remove_file(&lock).unwrap();
    findings(false);
}

#[test]
fn repositories_that_share_their_refs_both_see_a_tag_at_once_and_so_does_one_that_takes_another_s_place() {
    let repo = example();
    let tree = repo.sandbox().path().join("tree");
    repo.git_ok(&["worktree", "add", "--quiet", "--detach", tree.to_str().unwrap()]);
    let server = serve_with(repo.sandbox(), &[repo.path(), &tree], |a| a.refresh = Some("1h".to_owned()));
    let health = server.get("/api/v1/health").ok().json();
    if health["repositories"][0]["watched"] != true {
        gto_testkit::skip("the system does not say when files change");
        return;
    }
    repo.tag("data@v0.5.0", "HEAD", &TagSpec::default());
    for id in ["repo", "tree"] {
        let path = format!("/api/v1/resolve?repo={id}&ref=data");
        let took = server.wait_for(&path, |page| page.body.contains("v0.5.0"));
        assert!(took.as_secs() < 20, "{id}: {took:?}");
    }
}

#[test]
fn a_policy_that_cannot_be_used_is_said_where_its_marks_would_be() {
    let repo = example();
    repo.commit(&[(".gto-policy.yaml", "version: 1\nrulez: []\n")], "A mistake");
    let server = serve(&repo);
    server.wait_for("/", |page| page.text().contains("policy unknown"));
    assert!(server.get("/r/repo/nlp:churn").ok().body.contains("rulez"));
}
