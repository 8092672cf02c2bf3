//! What programs ask, and what they are told.

use gto_testkit::{Repo, TagSpec};
use serde_json::json;

use crate::common::{Running, example, serve, serve_with};

#[test]
fn of_a_deprecated_artifact_nothing_is_handed_out() {
    let repo = example();
    repo.tag("nlp=churn@deprecated", "HEAD", &TagSpec::default());
    let server = serve(&repo);
    for name in ["nlp:churn", "nlp:churn@latest", "nlp:churn@v1.0.0", "nlp:churn%23prod"] {
        let answer = server.get(&format!("/api/v1/resolve?ref={name}"));
        assert_eq!(answer.status, 404, "{name}: {}", answer.body);
        assert!(answer.body.contains("it is deprecated"), "{}", answer.body);
    }
    let base = "/api/v1/repos/repo/artifacts/nlp:churn";
    for version in ["latest", "%23prod"] {
        assert_eq!(server.get(&format!("{base}/versions/{version}")).status, 404, "{version}");
        assert_eq!(server.get(&format!("{base}/versions/{version}/files")).status, 404, "{version}");
    }
    let calls = "/api/2.0/mlflow/registered-models";
    for call in [
        "alias?name=nlp%3Dchurn&alias=latest",
        "alias?name=nlp%3Dchurn&alias=prod",
        "get-latest-versions?name=nlp%3Dchurn",
    ] {
        assert_eq!(server.get(&format!("{calls}/{call}")).status, 404, "{call}");
    }
    // What it was can be looked at, and asked for as of then.
    server.get(base).ok();
    server.get(&format!("{base}/versions/v1.0.0")).ok();
}

/// Behind a proxy, which says who asks for browsers and programs alike.
fn behind_proxy(repo: &Repo) -> Running {
    serve_with(repo.sandbox(), &[repo.path()], |a| {
        a.write = Some("service".into());
        a.auth = Some("proxy".into());
        a.trusted_proxies = vec!["127.0.0.1/32".into()];
    })
}

#[test]
fn a_program_behind_the_proxy_writes_and_no_page_of_a_stranger_does() {
    let repo = example();
    let server = behind_proxy(&repo);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let headers: Vec<_> = [("x-forwarded-user", "ada")].iter().chain(headers).copied().collect();
        server.ask(method, path, &headers, body)
    };
    let plan = r#"{"action": "assign", "artifact": "data", "stage": "prod", "target": "latest"}"#;
    let alias = r#"{"name": "data", "alias": "prod", "version": "1000"}"#;
    let json = ("content-type", "application/json");
    for (method, path, body) in [
        ("POST", "/api/v1/repos/repo/plans", plan),
        ("POST", "/api/2.0/mlflow/registered-models/alias", alias),
        ("POST", "/mlflow/repo/api/2.0/mlflow/registered-models/alias", alias),
        ("DELETE", "/api/2.0/mlflow/registered-models/alias", alias),
    ] {
        // As far as the policy, which this example has not.
        let answer = ask(method, path, &[json], body);
        assert!(answer.body.contains("only where a policy says who may do what"), "{path}: {}", answer.body);
        for strange in [
            &[("origin", "https://evil.example"), json][..],
            &[("origin", "null"), json],
            &[("sec-fetch-site", "cross-site"), json],
            &[("sec-fetch-site", "same-site"), json],
            &[("content-type", "text/plain")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[],
        ] {
            let answer = ask(method, path, strange, body);
            assert_eq!(answer.status, 403, "{path} {strange:?}");
            assert!(answer.body.contains("another site"), "{path} {strange:?}: {}", answer.body);
            assert!(!answer.body.contains("bearer token"), "{}", answer.body);
        }
    }
    let form = "action=assign&artifact=data&stage=prod&version=v0.1.0";
    for kind in ["application/x-www-form-urlencoded", "application/json"] {
        let answer = ask("POST", "/write/repo", &[("content-type", kind)], form);
        assert!(answer.status == 403 && answer.text().contains("another site"), "{}", answer.text());
    }
    assert!(!repo.git_ok(&["tag"]).contains("data#prod"));
}

