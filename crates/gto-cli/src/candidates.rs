//! Candidates for shell completion.
//!
//! The script that a shell loads asks this very program for candidates (`COMPLETE=bash gto -- …`), so that names,
//! versions and stages come from the repository. Whatever goes wrong then has no candidates and no message.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use gto::query::ShowOptions;
use gto::reference::Reference;
use gto::report::VersionReport;
use gto::{Detail, Registry, StagesWanted};
use gto_frontend::process::is_remote;
use gto_frontend::text::is_plain_word;

use crate::context::Context;

/// Names of artifacts.
pub fn artifacts() -> ArgValueCandidates {
    candidates(|registry| Some(names(registry)))
}

/// Names of artifacts, and once there is one alone, what it has: `model`, `model@v1.0.0`, `model#prod`.
pub fn references() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let found = ask(|registry| {
            let name = typed.split(['@', '#']).next().unwrap_or_default();
            let mut all = names(registry);
            all.retain(|other| other.starts_with(name) && (other == name || name == typed));
            // Of one artifact the tags are read, and of none where several could be meant.
            if let (Some(name), 1) = (all.first().cloned(), all.len()) {
                all.insert(format!("{name}@latest"));
                all.extend(versions_and_stages_of(registry, &name).unwrap_or_default());
            }
            Some(all)
        });
        found.filter(|word| word.starts_with(typed.as_ref())).map(CompletionCandidate::new).collect()
    })
}

/// Versions: of the artifact that the command line names, else of all.
pub fn versions() -> ArgValueCandidates {
    candidates(|registry| {
        let names = names(registry);
        let named: Vec<&String> = names.iter().filter(|name| words().any(|word| word == **name)).collect();
        let of = if named.is_empty() { names.iter().collect() } else { named };
        Some(of.into_iter().filter_map(|name| versions_of(registry, name)).flatten().collect())
    })
}

/// Stages: the allowed ones, and those in use.
pub fn stages() -> ArgValueCandidates {
    candidates(stages_of)
}

/// Tags of the registry.
pub fn tags() -> ArgValueCandidates {
    candidates(|registry| {
        let entries = registry.history(&gto::query::HistoryOptions::default(), false).ok()?;
        Some(entries.value.iter().map(|entry| entry.tag.to_string()).collect())
    })
}

/// Revisions: branches and tags that are not the registry's.
pub fn revisions() -> ArgValueCandidates {
    candidates(|registry| registry.revision_names().ok().map(|names| names.into_iter().collect()))
}

fn candidates(
    find: impl Fn(&Registry) -> Option<BTreeSet<String>> + Send + Sync + 'static,
) -> ArgValueCandidates {
    ArgValueCandidates::new(move || ask(&find).map(CompletionCandidate::new).collect())
}

/// What is found in the repository.
fn ask(find: impl Fn(&Registry) -> Option<BTreeSet<String>>) -> impl Iterator<Item = String> {
    let registry = Context::from_process(false).open_again(&repository());
    let found = registry.and_then(|registry| find(&registry)).unwrap_or_default();
    // A shell may insert them into the command line unquoted: a branch named `$(command)` must not become one.
    found.into_iter().filter(|word| is_plain_word(word))
}

/// The words of the command line that is being completed.
fn words() -> impl Iterator<Item = String> {
    std::env::args_os().filter_map(|word| word.into_string().ok())
}

/// Whether the word that is being completed begins as a flag does.
pub fn is_flag_begun() -> bool {
    word_and_others().0.starts_with('-')
}

/// Whether nothing is typed yet of a word, and none of these words is.
pub fn is_unbegun_without(others: &[&str]) -> bool {
    let (word, before) = word_and_others();
    word.is_empty() && !before.iter().any(|word| others.contains(&word.as_str()))
}

/// The word that is being completed, and all others of the line.
fn word_and_others() -> (String, Vec<String>) {
    let mut typed: Vec<String> = words().skip_while(|word| word != "--").skip(1).collect();
    // fish and PowerShell give no place: there the last word is completed.
    let place = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let place: usize = place.unwrap_or(typed.len().saturating_sub(1));
    if place < typed.len() { (typed.remove(place), typed) } else { (String::new(), typed) }
}

/// The repository that the command line names so far.
fn repository() -> String {
    let (mut words, mut folder, mut repository) = (words(), PathBuf::new(), None);
    while let Some(word) = words.next() {
        let mut value = |flag: &str| match word.strip_prefix(flag)? {
            "" => words.next(),
            joined => Some(joined.to_owned()),
        };
        if let Some(path) = value("-C") {
            folder.push(at_home(&path).unwrap_or(path));
        } else if let Some(path) = value("--repo").or_else(|| value("-r")) {
            let path = path.strip_prefix('=').map_or(path.clone(), str::to_owned);
            repository.get_or_insert_with(|| at_home(&path).unwrap_or(path));
        }
    }
    match repository {
        Some(repository) if is_remote(&repository) => repository,
        repository => {
            folder.join(repository.unwrap_or_else(|| ".".to_owned())).to_string_lossy().into_owned()
        }
    }
}

/// `~/folder`, which a shell passes on as it is while the word is being completed.
fn at_home(path: &str) -> Option<String> {
    let below = path.strip_prefix("~/")?;
    std::env::home_dir()?.join(below).into_os_string().into_string().ok()
}

fn names(registry: &Registry) -> BTreeSet<String> {
    let names = registry.artifact_names().unwrap_or_default();
    names.into_iter().map(|name| name.to_string()).collect()
}

fn versions_of(registry: &Registry, name: &str) -> Option<BTreeSet<String>> {
    let versions = registered(registry, name)?;
    Some(versions.iter().map(|version| version.version.to_string()).collect())
}

/// `model@v1.0.0`, `model#prod`: the versions, and the stages that one is in.
fn versions_and_stages_of(registry: &Registry, name: &str) -> Option<BTreeSet<String>> {
    let of_version = |version: &VersionReport| {
        let stages: Vec<String> =
            version.assignments.iter().map(|stage| format!("{name}#{}", stage.stage)).collect();
        std::iter::once(format!("{name}@{}", version.version)).chain(stages)
    };
    Some(registered(registry, name)?.iter().flat_map(of_version).collect())
}

fn registered(registry: &Registry, name: &str) -> Option<Vec<VersionReport>> {
    let options = ShowOptions { registered_only: true, ..ShowOptions::default() };
    let reference = Reference { name: name.to_owned(), selector: None };
    Some(registry.show_versions(&reference, &options, Detail::Brief).ok()?.value.versions)
}

fn stages_of(registry: &Registry) -> Option<BTreeSet<String>> {
    let used = registry.stages(StagesWanted::Used).ok()?.value.unwrap_or_default();
    let known = registry.stages(StagesWanted::Known).ok()?.value.unwrap_or_default();
    Some(used.into_iter().chain(known).map(|stage| stage.to_string()).collect())
}
