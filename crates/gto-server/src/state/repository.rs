//! One repository that is served, and a look at it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use gto::environment::Environment;
use gto::name::ArtifactName;
use gto::plan::Warning;
use gto::snapshot::{Change, ChangeKind};
use gto::tag::TagName;
use gto::time::Timestamp;
use gto::{Error, OpenOptions, Registry};
use gto_frontend::advice::{self, Advice, Scene};
use gto_frontend::text::shell_quote;

use crate::config::settings::{RepositorySetting, RepositorySource};
use crate::state::facts::Facts;
use crate::state::findings::{Findings, FoundWrong, KnownFindings};
use crate::state::marks::Marks;
use crate::state::picture::{Failing, Picture};
use crate::state::row::Row;

/// So long a look may take beyond its time before what is known counts as old.
const PATIENCE: Duration = Duration::from_secs(45);

/// Registries with more tags are examined only when somebody asks what is wrong.
const EXAMINED: usize = 20_000;

/// A repository of this machine that fails so soon after it lost tags was being deleted, most likely.
const ONE_LOSS: Duration = Duration::from_secs(5);
/// What is known to be wrong is looked for again after that: not all of it is in tags.
const FINDINGS_LAST: Duration = Duration::from_secs(5);

/// A repository that is served.
pub struct ServedRepository {
    /// What it is called in addresses.
    pub id: Arc<str>,
    source: RepositorySource,
    environment: Environment,
    current: ArcSwap<Picture>,
    was_looked_at: AtomicBool,
    findings: Findings,
    facts: Facts,
    marks: ArcSwap<Marks>,
    /// The artifacts whose marks pages ask for.
    wanted_marks: Mutex<BTreeSet<ArtifactName>>,
    /// In how many seconds the next look is due.
    due_in: AtomicU64,
    /// What was known before tags went, and when they did.
    before_loss: Mutex<Option<(Instant, Arc<Picture>)>>,
    /// When this server began to look at it.
    started: Timestamp,
    /// The size of the packs that were there after the last look, if it is a clone.
    packs: AtomicU64,
}

/// How a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At what is known to change often: the refs.
    AtRefs,
    /// At everything, the configuration included.
    Whole,
}

impl ServedRepository {
    /// It is not looked at yet.
    pub fn new(setting: &RepositorySetting, environment: &Environment) -> Self {
        let id = setting.id.as_str().into();
        let (source, environment) = (setting.source.clone(), environment.clone());
        let started = environment.now();
        Self {
            id,
            source,
            environment,
            current: ArcSwap::default(),
            was_looked_at: AtomicBool::new(false),
            findings: Findings::default(),
            facts: Facts::default(),
            marks: ArcSwap::default(),
            wanted_marks: Mutex::default(),
            due_in: AtomicU64::new(0),
            before_loss: Mutex::default(),
            started,
            packs: AtomicU64::new(0),
        }
    }

    /// What is known of it.
    pub fn picture(&self) -> Arc<Picture> {
        self.current.load_full()
    }

    /// Grows with each change of what is known.
    pub fn serial(&self) -> u64 {
        self.current.load().serial
    }

    /// Why what is known may not be how it is: it cannot be read, or no look at it has ended for long.
    pub fn failing(&self) -> Option<Failing> {
        let picture = self.picture();
        if picture.failing.is_some() {
            return picture.failing.clone();
        }
        let since = picture.seen_at?;
        let age = self.environment.now().seconds() - since.seconds();
        let wanted = 2 * self.due_in.load(Ordering::Relaxed) + PATIENCE.as_secs();
        let is_late = u64::try_from(age).is_ok_and(|age| age > wanted);
        is_late.then(|| Failing {
            since,
            reason: "It does not answer, or others before it do not".to_owned(),
            hints: Vec::new(),
        })
    }

    /// In how many seconds the next look is due, at the last one's end.
    pub fn due_in(&self) -> u64 {
        self.due_in.load(Ordering::Relaxed)
    }

    /// Notes when the next look is due.
    pub fn set_due(&self, wait: Duration) {
        self.due_in.store(wait.as_secs(), Ordering::Relaxed);
    }

    /// The tags that cannot be read: without them, an earlier state is shown for the present one.
    pub fn unreadable_tags(&self) -> Vec<String> {
        let picture = self.picture();
        let damaged = picture.snapshot.warnings().iter().filter_map(|warning| match warning {
            Warning::DamagedTags(tags) => Some(tags.iter().map(|tag| tag.name.clone())),
            _ => None,
        });
        damaged.flatten().collect()
    }

