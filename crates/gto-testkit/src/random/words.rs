//! Owns the words that random registries are made of. Must hold no logic beyond choosing.

use super::{Person, SplitMix};

/// Artifacts: with and without folder, slashes, dashes, underscores, capitals, digits. None of them looks like a
/// number: the table library of the Python tool would align it as one.
pub(super) const ARTIFACTS: &[&str] = &[
    "m",
    "nn",
    "pool",
    "model",
    "resnet50",
    "7b-llm",
    "X1",
    "churn-model",
    "Text_Classifier",
    "nlp/sentiment",
    "a/b/c_d",
    "cv:pool",
    "team/dir:model",
    "data.v2/raw:Set-1",
    "a/b_c:x/y",
    "Team-7:X1",
];

/// Artifacts that only annotations know.
pub(super) const ONLY_ANNOTATED: &[&str] = &["orphan", "Draft_1", "raw/data", "zz-top"];

/// Stages. None is a folder of another: `eu/prod` and `eu` could not both be simple tags.
pub(super) const STAGES: &[&str] = &["dev", "staging", "prod", "eu/prod", "Stage-2", "canary_1", "shadow"];

pub(super) const PEOPLE: &[Person] = &[
    Person { name: "Ada Tester", email: "ada@example.com" },
    Person { name: "Zoë Müller", email: "zoe@example.org" },
    Person { name: "李雷", email: "li@example.cn" },
    Person { name: "O'Brien, Pat", email: "pat+git@example.com" },
    Person { name: "ci-bot[bot]", email: "1234+ci@users.noreply.example.com" },
];

pub(super) const OFFSETS: &[&str] = &["+0000", "+0000", "+0530", "-0800", "+0100", "+1245", "-0330"];

/// Messages; an empty one stands for the text that the tool itself would write.
pub(super) const MESSAGES: &[&str] = &[
    "",
    "",
    "ready",
    "First line\n\nA longer text\nover several lines.",
    "Größe geprüft – 99 % ✅",
    "\"quoted\" \\ and <angles>",
    "  indented, with a tab\there  ",
    "trailing blank lines\n\n",
];

/// Other people's tags: (name, annotated).
pub(super) const FOREIGN: &[(&str, bool)] = &[
    ("release-1.0", true),
    ("v1.2.3", true),
    ("foo", false),
    ("m@1.0.0", true),
    ("m@v1", true),
    ("nn@v1.0.0.0", true),
    ("nn#", true),
    ("ci/build-7", false),
    ("m@latest", true),
    ("-dash", false),
    ("Größe-1", true),
    ("m@v01.0.0", true),
    ("m#prod#x", false),
];

/// YAML values for a `custom` key, each indented for its place.
const CUSTOM: &[&str] = &[
    "7",
    "text",
    "[1, two, 3.5]",
    "{a: 1, b: {c: [true, null]}}",
    "\"yes\"",
    "2.50",
    "\n    deep:\n      - x\n      - y: z",
];

const DESCRIPTIONS: &[&str] = &["a model", "\"quoted: text\"", "Größe ✅", "|\n    several\n    lines", "''"];

/// One entry of an annotation file.
pub(super) fn annotation(chance: &mut SplitMix, name: &str) -> String {
    let mut yaml = format!("{name}:\n");
    let mut lines: Vec<String> = Vec::new();
    if chance.below(3) > 0 {
        lines.push(format!("type: {}", chance.pick(&["model", "dataset", "x/y_z"])));
    }
    if chance.below(3) > 0 {
        lines.push(format!(
            "path: {}",
            chance.pick(&["models/m.pkl", "\"data dir/x.csv\"", "s3://bucket/key"])
        ));
    }
    if chance.one_in(2) {
        lines.push(format!("labels: {}", chance.pick(&["[a, b-c]", "[]", "\n  - l1\n  - L2"])));
    }
    if chance.one_in(2) {
        lines.push(format!("description: {}", chance.pick(DESCRIPTIONS)));
    }
    if chance.one_in(4) {
        lines.push(format!("custom: {}", chance.pick(CUSTOM)));
    }
    if chance.one_in(6) {
        lines.push("virtual: false".to_owned());
    }
    if lines.is_empty() {
        return format!("{name}: {{}}\n");
    }
    for line in lines {
        yaml.push_str("  ");
        yaml.push_str(&line);
        yaml.push('\n');
    }
    yaml
}

/// A version, short (at most seven characters) or of any length.
pub(super) fn version(chance: &mut SplitMix, long: bool) -> String {
    let mut version = format!("v{}.{}.{}", chance.below(4), chance.below(10), chance.below(10));
    if !long {
        if chance.one_in(6) {
            version = format!("v{}.{}.{}", chance.below(3), chance.between(10, 99), chance.below(9));
        }
        return version;
    }
    if chance.one_in(3) {
        version = format!("v{}.{}.{}", chance.below(30), chance.below(120), chance.below(1000));
    }
    if chance.one_in(3) {
        version.push_str(chance.pick(&["-rc.1", "-rc.10", "-rc.9", "-alpha", "-beta.2.x", "-0", "-a-b"]));
    }
    if chance.one_in(5) {
        version.push_str(chance.pick(&["+build.5", "+exp-sha", "+001"]));
    }
    version
}
