//! Reading the tags of a whole registry, with the help of what was read before.
//!
//! Owns when the cache of tags is used and when it is written. See `tag_cache` for the cache itself. The answer is the
//! same with and without: every problem here means reading from Git.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::git::tag_cache::{self, CachedTag, Problem, TagCache, Writer};
use crate::git::{Keep, Repository, TagObject, TagRef, Want};
use crate::object_id::ObjectId;

/// So many tags are held with their messages by one thread.
const AT_ONCE: usize = 64;

/// The file of the cache, for people who want to know.
#[derive(Debug)]
pub(crate) struct CacheFile {
    /// Its size in bytes; `None` if there is no such file.
    pub size: Option<u64>,
    /// How many tags are in it.
    pub entries: usize,
    /// Why nothing is read from it.
    pub problem: Option<String>,
    /// Why it is not written.
    pub write_problem: Option<String>,
}

/// A reading of all tags that has not begun.
pub(crate) struct PlannedReading {
    want: Want,
    keep: Keep,
    folder: PathBuf,
    hash_len: usize,
    is_ours: bool,
}

/// A reading of all tags, by any number of threads.
pub(crate) struct Reading {
    want: Want,
    cache: TagCache,
    fresh: Mutex<Fresh>,
    /// So many tags that are not in the cache are reason enough to write it.
    enough: usize,
}

/// What becomes of the tags that were not in the cache.
enum Fresh {
    /// They are forgotten.
    Dropped,
    /// Not enough yet to write them.
    Waiting(Vec<(ObjectId, TagObject)>),
    /// They are written.
    Writing(Box<Writer>),
}

impl Repository {
    /// A reading of all tags that is to begin, with the cache or without.
    ///
    /// For whole registries: the cache is read as a whole, which for a few tags takes longer than reading them.
    pub fn reading(&self, want: Want, keep: Keep) -> PlannedReading {
        let keep = if self.has_replacements() { Keep::Nothing } else { keep };
        let folder = self.common_dir().to_owned();
        PlannedReading { want, keep, folder, hash_len: self.hash_len(), is_ours: self.is_ours() }
    }

    /// Where the cache is, or would be.
    pub fn cache_path(&self) -> PathBuf {
        tag_cache::path_in(self.common_dir())
    }

    /// In what state the cache is.
    pub fn cache_file(&self) -> CacheFile {
        let size = std::fs::symlink_metadata(self.cache_path()).ok().filter(std::fs::Metadata::is_file);
        let cache = self.load_cache(Want::Everything);
        let replaced =
            self.has_replacements().then(|| "the repository has replacements (`git replace`)".to_owned());
        let problem = replaced.clone().or_else(|| cache.problem().map(Problem::to_string));
        let write_problem = replaced
            .or_else(|| (!self.is_ours()).then(|| "the repository belongs to someone else".to_owned()))
            .or_else(|| Writer::obstacle(self.common_dir(), self.hash_len()).map(|error| error.to_string()));
        CacheFile { size: size.map(|file| file.len()), entries: cache.len(), problem, write_problem }
    }

    /// Removes the cache. Whether there was one.
    pub fn clear_cache(&self) -> std::io::Result<bool> {
        tag_cache::clear(self.common_dir())
    }

    fn load_cache(&self, want: Want) -> TagCache {
        TagCache::load(self.common_dir(), self.hash_len(), want)
    }

    fn hash_len(&self) -> usize {
        self.gix().object_hash().len_in_bytes()
    }

    /// Whether some ids are replaced by other objects, so that nothing about them can be cached.
    fn has_replacements(&self) -> bool {
        self.gix().objects.store_ref().replacements().next().is_some()
    }

    /// Whether we may leave something in the repository unasked.
    fn is_ours(&self) -> bool {
        self.gix().git_dir_trust() == gix::sec::Trust::Full
    }
}

impl PlannedReading {
    /// Begins to read: loads the cache, which any thread may do.
    pub fn begin(self) -> Reading {
        let Self { want, keep, folder, hash_len, is_ours } = self;
        if keep == Keep::Nothing {
            let fresh = Mutex::new(Fresh::Dropped);
            return Reading { want, cache: TagCache::default(), fresh, enough: 0 };
        }
        let cache = TagCache::load(&folder, hash_len, want);
        let wanted = cache.new_wanted().filter(|_| is_ours);
        let wanted = wanted.map(|tags| if keep == Keep::All { 1 } else { tags });
        let fresh = if wanted.is_some() { Fresh::Waiting(Vec::new()) } else { Fresh::Dropped };
        Reading { want, cache, fresh: Mutex::new(fresh), enough: wanted.unwrap_or(0) }
    }
}

