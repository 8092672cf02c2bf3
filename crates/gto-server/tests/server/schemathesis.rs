//! The API is asked whatever its description allows, and more: schemathesis makes the questions.

use std::process::Command;

use crate::common::{example, serve_with};

/// How many questions of each call and kind.
const QUESTIONS: &str = "12";

/// With `GTO_SCHEMATHESIS_PYTHON=VENV/bin/python` of an environment with schemathesis 4.32.
#[test]
fn no_question_makes_the_api_fail_or_answer_otherwise_than_it_is_described() {
    let Some(python) = std::env::var_os("GTO_SCHEMATHESIS_PYTHON") else {
        return gto_testkit::skip("GTO_SCHEMATHESIS_PYTHON names no Python with schemathesis");
    };
    let repo = example();
    // Names that are there, so that more than "there is no such" is answered; and whatever names it makes.
    let there = "[parameters]\n\"path.repo\" = \"repo\"\n\"path.name\" = \"nlp:churn\"\n";
    for (folder, parameters) in [("any", ""), ("there", there)] {
        let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
        let folder = repo.sandbox().path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("schemathesis.toml"), parameters).unwrap();
        let checks =
            "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance";
        let out = Command::new(&python)
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}api/v1/openapi.json", server.url))
            .args(["--header", &format!("Authorization: Bearer {}", server.token)])
            // A stream has no end to wait for.
            .args(["--exclude-path", "/api/v1/events/stream"])
            .args(["--checks", checks, "--max-examples", QUESTIONS, "--seed", "19", "--no-color"])
            .current_dir(&folder)
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{text}");
        assert!(text.contains("generated"), "{text}");
        assert!(!text.contains("nresolvable reference"), "{text}");
    }
}
