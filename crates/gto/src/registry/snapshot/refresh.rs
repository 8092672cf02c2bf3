//! Taking a snapshot, and bringing one up to date.
//!
//! Owns which tags are read: those that are new, and those that could not be read the last time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::damage::DamagedTag;
use crate::error::Result;
use crate::git::{Keep, Repository, SeenHead, SeenRefs, TagObject, TagRef, Want};
use crate::name::{ArtifactName, KnownStages};
use crate::object_id::ObjectId;
use crate::query::AnnotatedAt;
use crate::registry::Registry;
use crate::registry::read::damage;
use crate::registry::read::scan::Scan;
use crate::registry::read::whole::{PART, artifact_part, groups};
use crate::registry::snapshot::change::{Change, changes};
use crate::registry::snapshot::held::{Annotated, Seen, Snapshot};
use crate::registry::snapshot::kept::Kept;
use crate::registry::snapshot::tags::{Builder, Known, Tags};
use crate::tag::TagName;

/// If tags of more artifacts changed, all are listed.
const MOST_ARTIFACTS: usize = 100;

/// The refs to look at.
struct ToLookAt {
    refs: Vec<TagRef>,
    /// The artifacts whose tags they are: all, if that is not said.
    only: Option<BTreeSet<ArtifactName>>,
    broken: Vec<String>,
    head: SeenHead,
    seen: Option<SeenRefs>,
}

/// Tags of an artifact, some of which may be known.
struct Work {
    name: ArtifactName,
    refs: Vec<TagRef>,
    before: Option<Arc<Kept>>,
}

/// What was made of them.
struct Made {
    name: ArtifactName,
    tags: Tags,
    /// The messages of those that were read, by the names of the tags, if they were wanted.
    messages: Vec<(String, String)>,
}

