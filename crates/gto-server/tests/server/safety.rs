//! The promises of SECURITY.md about the server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use gto_testkit::{Repo, TagSpec};

use crate::common::{example, serve, serve_with};

const PAGES: [&str; 14] = [
    "/",
    "/index.json",
    "/health",
    "/r/repo/nlp:churn",
    "/r/repo/nlp:churn@v1.0.0",
    "/r/repo/nlp:churn/compare/v1.0.0...v1.1.0",
    "/activity",
    "/activity.atom",
    "/stages",
    "/stages/prod",
    "/api/v1/artifacts",
    "/api/v1/repos",
    "/api/v1/openapi.json",
    "/api/v1/events/stream",
];

#[test]
fn without_the_token_nothing_of_a_registry_is_shown() {
    let repo = example();
    let server = serve(&repo);
    for path in PAGES {
        for headers in [&[][..], &[("authorization", "Bearer x")], &[("cookie", "gto-serve=1")]] {
            let answer = server.ask("GET", path, headers, "");
            assert_eq!(answer.status, 401, "{path}");
            assert!(!answer.body.contains("churn") || path.contains("churn"));
        }
    }
    assert_eq!(server.ask("GET", &format!("/?token={}x", server.token), &[], "").status, 401);
    for open in ["/healthz", "/readyz"] {
        assert_eq!(server.ask("GET", open, &[], "").status, 200, "{open}");
    }
}

