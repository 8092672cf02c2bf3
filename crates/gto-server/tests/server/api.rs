//! The API, and what it writes.

use gto_testkit::{Repo, TagSpec};
use serde_json::{Value, json};

use crate::common::{Answer, Running, example, serve, serve_with};

fn writing(repo: &Repo) -> Running {
    serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()))
}

impl Running {
    fn post(&self, path: &str, body: &Value) -> Answer {
        let token = format!("Bearer {}", self.token);
        self.ask(
            "POST",
            path,
            &[("authorization", &token), ("content-type", "application/json")],
            &body.to_string(),
        )
    }
}

fn promote(version: &str) -> Value {
    json!({"action": "assign", "artifact": "nlp:churn", "stage": "prod", "target": {"version": version}})
}

#[test]
fn what_a_list_cannot_be_asked_for_is_refused_rather_than_left_out() {
    let repo = example();
    let server = serve(&repo);
    for query in ["sort=zzz", "since=xyz", "since=2026-13-01"] {
        for path in ["/", "/api/v1/artifacts"] {
            let answer = server.get(&format!("{path}?{query}"));
            assert_eq!(answer.status, 400, "{path}?{query}");
            assert!(answer.text().contains("is no"), "{}", answer.body);
        }
    }
    // An entity tag is the same one, whether a proxy calls it weak or not.
    let answer = server.get("/api/v1/artifacts").ok();
    let (token, etag) = (format!("Bearer {}", server.token), answer.header("etag").replace("W/", ""));
    for known in [etag.clone(), format!("\"x\", W/{etag}")] {
        let headers = [("authorization", &*token), ("if-none-match", &*known)];
        assert_eq!(server.ask("GET", "/api/v1/artifacts", &headers, "").status, 304, "{known}");
    }
}

#[test]
fn the_api_answers_with_what_is_registered_and_says_what_is_wrong_as_problem_details() {
    let repo = example();
    let server = serve(&repo);
    let found = server.get("/api/v1/artifacts?q=churn").ok().json();
    assert_eq!(found["artifacts"][0]["name"], "nlp:churn");
    assert_eq!(found["next_cursor"], Value::Null);
    let resolved = server.get("/api/v1/resolve?repo=repo&ref=nlp:churn%23prod").ok().json();
    assert_eq!(
        (resolved["version"].as_str(), resolved["ref"].as_str()),
        (Some("v1.0.0"), Some("nlp=churn@v1.0.0"))
    );
    let base = "/api/v1/repos/repo/artifacts/nlp%3Achurn";
    assert_eq!(server.get(base).ok().json()["type"], "model");
    let versions = server.get(&format!("{base}/versions")).ok().json();
    assert_eq!(versions["versions"][1]["stages"], json!(["prod"]));
    let version = server.get(&format!("{base}/versions/%23prod")).ok().json();
    assert_eq!((version["version"].as_str(), version["commit"].is_string()), (Some("v1.0.0"), true));
    let files = server.get(&format!("{base}/versions/v1.1.0/files")).ok().json();
    assert_eq!(
        (files["files"][0]["path"].as_str(), files["files"][0]["size"].as_u64()),
        (Some("nlp/model.bin"), Some(1))
    );
    let compared = server.get(&format!("{base}/compare/v1.0.0...v1.1.0")).ok().json();
    assert_eq!(compared["commits"]["count"], 1);
    assert_eq!(server.get("/api/v1/stages/prod").ok().json()["artifacts"][0]["version"], "v1.0.0");
    assert_eq!(server.get("/api/v1/repos").ok().json()["repos"][0]["id"], "repo");
    assert_eq!(server.get("/api/v1/health").ok().json()["repositories"][0]["id"], "repo");
    for (path, status) in [
        ("/api/v1/repos/repo/artifacts/absent", 404),
        ("/api/v1/repos/absent/artifacts/nlp%3Achurn", 404),
        ("/api/v1/repos/repo/artifacts/nlp%3Achurn/versions/v9.9.9", 404),
        ("/api/v1/repos/repo/artifacts/nlp%3Achurn/compare/v1.0.0", 400),
        ("/api/v1/resolve", 400),
        ("/api/v1/resolve?ref=nlp:churn%23absent", 404),
        ("/api/v1/artifacts?limit=0", 400),
        ("/api/v1/artifacts?cursor=zz", 400),
        ("/api/v1/artifacts?at=never", 400),
        ("/api/v1/events?event=x", 400),
        ("/api/v1/absent", 404),
    ] {
        let problem = server.get(path);
        assert_eq!(
            (problem.status, problem.header("content-type")),
            (status, "application/problem+json"),
            "{path}"
        );
        let problem = problem.json();
        assert!(problem["hint"].is_string() && problem["detail"].is_string(), "{path}: {problem}");
    }
}