#[test]
fn a_time_is_obeyed_or_refused_and_never_left_out() {
    let repo = example();
    repo.tag("data@v9.0.0", "HEAD", &TagSpec::at(2_200_000_000));
    let server = serve(&repo);
    for path in ["/health", "/health.json", "/api/v1/health", "/api/v1/repos"] {
        for at in ["garbage", "2026-11-24"] {
            let answer = server.get(&format!("{path}?at={at}"));
            assert_eq!(answer.status, 400, "{path} {at}");
            assert!(answer.text().contains("always of now"), "{}", answer.text());
        }
    }
    assert_eq!(server.get("/api/v1/events?at=garbage").status, 400);
    let events = server.get("/api/v1/events?artifact=data&at=2030-01-01").ok().json();
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "{events}");
    let moved = server.get("/r/repo?at=2030-01-01&q=x");
    assert_eq!((moved.status, moved.header("location")), (303, "/?at=2030-01-01&q=x&repo=repo"));
}

#[test]
fn a_token_of_any_visible_characters_opens_the_address_that_is_printed() {
    let repo = example();
    let token = "a+b%41&c=d#e?f/'\"<g>";
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.token = Some(token.into()));
    let printed = server.open.strip_prefix(&*server.url).unwrap().to_owned();
    assert!(!printed.contains(['#', '\'', '"', '<', '+']), "{printed}");
    let answer = server.ask("GET", &format!("/{printed}&at=2100-01-01"), &[], "");
    assert_eq!((answer.status, answer.header("location")), (303, "/?at=2100-01-01"), "{}", answer.body);
    // As somebody types it who does not think of encoding, where that is an address at all.
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.token = Some("0123456789+abc%41+x".into()));
    assert_eq!(server.ask("GET", "/?token=0123456789+abc%41+x", &[], "").status, 303);
}

#[test]
fn a_repository_that_is_not_served_is_no_empty_list() {
    let repo = example();
    let server = serve(&repo);
    for path in ["/api/v1/artifacts?repo=zzz", "/api/v1/events?repo=zzz", "/api/v1/resolve?repo=zzz&ref=data"]
    {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    server.get("/api/v1/artifacts?repo=repo").ok();
}

#[test]
fn what_is_so_already_is_a_conflict_and_a_wrong_name_is_said_as_it_is() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    let token = format!("Bearer {}", server.token);
    let plan = |request: &serde_json::Value| {
        server.ask("POST", "/api/v1/repos/repo/plans", &[("authorization", &token)], &request.to_string())
    };
    let assign = json!({"action": "assign", "artifact": "nlp:churn", "stage": "prod", "target": {"version": "v1.0.0"}});
    for request in [
        &assign,
        &json!({"action": "register", "artifact": "data"}),
        &json!({"action": "unassign", "artifact": "data", "stage": "prod"}),
    ] {
        let answer = plan(request);
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["type"]),
            (409, &json!("urn:gto:conflict")),
            "{request}: {problem}"
        );
        assert!(!answer.body.contains("--") && answer.body.contains("exist_ok"), "{problem}");
    }
    let mut so = assign;
    so["tag"] = json!({"exist_ok": true});
    assert_eq!(plan(&so).status, 201);
    let wrong = plan(&json!({"action": "assign", "artifact": "a b", "stage": "prod", "target": "latest"}));
    let detail = wrong.json()["detail"].as_str().unwrap().to_owned();
    assert!(wrong.status == 400 && detail.contains("'a b'") && !detail.contains('\\'), "{detail}");
}