#[test]
fn the_token_in_an_address_becomes_a_cookie_and_leaves_the_address() {
    let repo = example();
    let server = serve(&repo);
    let answer =
        server.ask("GET", &format!("/r/repo/data?at=2100-01-01&token={}&x=1", server.token), &[], "");
    assert_eq!((answer.status, answer.header("location")), (303, "/r/repo/data?at=2100-01-01&x=1"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(&server.token)
    );
    let pair = cookie.split(';').next().unwrap();
    let page = server.ask("GET", "/", &[("cookie", pair)], "").ok();
    assert!(!page.body.contains(&server.token), "no page has the token");
    // Another server on this machine has other cookies and another token.
    let other = serve(&repo);
    assert_eq!(other.ask("GET", "/", &[("cookie", pair)], "").status, 401);
    // A path of two slashes would lead to another host.
    let answer = server.ask("GET", &format!("//evil.example/?token={}", server.token), &[], "");
    assert_eq!(answer.header("location"), "/evil.example/");
}

#[test]
fn the_form_takes_the_token_and_leads_back_to_a_page_of_ours() {
    let repo = example();
    let server = serve(&repo);
    let form = |next: &str, token: &str| {
        let body = format!("next={next}&token={token}");
        server.ask("POST", "/sign-in", &[("content-type", "application/x-www-form-urlencoded")], &body)
    };
    let answer = form("/r/repo/data%3Fat%3D2100-01-01", &server.token);
    assert_eq!((answer.status, answer.header("location")), (303, "/r/repo/data?at=2100-01-01"));
    for next in
        ["//evil.example", "https://evil.example", "/\\evil.example", "%0d%0aX:1", "javascript:alert(1)"]
    {
        let to = form(next, &server.token).header("location").to_owned();
        assert!(to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"), "{next}: {to}");
    }
    assert_eq!(form("/", "wrong").status, 401);
    let strange = [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.ask("POST", "/sign-in", &strange, &format!("token={}", server.token)).status, 403);
}

#[test]
fn another_name_of_this_server_is_not_answered() {
    let repo = example();
    let server =
        serve_with(repo.sandbox(), &[repo.path()], |a| a.allowed_hosts = vec!["models.example.com".into()]);
    let token = format!("Bearer {}", server.token);
    for path in PAGES.iter().chain(&["/healthz", "/assets/x.css"]) {
        let answer = server.ask("GET", path, &[("host", "evil.example"), ("authorization", &token)], "");
        assert_eq!(answer.status, 421, "{path}");
    }
    server.ask("GET", "/", &[("host", "models.example.com"), ("authorization", &token)], "").ok();
}

#[test]
fn every_answer_tells_browsers_to_load_and_run_nothing_from_elsewhere() {
    let repo = example();
    let server = serve(&repo);
    for path in ["/", "/absent", "/health", "/index.json"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        for inline in ["<style", "style=\"", " onclick=", "javascript:"] {
            assert!(!answer.body.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn a_proxy_is_believed_only_where_it_is() {
    let repo = example();
    let proxy = |net: &str| {
        serve_with(repo.sandbox(), &[repo.path()], |a| {
            a.auth = Some("proxy".into());
            a.trusted_proxies = vec![net.into()];
        })
    };
    let ada = [("x-forwarded-user", "ada")];
    let server = proxy("127.0.0.1/32");
    assert!(server.ask("GET", "/", &ada, "").ok().text().contains("ada"));
    assert_eq!(server.ask("GET", "/", &[], "").status, 403);
    assert_eq!(proxy("10.0.0.0/8").ask("GET", "/", &ada, "").status, 403);
}

#[test]
fn text_of_a_repository_is_shown_and_does_nothing() {
    let repo = Repo::new();
    let hostile =
        "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u{1b}[31m \u{202e}gnp.exe {{7*7}}";
    let yaml = format!(
        "m:\n  type: {0}\n  path: {0}\n  labels: [{0}]\n  description: {0}\n  custom: {{x: {0}}}\n",
        serde_json::to_string(hostile).unwrap()
    );
    repo.commit(&[("artifacts.yaml", &yaml)], hostile);
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default().by("Eve\u{202e}", "e@x").message(hostile));
    repo.tag("m#prod#1", "HEAD", &TagSpec::default().by("&Eve\"", "e@x").message(hostile));
    let server = serve(&repo);
    for path in
        ["/", "/r/repo/m", "/?q=<script>alert(1)</script>&type=\"><script>", "/absent<script>", "/health"]
    {
        let answer =
            server.get(&path.replace('<', "%3C").replace('>', "%3E").replace('"', "%22").replace(' ', "%20"));
        for bad in ["<script>alert", "<img", "&Eve", "\u{1b}", "\u{202e}"] {
            assert!(!answer.body.contains(bad), "{path}: {bad}\n{}", answer.body);
        }
    }
    let text = server.get("/r/repo/m").ok().body;
    assert!(text.contains("&#60;script&#62;") && text.contains("\\u{202e}") && text.contains("\\u{1b}"));
}

#[test]
fn a_path_never_leads_out_of_the_repositories() {
    let repo = example();
    let server = serve(&repo);
    for path in [
        "/r/..%2F..%2Fetc/passwd",
        "/r/repo/..%2F..%2F..%2Fetc%2Fpasswd",
        "/r/%2Fetc/passwd",
        "/r/repo/%00",
        "/r/repo/%ff%fe",
        "/r/repo/a%0d%0aSet-Cookie:x=1",
        "/assets/..%2F..%2Fsrc%2Flib.rs",
        "/r/repo/@@@@",
        "/r/repo/nlp:churn@..%2F..",
        "/r/repo/--upload-pack=touch",
    ] {
        let status = server.get(path).status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
}

#[test]
fn slow_and_large_requests_are_cut_off() {
    let repo = example();
    let server = serve(&repo);
    // Of more, a client may still be sending when it is cut off, and not see the answer.
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(server.ask("POST", "/sign-in", &[], &large).status, 413);
    let token = format!("Bearer {}", server.token);
    for (path, is_api) in [
        ("/api/v1/repos/repo/plans", true),
        ("/api/2.0/mlflow/registered-models/alias", true),
        ("/write/repo", false),
        ("/sign-in", false),
    ] {
        let answer = server.ask("POST", path, &[("authorization", &token)], &large);
        assert_eq!(answer.status, 413, "{path}");
        if is_api {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert_eq!(answer.json()["status"], 413, "{path}");
            assert!(answer.json()["detail"].as_str().unwrap().contains("larger than 1 MiB"), "{path}");
        } else {
            assert!(answer.body.starts_with("<!doctype html>"), "{path}: {}", answer.body);
            assert!(answer.text().contains("larger than 1 MiB"), "{path}: {}", answer.text());
        }
    }
    let address = server.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(slow, "GET / HTTP/1.1\r\nHost: ").unwrap();
    // Others are answered in the meantime.
    server.get("/").ok();
    let mut rest = String::new();
    let _ = slow.read_to_string(&mut rest);
    assert!(!rest.starts_with("HTTP/1.1 200"), "{rest}");
    let mut many = TcpStream::connect(&address).unwrap();
    many.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // It may be cut off while it still sends.
    let _ = write!(many, "GET /?{} HTTP/1.1\r\nHost: {address}\r\n\r\n", "a".repeat(100_000));
    let mut answer = String::new();
    let _ = many.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 4") || answer.is_empty(), "{answer}");
}