impl Reading {
    /// As [`Repository::read_tags`], which any thread may call with its own repository.
    pub fn read_tags(&self, repository: &Repository, tags: &[TagRef]) -> Vec<TagObject> {
        if self.cache.len() == 0 {
            return self.read_new(repository, tags);
        }
        let ids: Vec<ObjectId> = tags.iter().map(|tag| tag.target).collect();
        let known = ids.iter().zip(self.cache.get_all(&ids));
        let mut objects: Vec<Option<TagObject>> =
            known.map(|(id, known)| known.map(|known| decoded(*id, known))).collect();
        let new = tags.iter().zip(&objects).filter(|(_, object)| object.is_none());
        let new: Vec<TagRef> = new.map(|(tag, _)| tag.clone()).collect();
        if !new.is_empty() {
            let mut read = self.read_new(repository, &new).into_iter();
            for object in objects.iter_mut().filter(|object| object.is_none()) {
                *object = read.next();
            }
        }
        let mut all = Vec::with_capacity(objects.len());
        all.extend(objects.into_iter().flatten());
        all
    }

    /// Reads tags from Git and remembers them.
    fn read_new(&self, repository: &Repository, tags: &[TagRef]) -> Vec<TagObject> {
        if matches!(*self.fresh(), Fresh::Dropped) {
            return repository.read_tags(tags, self.want);
        }
        let mut all = Vec::with_capacity(tags.len());
        // A few at a time: the file has everything, whatever this question is, and a message may be large.
        for tags in tags.chunks(AT_ONCE) {
            let mut objects = repository.read_tags(tags, Want::Everything);
            self.fresh().add(tags, &objects, self.enough, repository);
            if self.want == Want::NoMessages {
                for object in &mut objects {
                    if let TagObject::Annotated { message, .. } = object {
                        *message = String::new();
                    }
                }
            }
            all.append(&mut objects);
        }
        all
    }

    /// Rewrites the cache, if that pays. To be called after all tags were read: other entries are dropped.
    pub fn finish(self, repository: &Repository) {
        let mut fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        if matches!(fresh, Fresh::Waiting(_)) && self.cache.is_mostly_dead() {
            fresh.start(repository);
        }
        let Fresh::Writing(mut writer) = fresh else { return };
        // With the messages, this time.
        let reloaded = (self.want == Want::NoMessages && self.cache.len() > 0)
            .then(|| repository.load_cache(Want::Everything));
        let old = reloaded.as_ref().unwrap_or(&self.cache);
        let known = self.cache.used().filter_map(|id| Some((id, old.get(id)?)));
        let mut added = known.map(|(id, tag)| writer.add(id, &tag));
        if added.all(|added| added.is_ok()) {
            drop(added);
            // The cache is optional, and the next read will try again.
            let _ = writer.finish();
        }
    }

    fn fresh(&self) -> MutexGuard<'_, Fresh> {
        // A poisoned lock means that another thread panicked, which ends everything anyway.
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fresh {
    /// Takes in tags that were not in the cache, and begins to write once there are enough.
    fn add(&mut self, tags: &[TagRef], objects: &[TagObject], enough: usize, repository: &Repository) {
        let new = tags
            .iter()
            .zip(objects)
            .filter_map(|(tag, object)| Some((tag.target, object, cacheable(object)?)));
        match self {
            Self::Dropped => {}
            Self::Waiting(waiting) => {
                waiting.extend(new.map(|(id, object, _)| (id, object.clone())));
                if waiting.len() >= enough {
                    self.start(repository);
                }
            }
            Self::Writing(writer) => {
                for (id, _, tag) in new {
                    if writer.add(id, &tag).is_err() {
                        *self = Self::Dropped;
                        return;
                    }
                }
            }
        }
    }

    /// Begins to write, with those that wait; or gives up.
    fn start(&mut self, repository: &Repository) {
        let Self::Waiting(waiting) = std::mem::replace(self, Self::Dropped) else { return };
        let Ok(mut writer) = Writer::create(repository.common_dir(), repository.hash_len()) else { return };
        let mut new = waiting.iter().filter_map(|(id, object)| Some((*id, cacheable(object)?)));
        if new.all(|(id, tag)| writer.add(id, &tag).is_ok()) {
            *self = Self::Writing(Box::new(writer));
        }
    }
}

/// What the cache knows, as if it had been read.
fn decoded(id: ObjectId, known: CachedTag<'_>) -> TagObject {
    match known {
        CachedTag::Lightweight => TagObject::Lightweight { target: id },
        CachedTag::Annotated { commit, tagger, message, name_sum } => TagObject::Annotated {
            tag_id: id,
            name_sum,
            commit,
            tagger,
            message: message.unwrap_or_default().to_owned(),
        },
    }
}

/// What the cache may know of the tag later. What could not be read may be readable next time.
fn cacheable(object: &TagObject) -> Option<CachedTag<'_>> {
    let tag = match object {
        TagObject::Annotated { commit, tagger, message, name_sum, .. } => CachedTag::Annotated {
            commit: *commit,
            tagger: tagger.clone(),
            message: Some(message),
            name_sum: *name_sum,
        },
        TagObject::Lightweight { .. } => CachedTag::Lightweight,
        TagObject::Unreadable(_) => return None,
    };
    tag.is_small().then_some(tag)
}
