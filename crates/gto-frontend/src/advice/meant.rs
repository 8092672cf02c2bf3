//! What may have been meant: names, versions and stages that are like the one that was given.
//!
//! Reads the registry for that, and only after something has gone wrong.

use std::collections::BTreeSet;

use gto::query::ShowOptions;
use gto::reference::{Reference, Selector};
use gto::report::VersionReport;
use gto::tag::TagName;
use gto::version::Version;
use gto::{CheckedRef, Detail, Registry, StagesWanted};

use super::lacking::fetch_tags;
use super::scene::Scene;
use super::uncommitted::uncommitted;
use super::value::{Advice, Step, advice, either};
use crate::text::shell_quote;

/// For an artifact that is not there.
pub(super) fn artifact(name: &str, scene: &mut dyn Scene) -> Advice {
    let lists = || advice![Step::Show(None), " lists the artifacts"];
    let Some(registry) = scene.registry() else { return lists() };
    let names: Vec<String> =
        registry.artifact_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    if let Some(meant) = shortcut(name, &names, &registry) {
        return meant;
    }
    if let Some(advice) = name.parse().ok().and_then(|name| uncommitted(&name, scene)) {
        return advice;
    }
    match closest(name, &names) {
        Some(close) if close == name => advice![
            "it has tags, but none that counts: ",
            Step::Doctor,
            " says why; where a policy is enforced, `gto policy check` does",
        ],
        Some(close) => format!("did you mean '{close}'?").into(),
        None if names.is_empty() => advice![
            "nothing is registered here yet: ",
            either("`gto register NAME`", "`registry.register(name)`"),
            "; in a fresh clone, fetch the tags first: `git fetch --tags`",
        ],
        None => lists(),
    }
}

/// What was meant by a name with more in it than a name, which no shortcut is: `m@1.0.0`, `m#prod#1`.
fn shortcut(text: &str, names: &[String], registry: &Registry) -> Option<Advice> {
    if text.contains('.')
        && let Some(version) = looks_like_version(text)
    {
        return Some(
            format!("'{text}' is a version, name its artifact too: `gto show NAME@{version}`").into(),
        );
    }
    let is_tag = || registry.check_ref(text).is_ok_and(|answer| answer.value != CheckedRef::NoTag);
    if text.parse::<TagName>().is_ok() && is_tag() {
        return Some(advice![format!("'{text}' is a tag: "), Step::CheckRef(text.to_owned())]);
    }
    let (bare, rest) = text.split_at(text.find(['@', '#'])?);
    if !names.iter().any(|known| known == bare) {
        return None;
    }
    let rest = &rest[1..];
    if let Some((version, stage)) = rest.split_once('#')
        && let Some(version) = as_version(version)
    {
        return Some(
            format!("ask for the version or for the stage: '{bare}@{version}' or '{bare}#{stage}'").into(),
        );
    }
    let versions = versions_of(registry, bare);
    let is_there = |version: &str| versions.iter().any(|known| known.version.to_string() == version);
    let version = as_version(rest);
    if let Some(version) = version.as_ref().filter(|version| !is_there(version)) {
        return Some(advice![
            format!("'{bare}' has no version {version}: "),
            Step::show(bare),
            " lists its versions"
        ]);
    }
    let stages: Vec<String> = versions.iter().flat_map(stages_of).collect();
    let selector = version
        .map(|version| format!("@{version}"))
        .or_else(|| closest(rest, &["latest".to_owned()]).map(|close| format!("@{close}")))
        .or_else(|| closest(rest, &stages).map(|close| format!("#{close}")));
    Some(match selector {
        Some(selector) => format!("did you mean '{bare}{selector}'?").into(),
        None => format!("a version is named {bare}@v1.0.0, {bare}@latest or {bare}#stage").into(),
    })
}

/// Everything that is known of the versions of an artifact; nothing if it does not exist.
pub(super) fn versions_of(registry: &Registry, name: &str) -> Vec<VersionReport> {
    let reference = Reference { name: name.to_owned(), selector: None };
    let options = ShowOptions { deprecated: true, versions_per_stage: None, ..ShowOptions::default() };
    let answer = registry.show_versions(&reference, &options, Detail::Brief);
    answer.map(|answer| answer.value.versions).unwrap_or_default()
}

