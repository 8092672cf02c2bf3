//! What `gto doctor` finds in a repository. It is looked for beside the answers, which say of which state it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use gto::Registry;
use gto::doctor::{Command, Program};
use gto::time::Timestamp;
use gto_frontend::reports::doctor::Place;
use gto_frontend::text::clean;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::picture::Picture;

/// More findings of a repository are not shown.
const MOST: usize = 200;
/// More tags of a finding are not named.
const MOST_TAGS: usize = 10;
/// A fix with more commands is not shown: a part of it may do harm.
const MOST_COMMANDS: usize = 50;

/// Something that is wrong in a repository.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FoundWrong {
    #[schema(value_type = String)]
    pub id: &'static str,
    #[schema(value_type = String)]
    pub severity: &'static str,
    pub message: String,
    pub tags: Vec<String>,
    /// Commands that fix it, all together: each only if the one before succeeds.
    pub fix: Vec<String>,
    /// What may be done instead, or tried where nothing is sure.
    pub otherwise: Vec<String>,
}

impl FoundWrong {
    /// Commands for a shell, which goes on to the next only if the one before succeeds.
    pub fn script(commands: &[String]) -> String {
        commands.join(" &&\n")
    }
}

/// A finding, with all its tags.
struct Found {
    shown: FoundWrong,
    tags: Vec<String>,
}

/// Of which state of the repository findings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingsOf {
    /// What is shown.
    Now,
    /// An earlier one: it has changed since, and is looked at again.
    Earlier,
    /// None: it was not looked at yet.
    Unknown,
}

/// What is known to be wrong in a repository.
pub struct KnownFindings {
    pub found: Arc<Vec<FoundWrong>>,
    pub of: FindingsOf,
    /// When that was found out.
    pub at: Option<Timestamp>,
    /// Why it could not be.
    pub problem: Option<String>,
}

/// The findings at the last state of the repository that was examined.
#[derive(Default)]
pub struct Findings(ArcSwapOption<Kept>);

struct Kept {
    serial: u64,
    since: Instant,
    at: Timestamp,
    found: Arc<Vec<FoundWrong>>,
    problem: Option<String>,
    /// The places of findings by the tags that they name, and how many tags each names.
    by_tag: HashMap<String, Vec<usize>>,
    counts: Vec<usize>,
}

impl Kept {
    fn new(serial: u64, at: Timestamp, examined: gto::Result<Vec<Found>>) -> Self {
        let (found, problem) = match examined {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(crate::error::with_causes(&error))),
        };
        let mut by_tag: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, finding) in found.iter().enumerate() {
            for tag in &finding.tags {
                by_tag.entry(tag.clone()).or_default().push(place);
            }
        }
        let counts = found.iter().map(|finding| finding.tags.len()).collect();
        let found = Arc::new(found.into_iter().map(|finding| finding.shown).collect());
        Self { serial, since: Instant::now(), at, found, problem, by_tag, counts }
    }

    /// What a finding says of these tags: of others it may name many more.
    fn about(&self, place: usize, tags: Vec<&String>) -> Option<FoundWrong> {
        let finding = self.found.get(place)?.clone();
        if self.counts.get(place).is_some_and(|count| *count <= tags.len()) {
            return Some(finding);
        }
        let named: Vec<String> = tags.iter().take(MOST_TAGS).map(|tag| format!("'{tag}'")).collect();
        let more = if tags.len() > MOST_TAGS { " and more" } else { "" };
        Some(FoundWrong {
            message: format!("{}{more}; other tags, too: Health has the whole of it", named.join(", ")),
            tags: tags.into_iter().take(MOST_TAGS).cloned().collect(),
            fix: Vec::new(),
            otherwise: Vec::new(),
            ..finding
        })
    }
}