#[test]
fn an_address_that_is_no_text_and_a_method_that_is_not_answered_are_problem_details_too() {
    let repo = example();
    let server = serve(&repo);
    let headers = [("authorization", &*format!("Bearer {}", server.token))];
    for (method, path, status) in [
        ("GET", "/api/v1/repos/%ff/artifacts/x", 400),
        ("GET", "/api/v1/stages/%c3%28", 400),
        ("DELETE", "/api/v1/repos", 405),
        ("GET", "/api/v1/repos/repo/plans", 405),
    ] {
        let answer = server.ask(method, path, &headers, "");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "application/problem+json"),
            "{path}"
        );
        assert_eq!(answer.json()["status"], status, "{path}");
    }
}

#[test]
fn lists_go_on_from_a_cursor_also_where_entries_come_and_go() {
    let repo = Repo::new();
    repo.commit(&[], "first");
    for number in 0..6 {
        repo.tag(&format!("m{number}@v1.0.0"), "HEAD", &TagSpec::default());
    }
    let server = serve(&repo);
    for sort in ["name", "activity", "drift"] {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                server.get(&format!("/api/v1/artifacts?sort={sort}&limit=2&cursor={cursor}")).ok().json();
            names.extend(
                page["artifacts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row["name"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next_cursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        names.sort();
        assert_eq!(names, ["m0", "m1", "m2", "m3", "m4", "m5"], "{sort}");
    }
    let first = server.get("/api/v1/artifacts?limit=2").ok().json();
    repo.git_ok(&["tag", "-d", "m1@v1.0.0"]);
    server.wait_for("/api/v1/artifacts", |answer| !answer.body.contains("m1"));
    let next = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/artifacts?limit=2&cursor={next}")).ok().json();
    assert_eq!(second["artifacts"][0]["name"], "m2");
}

#[test]
fn events_are_followed_from_the_last_one_seen() {
    let repo = example();
    let server = serve(&repo);
    let newest = server.get("/api/v1/events?limit=1").ok().json();
    assert_eq!(newest["has_more"], true);
    let cursor = newest["events"][0]["cursor"].as_str().unwrap().to_owned();
    let older = server.get(&format!("/api/v1/events?before={cursor}")).ok().json();
    assert_eq!(older["events"].as_array().unwrap().len(), 6);
    assert_eq!(older["events"][0]["artifact"], "nlp:churn");
    let after = format!("/api/v1/events?after={cursor}");
    assert_eq!(server.get(&after).ok().json()["events"], json!([]));
    repo.tag("data@v0.2.0", "HEAD", &TagSpec::at(2_200_000_000).message("more rows"));
    server.wait_for(&after, |answer| answer.json()["events"][0]["message"] == "more rows");
    let history =
        server.get("/api/v1/repos/repo/artifacts/nlp:churn/history?stage=prod&event=assignment").ok().json();
    assert_eq!(history["events"].as_array().unwrap().len(), 3);
    assert_eq!(history["events"][0]["message"], "v1.1.0 was slow");
}

#[test]
fn what_a_client_has_already_is_not_sent_again_until_a_tag_changes() {
    let repo = example();
    let server = serve(&repo);
    let token = format!("Bearer {}", server.token);
    let path = "/api/v1/artifacts";
    let first = server.get(path).ok();
    let etag = first.header("etag").to_owned();
    assert_eq!(server.get(path).ok().body, first.body, "kept bytes are the same answer");
    let known = [("authorization", token.as_str()), ("if-none-match", etag.as_str())];
    let same = server.ask("GET", path, &known, "");
    assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", etag.as_str()));
    repo.tag("data@v3.0.0", "HEAD", &TagSpec::default());
    server.wait_for(path, |answer| answer.body.contains("v3.0.0"));
    server.ask("GET", path, &known, "").ok();
    assert_eq!(
        server.ask("GET", path, &[("if-none-match", &etag)], "").status,
        401,
        "a stranger learns nothing"
    );
}

#[test]
fn a_kept_answer_is_the_first_one_again_and_only_for_those_who_may_ask() {
    let repo = example();
    let server = serve(&repo);
    let token = format!("Bearer {}", server.token);
    let path = "/api/v1/artifacts";
    let first = server.get(path).ok();
    let again = server.ask("GET", path, &[("authorization", &token), ("accept-encoding", "gzip")], "").ok();
    assert_eq!(again.body, first.body, "what fits into a packet is not compressed");
    let headers = |answer: &Answer| {
        let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| *name != "date").collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        format!("{headers:?}")
    };
    assert_eq!(headers(&again), headers(&first));
    for (status, asked) in [
        (401, &[][..]),
        (401, &[("authorization", "Bearer of something else")]),
        (401, &[("cookie", &token)]),
        (421, &[("authorization", &token), ("host", "evil.example")]),
    ] {
        let refused = server.ask("GET", path, asked, "");
        assert_eq!(refused.status, status, "{asked:?}");
        assert!(!refused.body.contains("churn"), "{asked:?}");
    }
}

#[test]
fn what_is_said_of_repositories_has_an_etag_of_its_own() {
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.refresh = Some("1h".into()));
    let token = format!("Bearer {}", server.token);
    for path in ["/api/v1/repos", "/api/v1/health"] {
        let ask =
            |etag: &str| server.ask("GET", path, &[("authorization", &*token), ("if-none-match", etag)], "");
        let is_same = (0..50).any(|_| {
            let etag = ask("").header("etag").to_owned();
            assert!(etag.starts_with("W/"), "{path}");
            ask(&etag).status == 304
        });
        assert!(is_same, "{path}");
    }
}

