//! Changing values in a YAML text, and nothing else of it: comments, order, quotes, anchors, line ends and every byte of
//! the rest stay as they are.
//!
//! Owns where text is put in and taken out. After each edit the text is read again: if it does not say what was meant, or
//! anything else has changed with it, the edit is refused. So a layout that is not foreseen here costs a refusal, never a
//! damaged file. Knows nothing of what the values mean.
//!
//! Why none of the crates for this: `yaml-edit` and `nondestructive` have parsers of their own, which read some files
//! otherwise than the one that reads the registry, and `yamlpatch` brings a C library. The positions of that one parser are
//! all that is needed.

mod align;
mod anchors;
mod block;
mod comments;
mod editor;
mod flow;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod layout;
mod lines;
mod list;
mod render;

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::{Document, Problem};
use editor::{Editor, UNSAFE};
use layout::Document as Layout;
pub(crate) use render::is_meant_otherwise;

/// Makes what is at `path`, keys from the root down, this value. What is on the way and not there is made.
pub(crate) fn set(document: &Document, path: &[&str], value: &Json) -> Result<Document, Problem> {
    change(document, |before| {
        let mut after = before.clone();
        let mut place = &mut after;
        for key in path {
            if !place.is_object() {
                *place = Json::Object(Map::new());
            }
            let entries = place.as_object_mut()?;
            place = entries.entry((*key).to_owned()).or_insert(Json::Null);
        }
        *place = value.clone();
        Some(after)
    })
}

/// Takes out what is at `path`. A mapping that is left without entries stays, as `{}`.
pub(crate) fn remove(document: &Document, path: &[&str]) -> Result<Document, Problem> {
    change(document, |before| {
        let mut after = before.clone();
        let (last, way) = path.split_last()?;
        let parent = way.iter().try_fold(&mut after, |place, key| place.get_mut(*key))?;
        parent.as_object_mut()?.shift_remove(*last)?;
        Some(after)
    })
}

fn change(document: &Document, wanted: impl FnOnce(&Json) -> Option<Json>) -> Result<Document, Problem> {
    let (text, before) = (document.text(), document.json()?);
    if !before.is_object() {
        return Err(Problem::nowhere("the file must be a mapping"));
    }
    let after = wanted(before).ok_or_else(|| Problem::nowhere("there is nothing of that name"))?;
    if *before == after {
        return Ok(document.clone());
    }
    let layout = layout::read(text).ok_or_else(|| Problem::nowhere(UNSAFE))?;
    let mut editor = Editor::new(text, &layout);
    editor.learn_style(layout.root.as_ref());
    editor.document(&layout, before, &after)?;
    let touched: Vec<_> = editor.edits.iter().map(|(range, _)| range.clone()).collect();
    let edited = editor.finish();
    // A text in a block at the end of the file may be told from another one only by the end of its last line.
    let ended = || format!("{edited}{}", if text.contains("\r\n") { "\r\n" } else { "\n" });
    let says_it = |edited: &Document| edited.json().is_ok_and(|read_back| *read_back == after);
    let ended = ended();
    let edited = [edited, ended].into_iter().map(|text| document.with_text(text)).find(says_it);
    let edited = edited.ok_or_else(|| refusal(text, &layout, &touched))?;
    comments::check(text, &layout, edited.text())?;
    Ok(edited)
}

