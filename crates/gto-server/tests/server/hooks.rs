//! Hooks, badges and metrics, which have secrets of their own.

use std::fs;

use crate::common::{Running, example, serve_with};

const SECRET: &str = "a-secret-of-the-hooks";

fn server(repo: &gto_testkit::Repo) -> Running {
    let folder = repo.sandbox().path();
    for (name, secret) in
        [("hook", SECRET), ("badge", "a-token-of-badges-1"), ("metrics", "a-token-of-metrics")]
    {
        fs::write(folder.join(name), format!("{secret}\n")).unwrap();
    }
    let settings = "hook_secret_file: hook\nbadge_token_file: badge\nmetrics_token_file: metrics\n";
    fs::write(folder.join("gto-serve.yaml"), settings).unwrap();
    serve_with(repo.sandbox(), &[repo.path()], |a| a.config = Some("gto-serve.yaml".into()))
}

#[test]
fn a_hook_without_the_secret_or_with_a_wrong_one_is_refused() {
    let repo = example();
    let server = server(&repo);
    let bearer = format!("Bearer {SECRET}");
    let body = r#"{"repository": {"clone_url": "https://evil.example/x.git"}}"#;
    for (host, name, value) in [
        ("github", "x-hub-signature-256", "sha256=00"),
        ("github", "x-hub-signature-256", SECRET),
        ("github", "x-gitlab-token", SECRET),
        ("gitlab", "x-gitlab-token", "x"),
        ("gitea", "x-gitea-signature", ""),
        ("bitbucket", "x-hub-signature", "sha1=00"),
        ("generic", "authorization", "Bearer x"),
        ("generic", "x", "x"),
    ] {
        let answer = server.ask("POST", &format!("/hooks/{host}"), &[(name, value)], body);
        assert_eq!(answer.status, 401, "{host} {name}");
    }
    for (path, status) in [
        ("/hooks/generic", 202),
        ("/hooks/generic?repo=repo", 202),
        ("/hooks/generic?repo=absent", 404),
        ("/hooks/generic?repo=../x", 404),
        ("/hooks/absent", 404),
    ] {
        assert_eq!(server.ask("POST", path, &[("authorization", &bearer)], body).status, status, "{path}");
    }
    assert_eq!(server.ask("POST", "/hooks/gitlab", &[("x-gitlab-token", SECRET)], body).status, 202);
    assert_eq!(
        server.ask("GET", "/", &[("authorization", &bearer)], "").status,
        401,
        "it opens nothing else"
    );
}

#[test]
fn a_hook_about_a_remote_repository_has_the_remote_asked() {
    let repo = example();
    let folder = repo.sandbox().path();
    let bare = folder.join("bare.git");
    repo.git_ok(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    fs::write(folder.join("hook"), SECRET).unwrap();
    let url = format!("file://{}", bare.display());
    let settings =
        format!("hook_secret_file: hook\nrefresh: 1h\nrepositories: [{{id: bare, url: '{url}'}}]\n");
    fs::write(folder.join("gto-serve.yaml"), settings).unwrap();
    let server = serve_with(repo.sandbox(), &[], |a| a.config = Some("gto-serve.yaml".into()));
    server.wait_for("/api/v1/resolve?ref=data", |answer| answer.body.contains("v0.1.0"));
    for version in ["v7.0.0", "v8.0.0"] {
        repo.commit(&[], version);
        repo.tag(&format!("data@{version}"), "HEAD", &gto_testkit::TagSpec::default());
        repo.git_ok(&["push", "--quiet", &url, &format!("data@{version}")]);
        let secret = [("x-gitlab-token", SECRET)];
        assert_eq!(server.ask("POST", "/hooks/gitlab?repo=bare", &secret, "{}").status, 202);
        let took = server.wait_for("/api/v1/resolve?ref=data", |answer| answer.body.contains(version));
        assert!(took.as_secs() < 20, "{took:?}");
    }
}

#[test]
fn badges_and_metrics_are_read_with_tokens_of_their_own() {
    let repo = example();
    let server = server(&repo);
    server.get("/").ok();
    let badge = server.ask("GET", "/badge/repo/nlp:churn/prod.svg?token=a-token-of-badges-1", &[], "").ok();
    assert!(badge.body.contains("v1.0.0") && badge.header("content-type") == "image/svg+xml");
    assert_eq!(badge.header("cross-origin-resource-policy"), "cross-origin");
    let strange = "/badge/repo/nlp:churn/%3Cscript%3E.svg?token=a-token-of-badges-1";
    assert_eq!(server.ask("GET", strange, &[], "").status, 404);
    assert!(
        server
            .ask("GET", "/badge/repo/nlp:churn/qa.svg?token=a-token-of-badges-1", &[], "")
            .ok()
            .body
            .contains("nothing")
    );
    let metrics = server.ask("GET", "/metrics", &[("authorization", "Bearer a-token-of-metrics")], "").ok();
    for line in [
        "gto_repository_up{repo=\"repo\"} 1",
        "gto_stage_since_timestamp_seconds{repo=\"repo\",artifact=\"nlp:churn\",stage=\"prod\",version=\"v1.0.0\"} ",
        "gto_http_responses_total{status=\"2xx\"} ",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
    for (path, token) in [
        ("/metrics", "a-token-of-badges-1"),
        ("/badge/repo/nlp:churn/prod.svg", "a-token-of-metrics"),
        ("/", "a-token-of-metrics"),
        ("/api/v1/artifacts", "a-token-of-badges-1"),
        ("/metrics", "x"),
    ] {
        let bearer = format!("Bearer {token}");
        assert_eq!(server.ask("GET", path, &[("authorization", &bearer)], "").status, 401, "{path}");
        assert_eq!(server.ask("GET", &format!("{path}?token={token}"), &[], "").status, 401, "{path}");
    }
}
