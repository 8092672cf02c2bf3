//! The pages in a real browser: `cargo xtask test` sets up playwright-core and axe-core, and takes the system's chromium.

use std::path::{Path, PathBuf};

use crate::common::{example, serve_with};

/// Where playwright-core is.
fn tools() -> Option<PathBuf> {
    let set = std::env::var_os("GTO_BROWSER").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
    let found = set.unwrap_or(usual).canonicalize().ok()?;
    found.join("node_modules/playwright-core").is_dir().then_some(found)
}

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.exists())
}

#[test]
fn a_person_in_a_browser_finds_searches_compares_and_sees_changes_at_once() {
    let (Some(tools), Some(chromium)) = (tools(), chromium()) else {
        return gto_testkit::skip(
            "no chromium, or no playwright-core: `cargo xtask test` sets it up where npm is",
        );
    };
    let repo = example();
    let policy = "version: 1\nrules:\n  - {stage: prod, branches: [release]}\n";
    repo.commit(
        &[(".gto", "stages: [dev, canary, staging, prod]\n"), (".gto-policy.yaml", policy)],
        "Promote what is on the branch release",
    );
    let server = serve_with(repo.sandbox(), &[repo.path()], |a| a.write = Some("local".into()));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/browser.mjs");
    let mut node = repo.command("node");
    // Chromium wants a home of its own.
    node.env("GTO_BROWSER", tools).env("GTO_CHROMIUM", chromium);
    node.arg(script).arg(format!("{}?token={}", server.url, server.token)).arg(repo.path());
    let output = node.output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{told}");
}