pub(super) fn stages_of(version: &VersionReport) -> Vec<String> {
    version.assignments.iter().map(|known| known.stage.to_string()).collect()
}

/// For a version that is not there.
pub(super) fn version(artifact: &str, version: &str, scene: &mut dyn Scene) -> Advice {
    /// So many versions are named.
    const NAMED: usize = 3;
    let lists = || advice![Step::show(artifact), " lists its versions"];
    let Some(registry) = scene.registry() else { return lists() };
    let reference = Reference { name: artifact.to_owned(), selector: None };
    let options = ShowOptions { registered_only: true, deprecated: true, ..ShowOptions::default() };
    let Ok(answer) = registry.show_versions(&reference, &options, Detail::Brief) else {
        let what = format!("there is no artifact '{artifact}': ");
        return Advice::from(what).and(self::artifact(artifact, scene).into_parts());
    };
    let versions: Vec<String> = answer.value.versions.iter().map(|v| v.version.to_string()).collect();
    if versions.iter().any(|known| known == version) {
        return advice![
            "it was taken out of use: ",
            Step::History(format!("{artifact}@{version}")),
            " shows when"
        ];
    }
    if versions.is_empty() {
        return lists();
    }
    // No version is another one mistyped, and none is proposed where it may be deleted.
    let more = if versions.len() > NAMED { ", …" } else { "" };
    let named = versions[..versions.len().min(NAMED)].join(", ");
    advice![
        format!("'{artifact}' has no version {version}, but {named}{more}: "),
        Step::show(artifact),
        " lists its versions",
    ]
}

/// For a stage that a version is not in.
pub(super) fn stage(artifact: &str, version: &str, stage: &str, scene: &mut dyn Scene) -> Advice {
    let versions = scene.registry().map(|registry| versions_of(&registry, artifact)).unwrap_or_default();
    let versions = versions.iter().filter(|known| known.version.to_string() == version);
    let stages: Vec<String> = versions.flat_map(stages_of).filter(|known| known != stage).collect();
    let close = closest(stage, &stages).map(|close| format!("did you mean '{close}'? "));
    advice![close.unwrap_or_default(), Step::show(artifact), " lists what is in which stage"]
}

/// For a stage in which an artifact has nothing: the one that was meant, or those in use, or how a version gets there.
pub(super) fn empty_stage(artifact: &str, stage: &str, scene: &mut dyn Scene) -> Advice {
    let used = scene.registry().map(|registry| stages_in_use(&registry, artifact)).unwrap_or_default();
    if let Some(close) = closest(stage, &used).filter(|close| *close != stage) {
        return advice![
            format!("did you mean '{close}'? "),
            Step::show(artifact),
            " lists what is in which stage"
        ];
    }
    let (artifact, stage) = (artifact.to_owned(), stage.to_owned());
    let version = Some("VERSION".to_owned());
    advice![
        in_use(&used).map(|text| format!("{text}; ")).unwrap_or_default(),
        Step::History(artifact.clone()),
        " shows what was there; ",
        Step::Assign { artifact, stage, version },
        " puts a version there",
    ]
}

/// The stages that show a version of an artifact, each once.
fn stages_in_use(registry: &Registry, artifact: &str) -> Vec<String> {
    let reference = Reference { name: artifact.to_owned(), selector: None };
    let answer = registry.show_versions(&reference, &ShowOptions::default(), Detail::Brief);
    let versions = answer.map(|answer| answer.value.versions).unwrap_or_default();
    let stages: BTreeSet<String> = versions.iter().flat_map(stages_of).collect();
    stages.into_iter().collect()
}

fn in_use(stages: &[String]) -> Option<String> {
    /// Maximum number of stages that are named.
    const NAMED: usize = 5;
    let more = if stages.len() > NAMED { ", …" } else { "" };
    let named = stages[..stages.len().min(NAMED)].join(", ");
    (!stages.is_empty()).then(|| format!("stages in use: {named}{more}"))
}

/// The stages of the registry, where none of them is the one that was asked for.
pub fn other_stages(registry: &Registry, stage: &str) -> Option<Advice> {
    let used = registry.stages(StagesWanted::Used).ok()?.value.unwrap_or_default();
    let used: Vec<String> = used.iter().map(ToString::to_string).collect();
    if let Some(close) = closest(stage, &used).filter(|close| *close != stage) {
        return Some(format!("did you mean '#{close}'?").into());
    }
    Some(in_use(&used)?.into())
}

