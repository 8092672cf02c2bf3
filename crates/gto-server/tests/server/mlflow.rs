//! A client of MLflow's model registry.

use std::process::Command;

use gto_testkit::TagSpec;

use crate::common::{example, serve, serve_with};

const CALLS: &str = "/api/2.0/mlflow";

#[test]
fn mlflow_sees_artifacts_as_models_and_stages_as_aliases() {
    let repo = example();
    let server = serve(&repo);
    let model = server.get(&format!("{CALLS}/registered-models/get?name=nlp%3Dchurn")).ok().json();
    let model = &model["registered_model"];
    assert_eq!(
        (model["name"].as_str(), model["aliases"][0]["version"].is_string()),
        (Some("nlp=churn"), true)
    );
    let version =
        server.get(&format!("{CALLS}/registered-models/alias?name=nlp%3Dchurn&alias=prod")).ok().json();
    assert_eq!(version["model_version"]["version"], "1000000");
    assert_eq!(version["model_version"]["tags"][0]["value"], "v1.0.0");
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{CALLS}/model-versions/search?max_results=1&page_token={token}");
        let page = server.get(&path).ok().json();
        seen.push(page["model_versions"][0]["version"].as_str().unwrap().to_owned());
        let Some(next) = page["next_page_token"].as_str() else { break };
        next.clone_into(&mut token);
    }
    assert_eq!(seen, ["1000", "1001000", "1000000"]);
    let listed = server.get("/api/2.0/mlflow-artifacts/artifacts?path=gto/nlp%3Dchurn/1001000").ok().json();
    assert_eq!(listed["files"][0]["path"], "model.bin");
    let file = server.get("/api/2.0/mlflow-artifacts/artifacts/gto/nlp=churn/1001000/model.bin").ok();
    assert_eq!((file.body.as_str(), file.header("content-disposition")), ("2", "attachment"));
    let of_one = server.get(&format!("/mlflow/repo{CALLS}/registered-models/search")).ok().json();
    assert_eq!(of_one["registered_models"].as_array().unwrap().len(), 2);
}

#[test]
fn what_mlflow_may_not_do_here_is_refused_in_its_own_words() {
    let repo = example();
    let server = serve(&repo);
    let token = format!("Bearer {}", server.token);
    let ask = |method: &str, call: &str, body: &str| {
        let answer = server.ask(method, &format!("{CALLS}/{call}"), &[("authorization", &token)], body);
        (answer.status, answer.json()["error_code"].as_str().unwrap_or_default().to_owned())
    };
    let alias = r#"{"name": "nlp=churn", "alias": "prod", "version": "1001000"}"#;
    for (method, call, body, status, code) in [
        ("POST", "registered-models/create", r#"{"name": "x"}"#, 501, "NOT_IMPLEMENTED"),
        ("GET", "experiments/search", "", 501, "NOT_IMPLEMENTED"),
        ("POST", "registered-models/alias", alias, 403, "PERMISSION_DENIED"),
        ("POST", "registered-models/alias", "{", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "registered-models/get", "", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "registered-models/get?name=absent", "", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "registered-models/search?filter=x", "", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "registered-models/search?max_results=0", "", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "model-versions/get?name=data&version=../x", "", 404, "RESOURCE_DOES_NOT_EXIST"),
    ] {
        assert_eq!(ask(method, call, body), (status, code.to_owned()), "{method} {call}");
    }
    assert!(!repo.git_ok(&["tag"]).contains("prod#5"));
    assert_eq!(server.ask("GET", &format!("{CALLS}/registered-models/search"), &[], "").status, 401);
    for path in ["gto/nlp=churn/1001000/../../../.git/config", "..%2F..%2Fetc%2Fpasswd", "gto/data/1000/x"] {
        let answer = server.get(&format!("/api/2.0/mlflow-artifacts/artifacts/{path}"));
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[test]
fn two_artifacts_do_not_answer_as_one_model() {
    let repo = example();
    repo.tag("nlp/churn@v5.0.0", "HEAD", &TagSpec::default());
    let server = serve(&repo);
    for call in [
        "registered-models/get?name=nlp%3Dchurn",
        "registered-models/alias?name=nlp%3Dchurn&alias=prod",
        "model-versions/search?filter=name%3D%27nlp%3Dchurn%27",
        "model-versions/get?name=nlp%3Dchurn&version=1000000",
    ] {
        let answer = server.get(&format!("{CALLS}/{call}"));
        assert_eq!(answer.status, 400, "{call}: {}", answer.body);
        let message = answer.json()["message"].to_string();
        assert!(message.contains("'nlp:churn'") && message.contains("'nlp/churn'"), "{message}");
    }
    let all = server.get(&format!("{CALLS}/registered-models/search")).ok().json();
    assert_eq!(all["registered_models"].as_array().unwrap().len(), 1, "{all}");
    assert_eq!(all["registered_models"][0]["name"], "data");
}

/// With `GTO_MLFLOW_PYTHON=VENV/bin/python` of an environment with `mlflow-skinny` 3.17.
#[test]
fn mlflows_own_client_reads_and_moves_stages() {
    let Some(python) = std::env::var_os("GTO_MLFLOW_PYTHON") else {
        return gto_testkit::skip("GTO_MLFLOW_PYTHON names no Python with mlflow-skinny 3.17");
    };
    let repo = example();
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/mlflow_client.py");
    for root in ["", "/mlflow/repo"] {
        let got = repo.sandbox().path().join(format!("got{}", root.len()));
        std::fs::create_dir_all(&got).unwrap();
        if !root.is_empty() {
            repo.git_ok(&["tag", "-a", "-m", "back", "nlp=churn#prod#90", "HEAD~1"]);
            server.wait_for("/api/v1/resolve?ref=nlp:churn%23prod", |answer| answer.body.contains("v1.0.0"));
        }
        let out = Command::new(&python)
            .arg(script)
            .arg(format!("{}{root}", server.url.trim_end_matches('/')))
            .arg(&got)
            .env("MLFLOW_TRACKING_TOKEN", &server.token)
            .env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{text}");
        assert!(text.contains("not supported by gto"), "{text}");
    }
    assert!(repo.git_ok(&["tag"]).contains("nlp=churn#qa!#"));
}
