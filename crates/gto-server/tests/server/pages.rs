//! What pages and their JSON say.

use gto_testkit::{Repo, TagSpec};

use crate::common::{environment, example, serve, serve_with};

#[test]
fn what_doctor_finds_about_an_artifact_is_on_its_page_and_in_the_overview() {
    let repo = example();
    repo.commit(
        &[(".gto-policy.yaml", "version: 1\nrules:\n- {stage: prod, from: staging}\n")],
        "Promote by way of staging",
    );
    // A version on the commit that has one already.
    repo.tag("data@v0.2.0", "HEAD~1", &TagSpec::default());
    let server = serve(&repo);
    server.wait_for("/r/repo/nlp:churn", |page| page.text().contains("Findings"));
    let page = server.get("/r/repo/nlp:churn").ok().text();
    assert!(page.contains("policy-violated") && page.contains("the promotion policy"), "{page}");
    assert!(!page.contains("data@v0.2.0"), "that is of another artifact: {page}");
    let then = server.get("/r/repo/nlp:churn?at=2100-01-01").ok().text();
    assert!(!then.contains("policy-violated"), "of before nothing is known: {then}");
}

#[test]
fn a_slash_at_the_end_of_an_address_leads_to_the_page_that_is_meant() {
    let repo = example();
    let server = serve(&repo);
    for (typed, meant) in [
        ("/health/", "/health"),
        ("/r/repo/nlp:churn/?at=2100-01-01", "/r/repo/nlp:churn?at=2100-01-01"),
        ("//evil.example/", "/evil.example"),
    ] {
        let answer = server.get(typed);
        assert_eq!((answer.status, answer.header("location")), (303, meant), "{typed}");
    }
    assert_eq!(server.get("/r/repo/absent").status, 404);
}