    /// What is remarkable about what is shown, as far as it is known.
    pub fn marks(&self) -> Arc<Marks> {
        self.marks.load_full()
    }

    /// Which of these artifacts are not judged as they are now, or long ago, though they could be. They are wanted from now on.
    pub fn want_marks<'r>(&self, rows: impl Iterator<Item = &'r Arc<Row>>) -> MarksWanted {
        let (picture, marks) = (self.picture(), self.marks());
        let mut wanted = MarksWanted::default();
        if picture.registry.is_none() {
            return wanted;
        }
        for row in rows {
            let is_known = marks.know(&picture, row);
            if !is_known || marks.are_old(&row.name) {
                wanted.is_pending |= !is_known;
                wanted.any = true;
                self.lock_wanted().insert(row.name.clone());
            }
        }
        wanted
    }

    fn lock_wanted(&self) -> MutexGuard<'_, BTreeSet<ArtifactName>> {
        self.wanted_marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges what is shown, if it is another since the last time or more is wanted. Only one thread at a time may do that.
    pub fn judge(&self) {
        let (picture, before) = (self.picture(), self.marks());
        let wanted = std::mem::take(&mut *self.lock_wanted());
        let is_new = |name: &ArtifactName| {
            picture.rows.get(name).is_some_and(|row| !before.know(&picture, row)) || before.are_old(name)
        };
        if !before.are_of(&picture) || wanted.iter().any(is_new) {
            let registry = self.registry_beside(&picture);
            self.marks.store(Arc::new(Marks::judge(&picture, registry.as_deref(), &before, &wanted)));
        }
    }

    /// Whether it is examined without being asked for. In larger registries that takes long, and memory that the process then keeps.
    pub fn is_examined_unasked(&self) -> bool {
        self.picture().snapshot.tag_count() <= EXAMINED
    }

    /// Whether what is known to be wrong is of what is shown, or nothing more can be found out now.
    pub fn is_examined(&self) -> bool {
        let picture = self.picture();
        picture.registry.is_none() || self.findings.are_of(&picture)
    }

    /// Whether what is known to be wrong may be another by now, without any change of a tag.
    pub fn is_examined_long_ago(&self) -> bool {
        let limit = if self.is_examined_unasked() { FINDINGS_LAST } else { 12 * FINDINGS_LAST };
        self.picture().registry.is_some() && self.findings.are_older_than(limit)
    }

    /// Looks for what is wrong, if it is another since the last time.
    pub fn examine(&self) {
        let picture = self.picture();
        // What does not answer must not be asked, and must not take what is known away.
        if self.findings.are_of(&picture) && !self.is_examined_long_ago() {
            return;
        }
        if let Some(registry) = self.registry_beside(&picture) {
            self.findings.look(&picture, &registry, &self.shown_source(), self.environment.now());
        }
    }

    /// What is known of its versions.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Finds out what pages want to know of its versions.
    pub fn find_facts(&self) {
        match self.registry_beside(&self.picture()) {
            Some(registry) => self.facts.find(&registry),
            None => self.facts.give_up(),
        }
    }

    /// One to read with beside the looks: of its own, so that the packs that it reads do not stay in memory. None of what does not answer.
    fn registry_beside(&self, picture: &Picture) -> Option<Arc<Registry>> {
        let known = picture.registry.as_ref()?;
        let own = if self.is_remote() { None } else { self.open().ok() };
        Some(own.map_or_else(|| Arc::clone(known), Arc::new))
    }

    /// What is known to be wrong with an artifact, and when that was found out if it has changed since.
    pub fn findings_of(&self, name: &ArtifactName) -> (Vec<FoundWrong>, Option<Timestamp>) {
        let is_of_it = |tag: &str| tag.parse::<TagName>().is_ok_and(|tag| tag.artifact == *name);
        self.findings.known(&self.picture(), is_of_it)
    }

    /// The same about a tag.
    pub fn findings_of_tag(&self, tag: &str) -> (Vec<FoundWrong>, Option<Timestamp>) {
        self.findings.known_of(&self.picture(), tag)
    }

    /// What is known to be wrong in it: nothing is looked at.
    pub fn findings(&self) -> KnownFindings {
        self.findings.all(&self.picture())
    }

    /// Where it is, as people may see it: an address comes without its password.
    pub fn shown_source(&self) -> String {
        match &self.source {
            RepositorySource::Folder(path) => path.display().to_string(),
            RepositorySource::Url(url) => without_password(url),
        }
    }

    /// What `--repo` of the command would take for it.
    pub fn is_remote(&self) -> bool {
        matches!(self.source, RepositorySource::Url(_))
    }

    /// Opens it, as the command does.
    pub fn open(&self) -> gto::Result<Registry> {
        let options = OpenOptions::new(self.environment.clone());
        match &self.source {
            RepositorySource::Folder(path) => options.open(path),
            RepositorySource::Url(url) => options.open_url(url),
        }
    }

    /// Looks at it, replaces what is known, and returns what changed. Only one thread at a time may do that.
    pub fn look(&self, look: Look) -> Looked {
        let before = self.picture();
        match self.next(&before, look) {
            Ok((next, changes)) => {
                if changes.iter().any(|change| change.kind == ChangeKind::Gone) && !self.is_remote() {
                    self.note_loss(&before);
                } else if !changes.is_empty() {
                    // Somebody works with it.
                    *self.before_loss.lock().unwrap_or_else(PoisonError::into_inner) = None;
                }
                let seen_at = Some(self.environment.now());
                self.current.store(Arc::new(Picture {
                    seen_at,
                    failing: None,
                    is_watched: before.is_watched,
                    ..next
                }));
                Looked { changes, has_failed: false, bytes: self.transferred(&before) }
            }
            Err(error) => {
                let failing = self.failure(&before, &error);
                let good = self.last_good(&before);
                self.current.store(Arc::new(Picture { failing: Some(failing), ..good }));
                Looked { has_failed: true, ..Looked::default() }
            }
        }
    }

    /// About how many bytes a look took from elsewhere: the list of all refs, and what packs came.
    fn transferred(&self, before: &Picture) -> u64 {
        if !self.is_remote() {
            return 0;
        }
        let Some(registry) = self.picture().registry.clone() else { return 0 };
        let packs = pack_sizes(&registry);
        let had = self.packs.swap(packs, Ordering::Relaxed);
        // What was kept from an earlier run of the server did not come now, as far as that can be known.
        let new = if before.serial == 0 { 0 } else { packs.saturating_sub(had) };
        // A remote's list of refs is about as long as this file.
        let list = std::fs::metadata(registry.common_dir().join("packed-refs"));
        new + list.map_or(0, |list| list.len())
    }

    /// Notes what was known before tags went. Several losses, one soon after the other, are one.
    fn note_loss(&self, before: &Arc<Picture>) {
        let mut kept = self.before_loss.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.take().filter(|(when, _)| when.elapsed() < ONE_LOSS).map(|(_, picture)| picture);
        *kept = Some((Instant::now(), known.unwrap_or_else(|| Arc::clone(before))));
    }

    /// The last good state: a repository that is being deleted loses its tags first, and what is left then is no state of it.
    fn last_good(&self, before: &Picture) -> Picture {
        let mut kept = self.before_loss.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.take().filter(|(when, _)| when.elapsed() < ONE_LOSS) {
            Some((_, picture)) => {
                Picture { serial: before.serial + 1, is_watched: before.is_watched, ..(*picture).clone() }
            }
            None => before.clone(),
        }
    }

    /// Says that it does not answer, and since when; and that nothing can be read of it, so that no request waits for what does not
    /// come. A look that comes back says otherwise.
    pub fn give_up_reading(&self) {
        let before = self.picture();
        if before.serial > 0 && before.registry.is_none() && before.failing.is_some() {
            return;
        }
        let since = before.failing.as_ref().map(|failing| failing.since).or(before.seen_at);
        let failing = Failing {
            since: since.unwrap_or(self.started),
            reason: "It does not answer: a look at it has not come to an end".to_owned(),
            hints: vec![format!("see whether `git -C {} status` does", shell_quote(&self.shown_source()))],
        };
        if before.serial == 0 && before.failing.as_ref() == Some(&failing) {
            return;
        }
        let next = Arc::new(Picture { registry: None, failing: Some(failing), ..(*before).clone() });
        // Unless the look has come back just now.
        self.current.compare_and_swap(&before, next);
    }

    /// Notes that it was looked at, and returns whether it had been before.
    pub fn mark_looked_at(&self) -> bool {
        self.was_looked_at.swap(true, Ordering::Relaxed)
    }

    /// Notes whether the system says when it changes.
    pub fn set_watched(&self, is_watched: bool) {
        let before = self.picture();
        if before.is_watched != is_watched {
            self.current.store(Arc::new(Picture { is_watched, ..(*before).clone() }));
        }
    }

    fn next(&self, before: &Arc<Picture>, look: Look) -> gto::Result<(Picture, Vec<Change>)> {
        // The refs of a kept clone are news of the remote only once it has been asked.
        let is_enough = look == Look::AtRefs && before.failing.is_none() && !self.is_remote();
        let registry = match &before.registry {
            Some(registry) if is_enough => Arc::clone(registry),
            _ => Arc::new(self.open()?),
        };
        if before.serial == 0 {
            let snapshot = registry.snapshot()?;
            // The one that has read everything has all packs in memory, until the next whole look at least.
            let registry = if self.is_remote() { registry } else { Arc::new(self.open()?) };
            let policy_state = registry.policy_state().ok();
            let taken = Picture::taken(&self.id, registry, snapshot, before, None);
            return Ok((Picture { policy_state, ..taken }, Vec::new()));
        }
        let (snapshot, changes) = registry.refresh(&before.snapshot)?;
        if !is_whole(&registry) {
            // Without its folder it has no tags, and that is no state of the registry. To open it anew says what is wrong.
            self.open()?;
        }
        let policy_state = registry.policy_state().ok();
        let is_same =
            Arc::ptr_eq(&snapshot, &before.snapshot) && registry.resolve("HEAD").ok() == before.head;
        if is_same {
            // What was asked while nothing could be read lacks a part; what was judged by another policy is judged again.
            let was_away = before.registry.is_none() || before.failing.is_some();
            let is_news = was_away || policy_state != before.policy_state;
            let serial = before.serial + u64::from(is_news);
            return Ok((
                Picture { serial, policy_state, registry: Some(registry), ..(**before).clone() },
                changes,
            ));
        }
        let changed: BTreeSet<_> = changes.iter().map(|change| change.artifact.clone()).collect();
        let taken = Picture::taken(&self.id, registry, snapshot, before, Some(&changed));
        Ok((Picture { policy_state, ..taken }, changes))
    }

    fn failure(&self, before: &Picture, error: &Error) -> Failing {
        let since = before.failing.as_ref().map_or_else(|| self.environment.now(), |failing| failing.since);
        let shown = self.shown_source();
        let mut scene = Here { repository: &shown };
        let hints = advice::of(error, &mut scene).iter().map(Advice::for_shell).collect();
        Failing { since, reason: crate::error::with_causes(error), hints }
    }

    /// The folders of a local repository whose files say that refs have changed, and whether what is below counts too.
    pub fn ref_folders(&self) -> Vec<(PathBuf, bool)> {
        let picture = self.picture();
        let Some(registry) = picture.registry.as_ref().filter(|_| !self.is_remote()) else {
            return Vec::new();
        };
        let common = registry.common_dir();
        let mut folders = vec![(common.to_owned(), false)];
        if registry.git_dir() != common {
            folders.push((registry.git_dir().to_owned(), false));
        }
        folders.extend(["refs", "reftable"].map(|below| (common.join(below), true)));
        folders.retain(|(folder, _)| folder.is_dir());
        folders
    }
}