#[test]
fn the_time_to_get_to_a_stage_is_not_that_of_a_rollback() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    for (tag, at) in [("m@v1.0.0", 1000), ("m#prod#1", 1100), ("m@v2.0.0", 2000), ("m#prod#2", 2300)] {
        let commit = if tag.contains("v2") || tag.ends_with("#2") { "HEAD" } else { "HEAD~1" };
        if tag == "m@v1.0.0" {
            repo.commit(&[], "second");
        }
        repo.tag(tag, commit, &TagSpec::at(1_700_000_000 + at));
    }
    repo.tag("m#prod#3", "HEAD~1", &TagSpec::at(1_700_009_000));
    let page = serve(&repo).get("/api/v1/stages/prod").ok().json();
    assert_eq!(
        (&page["artifacts"][0]["version"], &page["artifacts"][0]["took"]),
        (&json!("v1.0.0"), &json!(100))
    );
    assert_eq!(page["median_seconds"], 100);
    assert_eq!(page["rollbacks"].as_array().unwrap().len(), 1);
}

/// The tags of these events, and the cursor of the last one.
fn told(answer: &serde_json::Value) -> (Vec<String>, Option<String>) {
    let events = answer["events"].as_array().unwrap();
    let tags = events.iter().map(|event| event["tag"].as_str().unwrap().to_owned()).collect();
    (tags, events.last().map(|event| event["cursor"].as_str().unwrap().to_owned()))
}

#[test]
fn who_asks_for_events_again_and_again_is_told_of_all_also_of_old_ones_that_were_pushed_late() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let at = |tag: &str, second: i64| repo.tag(tag, "HEAD", &TagSpec::at(1_700_000_000 + second));
    // In one second, in the order of `gto history`, which is not that of their names.
    for number in [9, 10, 11] {
        at(&format!("m#prod#{number}"), 50);
    }
    at("m@v1.0.0", 10);
    let server = serve(&repo);
    let all = server.get("/api/v1/events").ok().json();
    assert_eq!(told(&all).0, ["m#prod#11", "m#prod#10", "m#prod#9", "m@v1.0.0"]);
    let mut cursor = told(&all).1.unwrap();
    let mut poll = |wanted: usize| {
        let mut new = Vec::new();
        while new.len() < wanted {
            let path = format!("/api/v1/events?limit=1&after={cursor}");
            server.wait_for(&path, |answer| answer.json()["events"] != json!([]));
            let answer = server.get(&path).ok().json();
            assert_eq!(answer["has_all"], true, "{answer}");
            let (tags, next) = told(&answer);
            new.extend(tags);
            cursor = next.unwrap();
        }
        let rest = server.get(&format!("/api/v1/events?after={cursor}")).ok().json();
        assert_eq!(rest["events"], json!([]), "nothing comes twice");
        new
    };
    assert_eq!(poll(3), ["m#prod#9", "m#prod#10", "m#prod#11"]);
    // Of the newest second, but before the newest event; and much older.
    at("a@v1.0.0", 50);
    assert_eq!(poll(1), ["a@v1.0.0"]);
    at("m@v0.9.0", 5);
    assert_eq!(poll(1), ["m@v0.9.0"]);
    at("m@v2.0.0", 60);
    assert_eq!(poll(1), ["m@v2.0.0"]);
    // Another run does not know what was learned late, and says so.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let answer = serve(&repo).get(&format!("/api/v1/events?after={cursor}")).ok().json();
    assert_eq!((&answer["events"], &answer["has_all"]), (&json!([]), &json!(false)));
}