#[test]
fn the_overview_says_what_is_where_since_when_by_whom_and_how_far_behind() {
    let repo = example();
    let server = serve(&repo);
    let page = server.get("/").ok();
    let text = page.text();
    for said in ["churn", "model", "v1.1.0", "v1.0.0 1 behind", "Ada Tester", "Grace", "prod", "dev", "data"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(page.body.len() < 60_000);
    let json = server.get("/index.json").ok().json();
    let churn = &json["rows"][1];
    assert_eq!(churn["name"], "nlp:churn");
    assert_eq!(churn["latest"]["version"], "v1.1.0");
    let prod = churn["stages"].as_array().unwrap().iter().find(|found| found["stage"] == "prod").unwrap();
    assert_eq!((prod["version"].as_str(), prod["behind"].as_u64()), (Some("v1.0.0"), Some(1)));
}

#[test]
fn filters_narrow_the_overview_and_can_be_taken_off() {
    let repo = example();
    let server = serve(&repo);
    let names = |query: &str| {
        let json = server.get(&format!("/index.json?{query}")).ok().json();
        let rows = json["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("q=CHU"), ["nlp:churn"]);
    assert_eq!(names("q=leave+will"), ["nlp:churn"]);
    assert_eq!(names("type=model"), ["nlp:churn"]);
    assert_eq!(names("label=tabular&stage=%23prod"), ["nlp:churn"]);
    assert_eq!(names("behind=1"), ["nlp:churn"]);
    assert_eq!(names("author=grace"), ["nlp:churn"]);
    assert_eq!(names("since=2100-01-01"), [""; 0]);
    assert_eq!(names("stage=&q=&sort=activity"), ["data", "nlp:churn"]);
    assert_eq!(names("sort=drift"), ["nlp:churn", "data"]);
    let page = server.get("/?q=churn&sort=drift").ok();
    assert!(page.body.contains(r#"<a class="chip" href="/?sort=drift">"#), "{}", page.body);
}

#[test]
fn the_page_of_an_artifact_has_its_stages_timeline_versions_and_events() {
    let repo = example();
    let server = serve(&repo);
    for path in ["/r/repo/nlp:churn", "/r/repo/nlp%3Achurn", "/r/repo/nlp=churn"] {
        let page = server.get(path);
        assert_eq!(page.status, if path.contains('=') { 404 } else { 200 }, "{path}");
    }
    let page = server.get("/r/repo/nlp:churn").ok();
    let text = page.text();
    for said in [
        "Who will leave",
        "tabular",
        "gto get",
        "Train it on the data of spring",
        "rollback",
        "compare with v1.0.0",
        "assignment",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let json = server.get("/r/repo/nlp:churn.json").ok().json();
    let lanes = json["timeline"]["lanes"].as_array().unwrap();
    let prod = lanes.iter().find(|lane| lane["stage"] == "prod").unwrap();
    let stays: Vec<_> =
        prod["stays"].as_array().unwrap().iter().map(|stay| stay["version"].as_str().unwrap()).collect();
    assert_eq!(stays, ["v1.0.0", "v1.1.0", "v1.0.0"]);
    assert_eq!(prod["stays"][2]["is_rollback"], true);
}

#[test]
fn a_time_or_a_commit_shows_the_registry_as_it_was_then() {
    let repo = example();
    let server = serve(&repo);
    let first = repo.git_ok(&["rev-parse", "HEAD~1"]);
    let tag = repo.find_tag("nlp=churn@v1.0.0").unwrap();
    let time = tag.tagger.unwrap().time;
    let at_time = jiff::Timestamp::from_second(time).unwrap().to_string();
    let then = server.get(&format!("/r/repo/nlp:churn.json?at={at_time}")).ok().json();
    assert_eq!((then["total"].as_u64(), then["latest"]["version"].as_str()), (Some(1), Some("v1.0.0")));
    let at_commit = server.get(&format!("/index.json?at={}", repo.head())).ok().json();
    assert_eq!(at_commit["rows"].as_array().unwrap().len(), 1);
    assert_eq!(server.get(&format!("/r/repo/nlp:churn?at={first}")).status, 404, "no version was there yet");
    assert!(server.get("/?at=2100-01-01").ok().text().contains("Back to now"));
    let unreachable = repo.git_ok(&["commit-tree", "-m", "on no branch", "HEAD^{tree}"]);
    for at in ["nonsense", "refs/heads/main", "--all", &unreachable, &"0".repeat(40)] {
        assert_eq!(server.get(&format!("/?at={at}")).status, 400, "{at}");
    }
}

#[test]
fn where_there_is_nothing_the_page_says_what_to_type() {
    let repo = Repo::new();
    let server = serve(&repo);
    assert!(server.get("/").ok().text().contains("gto register my-model"));
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let clone = repo.clone_to("clone");
    for tag in clone.tag_names() {
        clone.git_ok(&["tag", "-d", &tag]);
    }
    let server = serve_with(clone.sandbox(), &[clone.path()], |_| {});
    assert!(server.get("/").ok().text().contains("fetch --tags"));
}

#[test]
fn many_artifacts_come_in_pages() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let id = repo.tag("m-0@v1.0.0", "HEAD", &TagSpec::default());
    let refs: Vec<_> = (0..250).map(|n| format!("create refs/tags/m-{n:03}@v1.0.0 {id}\n")).collect();
    repo.git_stdin(&["update-ref", "--stdin"], refs.concat().as_bytes());
    let server = serve(&repo);
    let json = server.get("/index.json?page=3").ok().json();
    assert_eq!((json["rows"].as_array().unwrap().len(), json["pages"].as_u64()), (51, Some(3)));
    assert!(server.get("/").ok().text().contains("Page 1 of 3"));
    // In whatever order, and however they are counted, each is on one page.
    for query in ["", "sort=activity", "sort=drift", "q=m-", "deprecated=1"] {
        let page = |n: usize| server.get(&format!("/index.json?{query}&page={n}")).ok().json();
        let pages: Vec<_> = (1..=3).map(page).collect();
        let rows = pages.iter().flat_map(|page| page["rows"].as_array().unwrap());
        let mut names: Vec<_> = rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        assert!(pages.iter().all(|page| page["total"] == 251 && page["of"] == 251), "{query}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 251, "{query}");
    }
    for odd in ["page=0", "page=-1", "page=99999999999999999999", "page=x"] {
        server.get(&format!("/?{odd}")).ok();
    }
}

/// Two versions of which everything is different.
fn two_versions() -> Repo {
    let repo = Repo::new();
    let yaml = "m:\n  type: model\n  path: model.bin\n  description: The first\n";
    repo.commit(
        &[
            ("artifacts.yaml", yaml),
            ("model.bin", "1"),
            ("params.yaml", "train:\n  lr: 0.01\n  epochs: 10\n"),
            ("dvc.yaml", "metrics: [metrics.json]\n"),
            ("metrics.json", "{\"accuracy\": 0.81, \"auc\": 0.9}"),
        ],
        "First",
    );
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default().message("as good as it gets"));
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    repo.commit(&[("model.bin", "22"), ("artifacts.yaml", &yaml.replace("first", "second"))], "Second");
    repo.commit(
        &[
            ("params.yaml", "train:\n  lr: 0.005\n  epochs: 10\n"),
            ("metrics.json", "{\"accuracy\": 0.86, \"auc\": 0.9}"),
        ],
        "Third",
    );
    repo.tag("m@v1.1.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#2", "HEAD", &TagSpec::default());
    repo
}

#[test]
fn a_version_says_where_it_was_for_how_long_what_it_is_made_of_and_what_is_new_in_it() {
    let repo = two_versions();
    let server = serve(&repo);
    let old = server.get("/r/repo/m@v1.0.0.json").ok().json();
    assert_eq!(old["message"], "as good as it gets");
    assert_eq!(old["stays"][0]["stage"], "prod");
    assert!(old["stays"][0]["to"].is_string());
    assert_eq!(old["content"]["metrics"]["accuracy"], "0.81");
    assert_eq!(old["content"]["files"][0]["path"], "model.bin");
    let new = server.get("/r/repo/m@v1.1.0").ok().text();
    for said in [
        "still there",
        "Commits since v1.0.0 2",
        "Second",
        "+0.05",
        "train.lr",
        "-0.005",
        "model.bin",
        "unsigned",
    ] {
        assert!(new.contains(said), "{said}: {new}");
    }
    for alias in ["latest", "%23prod"] {
        assert!(server.get(&format!("/r/repo/m@{alias}")).ok().text().contains("v1.1.0"), "{alias}");
    }
    assert_eq!(server.get("/r/repo/m@v9.0.0").status, 404);
}

#[test]
fn a_comparison_says_what_is_changed_new_removed_and_the_same() {
    let repo = two_versions();
    let server = serve(&repo);
    let json = server.get("/r/repo/m/compare/v1.0.0...latest.json").ok().json();
    let changes = |what: &str| json["differences"][what]["changes"].as_array().unwrap().clone();
    assert_eq!(changes("metrics")[0]["by"], "+0.05");
    assert_eq!(json["differences"]["metrics"]["unchanged"], 1);
    assert_eq!(changes("parameters")[0]["key"], "train.lr");
    assert_eq!(changes("files")[0]["kind"], "changed");
    assert_eq!(changes("annotation")[0]["to"], "The second");
    assert_eq!(json["commits"]["count"], 2);
    let back = server.get("/r/repo/m/compare/v1.1.0...v1.0.0").ok().text();
    assert!(back.contains("2 taken back"), "{back}");
    assert_eq!(server.get("/r/repo/m/compare/v1.0.0...v9.0.0").status, 404);
}

#[test]
fn activity_lists_what_happened_with_its_reasons_and_is_a_feed() {
    let repo = example();
    let server = serve(&repo);
    let page = server.get("/activity").ok().text();
    assert!(page.contains("v1.1.0 was slow"), "{page}");
    let kinds = |query: &str| {
        let json = server.get(&format!("/activity.json?{query}")).ok().json();
        json["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["event"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds("event=registration"), ["registration"; 3]);
    assert_eq!(kinds("stage=dev"), ["assignment"]);
    assert_eq!(kinds("artifact=data"), ["registration"]);
    assert_eq!(kinds("author=GRACE"), ["registration"]);
    assert_eq!(server.get("/activity?event=party").status, 400);
    let feed = server.get("/activity.atom").ok();
    assert!(feed.header("content-type").starts_with("application/atom+xml"));
    assert_eq!(feed.body.matches("<entry>").count(), 7);
    repo.git_ok(&["tag", "-d", "data@v0.1.0"]);
    server.wait_for("/activity", |page| page.text().contains("! deleted data@v0.1.0"));
}

#[test]
fn a_stage_shows_what_is_in_it_how_long_it_took_and_its_rollbacks() {
    let repo = example();
    let server = serve(&repo);
    let json = server.get("/stages/prod.json").ok().json();
    assert_eq!(json["artifacts"][0]["version"], "v1.0.0");
    assert!(json["artifacts"][0]["took"].as_i64().unwrap() > 0);
    assert_eq!(json["rollbacks"][0]["version"], "v1.0.0");
    assert!(server.get("/stages").ok().text().contains("prod 1 1"));
    assert_eq!(server.get("/stages/absent").status, 404);
}

#[test]
fn health_has_the_findings_of_doctor_with_what_to_type() {
    let repo = example();
    repo.lightweight("nlp=churn#qa", "HEAD");
    let server = serve(&repo);
    server.wait_for("/health", |page| {
        page.text().contains("nlp=churn#qa") && page.text().contains("lightweight")
    });
    server.wait_for("/r/repo/nlp:churn", |page| page.text().contains("Findings"));
}

#[test]
fn health_says_of_which_state_the_findings_are() {
    let repo = example();
    let server = serve(&repo);
    server.wait_for("/health", |page| page.text().contains("✓ none"));
    let health = || server.get("/api/v1/health").ok().json()["repositories"][0].clone();
    let before = health();
    assert_eq!(before["findings_of"], "now");
    assert!(before["examined_at"].is_string() && before["examination_failed"].is_null(), "{before}");
    // Whatever it says meanwhile: never that there is nothing, as of now.
    repo.lightweight("nlp=churn#qa", "HEAD");
    server.wait_for("/api/v1/repos/repo/artifacts/nlp:churn", |_| {
        let now = health();
        now["findings_of"] == "now" && now["findings"][0]["tags"][0] == "nlp=churn#qa"
    });
}

#[test]
fn a_version_in_the_list_says_how_many_commits_are_new_in_it_and_what_its_signature_is_worth() {
    let repo = two_versions();
    let server = serve(&repo);
    server.wait_for("/r/repo/m.json", |page| page.json()["pending"] == false);
    let listed = server.get("/r/repo/m.json").ok().json()["version_list"].clone();
    assert_eq!(listed[0]["commits_since_previous"], 2);
    assert_eq!(listed[0]["signature"]["result"], "unsigned");
    assert!(listed[1]["commits_since_previous"].is_null());
    let page = server.get("/r/repo/m").ok().text();
    assert!(page.contains("2 commits compare with v1.0.0") && !page.contains("reload the page"), "{page}");
}

#[test]
fn what_the_policy_does_not_allow_is_marked_with_the_reason() {
    let repo = Repo::new();
    repo.commit(&[(".gto-policy.yaml", "version: 1\nrules:\n- stage: prod\n  from: [staging]\n")], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    let server = serve(&repo);
    server.wait_for("/", |page| page.text().contains("violates the policy"));
    assert!(server.get("/r/repo/m").ok().text().contains("staging"), "{}", server.get("/r/repo/m").text());
}

#[test]
fn marks_are_of_the_policy_and_the_approvals_of_now() {
    let origin = Repo::new();
    origin.commit(&[], "first");
    origin.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    origin.tag("m#prod#1", "HEAD", &TagSpec::default());
    let clone = origin.clone_to("clone");
    let server = serve_with(clone.sandbox(), &[clone.path()], |a| a.refresh = Some("1s".to_owned()));
    server.wait_for("/", |page| page.text().contains("v1.0.0") && !page.text().contains("being checked"));
    assert!(!server.get("/").text().contains("violates"), "there is no policy yet");
    let is_marked = |marked: bool| {
        server.wait_for("/", |page| {
            let text = page.text();
            text.contains("violates the policy") == marked && !text.contains("being checked")
        });
    };
    // No tag and no commit of the clone changes: what is fetched does.
    let policy = |rules: &str| {
        let text = format!("version: 1\nrules:\n- {{stage: prod, {rules}}}\n");
        origin.commit(&[(".gto-policy.yaml", &text)], "Another policy");
        clone.git_ok(&["fetch", "origin"]);
    };
    policy("from: [staging]");
    is_marked(true);
    policy("branches: [release]");
    is_marked(true);
    origin.git_ok(&["branch", "release"]);
    clone.git_ok(&["fetch", "origin"]);
    is_marked(false);
}

#[test]
fn of_a_registry_that_shows_very_many_tags_what_pages_show_is_judged() {
    let repo = Repo::new();
    repo.commit(&[(".gto-policy.yaml", "version: 1\nrules:\n- {stage: prod, from: [staging]}\n")], "first");
    let version = repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let assignment = repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    let pair = |n: usize| {
        format!("create refs/tags/m{n:05}@v1.0.0 {version}\ncreate refs/tags/m{n:05}#prod#1 {assignment}\n")
    };
    let refs: Vec<_> = (0..10_000).map(pair).collect();
    repo.git_stdin(&["update-ref", "--stdin"], refs.concat().as_bytes());
    repo.pack_refs();
    let server = serve(&repo);
    for page in ["/", "/?page=101", "/r/repo/m00777"] {
        server.wait_for(page, |page| {
            let text = page.text();
            text.contains("violates the policy") && !text.contains("checked")
        });
    }
}

#[test]
fn the_commands_of_doctor_are_whole_and_go_on_only_if_the_one_before_succeeds() {
    let repo = example();
    for name in ["nlp=churn#prod#4", "nlp=churn#dev#4"] {
        repo.git_ok(&["tag", "-f", "-a", "-m", "x", name, "HEAD"]);
    }
    repo.lightweight("nlp=churn#qa#9", "HEAD");
    let server = serve(&repo);
    server.wait_for("/api/v1/health", |page| page.json()["repositories"][0]["findings_of"] == "now");
    let health = server.get("/api/v1/health").ok().json();
    let findings = health["repositories"][0]["findings"].as_array().unwrap().clone();
    let registry = gto::OpenOptions::new(environment(repo.sandbox())).open(repo.path()).unwrap();
    let doctor = registry.examine(&[]).unwrap().findings;
    assert_eq!(findings.len(), doctor.len());
    assert!(!findings.is_empty(), "{health}");
    let page = server.get("/health").ok().body;
    for (shown, found) in findings.iter().zip(&doctor) {
        assert_eq!(shown["fix"].as_array().unwrap().len(), found.fix.len(), "{shown}");
        assert_eq!(shown["otherwise"].as_array().unwrap().len(), found.otherwise.len(), "{shown}");
    }
    let is_joined = |shown: &serde_json::Value| shown["fix"].as_array().unwrap().len() > 1;
    assert_eq!(findings.iter().any(is_joined), page.contains("&#38;&#38;"), "{page}");
}

#[test]
fn what_can_be_got_is_said_for_the_stage_and_the_time_that_are_meant() {
    let repo = example();
    repo.tag("old@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("old@deprecated", "HEAD", &TagSpec::default());
    let server = serve(&repo);
    let now = server.get("/r/repo/nlp:churn").ok().text();
    assert!(now.contains("Use it what is in prod") && now.contains("gto get 'nlp:churn#prod'"), "{now}");
    let tag = repo.find_tag("nlp=churn#prod#2").unwrap();
    let at = jiff::Timestamp::from_second(tag.tagger.unwrap().time + 5).unwrap();
    let then = server.get(&format!("/r/repo/nlp:churn?at={at}")).ok().text();
    assert!(
        then.contains("gto get nlp:churn@v1.1.0") && !then.contains("gto get 'nlp:churn#prod'"),
        "{then}"
    );
    assert!(then.contains("still there just now") && !then.contains(" ago"), "{then}");
    for page in ["/r/repo/old", "/r/repo/old@v1.0.0"] {
        let text = server.get(page).ok().text();
        assert!(!text.contains("gto get") && !text.contains("gto assign"), "{text}");
    }
}

#[test]
fn of_several_repositories_the_order_that_somebody_chose_and_the_empty_one_are_shown() {
    let sandbox = gto_testkit::Sandbox::new();
    let [first, second, empty] = ["first", "second", "third"].map(|name| sandbox.repo(name));
    for repo in [&first, &second] {
        repo.commit(&[], "first");
        repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        for (number, stage) in ["prod", "dev", "staging"].iter().enumerate() {
            repo.tag(&format!("m#{stage}#{}", number + 1), "HEAD", &TagSpec::default());
        }
    }
    second.commit(&[(".gto", "stages: [dev, staging, prod]\n")], "Name the stages");
    let server = serve_with(&sandbox, &[first.path(), second.path(), empty.path()], |_| {});
    let stages = server.get("/index.json").ok().json()["stages"].clone();
    assert_eq!(stages, serde_json::json!(["dev", "staging", "prod"]));
    let text = server.get("/?repo=third").ok().text();
    assert!(text.contains("No artifacts in third yet") && text.contains("gto register my-model"), "{text}");
}
