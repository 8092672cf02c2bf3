//! What `gto doctor` finds in a repository. It is looked for beside the answers, which say of which state it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use gto::Registry;
use gto::time::Timestamp;
use gto_frontend::reports::doctor::Place;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::picture::Picture;

/// More findings of a repository are not shown.
const MOST: usize = 200;

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
    /// Commands that fix it.
    pub fix: Vec<String>,
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
    at: Timestamp,
    found: Arc<Vec<FoundWrong>>,
    problem: Option<String>,
    /// The places of findings by the tags that they name.
    by_tag: HashMap<String, Vec<usize>>,
}

impl Kept {
    fn new(serial: u64, at: Timestamp, examined: gto::Result<Vec<FoundWrong>>) -> Self {
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
        Self { serial, at, found: Arc::new(found), problem, by_tag }
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
        let wanted = kept.by_tag.iter().filter(|(tag, _)| is_wanted(tag)).flat_map(|(_, places)| places);
        let places: BTreeSet<usize> = wanted.copied().collect();
        let found = places.into_iter().filter_map(|place| kept.found.get(place).cloned()).collect();
        (found, (kept.serial != picture.serial).then_some(kept.at))
    }

    /// The same for one tag.
    pub fn known_of(&self, picture: &Picture, tag: &str) -> (Vec<FoundWrong>, Option<Timestamp>) {
        let Some(kept) = &*self.0.load() else { return (Vec::new(), None) };
        let places = kept.by_tag.get(tag).into_iter().flatten();
        let found = places.filter_map(|place| kept.found.get(*place).cloned()).collect();
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

    /// Whether they are of that state of the repository.
    pub fn are_of(&self, picture: &Picture) -> bool {
        self.0.load().as_ref().is_some_and(|kept| kept.serial == picture.serial)
    }

    /// Examines the repository.
    pub fn look(&self, picture: &Picture, registry: &Registry, source: &str, now: Timestamp) {
        self.0.store(Some(Arc::new(Kept::new(picture.serial, now, examine(registry, source)))));
    }
}

fn examine(registry: &Registry, source: &str) -> gto::Result<Vec<FoundWrong>> {
    let examination = registry.examine(&[])?;
    let place = Place::new(registry, source);
    let found = examination.findings.into_iter().take(MOST).map(|finding| FoundWrong {
        id: finding.check.id(),
        severity: finding.check.severity().word(),
        fix: finding.fix.iter().take(3).map(|command| place.command_line(command)).collect(),
        message: finding.message,
        tags: finding.tags.into_iter().take(10).collect(),
    });
    Ok(found.collect())
}