/// For an artifact or shortcut for which the journal has nothing.
pub fn nothing_in_history(name: &str, scene: &mut dyn Scene) -> Option<Advice> {
    let reference = Reference::parse(name);
    let registry = scene.registry()?;
    let names = registry.artifact_names().unwrap_or_default();
    if names.iter().any(|known| known.as_str() == reference.name) {
        return similar_shortcut(&registry, &reference);
    }
    Some(artifact(&reference.name, scene))
}

/// The shortcut that may have been meant, where the artifact lacks that version or stage.
pub fn similar_shortcut(registry: &Registry, reference: &Reference) -> Option<Advice> {
    let versions = versions_of(registry, &reference.name);
    let (wanted, known): (String, Vec<String>) = match reference.selector.as_ref()? {
        Selector::Latest => return None,
        Selector::Version(version) => {
            (format!("@{version}"), versions.iter().map(|known| format!("@{}", known.version)).collect())
        }
        Selector::Stage(stage) => {
            let stages = versions.iter().flat_map(stages_of);
            (format!("#{stage}"), stages.map(|known| format!("#{known}")).collect())
        }
    };
    if let Some(close) = closest(&wanted, &known).filter(|close| *close != wanted) {
        return Some(format!("did you mean '{}{close}'?", reference.name).into());
    }
    let is_stage = matches!(reference.selector, Some(Selector::Stage(_)));
    Some(in_use(&stages_in_use(registry, &reference.name)).filter(|_| is_stage)?.into())
}

/// How to see what is not shown because it was deprecated.
pub fn deprecated_version(
    registry: &Registry,
    name: &str,
    reference: &Reference,
    options: &ShowOptions,
) -> Option<Advice> {
    let options = ShowOptions { deprecated: true, ..options.clone() };
    let answer = registry.show_versions(reference, &options, Detail::Brief).ok()?;
    let command = format!("gto show {} --deprecated", shell_quote(name));
    (!answer.value.versions.is_empty()).then(|| format!("'{name}' was deprecated: `{command}`").into())
}

/// What to do about a registry in which there is nothing.
pub fn nothing_registered(registry: &Registry) -> Option<Advice> {
    let has_events = registry.tag_names().ok()?.iter().any(|tag| tag.parse::<TagName>().is_ok());
    if has_events {
        return None;
    }
    let first = Step::register("NAME");
    Some(match fetch_tags(registry) {
        Some(fetch) => advice![
            format!("no tag of a registry is here: `{fetch}` fetches those of the remote, "),
            first,
            " makes the first",
        ],
        None => advice![first, " registers the first version"],
    })
}

/// How a version is spelt.
pub fn spelling_of_version(text: &str) -> Advice {
    match as_version(text) {
        Some(version) => format!("did you mean {version}?").into(),
        None => "a version looks like v1.0.0, v2.1.0-rc.1 or v1.0.0+build.5 (https://semver.org, with a leading `v`)"
            .into(),
    }
}

/// The version that was meant where the `v` or some zeros are left out.
fn as_version(text: &str) -> Option<String> {
    let number = text.trim_start_matches(['v', 'V']);
    ["", ".0", ".0.0"]
        .iter()
        .map(|zeros| format!("v{number}{zeros}"))
        .find(|text| text.parse::<Version>().is_ok())
}

/// The same, for text that may be something else: a number alone is rather a commit.
pub fn looks_like_version(text: &str) -> Option<String> {
    if text.starts_with(['v', 'V']) || text.contains('.') { as_version(text) } else { None }
}

/// The candidate that is most like `text`, if any is like it. Equal but for the case is next to equal.
pub fn closest<'a>(text: &str, candidates: &'a [String]) -> Option<&'a str> {
    const LIKE: f64 = 0.8;
    let lower = text.to_lowercase();
    let likeness = |candidate: &String| {
        let bonus = if candidate == text { 1.0 } else { 0.0 };
        bonus + strsim::jaro_winkler(&lower, &candidate.to_lowercase())
    };
    candidates
        .iter()
        .map(|candidate| (likeness(candidate), candidate.as_str()))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