/// Why an edit did not make the intended change.
fn refusal(text: &str, document: &Layout, touched: &[Range<usize>]) -> Problem {
    let editor = Editor::new(text, document);
    match &document.root {
        // What comes after would end its last line, which is a part of it.
        Some(root) if !text.ends_with('\n') && root.ends_with_block_text() => editor.error(
            text.len(),
            "the file ends in the middle of a text, without the end of a line: put one there first",
        ),
        root => {
            let anchor = root.as_ref().and_then(|root| editor.anchor_in_the_way(root, touched));
            let place = anchor.or_else(|| touched.iter().map(|range| range.start).min());
            place.map_or_else(|| Problem::nowhere(UNSAFE), |place| editor.error(place, UNSAFE))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(text: &str, path: &[&str], value: &Json) -> String {
        edited(text, |document| super::set(document, path, value))
            .unwrap_or_else(|problem| panic!("{text:?} {problem:?}"))
    }

    fn remove(text: &str, path: &[&str]) -> String {
        edited(text, |document| super::remove(document, path))
            .unwrap_or_else(|problem| panic!("{text:?} {problem:?}"))
    }

    fn edited(
        text: &str,
        edit: impl FnOnce(&Document) -> Result<Document, Problem>,
    ) -> Result<String, Problem> {
        edit(&Document::read(text, 1 << 20)).map(|edited| edited.text().to_owned())
    }

    fn refused(result: Result<String, Problem>) -> String {
        let problem = result.unwrap_err();
        format!("{}:{} {}", problem.line, problem.column, problem.message)
    }

    #[test]
    fn a_text_takes_the_place_and_the_quotes_of_the_one_before() {
        for (old, new) in [
            ("a: b # c\n", "a: x # c\n"),
            ("a:   'b'\t#c", "a:   'x'\t#c"),
            ("a: \"b\"\n", "a: \"x\"\n"),
            ("a: &k b\n", "a: &k x\n"),
            ("a:\n", "a: x\n"),
            ("a: # c\n", "a: x # c\n"),
            ("a: ~\n", "a: x\n"),
            ("a: *k\nk: 1\n".trim_start_matches("a: *k\n"), "k: 1\na: x\n"),
            ("k: &k 1\na: *k\n", "k: &k 1\na: x\n"),
            ("a: |- # c\n  one\n  two\n\n# d\nb: 1\n", "a: x # c\n\n# d\nb: 1\n"),
            ("a:\n  b: c\n   # d\n# e\n", "a: x\n# e\n"),
            ("a: one\n  two\nb: 1", "a: x\nb: 1"),
            ("{a: b, c: d}", "{a: x, c: d}"),
            ("\u{feff}# c\r\na: b\r\n", "\u{feff}# c\r\na: x\r\n"),
        ] {
            assert_eq!(set(old, &["a"], &json!("x")), new, "{old:?}");
        }
    }

    #[test]
    fn a_text_is_written_so_that_it_stays_one() {
        for (value, written) in [
            ("plain text", "plain text"),
            ("s3://bucket/a b", "s3://bucket/a b"),
            ("größe", "größe"),
            ("no", "'no'"),
            ("1e3", "'1e3'"),
            ("1:30", "'1:30'"),
            ("2024-01-02", "'2024-01-02'"),
            ("2024-01-02T10:00:00Z", "'2024-01-02T10:00:00Z'"),
            ("1_000", "'1_000'"),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("it's: so", "'it''s: so'"),
            ("- a", "'- a'"),
            ("", "''"),
            (" a", "' a'"),
            ("*a", "'*a'"),
            ("a\tb\u{85}", "\"a\\tb\\u0085\""),
            ("\u{feff}", "\"\\ufeff\""),
            ("one\ntwo\n", "|\n  one\n  two"),
            ("one\n\n  two", "|-\n  one\n\n    two"),
            ("\none", "\"\\none\""),
            ("v1.0.0", "v1.0.0"),
            ("1.0.0/x", "1.0.0/x"),
        ] {
            assert_eq!(set("a: b\n", &["a"], &json!(value)), format!("a: {written}\n"));
            let end = if value.ends_with('\n') { "\n" } else { "" };
            assert_eq!(set("{}", &["a"], &json!(value)), format!("a: {written}{end}"));
            set("{b: c}", &["a"], &json!([value]));
        }
    }

    #[test]
    fn what_is_new_comes_last_and_looks_like_the_rest() {
        let value = json!({"path": "p", "labels": ["x"], "meta": {"k": [1, {}]}});
        let set = |text: &str| set(text, &["artifacts", "m"], &value);
        let plain = "artifacts:\n  m:\n    path: p\n    labels:\n    - x\n    meta:\n      k:\n      - 1\n      - {}\n";
        assert_eq!(set(""), plain);
        assert_eq!(set("# only\n"), format!("# only\n{plain}"));
        assert_eq!(set("---\n# only\n...\n"), format!("---\n# only\n{plain}...\n"));
        assert_eq!(set("artifacts: {} # c\n"), plain.replace("s:\n  m", "s: # c\n  m"));
        assert_eq!(set("artifacts:\nb: 1\n"), format!("{plain}b: 1\n"));
        assert_eq!(set("stages: {}"), format!("stages: {{}}\n{}", plain.trim_end()));
        assert_eq!(
            set(
                "artifacts:\r\n    a:\r\n        labels:\r\n          - y\r\n        # of a\r\n\r\n# end\r\n"
            ),
            "artifacts:\r\n    a:\r\n        labels:\r\n          - y\r\n        # of a\r\n    m:\r\n        path: p\r\n        \
             labels:\r\n          - x\r\n        meta:\r\n            k:\r\n              - 1\r\n              - {}\r\n\r\n# end\r\n"
        );
        assert_eq!(
            set("artifacts: {a: {path: 'p'}}\n"),
            "artifacts: {a: {path: 'p'}, m: {path: p, labels: [x], meta: {k: [1, {}]}}}\n"
        );
        assert_eq!(
            set("{\n  \"artifacts\": {\n    \"a\": 1 # c, d\n  }\n}\n"),
            "{\n  \"artifacts\": {\n    \"a\": 1, # c, d\n    m: {path: p, labels: [x], meta: {k: [1, {}]}}\n  }\n}\n"
        );
    }

    #[test]
    fn lists_lose_and_gain_items_only() {
        let set = |text: &str| set(text, &["a"], &json!(["x", "z"]));
        assert_eq!(set("a:\n- x # c\n- y\n# d\nb: 1\n"), "a:\n- x # c\n- z\n# d\nb: 1\n");
        assert_eq!(set("a:\n  - 'x'"), "a:\n  - 'x'\n  - z");
        assert_eq!(set("a: ['x']\n"), "a: ['x', z]\n");
        assert_eq!(set("a: [\n  x,\n]\n"), "a: [\n  x,\n  z,\n]\n");
        assert_eq!(set("a: [x, y]\n"), "a: [x, z]\n");
        assert_eq!(set("a: []\n"), "a:\n- x\n- z\n");
        assert_eq!(set("a: # c\n- 1\n- 2"), "a: # c\n- x\n- z");
        assert_eq!(tests::set("a:\n- x\n- y\nb: 1\n", &["a"], &json!([])), "a: []\nb: 1\n");
    }

    #[test]
    fn items_that_stay_keep_their_bytes_and_their_comments() {
        let set = |text: &str, value: &Json| set(&text.replace('|', "\n"), &["a"], value).replace('\n', "|");
        let flow = "a: [|  'x', # x|  \"y\", # y|  # about z|  z  # z|] # a|";
        for (text, value, expected) in [
            // On one line.
            ("a: ['a', \"b\"]  # why", json!(["a", "c"]), "a: ['a', c]  # why"),
            ("a: ['a', b, \"c\", d]", json!(["a", "d"]), "a: ['a', d]"),
            ("a: [ 'a', \"b\", c, ] # c", json!(["c"]), "a: [ c, ] # c"),
            ("a: [ 'a', \"b\", c, ]", json!(["a"]), "a: [ 'a', ]"),
            ("a: ['a', \"b\"]", json!(["new", "a", "m", "b"]), "a: [new, 'a', m, \"b\"]"),
            ("a: ['a', \"b\"]", json!(["b", "a"]), "a: [\"b\", 'a']"),
            ("a: ['a', b]", json!(["x", "z"]), "a: [x, z]"),
            ("a: ['a', b,]", json!(["x"]), "a: [x,]"),
            ("a: [[1, 0x2], [3], {k: 'v'}]", json!([[1, 2, 5], {"k": "v"}]), "a: [[1, 0x2, 5], {k: 'v'}]"),
            ("a: [x, y] # c", json!([[1], "y"]), "a: [[1], y] # c"),
            // Over several lines.
            (flow, json!(["x", "z"]), "a: [|  'x', # x|  # about z|  z  # z|] # a|"),
            (flow, json!(["y", "z"]), "a: [|  \"y\", # y|  # about z|  z  # z|] # a|"),
            (flow, json!(["x", "y"]), "a: [|  'x', # x|  \"y\" # y|  # about z|] # a|"),
            (flow, json!(["x", "z", "new", "m"]), "a: [|  'x', # x|  # about z|  z,  # z|  new,|  m|] # a|"),
            (flow, json!(["new", "y", "z"]), "a: [|  new,|  \"y\", # y|  # about z|  z  # z|] # a|"),
            (flow, json!(["new"]), "a: [|  new|  # about z|] # a|"),
            ("a: [x, # x|   y] # y", json!(["x"]), "a: [x # x|   ] # y"),
            ("a: [x, # x|   y] # y", json!(["y"]), "a: [|   y] # y"),
            ("a: [x, # x|   y] # y", json!(["x", "new"]), "a: [x, # x|   new] # y"),
            ("a: [x, # x|   y # y|  ]", json!(["x", "y", "new"]), "a: [x, # x|   y, # y|   new|  ]"),
            ("a: [x,|   y]", json!(["x"]), "a: [x]"),
            ("a: [|  x,|  y,|]", json!(["x"]), "a: [|  x,|]"),
            ("a: [|  x|  , y|  , z|  ]", json!(["x", "z"]), "a: [|  x|  , z|  ]"),
            // With dashes.
            ("a:|- old # old|- b # b|", json!(["new", "b"]), "a:|- new|- b # b|"),
            ("a:|- 'x' # x|# c|- \"y\" # y|- z", json!(["z", "x", "y"]), "a:|- z|- 'x' # x|# c|- \"y\" # y"),
            ("a:|# c|- x # x|  # in x|# d|- y # y|b: 1", json!(["y"]), "a:|# c|# d|- y # y|b: 1"),
            ("a:|# c|- x # x|# d|- y # y|b: 1", json!(["new", "m"]), "a:|# c|# d|- new|- m|b: 1"),
            (
                "a:|  # about x|  - x|  # about z|  - z",
                json!(["new", "x", "m", "z"]),
                "a:|  - new|  # about x|  - x|  - m|  # about z|  - z",
            ),
            (
                "a:|- - 1 # 1|  - 2 # 2|- [3, 0x4] # 3|",
                json!([[1, 2, 3], [3, 4, 5]]),
                "a:|- - 1 # 1|  - 2 # 2|  - 3|- [3, 0x4, 5] # 3|",
            ),
            (
                "a:|- k: 'v' # v|- # c|  l: 1|",
                json!([{"k": "v", "m": 1}, {"l": 1}]),
                "a:|- k: 'v' # v|  m: 1|- # c|  l: 1|",
            ),
            ("a:|  -|    'x'|  - >-|    y|    z|  -   b|", json!(["x", "b"]), "a:|  -|    'x'|  -   b|"),
            ("a:|- x # x|- y|", json!([{"k": 1}, "y"]), "a:|- {k: 1}|- y|"),
        ] {
            assert_eq!(set(text, &value), expected, "{text}");
            // And each with line ends as Windows has them.
            assert_eq!(set(&text.replace('|', "\r|"), &value), expected.replace('|', "\r|"), "{text}");
        }
    }

    #[test]
    fn a_mapping_in_braces_keeps_what_stays_of_it() {
        let text = "a: {|  'k': \"v\", # k|  # about l|  l: [1, # one|    2], # l|  m: x  # m|} # a|";
        let done = |change: &dyn Fn(&str) -> String| change(&text.replace('|', "\n")).replace('\n', "|");
        for (key, expected) in [
            ("k", text.replace("  'k': \"v\", # k|", "")),
            ("l", text.replace("  l: [1, # one|    2], # l|", "")),
            ("m", text.replace("], # l|  m: x  # m|", "] # l|")),
        ] {
            assert_eq!(done(&|text| remove(text, &["a", key])), expected);
        }
        assert_eq!(
            done(&|text| set(text, &["a", "l"], &json!([1]))),
            text.replace("1, # one|    2]", "1 # one|    ]")
        );
        assert_eq!(
            done(&|text| set(text, &["a", "n"], &json!(1))),
            text.replace("x  # m|", "x,  # m|  'n': 1|")
        );
        let value = json!({"k": "w", "o": 1});
        let expected = "a: {|  'k': \"w\", # k|  o: 1|  # about l|} # a|";
        assert_eq!(done(&|text| set(text, &["a"], &value)), expected);
        assert_eq!(
            set("a: {k: , l: , m}", &["a"], &json!({"k": "x", "l": null, "m": 1})),
            "a: {k: x, l: , m: 1}"
        );
        assert_eq!(remove("a: {k: 1, l: 2, }", &["a", "l"]), "a: {k: 1, }");
        assert_eq!(set("{} # c\n", &["a"], &json!(1)), "# c\na: 1\n");
    }

    #[test]
    fn no_comment_is_lost_in_silence() {
        for (text, value, place) in [
            ("a: [ # c\n  x]\n", json!("x"), "1:6"),
            ("a: [x, k, # both\n  z]", json!(["x", "z"]), "1:11"),
            ("a: [x, # x\n  z]", json!(["z", "x"]), "1:8"),
        ] {
            let refused = refused(edited(text, |document| super::set(document, &["a"], &value)));
            assert_eq!(refused, format!("{place} {}", comments::LOST), "{text}");
        }
    }

    #[test]
    fn an_entry_goes_with_the_comments_in_it_and_no_other() {
        let text = "# top\na: 1\n\n# above b\nb: &x # on b\n  c: |\n    text\n\n  # in b\n\n# above d\nd: 2";
        assert_eq!(remove(text, &["b"]), "# top\na: 1\n\n# above b\n\n# above d\nd: 2");
        assert_eq!(remove(text, &["d"]), text.strip_suffix("\nd: 2").unwrap());
        assert_eq!(remove("a:\n  b: 1\nc: 2\n", &["a", "b"]), "a: {}\nc: 2\n");
        assert_eq!(remove("# c\r\na: 1\r\n", &["a"]), "# c\r\n{}\r\n");
        assert_eq!(remove("{a: 1, b: 2, c: 3}", &["b"]), "{a: 1, c: 3}");
        assert_eq!(remove("{a: 1, c: 3}", &["c"]), "{a: 1}");
        assert_eq!(remove("{a: {b: 1}}", &["a", "b"]), "{a: {}}");
    }

    #[test]
    fn what_would_change_something_else_is_refused() {
        let set = |text: &str, path: &[&str]| {
            refused(edited(text, |document| super::set(document, path, &json!("x"))))
        };
        let remove =
            |text: &str, path: &[&str]| refused(edited(text, |document| super::remove(document, path)));
        assert_eq!(set("a: &k 1\nb: *k\n", &["a"]), format!("1:4 {UNSAFE}"));
        assert_eq!(remove("a: &k 1\nb: *k\n", &["a"]), format!("1:4 {UNSAFE}"));
        assert_eq!(remove("a: &k {c: 1, d: 2}\nb:\n  <<: *k\n", &["b", "c"]), format!("3:3 {UNSAFE}"));
        assert!(set("a: &k {c: 1}\nb: *k\n", &["b", "c"]).starts_with("2:4 this is only a reference"));
        assert_eq!(set("a: 1\nb: 2\na: 3\n", &["b"]), "3:1 repeated key 'a'");
        assert_eq!(set("a: [\n", &["a"]), "1:4 unclosed bracket '['");
        assert_eq!(set("- a\n", &["a"]), "0:0 the file must be a mapping");
        assert_eq!(remove("a: 1\n", &["b"]), "0:0 there is nothing of that name");
        assert_eq!(set("? a\n: b\n", &["a"]), format!("1:3 {UNSAFE}"));
    }

    #[test]
    fn what_is_merged_in_can_be_overridden() {
        let text = "base: &base\n  path: p\n  type: t\nm:\n  <<: *base\n  path: q\n";
        assert_eq!(set(text, &["m", "type"], &json!("x")), format!("{text}  type: x\n"));
        assert_eq!(set(text, &["m", "path"], &json!("x")), text.replace("path: q", "path: x"));
    }
}