#[test]
fn mlflow_searches_are_in_the_order_that_was_asked_for() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.commit(&[], "second");
    for (tag, at) in [("a@v1.0.0", 30), ("a@v2.0.0", 10), ("b@v1.0.0", 20), ("b@v3.0.0", 40)] {
        let commit = if tag.ends_with("v1.0.0") { "HEAD~1" } else { "HEAD" };
        repo.tag(tag, commit, &TagSpec::at(1_700_000_000 + at));
    }
    let server = serve(&repo);
    let calls = "/api/2.0/mlflow";
    let search = |call: &str, key: &str, query: &str| {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = server
                .get(&format!("{calls}/{call}/search?max_results=1&{query}&page_token={token}"))
                .ok()
                .json();
            found.extend(page[key].as_array().unwrap().iter().map(|one| {
                format!(
                    "{}{}",
                    one["name"].as_str().unwrap(),
                    one["version"].as_str().map_or("", |v| &v[..1])
                )
            }));
            let Some(next) = page["next_page_token"].as_str() else { break found.join(" ") };
            next.clone_into(&mut token);
        }
    };
    let versions = |query: &str| search("model-versions", "model_versions", query);
    assert_eq!(versions(""), "a2 a1 b3 b1");
    assert_eq!(versions("order_by=name+ASC"), "a2 a1 b3 b1");
    assert_eq!(versions("order_by=version_number+DESC"), "b3 a2 a1 b1");
    assert_eq!(versions("order_by=version_number&order_by=name+desc"), "b1 a1 a2 b3");
    assert_eq!(versions("order_by=creation_timestamp+ASC"), "a2 b1 a1 b3");
    assert_eq!(versions("order_by=name+DESC,last_updated_timestamp+DESC"), "b3 b1 a1 a2");
    assert_eq!(versions("filter=name%3D%27a%27&order_by=creation_timestamp+DESC"), "a1 a2");
    let models = |query: &str| search("registered-models", "registered_models", query);
    assert_eq!(models(""), "a b");
    assert_eq!(models("order_by=last_updated_timestamp+DESC&order_by=name"), "b a");
    assert_eq!(models("order_by=creation_timestamp+ASC"), "a b");
    assert_eq!(models("order_by=name+DESC"), "b a");
    for query in ["model-versions/search?order_by=run_id", "registered-models/search?order_by=version_number"]
    {
        let answer = server.get(&format!("{calls}/{query}"));
        assert_eq!(
            (answer.status, &answer.json()["error_code"]),
            (400, &json!("INVALID_PARAMETER_VALUE")),
            "{query}"
        );
    }
}

#[test]
fn a_stream_that_cannot_go_on_says_so() {
    let repo = example();
    let server = serve(&repo);
    server.get("/").ok();
    let id = server.stream(None).find_map(|line| line.strip_prefix("id: ").map(str::to_owned)).unwrap();
    let events = |last: &str| {
        let mut lines = server.stream(Some(last));
        repo.tag("data@v7.0.0", "HEAD", &TagSpec::default());
        let names = lines.by_ref().filter_map(|line| line.strip_prefix("event: ").map(str::to_owned));
        let names: Vec<String> = names.take(2).collect();
        repo.git_ok(&["tag", "-d", "data@v7.0.0"]);
        server.wait_for("/api/v1/artifacts", |answer| !answer.body.contains("v7.0.0"));
        names
    };
    assert_eq!(events(&id), ["hello", "change"], "what it saw is known");
    for unknown in ["0-1", "nonsense", &format!("{id}9999")] {
        assert_eq!(events(unknown), ["hello", "reset"], "{unknown}");
    }
}

#[test]
fn the_description_has_the_stream_the_token_and_the_answer_without_it() {
    let repo = example();
    let described = serve(&repo).get("/api/v1/openapi.json").ok().json();
    assert_eq!(described["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(described["security"][0]["token"], json!([]));
    let paths = described["paths"].as_object().unwrap();
    assert!(
        paths["/api/v1/events/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"].is_object()
    );
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let refused = &operation["responses"]["401"]["content"]["application/problem+json"]["schema"];
            assert!(refused.is_object(), "{method} {path}");
        }
    }
}