#[test]
fn a_write_is_planned_shown_and_applied() {
    let repo = example();
    let server = writing(&repo);
    let plan = server.post("/api/v1/repos/repo/plans", &promote("v1.1.0"));
    assert_eq!(plan.status, 201, "{}", plan.body);
    let plan = plan.json();
    let command =
        format!("gto assign nlp:churn --version v1.1.0 --stage prod --repo {}", repo.path().display());
    assert_eq!(plan["command"], *command);
    assert_eq!(plan["tags"][0]["tag"], "nlp=churn#prod#5");
    let tags = repo.git_ok(&["tag"]);
    assert!(!tags.contains("prod#5"), "a plan changes nothing");
    let apply = format!("/api/v1/repos/repo/plans/{}/apply", plan["id"].as_str().unwrap());
    let written = server.post(&apply, &Value::Null);
    assert_eq!(
        (written.status, written.json()["tags"][0]["tag"].as_str()),
        (201, Some("nlp=churn#prod#5")),
        "{}",
        written.body
    );
    assert!(repo.git_ok(&["tag"]).contains("nlp=churn#prod#5"));
    let resolved = server.get("/api/v1/resolve?ref=nlp:churn%23prod").ok().json();
    assert_eq!(resolved["version"], "v1.1.0", "who wrote reads it");
    assert_eq!(server.post(&apply, &Value::Null).status, 404, "a plan is applied once");
}

#[test]
fn a_plan_is_refused_once_the_registry_has_changed() {
    let repo = example();
    let server = writing(&repo);
    let plan = server.post("/api/v1/repos/repo/plans", &promote("v1.1.0")).json();
    repo.tag("nlp=churn#prod#5", "HEAD", &TagSpec::default());
    let answer = server
        .post(&format!("/api/v1/repos/repo/plans/{}/apply", plan["id"].as_str().unwrap()), &Value::Null);
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.json()["detail"].as_str().unwrap().contains("have changed since the plan was made"));
}

#[test]
fn a_server_that_only_shows_says_what_to_type() {
    let repo = example();
    let answer = serve(&repo).post("/api/v1/repos/repo/plans", &promote("v1.1.0"));
    assert_eq!(answer.status, 403);
    let hint = answer.json()["hint"].to_string();
    assert!(hint.contains("gto assign nlp:churn --version v1.1.0 --stage prod"), "{hint}");
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"));
}