impl Registry {
    /// The registry as it is now, to be asked as often as one likes, and by many threads.
    ///
    /// # Errors
    /// That the refs cannot be read. A tag that cannot be read is in the snapshot's warnings (decision D27).
    pub fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let nothing = Arc::new(Snapshot::default());
        Ok(self.next_snapshot(&nothing, Want::NoMessages)?.0)
    }

    /// The registry as it is now, and what changed since `before`: of a tag that is new, one object is read, and what did not
    /// change is shared. If nothing changed, it is the same snapshot.
    ///
    /// # Errors
    /// As [`Registry::snapshot`].
    pub fn refresh(&self, before: &Arc<Snapshot>) -> Result<(Arc<Snapshot>, Vec<Change>)> {
        self.next_snapshot(before, Want::Everything)
    }

    /// The message of a tag, as the snapshot saw it; `None` if it is no event.
    ///
    /// # Errors
    /// [`Error::DamagedTags`](crate::Error::DamagedTags) if the tag cannot be read any more.
    pub fn message(&self, snapshot: &Snapshot, tag: &str) -> Result<Option<String>> {
        let Some(target) = snapshot.event_target(tag) else { return Ok(None) };
        let tag = TagRef { name: tag.to_owned(), target };
        match self.repository.read_tag(&tag) {
            TagObject::Annotated { message, .. } => Ok(Some(message.trim().to_owned())),
            TagObject::Lightweight { .. } => Ok(None),
            TagObject::Unreadable(why) => {
                let damage = self.damage(&tag, why).map(|damage| DamagedTag { name: tag.name, damage });
                damage::refuse(damage.into_iter().collect())?;
                Ok(None)
            }
        }
    }

    fn next_snapshot(&self, before: &Arc<Snapshot>, want: Want) -> Result<(Arc<Snapshot>, Vec<Change>)> {
        let listed = self.to_look_at(before)?;
        let annotated = self.annotated_since(&before.annotated, listed.head)?;
        let mut artifacts = match &listed.only {
            None => BTreeMap::new(),
            Some(only) => {
                let same = before.artifacts.iter().filter(|(name, _)| !only.contains(*name));
                same.map(|(name, kept)| (name.clone(), Arc::clone(kept))).collect()
            }
        };
        let mut work = Vec::new();
        for refs in groups(listed.refs) {
            let Some(name) =
                refs.first().and_then(|tag| artifact_part(&tag.name)).and_then(ArtifactName::from_tag)
            else {
                continue;
            };
            let kept = before.artifacts.get(&name);
            match kept {
                Some(kept) if kept.tags.are(&refs, name.as_str().len()) => {
                    artifacts.insert(name, Arc::clone(kept));
                }
                kept => work.push(Work { name, refs, before: kept.cloned() }),
            }
        }
        let (made, messages) = self.read_work(work, want);
        let mut found = Vec::new();
        for kept in made {
            let old = before.artifacts.get(&kept.name);
            let kept = old.filter(|old| ***old == kept).map_or_else(|| Arc::new(kept), Arc::clone);
            if want == Want::Everything && old.is_none_or(|old| !Arc::ptr_eq(old, &kept)) {
                found.extend(changes(old.map(|old| &**old), Some(&kept), &messages));
            }
            artifacts.insert(kept.name.clone(), kept);
        }
        let gone = before.artifacts.iter().filter(|(name, _)| !artifacts.contains_key(*name));
        found.extend(gone.flat_map(|(_, kept)| changes(Some(kept), None, &messages)));
        found.sort_by(|a, b| a.tag.cmp(&b.tag));
        let mut next = Snapshot {
            artifacts,
            annotated,
            broken: listed.broken,
            stages: self.config()?.stages.clone(),
            warnings: Vec::new(),
            seen: Seen::default(),
        };
        if before.is_like(&next) {
            before.seen.set(listed.seen);
            return Ok((Arc::clone(before), found));
        }
        next.seen.set(listed.seen);
        next.warnings = self.warnings_of(&next.scan());
        Ok((Arc::new(next), found))
    }

    /// The refs that may be others than in `before`.
    fn to_look_at(&self, before: &Snapshot) -> Result<ToLookAt> {
        if let Some(found) = self.changed_since(before)? {
            return Ok(found);
        }
        let (listed, seen) = self.repository.tag_refs_and_files(self.environment.now())?;
        Ok(ToLookAt { refs: listed.refs, only: None, broken: listed.broken, head: listed.head, seen })
    }

    /// The same without listing all: `None` if it cannot be known so, or is no less work.
    fn changed_since(&self, before: &Snapshot) -> Result<Option<ToLookAt>> {
        let Some(known) = before.seen.get() else { return Ok(None) };
        let now = self.environment.now();
        let Some((names, seen)) = self.repository.tags_changed_since(&known, now)? else { return Ok(None) };
        let changed = names.iter().filter_map(|tag| artifact_part(tag).and_then(ArtifactName::from_tag));
        // What could not be read may be there now.
        let unread = before.artifacts.values().filter(|kept| !kept.tags.are_readable());
        let only: BTreeSet<_> = changed.chain(unread.map(|kept| kept.name.clone())).collect();
        if only.len() > MOST_ARTIFACTS {
            return Ok(None);
        }
        let mut refs = Vec::new();
        for name in &only {
            let listed = self.tags_of(name)?;
            if !listed.broken.is_empty() {
                return Ok(None);
            }
            refs.extend(listed.refs);
        }
        let (broken, head) = (Vec::new(), SeenHead::NotLooked);
        Ok(Some(ToLookAt { refs, only: Some(only), broken, head, seen: Some(seen) }))
    }

    /// What the files of the current commit annotate. At the same commit nothing is read again, the commit neither.
    fn annotated_since(&self, before: &Arc<Annotated>, seen: SeenHead) -> Result<Arc<Annotated>> {
        let config = self.config()?;
        let index = &config.index;
        let target = match seen {
            SeenHead::At(commit) => Some(commit),
            SeenHead::Unborn => None,
            SeenHead::NotLooked => self.repository.head_target().ok().flatten(),
        };
        if target.is_some() && before.head == target && before.index == *index {
            return Ok(Arc::clone(before));
        }
        let head = self.repository.head_commit_seen(seen).ok().flatten();
        let names = self.files()?.annotated(head, AnnotatedAt::Head)?.into_iter().map(|(name, _)| name);
        Ok(Arc::new(Annotated { head, index: index.clone(), names: names.collect() }))
    }

    /// Reads what is to be read, on all processors.
    fn read_work(&self, work: Vec<Work>, want: Want) -> (Vec<Kept>, HashMap<String, String>) {
        // The cache has most tags of a registry, and loading it takes longer than reading a few.
        let is_refresh = want == Want::Everything;
        let keep = if is_refresh { Keep::Nothing } else { self.keep() };
        let reading = self.repository.reading(want, keep).begin();
        let progress = self.environment.progress();
        progress.expect(work.iter().map(|work| work.refs.len()).sum());
        let read = |repository: &Repository, part: Vec<Work>| -> Vec<Made> {
            let make = |work: Work| {
                progress.advance(work.refs.len());
                work.make(is_refresh, |tags| reading.read_tags(repository, tags))
            };
            part.into_iter().map(make).collect()
        };
        let mut all: Vec<(ArtifactName, Tags)> = Vec::new();
        let mut messages = HashMap::new();
        for made in self.repository.on_all_processors(parts(work), read).into_iter().flatten() {
            messages.extend(made.messages);
            match all.last_mut() {
                Some((name, tags)) if *name == made.name => tags.append(made.tags),
                _ => all.push((made.name, made.tags)),
            }
        }
        reading.finish(&self.repository);
        let kept = self.repository.on_all_processors(all, |_, (name, tags)| Kept::new(name, tags));
        (kept, messages)
    }
}

