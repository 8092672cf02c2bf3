//! A pin: which version was got, of which commit, and the hash of each of its files.
//!
//! Owns the file's form, and that what is got by it is just that. Reads and writes text; the caller has the file.

use std::collections::{HashMap, HashSet};

use gto::environment::Environment;
use gto::name::ArtifactName;
use gto::object_id::ObjectId;
use gto::version::VersionLabel;
use gto::{Located, Registry};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::listing::Listing;
use crate::place::settings::Trust;
use crate::text::shown;
use crate::version_file::VersionFile;

/// The number of the form.
const SCHEMA: u32 = 1;

/// What was got, to get just that again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    schema: u32,
    /// The address of the repository; `None` for one of this machine.
    pub repository: Option<String>,
    /// The artifact.
    pub artifact: String,
    /// The version, for those who read it: the commit counts.
    pub version: Option<String>,
    commit: String,
    /// The artifact's path, from the root of the repository.
    pub path: String,
    files: Vec<PinnedFile>,
}

/// A file of a pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PinnedFile {
    path: String,
    size: Option<u64>,
    hash: String,
}

impl Pin {
    /// Larger is no pin, in bytes.
    pub const MAX_SIZE: u64 = 1 << 30;

    /// The pin of these files.
    pub fn new(listing: &Listing, repository: Option<String>) -> Self {
        let file = |file: &VersionFile| PinnedFile {
            path: file.path.as_str().to_owned(),
            size: file.size,
            hash: file.content.hash(),
        };
        let located = &listing.located;
        Self {
            schema: SCHEMA,
            repository,
            artifact: located.artifact.to_string(),
            version: located.version.as_ref().map(ToString::to_string),
            commit: located.commit.to_string(),
            path: listing.path.clone(),
            files: listing.files.iter().map(file).collect(),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`Error::Pin`]
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Pin { reason };
        let pin: Self = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if pin.schema != SCHEMA {
            return Err(wrong(format!("its schema is {}, and this gto knows {SCHEMA}", pin.schema)));
        }
        pin.located()?;
        Ok(pin)
    }

    /// As text.
    pub fn to_text(&self) -> String {
        // It has only texts and numbers, which can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Fails unless its version is one that counts for who obeys the promotion policy, if the registry is opened so: its
    /// registration complies, and is still of the commit. In which stage it was the pin does not have.
    ///
    /// # Errors
    /// [`Error::PinUnjudged`], [`Error::PinMoved`], and why there is no such version.
    pub fn obey_policy(&self, registry: &Registry) -> Result<()> {
        if registry.enforced_policy()?.is_none() {
            return Ok(());
        }
        let Located { version, commit, reference, .. } = self.located()?;
        let Some(VersionLabel::Number(_)) = version else {
            return Err(Error::PinUnjudged { commit: commit.short().to_string() });
        };
        let found = registry.locate(&reference)?.value.commit;
        if found == commit {
            return Ok(());
        }
        let [pinned, found] = [commit, found].map(|commit| commit.short().to_string());
        Err(Error::PinMoved { version: reference, pinned, found })
    }

    /// Its files, of its commit: where its tag is now does not matter.
    ///
    /// # Errors
    /// Why they cannot be known, and [`Error::PinDiffers`].
    pub fn open(&self, registry: &Registry, environment: &Environment, trust: &Trust) -> Result<Listing> {
        let mut listing = Listing::at(registry, environment, self.located()?, &self.path, trust)?;
        let paths: HashSet<&str> = self.files.iter().map(|file| &*file.path).collect();
        listing.files.retain(|file| paths.contains(file.path.as_str()));
        listing.find_pointers(registry)?;
        self.check(&listing.files)?;
        Ok(listing)
    }

    /// Where the version is.
    fn located(&self) -> Result<Located> {
        let wrong = |what: &str, text: &str| Error::Pin { reason: format!("'{}' is no {what}", shown(text)) };
        let artifact: ArtifactName =
            self.artifact.parse().map_err(|_| wrong("name of an artifact", &self.artifact))?;
        let commit: ObjectId = self.commit.parse().map_err(|_| wrong("commit", &self.commit))?;
        let version = self.version.as_deref().map(|text| {
            let number = || text.parse().map(VersionLabel::Number).map_err(|_| wrong("version", text));
            text.parse().map_or_else(|_| number(), |commit| Ok(VersionLabel::Commit(commit)))
        });
        let reference = match &self.version {
            Some(version) => format!("{artifact}@{version}"),
            None => commit.to_string(),
        };
        Ok(Located { artifact, version: version.transpose()?, stage: None, commit, reference })
    }

    /// Fails unless these are the files.
    fn check(&self, files: &[VersionFile]) -> Result<()> {
        let files: HashMap<&str, &VersionFile> =
            files.iter().map(|file| (file.path.as_str(), file)).collect();
        for pinned in &self.files {
            let found = files.get(&*pinned.path).map(|file| file.content.hash());
            if found.as_deref() != Some(&*pinned.hash) {
                return Err(Error::PinDiffers {
                    path: shown(&pinned.path),
                    pinned: shown(&pinned.hash),
                    found: found.unwrap_or_else(|| "nothing".to_owned()),
                });
            }
        }
        Ok(())
    }
}