/// The size of all packs.
fn pack_sizes(registry: &Registry) -> u64 {
    let entries = std::fs::read_dir(registry.common_dir().join("objects/pack"));
    entries.into_iter().flatten().flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}

/// Whether the parts of a repository are there without which its refs mean nothing.
fn is_whole(registry: &Registry) -> bool {
    let common = registry.common_dir();
    registry.git_dir().join("HEAD").exists()
        && common.join("objects").is_dir()
        && common.join("refs").exists()
}

/// What pages want to know of marks.
#[derive(Debug, Default)]
pub struct MarksWanted {
    /// Whether anything is to be judged.
    pub any: bool,
    /// Whether something is not judged as it is now.
    pub is_pending: bool,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct Looked {
    /// The tags that came, went or moved.
    pub changes: Vec<Change>,
    pub has_failed: bool,
    /// About how many bytes came from elsewhere.
    pub bytes: u64,
}

/// What advice may ask: nothing that would take time.
struct Here<'a> {
    repository: &'a str,
}

impl Scene for Here<'_> {
    fn repository(&self) -> &str {
        self.repository
    }

    fn registry(&mut self) -> Option<Registry> {
        None
    }

    fn git_dir(&self) -> Option<String> {
        None
    }
}

/// An address without what comes before `@` in it.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        for (url, shown) in [
            ("https://u:p@host/a/b.git", "https://host/a/b.git"),
            ("https://u:p@x@host/a@b", "https://host/a@b"),
            ("ssh://git@host", "ssh://host"),
            ("git@host:a/b", "git@host:a/b"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