/// The work in parts of about as many tags as a thread reads at a time. Large artifacts that are new are split.
fn parts(work: Vec<Work>) -> Vec<Vec<Work>> {
    let mut parts: Vec<Vec<Work>> = Vec::new();
    let mut room = 0;
    for mut work in work {
        let mut pieces = Vec::new();
        while work.before.is_none() && work.refs.len() > PART {
            let rest = work.refs.split_off(PART);
            let refs = std::mem::replace(&mut work.refs, rest);
            pieces.push(Work { name: work.name.clone(), refs, before: None });
        }
        pieces.push(work);
        for piece in pieces {
            let len = piece.refs.len();
            match parts.last_mut() {
                Some(part) if len <= room => part.push(piece),
                _ => {
                    room = PART;
                    parts.push(vec![piece]);
                }
            }
            room = room.saturating_sub(len);
        }
    }
    parts
}

impl Work {
    /// The tags, of which those that are not known are read.
    fn make(self, keeps_messages: bool, read: impl FnOnce(&[TagRef]) -> Vec<TagObject>) -> Made {
        let Self { name, refs, before } = self;
        let prefix = name.as_str().len();
        let mut stages = KnownStages::default();
        let mut known: Vec<Option<Known>> = Vec::with_capacity(refs.len());
        let (mut new, mut names) = (Vec::new(), Vec::new());
        for tag in &refs {
            let rest = &tag.name[prefix..];
            let old = before.as_deref().and_then(|before| known_before(before, tag, rest));
            let said = old.or_else(|| match TagName::parse_event(&name, rest, &mut stages) {
                None => Some(Known::Foreign),
                Some(parsed) => {
                    new.push(tag.clone());
                    names.push(parsed);
                    None
                }
            });
            known.push(said);
        }
        let objects = if new.is_empty() { Vec::new() } else { read(&new) };
        let mut messages = Vec::new();
        let mut read = new.iter().zip(names).zip(objects).map(|((tag, name), object)| {
            if keeps_messages && let TagObject::Annotated { message, .. } = &object {
                messages.push((tag.name.clone(), message.trim().to_owned()));
            }
            Known::new(tag, &name, object)
        });
        let mut builder = Builder::default();
        for (tag, known) in refs.iter().zip(known) {
            if let Some(known) = known.or_else(|| read.next()) {
                builder.add(&tag.name[prefix..], tag.target, known);
            }
        }
        drop(read);
        Made { tags: builder.finish(), messages, name }
    }
}

/// What is known of a tag that is where it was, unless it could not be read: it may be there now.
fn known_before(before: &Kept, tag: &TagRef, rest: &str) -> Option<Known> {
    let place = before.tags.find(rest).filter(|place| before.tags.target(*place) == tag.target.as_bytes())?;
    Some(before.tags.known(place)).filter(|known| !matches!(known, Known::Unreadable(_)))
}

impl Snapshot {
    /// Whether that is the same registry, but for warnings, which follow from the rest.
    fn is_like(&self, other: &Self) -> bool {
        let same = |(a, b): ((_, &Arc<Kept>), (_, &Arc<Kept>))| Arc::ptr_eq(a.1, b.1);
        self.artifacts.len() == other.artifacts.len()
            && self.artifacts.iter().zip(&other.artifacts).all(same)
            && self.annotated == other.annotated
            && self.broken == other.broken
            && self.stages == other.stages
    }

    /// What is the matter with the tags.
    fn scan(&self) -> Scan {
        let mut scan = Scan { broken: self.broken.clone(), ..Scan::default() };
        for kept in self.artifacts.values() {
            kept.add_to(&mut scan);
        }
        scan
    }

    fn event_target(&self, tag: &str) -> Option<ObjectId> {
        let parsed: TagName = tag.parse().ok()?;
        let kept = self.artifacts.get(&parsed.artifact)?;
        let place = kept.tags.find(&tag[parsed.artifact.as_str().len()..])?;
        matches!(kept.tags.known(place), Known::Event { .. })
            .then(|| ObjectId::from_bytes(kept.tags.target(place)))
            .flatten()
    }
}
