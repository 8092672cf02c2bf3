//! Edits of annotation files change the lines that are meant, and nothing else: on files as people and DVC write them,
//! and on random files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "here it is how a test fails")]

use std::fmt::Write as _;

use gto::annotation::Source::{self, Dvc, Gto};
use gto::annotation::edit::{Changes, annotate, remove};
use gto::annotation::{Annotation, Annotations, FileProblem, artifacts_yaml};
use gto::dvc::file::DvcYaml;
use gto_testkit::Repo;
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str, source: Source) -> Annotations {
    match source {
        Gto => artifacts_yaml::read(text.as_bytes()),
        Dvc => DvcYaml::parse(text.as_bytes()).annotations("", &|_| Ok(None)),
    }
}

/// The lines that `git diff` shows as taken out and put in.
fn diff(before: &str, after: &str) -> String {
    let shown = diff_in(&Repo::new(), before, after, 0);
    shown.split_inclusive('\n').filter(|line| !line.starts_with('@')).collect()
}

/// The output of `git diff`, with this number of context lines. Carriage returns and tabs can be seen.
fn diff_in(repo: &Repo, before: &str, after: &str, context: usize) -> String {
    let path = |name: &str| repo.path().join(name).display().to_string();
    std::fs::write(path("before"), before).unwrap();
    std::fs::write(path("after"), after).unwrap();
    let context = format!("--unified={context}");
    let shown = repo.git(&["diff", "--no-index", &context, "--no-color", "--", "before", "after"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let mut changed = String::new();
    for line in shown.split('\n').skip_while(|line| !line.starts_with("@@")) {
        let line = if line.starts_with("@@") { line.trim_end_matches(|c| c != '@') } else { line };
        if !line.is_empty() {
            let line = if line.starts_with(' ') { line.trim_end() } else { line };
            writeln!(changed, "{}", line.replace('\r', "␍").replace('\t', "␉")).unwrap();
        }
    }
    changed
}

/// Everything at once.
fn changes() -> Changes {
    Changes {
        kind: Some("model".into()),
        path: Some("models/new.pkl".into()),
        add_labels: vec!["prod".into()],
        description: Some("First line\nand: second".into()),
        custom: Some(json!({"accuracy": 0.9})),
        ..Changes::default()
    }
}

/// What an edit and then a removal of the entry do.
fn story(text: &str, source: Source, entry: &str, changes: &Changes) -> String {
    let edited = annotate(text, source, entry, changes).unwrap_or_else(|p| panic!("{p:?}\n{text}"));
    let again = annotate(&edited, source, entry, changes).unwrap();
    assert_eq!(again, edited, "the second time there is nothing to do");
    let annotation = |text: &str| {
        let found = read(text, source);
        assert_eq!(found.problems, [], "{text}");
        found.artifacts.into_iter().find(|(name, _)| name.as_str() == entry).map(|(_, annotation)| annotation)
    };
    let is = annotation(&edited).unwrap();
    let want = |new: &Option<String>, is: Option<String>| {
        if let Some(new) = new {
            assert_eq!(Some(new), is.as_ref());
        }
    };
    want(&changes.kind, is.kind);
    want(&changes.path, is.path);
    want(&changes.description, Some(is.description));
    let removed = remove(&edited, source, entry).unwrap_or_else(|p| panic!("{p:?}\n{edited}"));
    assert_eq!(annotation(&removed), None);
    format!("{}~~~\n{}", diff(text, &edited), diff(&edited, &removed))
}

/// As `Repo().artifacts.add` of DVC 3.66.1 writes it, beside a pipeline.
const BY_DVC: &str = "\
stages:
  train:
    cmd: python train.py ${seed}   # two  spaces
    deps: [train.py, data/]
    outs:
    - models/churn.pkl
artifacts:
  churn:
    path: models/churn.pkl
    desc: Who leaves
    type: model
    labels:
    - tabular
  other:
    path: models/other.pkl
metrics:
- metrics.json
";

#[test]
fn a_file_of_dvc_gets_the_lines_of_the_new_fields() {
    assert_eq!(
        story(BY_DVC, Dvc, "churn", &changes()),
        "\
-    path: models/churn.pkl
-    desc: Who leaves
+    path: models/new.pkl
+    desc: |-
+      First line
+      and: second
+    - prod
+    meta:
+      accuracy: 0.9
~~~
-  churn:
-    path: models/new.pkl
-    desc: |-
-      First line
-      and: second
-    type: model
-    labels:
-    - tabular
-    - prod
-    meta:
-      accuracy: 0.9
"
    );
}

#[test]
fn a_new_artifact_comes_after_the_others() {
    let new = "\
+  new:
+    path: models/new.pkl
+    desc: |-
+      First line
+      and: second
+    type: model
+    labels:
+    - prod
+    meta:
+      accuracy: 0.9
";
    assert_eq!(story(BY_DVC, Dvc, "new", &changes()), format!("{new}~~~\n{}", new.replace('+', "-")));
}

#[test]
fn a_pipeline_gets_a_section_and_loses_it_again() {
    let text = "stages:\n  train:\n    cmd: a && b\n# the end, without a line end";
    let path = Changes { path: Some("m".into()), ..Changes::default() };
    assert_eq!(
        story(text, Dvc, "m", &path),
        "+artifacts:\n+  m:\n+    path: m\n~~~\n-artifacts:\n-  m:\n-    path: m\n"
    );
    let edited = annotate(text, Dvc, "m", &path).unwrap();
    assert_eq!(remove(&edited, Dvc, "m").unwrap(), text);
}

#[test]
fn comments_tabs_and_unicode_stay() {
    let text = "\
# Артефакты\tмодели 🪴

# ---- models ----
churn: # \ttab and 日本
    type: model        # aligned
    path: 'models/größe.pkl' # quoted
    labels: [ a,b ] # flow
    # custom: {x: 1}

# ---- data ----
raw:
    path: \"data/raw\"
    type: dataset
";
    assert_eq!(
        story(text, Gto, "churn", &changes()),
        "\
-    path: 'models/größe.pkl' # quoted
-    labels: [ a,b ] # flow
+    path: 'models/new.pkl' # quoted
+    labels: [ a,b, prod ] # flow
+    description: |-
+        First line
+        and: second
+    custom:
+        accuracy: 0.9
~~~
-churn: # ␉tab and 日本
-    type: model        # aligned
-    path: 'models/new.pkl' # quoted
-    labels: [ a,b, prod ] # flow
-    description: |-
-        First line
-        and: second
-    custom:
-        accuracy: 0.9
-    # custom: {x: 1}
"
    );
}

#[test]
fn a_file_of_windows_keeps_its_mark_and_its_line_ends() {
    let text = "\u{feff}# made on Windows\r\nchurn:\r\n  type: model\r\n  description: >-\r\n    Who\r\n    leaves\r\n\r\nraw:\r\n  path: data\r\n";
    let changes = Changes { path: Some("m".into()), description: Some("a\nb".into()), ..Changes::default() };
    assert_eq!(
        story(text, Gto, "churn", &changes),
        "\
-  description: >-␍
-    Who␍
-    leaves␍
+  description: |-␍
+    a␍
+    b␍
+  path: m␍
~~~
-churn:␍
-  type: model␍
-  description: |-␍
-    a␍
-    b␍
-  path: m␍
"
    );
}

#[test]
fn texts_in_blocks_are_replaced_as_a_whole_and_what_is_around_them_stays() {
    let text = "\
churn:
  description: |  # keep me

    Über  two   spaces

      indented

  path: a

# next
raw:
  description: >+
    folded

  type: dataset
";
    let changes = Changes { description: Some("short".into()), ..Changes::default() };
    assert_eq!(
        story(text, Gto, "churn", &changes),
        "\
-  description: |  # keep me
-
-    Über  two   spaces
-
-      indented
+  description: short  # keep me
~~~
-churn:
-  description: short  # keep me
-
-  path: a
"
    );
    let shown = story(text, Gto, "raw", &changes);
    assert!(shown.starts_with("-  description: >+\n-    folded\n"), "{shown}");
}

#[test]
fn anchors_and_merge_keys_are_left_alone_or_refused() {
    let text = "\
.defaults: &defaults
  type: model
  labels: [a]
churn:
  <<: *defaults
  path: &path models/churn.pkl
copy:
  path: *path
";
    // Not a name, so that the reader tells; the edit does not mind.
    let text = text.replace(".defaults", "defaults");
    let kind = Changes { kind: Some("dataset".into()), add_labels: vec!["b".into()], ..Changes::default() };
    assert_eq!(
        diff(&text, &annotate(&text, Gto, "churn", &kind).unwrap()),
        "+  type: dataset\n+  labels:\n+  - a\n+  - b\n"
    );
    let path = Changes { path: Some("x".into()), ..Changes::default() };
    assert_eq!(diff(&text, &annotate(&text, Gto, "copy", &path).unwrap()), "-  path: *path\n+  path: x\n");
    for refused in
        [annotate(&text, Gto, "churn", &path), remove(&text, Gto, "churn"), remove(&text, Gto, "defaults")]
    {
        assert!(refused.unwrap_err().message.contains("make it by hand"));
    }
}

#[test]
fn flow_style_stays_flow_style() {
    let text = "artifacts: {churn: {path: m.pkl, type: model}, raw: {path: d}}  # one line\n";
    let changes = Changes { path: Some("n.pkl".into()), add_labels: vec!["x".into()], ..Changes::default() };
    assert_eq!(
        story(text, Dvc, "churn", &changes),
        "\
-artifacts: {churn: {path: m.pkl, type: model}, raw: {path: d}}  # one line
+artifacts: {churn: {path: n.pkl, type: model, labels: [x]}, raw: {path: d}}  # one line
~~~
-artifacts: {churn: {path: n.pkl, type: model, labels: [x]}, raw: {path: d}}  # one line
+artifacts: {raw: {path: d}}  # one line
"
    );
}

#[test]
fn json_is_yaml_and_stays_json() {
    let text = "{\n  \"artifacts\": {\n    \"churn\": {\n      \"path\": \"m.pkl\"\n    }\n  }\n}\n";
    let changes = Changes { path: Some("n.pkl".into()), ..Changes::default() };
    let edited = annotate(text, Dvc, "churn", &changes).unwrap();
    assert_eq!(edited, text.replace("m.pkl", "n.pkl"));
    serde_json::from_str::<serde_json::Value>(&edited).unwrap();
}

#[test]
fn document_markers_and_directives_stay_around() {
    let text = "%YAML 1.2\n---\n# only artifacts\nchurn:\n  path: a\n...\n";
    let changes = Changes { add_labels: vec!["x".into(), "z".into()], ..Changes::default() };
    assert_eq!(
        story(text, Gto, "churn", &changes).split("~~~").next().unwrap(),
        "+  labels:\n+  - x\n+  - z\n"
    );
    assert_eq!(
        story(text, Gto, "new", &changes),
        "+new:\n+  labels:\n+  - x\n+  - z\n~~~\n-new:\n-  labels:\n-  - x\n-  - z\n"
    );
    assert_eq!(remove(text, Gto, "churn").unwrap(), "%YAML 1.2\n---\n# only artifacts\n{}\n...\n");
}

#[test]
fn odd_indents_and_lists_of_the_file_are_followed() {
    let text = "\
artifacts:
   churn:
      path: m.pkl
      labels:
        - a   # first
        - b
        # and that is all
stages:
   s:
      cmd: x";
    let changes = Changes {
        add_labels: vec!["c".into()],
        remove_labels: vec!["a".into()],
        custom: Some(json!({"k": ["v"]})),
        ..Changes::default()
    };
    assert_eq!(
        story(text, Dvc, "churn", &changes).split("~~~").next().unwrap(),
        "\
-        - a   # first
+        - c
+      meta:
+         k:
+           - v
"
    );
}

#[test]
fn a_damaged_file_is_not_edited_and_the_place_is_told() {
    let refused = |text: &str| {
        let problem = annotate(text, Gto, "m", &changes()).unwrap_err();
        format!(
            "{}:{} {}",
            problem.line.unwrap_or_default(),
            problem.column.unwrap_or_default(),
            problem.message
        )
    };
    assert_eq!(refused("m: {}\nm: {}\n"), "2:1 repeated key 'm'");
    assert_eq!(refused("m:\n  path: a\n  path: b\n"), "3:3 repeated key 'path'");
    assert_eq!(refused("m: {}\nother: !x y\n"), "2:11 the tag '!x' does not fit here");
    assert_eq!(refused("a: {}\n---\nb: {}\n"), "2:1 more than one document");
    assert_eq!(refused("m: text\n"), "1:4 must be a mapping of fields, not a text");
    assert_eq!(refused("- m\n"), "1:1 must be a mapping, not a list");
    assert_eq!(refused("m: {labels: x}\n"), "1:13 'labels' must be a list of texts, not 'x'");
    assert_eq!(refused("m:\n\tpath: x\n").split(' ').next().unwrap(), "2:2");
    let cut = "n:\n  description: |\n    text";
    assert!(refused(cut).starts_with("3:9 the file ends in the middle of a text"), "{}", refused(cut));
}

#[test]
fn a_field_with_nothing_in_it_is_mended_by_giving_it_a_value() {
    let text = "artifacts:\n  m:\n    path: p\n    desc: # soon\n    labels:\n      # none yet\n    meta:\n    type:\n";
    let all = Changes {
        description: Some("d".into()),
        add_labels: vec!["a".into()],
        custom: Some(json!({"k": 1})),
        kind: Some("model".into()),
        ..Changes::default()
    };
    let mended = annotate(text, Dvc, "m", &all).unwrap();
    assert_eq!(
        diff(text, &mended),
        "-    desc: # soon\n+    desc: d # soon\n+    - a\n-    type:\n+      k: 1\n+    type: model\n"
    );
    assert_eq!(read(&mended, Dvc).problems, []);
    // Or by taking it out.
    let none = Changes {
        description: Some(String::new()),
        remove_labels: vec!["a".into()],
        custom: Some(json!(null)),
        kind: Some(String::new()),
        ..Changes::default()
    };
    assert_eq!(annotate(text, Dvc, "m", &none).unwrap(), "artifacts:\n  m:\n    path: p\n");
    let flow = "m: {description: , labels: , virtual: }\n";
    let all = Changes { is_virtual: Some(false), ..all };
    let mended = annotate(flow, Gto, "m", &all).unwrap();
    assert_eq!(mended, "m: {description: d, labels: [a], virtual: false, type: model, custom: {k: 1} }\n");

    // Another change reports the problem, and its new position.
    let other =
        Changes { path: Some("x".into()), description: Some("one\ntwo".into()), ..Changes::default() };
    let problem = annotate(text, Dvc, "m", &other).unwrap_err();
    assert_eq!(
        problem.sentence("f"),
        "'f', line 5, column 11: the annotation of 'm' is left out: 'labels' must be a list of texts, not nothing"
    );
}

/// The edits of a file in `edits`, each followed by what it changes there, or why it is refused.
fn shown_edits(text: &str, source: Source, edits: &str) -> String {
    let folder = Repo::new();
    let mut shown = String::new();
    for edit in edits.lines().filter(|line| line.starts_with("== ")) {
        let words = &edit["== ".len()..];
        let (entry, edited) = match words.strip_prefix("remove ") {
            Some(entry) => (entry, remove(text, source, entry)),
            None => annotate_as_told(text, source, words),
        };
        if let Ok(edited) = &edited {
            assert_eq!(others(read(text, source), entry), others(read(edited, source), entry), "{edit}");
        }
        let changed = match &edited {
            Ok(edited) => diff_in(&folder, text, edited, 1),
            Err(FileProblem { message, line, column, .. }) => {
                let place = |position: Option<usize>| position.map_or("?".to_owned(), |it| it.to_string());
                format!("refused at {}:{}: {message}\n", place(*line), place(*column))
            }
        };
        write!(shown, "{edit}\n{changed}").unwrap();
    }
    shown
}

fn annotate_as_told<'a>(
    text: &str,
    source: Source,
    words: &'a str,
) -> (&'a str, Result<String, FileProblem>) {
    let (entry, fields) = words.strip_prefix("annotate ").unwrap().split_once(" {").unwrap();
    let fields: serde_json::Value = serde_json::from_str(&format!("{{{fields}")).unwrap();
    let field = |name: &str| fields.get(name).and_then(|text| text.as_str()).map(str::to_owned);
    let labels = |name: &str| {
        let labels = fields.get(name).and_then(|labels| labels.as_array()).into_iter().flatten();
        labels.map(|label| label.as_str().unwrap().to_owned()).collect()
    };
    let changes = Changes {
        kind: field("type"),
        path: field("path"),
        is_virtual: fields.get("virtual").and_then(serde_json::Value::as_bool),
        add_labels: labels("add_labels"),
        remove_labels: labels("remove_labels"),
        clear_labels: false,
        description: field("description"),
        custom: fields.get("custom").cloned(),
    };
    let edited = annotate(text, source, entry, &changes);
    if let Ok(edited) = &edited {
        assert_eq!(annotate(edited, source, entry, &changes).as_ref(), Ok(edited), "done twice: {words}");
    }
    (entry, edited)
}

/// Each `NAME.yaml` has a `NAME.edits`: read it as the reviewer of such a change would. `UPDATE_EDITS=1` updates it.
#[test]
fn files_of_real_projects_change_in_the_lines_that_a_reviewer_expects() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/edits");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    for path in files {
        let is_dvc = path.file_name().unwrap().to_str().unwrap().starts_with("dvc");
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = std::fs::read_to_string(path.with_extension("edits")).unwrap();
        let shown = shown_edits(&text, if is_dvc { Dvc } else { Gto }, &expected);
        if std::env::var_os("UPDATE_EDITS").is_some() {
            std::fs::write(path.with_extension("edits"), &shown).unwrap();
        } else {
            assert_eq!(shown, expected, "{}", path.display());
        }
    }
}