impl Findings {
    /// What is known to be wrong with these tags, and when that was found out if it is of an earlier state.
    pub fn known(
        &self,
        picture: &Picture,
        is_wanted: impl Fn(&str) -> bool,
    ) -> (Vec<FoundWrong>, Option<Timestamp>) {
        let Some(kept) = &*self.0.load() else { return (Vec::new(), None) };
        let mut wanted: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (tag, places) in kept.by_tag.iter().filter(|(tag, _)| is_wanted(tag)) {
            for place in places {
                wanted.entry(*place).or_default().push(tag);
            }
        }
        let about = |(place, mut tags): (usize, Vec<&String>)| {
            tags.sort_unstable();
            kept.about(place, tags)
        };
        let found = wanted.into_iter().filter_map(about).collect();
        (found, (kept.serial != picture.serial).then_some(kept.at))
    }

    /// The same for one tag.
    pub fn known_of(&self, picture: &Picture, tag: &str) -> (Vec<FoundWrong>, Option<Timestamp>) {
        let Some(kept) = &*self.0.load() else { return (Vec::new(), None) };
        let known = kept.by_tag.get_key_value(tag);
        let about = |(tag, places): (_, &Vec<usize>)| {
            places.iter().filter_map(|place| kept.about(*place, vec![tag])).collect()
        };
        let found = known.map(about).unwrap_or_default();
        (found, (kept.serial != picture.serial).then_some(kept.at))
    }

    /// All that is known.
    pub fn all(&self, picture: &Picture) -> KnownFindings {
        let kept = self.0.load();
        let Some(kept) = kept.as_ref() else {
            return KnownFindings { found: Arc::default(), of: FindingsOf::Unknown, at: None, problem: None };
        };
        let of = if kept.serial == picture.serial { FindingsOf::Now } else { FindingsOf::Earlier };
        KnownFindings { found: Arc::clone(&kept.found), of, at: Some(kept.at), problem: kept.problem.clone() }
    }

    /// Whether they were found so long ago.
    pub fn are_older_than(&self, limit: Duration) -> bool {
        self.0.load().as_ref().is_some_and(|kept| kept.since.elapsed() > limit)
    }

    /// Whether they are of that state of the repository.
    pub fn are_of(&self, picture: &Picture) -> bool {
        self.0.load().as_ref().is_some_and(|kept| kept.serial == picture.serial)
    }

    /// Examines the repository.
    pub fn look(&self, picture: &Picture, registry: &Registry, source: &str, now: Timestamp) {
        self.0.store(Some(Arc::new(Kept::new(picture.serial, now, examine(registry, source)))));
    }
}

fn examine(registry: &Registry, source: &str) -> gto::Result<Vec<Found>> {
    let examination = registry.examine(&[])?;
    let place = Place::new(registry, source);
    let arguments = vec!["doctor".to_owned(), "--json".to_owned()];
    let all = place.command_line(&Command { variables: Vec::new(), program: Program::Gto, arguments });
    let found = examination.findings.into_iter().take(MOST).map(|finding| {
        let lines = |commands: &[Command]| -> Option<Vec<String>> {
            let lines = commands.iter().map(|command| place.command_line(command));
            // Made visible, a control character would be another word.
            let is_plain = |line: &String| clean(line) == *line && !line.contains('\n');
            let are_few = commands.len() <= MOST_COMMANDS;
            lines.map(|line| is_plain(&line).then_some(line)).collect::<Option<_>>().filter(|_| are_few)
        };
        let (fix, otherwise) = match (lines(&finding.fix), lines(&finding.otherwise)) {
            (Some(fix), Some(otherwise)) => (fix, otherwise),
            _ => (Vec::new(), vec![all.clone()]),
        };
        let shown = FoundWrong {
            id: finding.check.id(),
            severity: finding.check.severity().word(),
            message: finding.message,
            tags: finding.tags.iter().take(MOST_TAGS).cloned().collect(),
            fix,
            otherwise,
        };
        Found { shown, tags: finding.tags }
    });
    Ok(found.collect())
}
