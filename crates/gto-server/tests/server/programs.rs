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