/// A value that people may want to write.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z/.]{1,12}",
        "[ -~]{1,20}",
        "[a-z #:\n\t'\"{}\\[\\],&*!|>%@`\r-]{1,24}",
        any::<String>().prop_map(|text| text.chars().take(20).collect()),
        proptest::sample::select(vec![
            "no",
            "~",
            "null",
            "1e3",
            "0x1f",
            "-",
            "? a",
            "2024-01-02",
            "=",
            "<<",
            "1:30"
        ])
        .prop_map(str::to_owned),
    ]
    .prop_filter("an empty text takes the field out", |text| !text.is_empty())
}

fn any_changes() -> impl Strategy<Value = Changes> {
    let labels = prop::collection::vec(texts(), 0..3);
    // What leads out of the repository, or cannot be printed, is a finding.
    let is_odd = |text: &str| text.starts_with('/') || text.contains("..") || text.contains(char::is_control);
    let path = texts().prop_filter("an odd path", move |text| !is_odd(text));
    (prop::option::of(texts()), path, labels, prop::option::of(texts()), prop::option::of(texts())).prop_map(
        |(kind, path, add_labels, description, custom)| Changes {
            kind,
            path: Some(path),
            add_labels,
            description,
            custom: custom.map(|text| json!({"k": [text, 1.5, true, null, {}], "n": {"text": text}})),
            ..Changes::default()
        },
    )
}

