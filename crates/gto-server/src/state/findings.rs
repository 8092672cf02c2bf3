//! What `gto doctor` finds in a repository, kept until the repository changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

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

/// The findings at one state of the repository.
#[derive(Default)]
pub struct Findings(Mutex<Option<Kept>>);

struct Kept {
    serial: u64,
    found: Arc<Vec<FoundWrong>>,
    /// The places of findings by the tags that they name.
    by_tag: HashMap<String, Vec<usize>>,
}

impl Kept {
    fn new(serial: u64, found: Vec<FoundWrong>) -> Self {
        let mut by_tag: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, finding) in found.iter().enumerate() {
            for tag in &finding.tags {
                by_tag.entry(tag.clone()).or_default().push(place);
            }
        }
        Self { serial, found: Arc::new(found), by_tag }
    }
}

impl Findings {
    /// What is known to be wrong with these tags, without a look.
    pub fn known(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<FoundWrong> {
        // Who looks at it now has nothing yet.
        let Ok(kept) = self.0.try_lock() else { return Vec::new() };
        let Some(kept) = kept.as_ref() else { return Vec::new() };
        let wanted = kept.by_tag.iter().filter(|(tag, _)| is_wanted(tag)).flat_map(|(_, places)| places);
        let places: BTreeSet<usize> = wanted.copied().collect();
        places.into_iter().filter_map(|place| kept.found.get(place).cloned()).collect()
    }

    /// The same for one tag.
    pub fn known_of(&self, tag: &str) -> Vec<FoundWrong> {
        let Ok(kept) = self.0.try_lock() else { return Vec::new() };
        let Some(kept) = kept.as_ref() else { return Vec::new() };
        let places = kept.by_tag.get(tag).into_iter().flatten();
        places.filter_map(|place| kept.found.get(*place).cloned()).collect()
    }

    /// What is wrong. Looks at the repository if it is another since the last time; others wait for that.
    pub fn get(&self, picture: &Picture, source: &str) -> Arc<Vec<FoundWrong>> {
        // Of what does not answer nothing is known. It must not be asked, and must not take what is known away.
        if picture.registry.is_none() {
            return Arc::default();
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && kept.serial == picture.serial
        {
            return Arc::clone(&kept.found);
        }
        let new = Kept::new(picture.serial, look(picture, source).unwrap_or_default());
        let found = Arc::clone(&new.found);
        *kept = Some(new);
        found
    }
}

fn look(picture: &Picture, source: &str) -> Option<Vec<FoundWrong>> {
    let registry = picture.registry.as_ref()?;
    let examination = registry.examine(&[]).ok()?;
    let place = Place::new(registry, source);
    let found = examination.findings.into_iter().take(MOST).map(|finding| FoundWrong {
        id: finding.check.id(),
        severity: finding.check.severity().word(),
        fix: finding.fix.iter().take(3).map(|command| place.command_line(command)).collect(),
        message: finding.message,
        tags: finding.tags.into_iter().take(10).collect(),
    });
    Some(found.collect())
}