#[test]
fn every_action_is_asked_for_as_it_is_described() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    repo.commit(&[], "third");
    let token = format!("Bearer {}", server.token);
    let tag = json!({"message": "why", "force": false, "exist_ok": true, "expect": null});
    let m = "nlp:churn";
    for request in [
        json!({"action": "register", "artifact": m, "revision": "HEAD", "new": {"bumps": ["minor"], "message": "why"}}),
        json!({"action": "register", "artifact": m, "new": {"version": "v9.0.0", "force": false, "exist_ok": true}}),
        json!({"action": "assign", "artifact": m, "stage": "qa", "target": "latest", "tag": tag}),
        json!({"action": "assign", "artifact": m, "stage": "qa", "target": {"stage": "dev"}}),
        json!({"action": "assign", "artifact": m, "stage": "qa", "target": {"commit": {"revision": "HEAD"}}}),
        json!({"action": "rollback", "artifact": m, "stage": "prod", "to": "v1.1.0", "tag": {"expect": "v1.0.0"}}),
        json!({"action": "promote", "artifacts": [m], "from": "dev", "to": "prod", "tag": tag}),
        json!({"action": "unassign", "artifact": m, "stage": "prod", "version": "v1.0.0", "undo": "tag"}),
        json!({"action": "deregister", "artifact": m, "version": "v1.0.0", "undo": "delete", "tag": tag}),
        json!({"action": "deprecate", "artifact": m, "revision": "HEAD", "undo": "tag", "tag": tag}),
        json!({"action": "approve", "artifact": m, "stage": "prod", "version": {"version": "v1.1.0"}, "withdraw": false, "tag": tag}),
    ] {
        let answer = server.ask(
            "POST",
            "/api/v1/repos/repo/plans",
            &[("authorization", &token)],
            &request.to_string(),
        );
        assert_eq!(answer.status, 201, "{request}: {}", answer.body);
    }
}

#[test]
fn what_files_say_of_an_artifact_is_of_the_moment_too() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    let bare = repo.commit(&[], "nothing is said yet");
    let annotated = |what: &str| {
        let yaml = format!("m:\n  type: {what}type\n  path: {what}.bin\n  description: It is {what}\n");
        repo.commit(&[("artifacts.yaml", &yaml)], what);
        repo.commit(&[], "and so it was")
    };
    let old = annotated("early");
    // What a branch says counts on the current one when it is merged.
    repo.git_ok(&["checkout", "-q", "-b", "side"]);
    annotated("late");
    repo.git_ok(&["checkout", "-q", "-"]);
    let between = repo.commit(&[], "the branch is not merged");
    repo.git_ok(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let server = serve(&repo);
    let one = "/api/v1/repos/repo/artifacts/m";
    let now = server.get(one).ok().json();
    assert_eq!((&now["description"], &now["path"]), (&json!("It is late"), &json!("late.bin")));
    for at in [&old, &between] {
        let then = server.get(&format!("{one}?at={at}")).ok().json();
        assert_eq!(
            (&then["description"], &then["type"], &then["path"], &then["annotated_in"]),
            (&json!("It is early"), &json!("earlytype"), &json!("early.bin"), &json!("artifacts.yaml"))
        );
        let page = server.get(&format!("/r/repo/m?at={at}")).ok().text();
        assert!(page.contains("It is early") && !page.contains("It is late"), "{page}");
        for (word, count) in [("early", 1), ("late", 0)] {
            for sort in ["name", "activity"] {
                let path = format!("/api/v1/artifacts?q={word}&sort={sort}&at={at}");
                let found = server.get(&path).ok().json();
                assert_eq!(found["artifacts"].as_array().unwrap().len(), count, "{path}: {found}");
            }
            assert_eq!(server.get(&format!("/index.json?q={word}&at={at}")).ok().json()["total"], count);
        }
    }
    let before = server.get(&format!("{one}?at={bare}")).ok().json();
    assert_eq!((&before["description"], &before["type"]), (&json!(""), &json!(null)));
}