/// A file of some entries in mixed styles, with comments, blank lines, and one or the other line end.
fn files() -> impl Strategy<Value = String> {
    let field = proptest::sample::select(vec![
        "path: data/x",
        "path: 'it''s' # c",
        "type: model",
        "labels: [a, 'b'] # c",
        "labels:\n@- a # c\n@- b",
        "labels:\n@  - a\n@  # c\n@  - b",
        "description: |\n@  one\n\n@  two",
        "description: \"a\\tb\"",
        "description: plain over\n@  lines",
        "custom: {a: [1, 2], b: {c: d}}",
        "custom:\n@  a: 1\n@  # c\n@  b: [x]",
        "# only a comment",
        "",
    ]);
    let entry = (prop::collection::vec(field, 0..5), any::<bool>(), 0..3_usize);
    (prop::collection::vec(entry, 0..5), any::<bool>(), any::<bool>(), 1..4_usize).prop_map(
        |(entries, crlf, cut, indent)| {
            let pad = " ".repeat(indent);
            let mut text = "# top\n".to_owned();
            for (number, (fields, is_flow, blank)) in entries.into_iter().enumerate() {
                let mut seen = Vec::new();
                let mut fields: Vec<&str> = fields;
                fields.retain(|field| {
                    let key = field.split(':').next().unwrap_or_default();
                    let is_new = key.starts_with('#') || key.is_empty() || !seen.contains(&key);
                    seen.push(key);
                    is_new
                });
                let has_fields = fields.iter().any(|field| !field.is_empty() && !field.starts_with('#'));
                if is_flow || !has_fields {
                    writeln!(text, "e{number}: {{path: p{number}, labels: [a]}} # c").unwrap();
                } else {
                    writeln!(text, "e{number}: # c").unwrap();
                    for field in fields {
                        let field = if field.is_empty() {
                            String::new()
                        } else {
                            format!("{pad}{}", field.replace('@', &pad))
                        };
                        writeln!(text, "{field}").unwrap();
                    }
                }
                text.push_str(&"\n".repeat(blank));
            }
            // A text that the end of the file cuts is a case of its own.
            if cut && !text.trim_end().ends_with("two") {
                text.truncate(text.trim_end().len());
            }
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

fn others(found: Annotations, entry: &str) -> Vec<(String, Annotation)> {
    let others = found.artifacts.into_iter().map(|(name, annotation)| (name.to_string(), annotation));
    others.filter(|(name, _)| name != entry).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_says_what_was_meant_and_changes_no_other_entry_and_no_other_line(
        text in files(), changes in any_changes(), number in 0..6_usize
    ) {
        let entry = format!("e{number}");
        let edited = annotate(&text, Gto, &entry, &changes).unwrap();
        let found = read(&edited, Gto);
        prop_assert_eq!(&found.problems, &[]);
        let (_, is) = found.artifacts.iter().find(|(name, _)| name.as_str() == entry).unwrap().clone();
        prop_assert_eq!(&is.path, &changes.path);
        prop_assert!(changes.kind.is_none() || is.kind == changes.kind);
        prop_assert!(changes.description.as_ref().is_none_or(|text| *text == is.description));
        prop_assert!(changes.custom.as_ref().is_none_or(|custom| *custom == is.custom));
        prop_assert!(changes.add_labels.iter().all(|label| is.labels.contains(label)));
        prop_assert_eq!(others(read(&text, Gto), &entry), others(found, &entry));
        // Comments on lines of their own stay, and the lines of other entries.
        let mut rest = edited.lines();
        let own = |line: &&str| line.starts_with('e') && !line.starts_with(&entry) || line.starts_with('#');
        for line in text.lines().filter(own) {
            prop_assert!(rest.any(|other| other.trim_end() == line.trim_end()), "{:?} is gone", line);
        }
        prop_assert!(!text.contains("\r\n") || !edited.replace("\r\n", "").contains('\n'));

        let removed = remove(&edited, Gto, &entry).unwrap();
        prop_assert_eq!(others(read(&text, Gto), &entry), others(read(&removed, Gto), ""));
    }

    /// No panic, and nothing that was not meant.
    #[test]
    fn whatever_the_text_an_edit_is_right_or_refused(
        text in "([abm]: |[abm]:\n|  - |- |\\[|\\]|\\{|\\}|, | |\n|\r\n|\r|\t|#|'|\"|\\||>|&a |\\*a|<<: |!!str |---\n|\\.\\.\\.\n|\\? |é|\u{feff}|\u{2028}|x){0,24}",
        changes in any_changes(), is_dvc in any::<bool>()
    ) {
        let source = if is_dvc { Dvc } else { Gto };
        if let Ok(edited) = annotate(&text, source, "m", &changes) {
            let (before, after) = (read(&text, source), read(&edited, source));
            prop_assert_eq!(others(before, "m"), others(after.clone(), "m"));
            // DVC fills in `${x}`, and there is nothing here to fill in.
            let is_open = is_dvc && edited.contains("${");
            let found = after.artifacts.into_iter().find(|(name, _)| name.as_str() == "m");
            let Some((_, is)) = found.filter(|_| !is_open) else {
                prop_assert!(is_open, "{}", edited);
                return Ok(());
            };
            // Relative paths in a `dvc.yaml` are shown relative to the root.
            prop_assert!(is_dvc || is.path == changes.path);
            prop_assert!(changes.kind.is_none() || is.kind == changes.kind);
            if let Ok(removed) = remove(&edited, source, "m") {
                prop_assert_eq!(others(read(&text, source), "m"), others(read(&removed, source), ""));
            }
        }
        let _ = remove(&text, source, "m");
    }
}
