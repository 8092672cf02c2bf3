//! Every address of the server over repositories with hostile content: nothing fails, nothing of it acts on a page, in a feed or in a header.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use gto_testkit::{Repo, TagSpec};

use crate::common::{Answer, Running, example, serve_with};

/// Markup, an attribute's end, entities, templates, a header's end, colours of terminals, and what turns the direction of text.
const EVIL: &str = "<zzz onzzz=1>\"'&zzz;</title></script><script>zzz()</script>{{7*7}}{%zzz%}\u{1b}[31m\u{7}\u{9b}2J\u{202e}\u{2066}\u{200f}\u{2028}";

/// The addresses of each route, as `routes.rs` names it. `EVIL` stands for hostile text.
const ROUTES: [(&str, &[&str]); 40] = [
    (
        r#""/""#,
        &[
            "/",
            "/?q=EVIL&repo=EVIL&stage=EVIL&type=EVIL&label=EVIL&author=EVIL&since=EVIL",
            "/?deprecated=1&sort=activity",
            "/?at=EVIL",
            "/?at=2100-01-01",
            "/?page=EVIL",
        ],
    ),
    (r#""/index.json""#, &["/index.json", "/index.json?q=EVIL"]),
    (r#""/health""#, &["/health"]),
    (r#""/health.json""#, &["/health.json"]),
    (
        r#""/activity""#,
        &["/activity", "/activity?author=EVIL&artifact=EVIL", "/activity?stage=EVIL", "/activity?event=EVIL"],
    ),
    (r#""/activity.json""#, &["/activity.json"]),
    (r#""/activity.atom""#, &["/activity.atom"]),
    (r#""/stages""#, &["/stages"]),
    (r#""/stages.json""#, &["/stages.json"]),
    (r#""/stages/{*stage}""#, &["/stages/prod", "/stages/prod.json", "/stages/EVIL"]),
    (r#""/r/{repo}""#, &["/r/repo", "/r/EVIL"]),
    (
        r#""/r/{repo}/{*rest}""#,
        &[
            "/r/repo/nlp:churn",
            "/r/repo/nlp:churn.json",
            "/r/repo/nlp:churn?at=2100-01-01",
            "/r/repo/nlp:churn?wrote=EVIL",
            "/r/repo/nlp:churn@v1.1.0",
            "/r/repo/nlp:churn@v1.1.0.json",
            "/r/repo/nlp:churn@v2.0.0",
            "/r/repo/nlp:churn@EVIL",
            "/r/repo/nlp:churn/compare/v1.0.0...v1.1.0",
            "/r/repo/nlp:churn/compare/v1.0.0...v2.0.0.json",
            "/r/repo/nlp:churn/compare/EVIL...EVIL",
            "/r/repo/EVIL",
            "/r/EVIL/m",
            "/r/repo/..%2Fx",
            "/r/repo/m",
        ],
    ),
    (
        r#""/write""#,
        &["POST /write action=EVIL&repo=EVIL", "POST /write action=register&repo=repo&artifact=EVIL"],
    ),
    (
        r#""/write/{repo}""#,
        &[
            "POST /write/repo action=assign&artifact=nlp:churn&version=v1.1.0&stage=prod&message=EVIL",
            "POST /write/repo action=assign&artifact=nlp:churn&version=EVIL&stage=EVIL",
            "POST /write/repo action=register&artifact=nlp:churn&revision=EVIL&version=EVIL&message=EVIL",
            "POST /write/repo action=rollback&artifact=nlp:churn&stage=prod",
            "POST /write/EVIL action=deprecate&artifact=EVIL",
        ],
    ),
    (r#""/write/{repo}/plans/{id}""#, &["/write/repo/plans/EVIL", "/write/repo/plans/x.json"]),
    (r#""/write/{repo}/plans/{id}/apply""#, &["POST /write/repo/plans/EVIL/apply x"]),
    (r#""/assets/{name}""#, &["/assets/EVIL"]),
    (r#""/sign-in""#, &["POST /sign-in token=EVIL&next=EVIL"]),
    (r#""/healthz""#, &["/healthz"]),
    (r#""/readyz""#, &["/readyz"]),
    (r#""/metrics""#, &["/metrics"]),
    (
        r#""/badge/{repo}/{name}/{stage}""#,
        &["/badge/repo/nlp:churn/prod.svg", "/badge/repo/EVIL/prod.svg", "/badge/EVIL/m/EVIL.svg"],
    ),
    (r#""/hooks/{host}""#, &["POST /hooks/github EVIL", "POST /hooks/EVIL?repo=EVIL x"]),
    (r#""/api/v1/openapi.json""#, &["/api/v1/openapi.json"]),
    (r#""/api/v1/repos""#, &["/api/v1/repos"]),
    (r#""/api/v1/health""#, &["/api/v1/health"]),
    // It does not end: `live.rs` reads it.
    (r#""/api/v1/events/stream""#, &[]),
    (
        r#""/api/v1/repos/{repo}/plans""#,
        &[
            "POST /api/v1/repos/repo/plans EVIL",
            r#"POST /api/v1/repos/repo/plans {"action":"deprecate","artifact":"nlp:churn","tag":{"message":"<zzz>\r\nX-Zzz: 1\u0000"}}"#,
            r#"POST /api/v1/repos/repo/plans {"action":"register","artifact":"data","revision":"--upload-pack=zzz"}"#,
            r#"POST /api/v1/repos/repo/plans {"action":"register","artifact":"data","author":{"name":"<zzz>\n","email":"<zzz>\n"}}"#,
        ],
    ),
    (r#""/api/v1/repos/{repo}/plans/{id}/apply""#, &["POST /api/v1/repos/repo/plans/EVIL/apply x"]),
    (r#""/api/{*rest}""#, &["/api/EVIL", "/api/v1/EVIL"]),
    (
        r#""/api/v1/artifacts""#,
        &[
            "/api/v1/artifacts",
            "/api/v1/artifacts?q=EVIL&sort=EVIL",
            "/api/v1/artifacts?cursor=EVIL",
            "/api/v1/artifacts?limit=EVIL",
        ],
    ),
    (
        r#""/api/v1/resolve""#,
        &[
            "/api/v1/resolve?ref=nlp:churn%23prod",
            "/api/v1/resolve?ref=EVIL&repo=repo",
            "/api/v1/resolve?ref=m&repo=EVIL",
        ],
    ),
    (r#""/api/v1/stages/{stage}""#, &["/api/v1/stages/prod", "/api/v1/stages/EVIL"]),
    (
        r#""/api/v1/events""#,
        &[
            "/api/v1/events",
            "/api/v1/events?stage=EVIL",
            "/api/v1/events?artifact=EVIL",
            "/api/v1/events?after=EVIL",
            "/api/v1/events?event=EVIL",
        ],
    ),
    ("ARTIFACT", &["/api/v1/repos/repo/artifacts/nlp:churn", "/api/v1/repos/repo/artifacts/EVIL"]),
    (r#"&below("versions")"#, &["/api/v1/repos/repo/artifacts/nlp:churn/versions"]),
    (
        r#"&below("versions/{version}")"#,
        &[
            "/api/v1/repos/repo/artifacts/nlp:churn/versions/v1.1.0",
            "/api/v1/repos/repo/artifacts/nlp:churn/versions/EVIL",
        ],
    ),
    (
        r#"&below("versions/{version}/files")"#,
        &["/api/v1/repos/repo/artifacts/nlp:churn/versions/v1.1.0/files"],
    ),
    (
        r#"&below("compare/{range}")"#,
        &[
            "/api/v1/repos/repo/artifacts/nlp:churn/compare/v1.0.0...v1.1.0",
            "/api/v1/repos/repo/artifacts/nlp:churn/compare/EVIL",
        ],
    ),
    (r#"&below("history")"#, &["/api/v1/repos/repo/artifacts/nlp:churn/history"]),
];

/// Those of MLflow.
const MLFLOW: [(&str, &[&str]); 4] = [
    (
        r#"&format!("{root}/api/2.0/mlflow-artifacts/artifacts")"#,
        &[
            "/api/2.0/mlflow-artifacts/artifacts?path=gto/nlp%3Dchurn/1001000",
            "/mlflow/repo/api/2.0/mlflow-artifacts/artifacts?path=EVIL",
        ],
    ),
    (
        r#"&format!("{root}/api/2.0/mlflow-artifacts/artifacts/{{*path}}")"#,
        &[
            "/api/2.0/mlflow-artifacts/artifacts/gto/nlp=churn/1001000/model.bin",
            "/api/2.0/mlflow-artifacts/artifacts/EVIL",
        ],
    ),
    (
        r#"&format!("{root}/api/2.0/mlflow/{{*call}}")"#,
        &[
            "/api/2.0/mlflow/registered-models/search",
            "/api/2.0/mlflow/registered-models/get?name=nlp%3Dchurn",
            "/api/2.0/mlflow/registered-models/get?name=EVIL",
            "/api/2.0/mlflow/model-versions/search",
            "/api/2.0/mlflow/registered-models/search?filter=EVIL",
            "/api/2.0/mlflow/EVIL",
            r#"POST /api/2.0/mlflow/registered-models/alias {"name":"nlp=churn","alias":"<zzz>","version":"1001000"}"#,
        ],
    ),
    (r#"&format!("{root}/api/3.0/mlflow/{{*call}}")"#, &["/mlflow/repo/api/3.0/mlflow/EVIL"]),
];

type Plant = fn(&Repo);

fn annotated(repo: &Repo, field: &str, text: &str) {
    let entry = match field {
        "labels" => format!("labels: [{}]", quoted(text)),
        "custom" => format!("custom: {{{0}: [{0}, {{{0}: {0}}}]}}", quoted(text)),
        field => format!("{field}: {}", quoted(text)),
    };
    repo.commit(&[("nlp/dvc.yaml", &format!("artifacts:\n  churn:\n    {entry}\n"))], "annotate");
    repo.tag("nlp=churn@v2.0.0", "HEAD", &TagSpec::default());
}

/// As JSON writes it, and YAML reads it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn tagged(repo: &Repo, spec: &TagSpec) {
    for tag in ["nlp=churn@v2.0.0", "nlp=churn#prod#5", "data#prod#1", "data@v1.0.0"] {
        repo.tag(tag, "HEAD", spec);
    }
}

const KINDS: [(&str, Plant); 18] = [
    ("messages of tags", |repo| tagged(repo, &TagSpec::default().message(EVIL))),
    ("taggers", |repo| {
        tagged(
            repo,
            &TagSpec::default().by(EVIL.replace(['<', '>'], "&zzz;"), EVIL.replace(['<', '>'], "\"'")),
        );
    }),
    ("the end of a header", |repo| {
        let evil = "x\r\nX-Zzz: 1\r\nSet-Cookie: zzz=1\r\n\r\n<zzz>";
        tagged(repo, &TagSpec::default().message(evil).by("x\rX-Zzz: 1", "x\rX-Zzz: 1"));
        annotated(repo, "description", evil);
    }),
    ("bytes that are no text", |repo| {
        let head = repo.head();
        for name in ["nlp=churn@v2.0.0", "nlp=churn#prod#5"] {
            let mut raw = format!("object {head}\ntype commit\ntag {name}\ntagger ").into_bytes();
            raw.extend(b"\xff\xfe<zzz\xed\xa0\x80 <a\xffb> 1700000000 +0000\n\n\x00\xff<zzz>\x00\n");
            repo.raw_tag(name, &raw);
        }
    }),
    ("a type", |repo| annotated(repo, "type", EVIL)),
    ("a path", |repo| annotated(repo, "path", "javascript:zzz()//\"'<zzz>")),
    ("a path that leads out", |repo| annotated(repo, "path", "../../../../../../etc/passwd")),
    ("labels", |repo| annotated(repo, "labels", EVIL)),
    ("a description", |repo| annotated(repo, "desc", EVIL)),
    ("anything else of an annotation", |repo| annotated(repo, "meta", EVIL)),
    ("very long texts", |repo| {
        let long = format!("<zzz>{}", "x\u{202e}".repeat(100_000));
        annotated(repo, "desc", &long);
        tagged(
            repo,
            &TagSpec::default().message(long.repeat(3)).by("y".repeat(100_000), "z".repeat(100_000)),
        );
    }),
    ("a commit", |repo| {
        repo.commit(&[("a", "b")], EVIL);
        let tree = repo.git_ok(&["rev-parse", "HEAD^{tree}"]);
        let text = format!(
            "tree {tree}\nparent {}\nauthor \"'<zzz> <{EVIL}> 1 +0000\ncommitter {EVIL}\n\n{EVIL}",
            repo.head()
        );
        let commit =
            repo.git_stdin(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], text.as_bytes());
        repo.tag("nlp=churn@v2.0.0", &commit, &TagSpec::default());
        repo.git_ok(&["update-ref", "refs/heads/main", &commit]);
    }),
    ("names of tags", |repo| {
        for name in [
            "<zzz>\"'&zzz;",
            "m\u{202e}@v1.0.0",
            "..=m@v1.0.0",
            "a=..=b@v1.0.0",
            "--x=m@v1.0.0",
            "{{7*7}}@v1.0.0",
            "m#<zzz>#1",
            "<zzz>=m@v1.0.0",
            "nlp=churn#\u{202e}",
        ] {
            let _ = repo.git(&["update-ref", &format!("refs/tags/{name}"), "HEAD"]);
            let _ = repo.git(&["tag", "-a", "-m", "x", &format!("{name}.0"), "HEAD"]);
        }
    }),
    ("names of files and values", |repo| {
        let evil = quoted(EVIL);
        let yaml = "artifacts:\n  churn:\n    path: files\nmetrics: [m.json]\n";
        let values = format!("{{{evil}: {evil}, \"a\": [{evil}], \"b\": {{{evil}: 1e999}}}}");
        let name = "files/<zzz onzzz=1>\"'&zzz;{{7*7}}\u{202e}";
        repo.commit(
            &[
                ("nlp/dvc.yaml", yaml),
                ("nlp/m.json", &values),
                ("nlp/params.yaml", &values),
                ("params.yaml", &values),
                (name, "x"),
                ("nlp/files/x", "y"),
            ],
            "values",
        );
        repo.tag("nlp=churn@v2.0.0", "HEAD", &TagSpec::default());
    }),
    ("the configuration", |repo| {
        let evil = quoted(EVIL);
        repo.commit(
            &[(".gto", &format!("stages: [prod, {evil}]\nINDEX: {evil}\n{evil}: {evil}\n"))],
            "configure",
        );
    }),
    ("the policy", |repo| {
        let text = "version: 1\ngroups: {\"<zzz>\\\"'\": ['email:<zzz>@x']}\nrules:\n- {stage: prod, by: [\"<zzz>\\\"'\"]}\n- {stage: \"<zzz>\", from: [x]}\n";
        repo.commit(&[(".gto-policy.yaml", text)], "rule");
    }),
    ("damaged tags", |repo| {
        let head = repo.head();
        for (tag, text) in [
            ("nlp=churn@v4.0.0", format!("object {EVIL}\ntype {EVIL}\n\n{EVIL}")),
            ("nlp=churn#prod#9", format!("object {head}\ntype commit\ntag {EVIL}\ntagger {EVIL}\n\n{EVIL}")),
        ] {
            let id = repo
                .git_stdin(&["hash-object", "-t", "tag", "--literally", "-w", "--stdin"], text.as_bytes());
            std::fs::write(repo.git_dir().join("refs/tags").join(tag), id).unwrap();
        }
        repo.lightweight("nlp=churn@v9.0.0", "HEAD");
    }),
    ("remotes and branches", |repo| {
        repo.git_ok(&["config", "remote.<zzz>.url", "https://u:zzzsecret@host/<zzz>"]);
        repo.git_ok(&["config", "remote.origin.url", "https://u:zzzsecret@host/\"'<zzz>"]);
        repo.git_ok(&["update-ref", "refs/heads/<zzz>\"'", "HEAD"]);
        repo.git_ok(&["symbolic-ref", "HEAD", "refs/heads/<zzz>\"'"]);
    }),
];

#[test]
fn every_route_is_asked() {
    let source = |room: &str| {
        let path = format!("{}/src/{room}/routes.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let parts: Vec<String> = text.split(".route(").skip(1).map(str::to_owned).collect();
        parts.into_iter().map(|part| {
            part.split(", get(")
                .next()
                .unwrap()
                .split(", post(")
                .next()
                .unwrap()
                .split(", any(")
                .next()
                .unwrap()
                .split(", axum::")
                .next()
                .unwrap()
                .to_owned()
        })
    };
    let routes: BTreeSet<String> = ["pages", "api", "mlflow"].into_iter().flat_map(source).collect();
    let asked: BTreeSet<String> =
        ROUTES.iter().chain(&MLFLOW).map(|(route, _)| (*route).to_owned()).collect();
    let difference: Vec<_> = routes.symmetric_difference(&asked).collect();
    assert!(difference.is_empty(), "add to ROUTES, or take out: {difference:#?}");
}

fn ask(server: &Running, address: &str) -> Answer {
    let token = format!("Bearer {}", server.token);
    let (method, rest) = address.split_once(' ').unwrap_or(("GET", address));
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let encoded: String =
        percent_encoding::percent_encode(EVIL.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string();
    let body = if body.starts_with('{') { body.to_owned() } else { body.replace("EVIL", &encoded) };
    let headers = [
        ("authorization", &*token),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let mut answer = server.ask(method, &path.replace("EVIL", &encoded), &headers, &body);
    // A plan is a page, too.
    let next = answer.header("location").to_owned();
    if next.starts_with("/write/") {
        answer = server.get(&next);
    }
    answer
}

fn check(place: &str, answer: &Answer) {
    // MLflow is told so what gto does not have.
    assert!(answer.status < 500 || answer.status == 501, "{place}: {}\n{:.2000}", answer.status, answer.body);
    for name in ["x-zzz", "set-cookie"] {
        assert_eq!(answer.header(name), "", "{place}");
    }
    let kind = answer.header("content-type");
    let body = &answer.body;
    assert!(!body.contains("zzzsecret"), "{place}: a password");
    if kind.contains("json") {
        answer.json();
        return;
    }
    if !kind.contains("html") && !kind.contains("xml") {
        return;
    }
    let bad = ["<zzz", "<script>", "&zzz;", "\"'", "\"javascript:", "49{%"];
    for bad in bad {
        let at = body.find(bad).unwrap_or_default();
        assert!(
            !body.contains(bad),
            "{place}: {bad}: …{}",
            body.get(at.saturating_sub(100)..at + 60).unwrap_or(body)
        );
    }
    let control = body.chars().find(|c| *c != '\n' && (c.is_control() || gto::text::is_dangerous(*c)));
    assert!(control.is_none(), "{place}: {control:?}");
    assert!(!kind.contains("xml") || is_xml(body), "{place}: no XML: {body}");
}

/// Whether Python's parser reads it; `true` without a Python.
fn is_xml(text: &str) -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys, xml.dom.minidom as dom; dom.parseString(sys.stdin.buffer.read())"]);
    let Ok(mut child) = python.stdin(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        gto_testkit::skip("no python3 to read XML with");
        return true;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

#[test]
fn nothing_of_a_repository_acts_in_any_answer() {
    std::thread::scope(|scope| {
        for kinds in KINDS.chunks(KINDS.len().div_ceil(6)) {
            scope.spawn(|| kinds.iter().for_each(|(kind, plant)| try_kind(kind, *plant)));
        }
    });
}

fn try_kind(kind: &str, plant: Plant) {
    let repo = example();
    plant(&repo);
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    let repos = server.get("/api/v1/repos").ok().json();
    // Where the configuration is not to be used, that is said, and nothing else.
    let is_unread = !repos["repos"][0]["failing"].is_null();
    assert_eq!(is_unread, kind == "the configuration", "{kind}: {repos}");
    for address in ROUTES.iter().chain(&MLFLOW).flat_map(|(_, addresses)| *addresses) {
        let answer = ask(&server, address);
        if !(is_unread && answer.status == 503) {
            check(&format!("{kind}: {address}"), &answer);
        }
    }
    // What is shown is shown: the pages do not merely fail.
    for path in ["/", "/activity", "/activity.atom", "/health", "/api/v1/events", "/r/repo/nlp:churn"] {
        assert!(server.get(path).status == 200 || is_unread, "{kind}: {path}");
    }
    assert_eq!(server.get("/").status, 200, "{kind}");
}
