//! Writes random registries into a folder, for tests that are not written in Rust: `random_registries FOLDER FIRST COUNT`.
//!
//! Each is a repository of its own, in the folder that its seed names. Beside them, `registries.json` says by seed what of them
//! must be known to leave out the decisions where the two tools differ on purpose; see `gto_testkit::random`.

use std::path::PathBuf;

use gto_testkit::Sandbox;
use gto_testkit::random::RegistrySpec;
use serde_json::{Map, Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first, count]: [String; 3] =
        arguments.try_into().expect("usage: random_registries FOLDER FIRST COUNT");
    let folder = std::path::absolute(PathBuf::from(folder)).expect("there is a current folder");
    let first: u64 = first.parse().expect("FIRST is a number");
    let count: u64 = count.parse().expect("COUNT is a number");
    let sandbox = Sandbox::new();
    let registries: Map<String, Value> =
        (first..first + count).map(|seed| (seed.to_string(), write(&sandbox, &folder, seed))).collect();
    let text = serde_json::to_string_pretty(&registries).expect("it is made of texts and numbers");
    std::fs::write(folder.join("registries.json"), text).expect("the folder is writable");
}

fn write(sandbox: &Sandbox, folder: &std::path::Path, seed: u64) -> Value {
    let spec = RegistrySpec::generate(seed);
    let place = folder.join(seed.to_string());
    // Joined to the sandbox's own path, an absolute one takes its place.
    let (_, ids) = spec.write(sandbox, place.to_str().expect("the folder has a name in UTF-8"));
    let artifacts: Map<String, Value> = spec
        .artifacts
        .iter()
        .filter(|artifact| spec.exists(artifact))
        .map(|artifact| {
            let versions: Vec<&str> =
                artifact.versions.iter().map(|version| version.version.as_str()).collect();
            let about = json!({ "versions": versions, "has_unregistered": spec.has_unregistered(artifact) });
            (artifact.name.clone(), about)
        })
        .collect();
    json!({
        "artifacts": artifacts,
        "annotated": spec.commits[spec.head].annotated,
        "commits": ids,
        "tags": spec.events.iter().map(|event| &event.tag).collect::<Vec<_>>(),
        "foreign": spec.foreign.iter().map(|tag| &tag.tag).collect::<Vec<_>>(),
        "stages": spec.used_stages(),
        "most_stages": spec.most_stages(),
    })
}
