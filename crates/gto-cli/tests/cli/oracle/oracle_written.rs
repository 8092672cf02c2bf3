//! Working side by side: a registry that the Python tool wrote is shown equally by both tools, and so it is after we have
//! written to it.

use std::collections::HashMap;
use std::time::Duration;

use crate::common::{clock, gto, theirs};
use gto_testkit::{Oracle, Repo};

const ARTIFACTS: [&str; 5] = ["alpha", "beta", "nlp:gamma", "delta/eps", "Zeta"];
/// The annotations of two of them, from the first commit on.
const ANNOTATIONS: &str = "alpha:\n  type: model\n  path: models/alpha\n  description: the first\n  labels: [a, b]\n\
                           Zeta:\n  type: dataset\n  custom: {rows: 3, ratio: 0.5}\n";

/// The PyPI tool at work, each event of an artifact in a second of its own: the tool has no event clock (D3).
struct Writer<'a> {
    oracle: &'a mut Oracle,
    repo: &'a Repo,
    newest: HashMap<&'static str, i64>,
}

impl Writer<'_> {
    fn write(&mut self, artifact: &'static str, command: &str) {
        let newest = self.newest.get(artifact).copied().unwrap_or_default();
        while clock() <= newest {
            std::thread::sleep(Duration::from_millis(10));
        }
        theirs(self.oracle, self.repo, &command.replacen("NAME", artifact, 1)).ok();
        self.newest.insert(artifact, clock());
    }
}

/// Twenty commits, five artifacts, and every kind of event.
fn write_registry(oracle: &mut Oracle) -> Repo {
    let repo = Repo::new();
    let mut writer = Writer { oracle, repo: &repo, newest: HashMap::new() };
    let registrations = [
        "register NAME",
        "register NAME HEAD --bump-minor -m released",
        "register NAME --version v0.9.9",
        "assign NAME HEAD --version v1.0.0 --stage dev",
    ];
    for command in registrations {
        for artifact in ARTIFACTS {
            repo.commit(
                &[("artifacts.yaml", ANNOTATIONS), ("file", artifact)],
                &format!("{command} {artifact}"),
            );
            writer.write(artifact, command);
        }
    }
    for artifact in ARTIFACTS {
        writer.write(artifact, "assign NAME --version v0.1.0 --stage prod");
    }
    for artifact in ARTIFACTS {
        writer.write(artifact, "promote NAME --version v1.0.0 --stage prod --simple true");
    }
    for (artifact, command) in [
        ("alpha", "deprecate NAME v1.0.0 prod"),
        ("beta", "deprecate NAME v0.0.1"),
        ("nlp:gamma", "deprecate NAME v1.0.0 dev --simple true"),
        ("delta/eps", "deprecate NAME"),
        ("Zeta", "deprecate NAME v1.0.0 --simple false"),
        ("beta", "promote NAME --version v0.9.9 --stage canary"),
        ("nlp:gamma", "deprecate NAME v0.1.0"),
    ] {
        writer.write(artifact, command);
    }
    repo
}

/// Of the registry.
const REGISTRY: [&str; 12] = [
    "show",
    "show --json",
    "show --name",
    "show -d --plain",
    "show --ro --json -d --vs -1",
    "show --vs 2 --sort semver --plain",
    "show --av 2 --json",
    "stages",
    "stages --allowed --json",
    "print-state",
    "show absent",
    "history absent",
];
/// Of each artifact.
const ARTIFACT: [&str; 7] = [
    "show NAME",
    "show NAME --json -d",
    "show NAME --stage --vs -1",
    "show NAME@latest --version",
    "show NAME@v0.1.0 --json",
    "show NAME#prod --ref",
    "history NAME --plain --asc",
];
/// Of each tag one of these.
const TAG: [&str; 5] = ["", "--json", "--version", "--stage", "--event"];

/// Asks both tools every kind of question, the decisions' own differences left out.
fn shown_equally(oracle: &mut Oracle, repo: &Repo) {
    let mut lines: Vec<String> = REGISTRY.map(str::to_owned).to_vec();
    for artifact in ARTIFACTS {
        lines.extend(ARTIFACT.map(|line| line.replacen("NAME", artifact, 1)));
    }
    let tags = repo.tag_names();
    lines.extend(tags.iter().zip(TAG.iter().cycle()).map(|(tag, flag)| format!("check-ref {tag} {flag}")));
    for line in lines {
        let (theirs, ours) = (theirs(oracle, repo, &line), gto(repo, &line));
        assert_eq!(theirs.status, ours.status, "{theirs}\n{ours}");
        assert_eq!(theirs.out(), ours.out(), "{line}");
    }
    // Events of different artifacts in one second have no order.
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let line = "history --plain";
    assert_eq!(sorted(theirs(oracle, repo, line).ok().out()), sorted(gto(repo, line).ok().out()));
}

#[test]
fn both_tools_read_what_the_other_one_wrote() {
    let Some(mut oracle) = Oracle::or_skip() else { return };
    let repo = write_registry(&mut oracle);
    assert_eq!(repo.git_ok(&["rev-list", "--count", "HEAD"]), "20");
    assert_eq!(repo.tag_names().len(), 42);
    shown_equally(&mut oracle, &repo);

    for line in
        ["register alpha", "assign beta --version v1.0.0 --stage canary", "deprecate nlp:gamma v1.0.0 prod"]
    {
        gto(&repo, line).ok();
    }
    repo.commit(&[], "one more");
    for line in [
        "register alpha --bump-major -m ours",
        "assign nlp:gamma --stage canary",
        "deprecate beta v1.0.0 canary",
        "deprecate beta v0.1.0",
        "register delta/eps",
        "deprecate Zeta",
        "register new/folder:theta",
        "promote new/folder:theta --version v0.0.1 --stage prod --simple true",
    ] {
        gto(&repo, line).ok();
    }
    shown_equally(&mut oracle, &repo);
}