#[test]
fn no_write_comes_from_another_page_another_repository_or_a_wrong_body() {
    let repo = example();
    let server = writing(&repo);
    let token = format!("Bearer {}", server.token);
    let path = "/api/v1/repos/repo/plans";
    for strange in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let answer =
            server.ask("POST", path, &[("authorization", &token), strange], &promote("v1.1.0").to_string());
        assert_eq!(answer.status, 403, "{strange:?}");
    }
    assert_eq!(server.ask("POST", path, &[], &promote("v1.1.0").to_string()).status, 401);
    let deep = "[".repeat(100_000);
    for body in ["", "{}", "null", deep.as_str(), r#"{"action": "assign"}"#, r#"{"action": "x\u0000"}"#] {
        assert_eq!(server.ask("POST", path, &[("authorization", &token)], body).status, 400, "{body:.40}");
    }
    let large = " ".repeat((1 << 20) + 1);
    assert_eq!(server.ask("POST", path, &[("authorization", &token)], &large).status, 413);
    let edit = json!({"action": "annotate", "artifact": "data", "annotation": {"type": "x"}});
    assert_eq!(server.post(path, &edit).status, 400, "it writes tags alone");
    let plan = server.post(path, &promote("v1.1.0")).json();
    let elsewhere = format!("/api/v1/repos/absent/plans/{}/apply", plan["id"].as_str().unwrap());
    assert_eq!(server.post(&elsewhere, &Value::Null).status, 404);
    for id in ["0", "..%2F..", "%00"] {
        assert_eq!(server.post(&format!("{path}/{id}/apply"), &Value::Null).status, 404, "{id}");
    }
}

#[test]
fn a_refusal_by_the_policy_names_the_rule() {
    let repo = example();
    repo.commit(
        &[(".gto-policy.yaml", "version: 1\nrules:\n  - stage: prod\n    from: staging\n")],
        "Promote by way of staging",
    );
    let server = writing(&repo);
    let answer = server.post("/api/v1/repos/repo/plans", &promote("v1.1.0"));
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(answer.body.contains("staging"), "{}", answer.body);
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"));
}

/// Real answers have the shape that the description says: every required property, of its type.
#[test]
fn answers_are_as_the_description_says() {
    let repo = example();
    let server = writing(&repo);
    let described = server.get("/api/v1/openapi.json").ok().json();
    let base = "/api/v1/repos/repo/artifacts/nlp:churn";
    for (path, pattern) in [
        ("/api/v1/repos".to_owned(), "/api/v1/repos"),
        ("/api/v1/health".to_owned(), "/api/v1/health"),
        ("/api/v1/artifacts".to_owned(), "/api/v1/artifacts"),
        ("/api/v1/events".to_owned(), "/api/v1/events"),
        ("/api/v1/stages/prod".to_owned(), "/api/v1/stages/{stage}"),
        ("/api/v1/resolve?ref=data".to_owned(), "/api/v1/resolve"),
        (base.to_owned(), "/api/v1/repos/{repo}/artifacts/{name}"),
        (format!("{base}/versions"), "/api/v1/repos/{repo}/artifacts/{name}/versions"),
        (format!("{base}/versions/latest"), "/api/v1/repos/{repo}/artifacts/{name}/versions/{version}"),
        (
            format!("{base}/versions/latest/files"),
            "/api/v1/repos/{repo}/artifacts/{name}/versions/{version}/files",
        ),
        (format!("{base}/compare/v1.0.0...v1.1.0"), "/api/v1/repos/{repo}/artifacts/{name}/compare/{range}"),
        (format!("{base}/history"), "/api/v1/repos/{repo}/artifacts/{name}/history"),
    ] {
        let answer = server.get(&path).ok().json();
        let schema =
            &described["paths"][pattern]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{pattern} is described");
        check(&described, schema, &answer, &path);
    }
    let plan = server.post("/api/v1/repos/repo/plans", &promote("v1.1.0")).json();
    check(&described, &json!({"$ref": "#/components/schemas/Plan"}), &plan, "plan");
}

fn check(described: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let found =
            described.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{at}: no {name}"));
        return check(described, found, value, at);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(described, part, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let wanted = if value.is_null() {
            choices.iter().find(|choice| choice["type"] == "null")
        } else {
            choices.iter().find(|choice| choice["type"] != "null")
        };
        return check(described, wanted.unwrap_or_else(|| panic!("{at}: {value}")), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = &schema["type"];
    let fits = match types {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => true,
    };
    assert!(fits, "{at}: {value} is no {types}");
    for item in value.as_array().into_iter().flatten() {
        check(described, &schema["items"], item, &format!("{at}[]"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(value.get(name).is_some(), "{at}: `{name}` is missing in {value}");
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(described, property, value, &format!("{at}.{name}"));
        }
    }
}
