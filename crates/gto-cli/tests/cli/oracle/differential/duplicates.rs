//! Owns D9: the oracle takes an assigned commit without a version for two versions, one with the stage and an empty
//! one. Takes the empty one out of what it printed, where the other is printed too. Must not touch anything else.

use serde_json::Value;

/// Takes them out of the JSON of `show NAME` and `print-state`.
pub fn drop_versions(json: &mut Value) {
    match json {
        Value::Array(versions) => drop_from(versions),
        Value::Object(state) => {
            let artifacts = state.get_mut("artifacts").and_then(Value::as_object_mut);
            for artifact in artifacts.into_iter().flat_map(serde_json::Map::values_mut) {
                if let Some(versions) = artifact.get_mut("versions").and_then(Value::as_array_mut) {
                    drop_from(versions);
                }
            }
        }
        _ => {}
    }
}

fn drop_from(versions: &mut Vec<Value>) {
    let others = versions.clone();
    versions.retain(|version| {
        let is_other = |other: &&Value| other["version"] == version["version"] && !is_empty(other);
        !is_empty(version) || !others.iter().any(|other| is_other(&other))
    });
}

/// Whether it is a bare commit without tags. `show` gives the commit as its `ref`; `print-state` has no `ref`, and no
/// stage there.
fn is_empty(version: &Value) -> bool {
    let is_commit = version["version"].is_string() && version["version"] == version["commit_hexsha"];
    let by_nothing = match version.get("ref") {
        Some(by) => *by == version["commit_hexsha"],
        None => version["stages"].as_object().is_some_and(serde_json::Map::is_empty),
    };
    is_commit && by_nothing
}

/// Takes them out of either kind of table of `show NAME`, and with them what the last column was wider for: a commit of seven digits is
/// longer than `m#dev`.
pub fn drop_rows(table: &str) -> String {
    // The registry table has no such column, and may well show one version in two of its own.
    if !table.contains("created_at") {
        return table.to_owned();
    }
    let rows: Vec<(&str, &str)> = table.lines().filter_map(version_and_ref).collect();
    let is_duplicate = |line: &str| {
        version_and_ref(line).is_some_and(|(version, by)| {
            version == by && rows.iter().any(|(other, other_by)| *other == version && *other_by != version)
        })
    };
    let lines: Vec<&str> = table.lines().filter(|line| !is_duplicate(line)).collect();
    let room = |line: &&str| Some(line.strip_suffix('│')?.chars().rev().take_while(|c| *c == ' ').count());
    let spare = lines.iter().filter_map(room).min().unwrap_or(1).saturating_sub(1);
    lines.into_iter().map(|line| narrowed(line, spare) + "\n").collect()
}

/// A line that ends so many columns earlier.
fn narrowed(line: &str, by: usize) -> String {
    let mut line: Vec<char> = line.chars().collect();
    if line.first().is_some_and(|edge| "│╒╞╘".contains(*edge)) {
        let edge = line.len() - 1;
        line.drain(edge - by..edge);
    }
    line.into_iter().collect()
}

/// The second and the last cell of a row, whose first is the artifact.
fn version_and_ref(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.split_whitespace().filter(|word| *word != "│");
    let version = cells.nth(1)?;
    Some((version, cells.next_back()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_empty_one_of_two_equal_versions_goes_and_a_lone_one_stays() {
        let version = |id: &str, by: &str| json!({"version": id, "commit_hexsha": id, "ref": by});
        let mut shown = json!([version("b", "m#prod#1"), version("b", "b"), version("a", "a")]);
        drop_versions(&mut shown);
        assert_eq!(shown, json!([version("b", "m#prod#1"), version("a", "a")]));

        let version = |stages: Value| json!({"version": "b", "commit_hexsha": "b", "stages": stages});
        let mut state =
            json!({"artifacts": {"m": {"versions": [version(json!({})), version(json!({"prod": 1}))]}}});
        drop_versions(&mut state);
        assert_eq!(state, json!({"artifacts": {"m": {"versions": [version(json!({"prod": 1}))]}}}));
    }

    #[test]
    fn rows_go_as_versions_do() {
        let table = "artifact version stage created_at ref\n│ m │ b │ prod │ 2020 1+00:00 │ m#prod#1 │\n│ m │ b │ prod │ 2019 1 │ b │\n│ m │ a │ │ 2019 1 │ a │\n";
        assert_eq!(drop_rows(table), table.replace("│ m │ b │ prod │ 2019 1 │ b │\n", ""));
        assert_eq!(drop_rows("b\nb\n"), "b\nb\n");
    }

    #[test]
    fn the_last_column_is_as_wide_as_without_them() {
        let table = "╒════╕\n│ created_at │ ref │\n│ m │ bbbbbbb │ dev │ 1 1 │ m#dev   │\n│ m │ bbbbbbb │ dev │ 1 1 │ bbbbbbb │\n╘════╛\n";
        let without = "╒════╕\n│ created_at │ ref │\n│ m │ bbbbbbb │ dev │ 1 1 │ m#dev   │\n╘════╛\n";
        assert_eq!(drop_rows(table), without, "the title is as wide");
        let wider = |table: &str| table.replace("ref │", "ref     │");
        let narrower =
            without.replace("════", "══").replace("m#dev   │", "m#dev │").replace("ref │", "ref   │");
        assert_eq!(drop_rows(&wider(table)), narrower);
    }
}
