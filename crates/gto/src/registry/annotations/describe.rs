//! The annotation of one artifact: at a version, at a commit, or in the work tree.
//!
//! Owns finding the version that somebody points at, and reading the annotation files of the work tree. What the files say
//! is decided by `annotation`.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use serde::Serialize;

use crate::annotation::path as artifact_path;
use crate::annotation::{Annotation, Source, Sourced, artifacts_yaml};
use crate::dvc::file::DvcYaml;
use crate::dvc::{self, BELOW_A_LINK, Ignore};
use crate::error::{Error, Result};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::plan::Warning;
use crate::query::ShowOptions;
use crate::reference::{Reference, Selector};
use crate::registry::annotations::checked_out::CheckedOut;
use crate::registry::annotations::commits::{Entries, counting, dvc_yaml_in, folder_of};
use crate::registry::located::Located;
use crate::registry::{Answer, CheckedRef, Detail, Registry};
use crate::report::VersionReport;
use crate::rules::Refusal;
use crate::tag::TagName;
use crate::version::VersionLabel;

/// An artifact's type, path, labels and description.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The requested version.
    pub version: Option<VersionLabel>,
    /// The commit of the files; `None` for the work tree.
    pub commit: Option<ObjectId>,
    /// The annotations, one for each kind of file, and at least one.
    pub sources: Vec<Sourced>,
    /// The one of them that counts.
    nearest: Sourced,
}

impl Description {
    /// The entry that counts.
    pub fn nearest(&self) -> &Sourced {
        &self.nearest
    }

    /// The effective annotation.
    pub fn annotation(&self) -> &Annotation {
        &self.nearest().annotation
    }
}

impl Serialize for Description {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Report<'a> {
            artifact: &'a ArtifactName,
            version: Option<&'a VersionLabel>,
            commit: Option<ObjectId>,
            source: Source,
            file: &'a str,
            #[serde(rename = "type")]
            kind: Option<&'a str>,
            path: Option<&'a str>,
            description: &'a str,
            labels: &'a [String],
            custom: &'a serde_json::Value,
        }
        let Sourced { source, file, annotation } = self.nearest();
        let report = Report {
            artifact: &self.artifact,
            version: self.version.as_ref(),
            commit: self.commit,
            source: *source,
            file,
            kind: annotation.kind.as_deref(),
            path: annotation.path.as_deref(),
            description: &annotation.description,
            labels: &annotation.labels,
            custom: &annotation.custom,
        };
        report.serialize(serializer)
    }
}

impl Registry {
    /// The version that `text` points at: `NAME@version`, `NAME#stage`, `NAME` for the highest version, or a tag of the
    /// registry.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::NoVersion`], [`Error::SeveralVersions`] or [`Error::RefNotFound`].
    pub fn locate(&self, text: &str) -> Result<Answer<Located>> {
        let reference = Reference::parse(text);
        if reference.selector.is_none()
            && let Some(tag) = as_tag(&reference.name)
        {
            return self.locate_tag(tag);
        }
        let selector = reference.selector.clone().unwrap_or(Selector::Latest);
        let reference = Reference { name: reference.name, selector: Some(selector.clone()) };
        let registered_only = selector == Selector::Latest;
        let options = ShowOptions { registered_only, ..ShowOptions::default() };
        let stage = if let Selector::Stage(stage) = &selector { Some(stage.clone()) } else { None };
        let Answer { value: mut found, warnings } = match self.pick(&reference, &options)? {
            Some(picked) => picked,
            None => self.pick_of_all(&reference, &options, stage.as_ref())?,
        };
        let Some(only) = found.pop() else {
            let artifact = reference.name.parse()?;
            return Err(match selector {
                Selector::Version(version) => Refusal::NotRegistered { artifact, version }.into(),
                _ => Error::NoVersion { artifact, stage },
            });
        };
        if !found.is_empty() {
            let commits = found.iter().chain([&only]).map(|version| version.commit).collect();
            return Err(Error::SeveralVersions { what: text.to_owned(), commits });
        }
        Ok(Answer { value: only, warnings })
    }

    fn pick_of_all(
        &self,
        reference: &Reference,
        options: &ShowOptions,
        stage: Option<&StageName>,
    ) -> Result<Answer<Vec<Located>>> {
        let shown = self.show_versions(reference, options, Detail::Brief)?.unless_damaged()?;
        let located = |version: VersionReport| Located {
            artifact: version.artifact,
            version: Some(version.version),
            stage: stage.cloned(),
            reference: version.tag.unwrap_or_else(|| version.commit.to_string()),
            commit: version.commit,
        };
        let value = shown.value.versions.into_iter().map(located).collect();
        Ok(Answer { value, warnings: shown.warnings })
    }

    fn locate_tag(&self, tag: &str) -> Result<Answer<Located>> {
        let Answer { value, warnings } = self.check_ref(tag)?;
        match value {
            CheckedRef::Event(event) => {
                let event = *event;
                let located = Located {
                    artifact: event.artifact,
                    version: event.version.as_deref().cloned(),
                    stage: event.stage,
                    commit: event.commit,
                    reference: event.tag.into(),
                };
                Ok(Answer { value: located, warnings })
            }
            CheckedRef::NoTag | CheckedRef::Foreign => Err(Error::RefNotFound { revision: tag.to_owned() }),
            CheckedRef::Violating => Err(Error::ViolatingTag { tag: tag.to_owned() }),
            CheckedRef::Lightweight => {
                let reason = "it is lightweight, and only annotated tags are".to_owned();
                Err(Error::NoEvent { tag: tag.to_owned(), reason, is_lightweight: true })
            }
            CheckedRef::NoEvent { reason } => {
                Err(Error::NoEvent { tag: tag.to_owned(), reason, is_lightweight: false })
            }
        }
    }

    /// What the artifact that `text` points at is and where it lies. At a version (`NAME@version`, `NAME#stage`, a tag) or at
    /// `revision` the files of that commit say it; for a name alone those of the work tree, uncommitted changes included,
    /// or in a bare repository those of its current commit.
    ///
    /// # Errors
    /// [`Error::NotAnnotated`], [`Refusal::RevisionAndShortcut`], or those of [`Registry::locate`].
    pub fn describe(&self, text: &str, revision: Option<&str>) -> Result<Answer<Description>> {
        let reference = Reference::parse(text);
        let is_version = reference.selector.is_some() || as_tag(&reference.name).is_some();
        if is_version {
            if revision.is_some() {
                return Err(Refusal::RevisionAndShortcut.into());
            }
            let Answer { value, warnings } = self.locate(text)?;
            let mut answer = self.describe_located(&value)?;
            answer.warnings.splice(0..0, warnings);
            return Ok(answer);
        }
        let name: ArtifactName = reference.name.parse()?;
        let commit = self.commit_to_read(revision)?;
        let ambiguity = revision.and_then(|revision| self.ambiguity(revision));
        self.described(name, None, commit, ambiguity.into_iter().collect())
    }

    /// What the files of `revision` say of all artifacts, or those of the work tree, uncommitted changes included, or in a bare
    /// repository those of its current commit: of each artifact what counts, by name.
    ///
    /// # Errors
    /// [`Error::RefNotFound`], or what keeps Git from reading.
    pub fn all_annotations(&self, revision: Option<&str>) -> Result<Answer<Vec<(ArtifactName, Sourced)>>> {
        let files = match (self.commit_to_read(revision)?, self.repository.work_dir()) {
            (Some(commit), _) => self.files()?.all(commit),
            (None, Some(root)) => {
                let work_tree = CheckedOut::new(&self.repository, root);
                let mut files = in_work_tree(&work_tree, Some(&self.config()?.index), None);
                for folder in self.folders_with_dvc_yaml()? {
                    files.extend(in_work_tree(&work_tree, None, Some(&folder)));
                }
                files
            }
            (None, None) => Vec::new(),
        };
        let mut by_folder: BTreeMap<&str, Vec<Arc<Entries>>> = BTreeMap::new();
        for file in &files {
            by_folder.entry(file.folder()).or_default().push(Arc::clone(file));
        }
        let mut found = BTreeMap::new();
        for name in files.iter().flat_map(|file| file.names()) {
            if let Ok(Some(counts)) =
                counting(by_folder.get(folder_of(name)).map_or(&[][..], Vec::as_slice), name)
            {
                found.insert(name.clone(), counts);
            }
        }
        let warnings = files.iter().flat_map(|file| file.sentences());
        let warnings = warnings.map(|text| Warning::Annotation { text });
        let ambiguity = revision.and_then(|revision| self.ambiguity(revision));
        Ok(Answer { value: found.into_iter().collect(), warnings: warnings.chain(ambiguity).collect() })
    }

    /// The commit whose files are meant; `None` for the work tree.
    fn commit_to_read(&self, revision: Option<&str>) -> Result<Option<ObjectId>> {
        Ok(match revision {
            Some(revision) => Some(self.repository.resolve(revision)?),
            None if self.repository.work_dir().is_some() => None,
            None => Some(self.repository.head_commit()?.ok_or_else(|| self.repository.no_head())?),
        })
    }

    /// The annotations in the commit of a version.
    ///
    /// # Errors
    /// [`Error::NotAnnotated`].
    pub fn describe_located(&self, located: &Located) -> Result<Answer<Description>> {
        let Located { artifact, version, commit, .. } = located.clone();
        self.described(artifact, version, Some(commit), Vec::new())
    }

    /// What the files of a commit say of an artifact, or those of the work tree, if there is one: at most one entry for each
    /// kind of file.
    pub fn annotations_of(&self, name: &ArtifactName, commit: Option<ObjectId>) -> Vec<Sourced> {
        let entries = self.entries(name, commit).unwrap_or_default();
        entries.iter().filter_map(|entries| entries.of(name)).collect()
    }

    fn described(
        &self,
        name: ArtifactName,
        version: Option<VersionLabel>,
        commit: Option<ObjectId>,
        warnings: Vec<Warning>,
    ) -> Result<Answer<Description>> {
        let entries = self.entries(&name, commit)?;
        let sources: Vec<Sourced> = entries.iter().filter_map(|entries| entries.of(&name)).collect();
        let problems: Vec<String> = entries.iter().flat_map(|entries| entries.problems_of(&name)).collect();
        let mut warnings = self.also_unfetched(warnings);
        let Ok(Some(mut nearest)) = counting(&entries, &name) else {
            let unfetched = warnings.iter().filter(|warning| matches!(warning, Warning::Unfetched { .. }));
            let reasons = problems.into_iter().chain(unfetched.map(ToString::to_string)).collect();
            return Err(Error::NotAnnotated { artifact: name, commit, reasons });
        };
        warnings.extend(problems.into_iter().map(|text| Warning::Annotation { text }));
        let path = nearest.annotation.path.take();
        nearest.annotation.path = path.map(|path| artifact_path::from_everywhere(&path));
        let value = Description { artifact: name, version, commit, sources, nearest };
        Ok(Answer { value, warnings })
    }

    /// The files that may name the artifact.
    fn entries(&self, name: &ArtifactName, commit: Option<ObjectId>) -> Result<Vec<Arc<Entries>>> {
        Ok(match (commit, self.repository.work_dir()) {
            (Some(commit), _) => self.files()?.entries(commit, name),
            (None, Some(root)) => {
                let folder = folder_of(name);
                let config = self.config()?;
                let index = folder.is_empty().then_some(config.index.as_str());
                in_work_tree(&CheckedOut::new(&self.repository, root), index, Some(folder))
            }
            (None, None) => Vec::new(),
        })
    }
}

/// The tag that a name is which is none of an artifact.
fn as_tag(name: &str) -> Option<&str> {
    let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
    let is_name = name.parse::<ArtifactName>().is_ok();
    (!is_name && tag.parse::<TagName>().is_ok()).then_some(tag)
}

/// These annotation files of the work tree, as they are now: `artifacts.yaml`, and the `dvc.yaml` of a folder.
fn in_work_tree(work_tree: &CheckedOut<'_>, index: Option<&str>, folder: Option<&str>) -> Vec<Arc<Entries>> {
    let read = |path: &str| {
        let read = work_tree.read(path, dvc::MAX_SIZE);
        read.map_err(|error| std::error::Error::source(&error).unwrap_or(&error).to_string())
    };
    let mut found = Vec::new();
    if let Some(index) = index {
        found.extend(match read(index) {
            Ok(None) => None,
            Ok(Some(bytes)) => Some(Entries::new(index, Source::Gto, artifacts_yaml::read(&bytes))),
            Err(why) => Some(Entries::unreadable(index, Source::Gto, why)),
        });
    }
    if let Some(folder) = folder {
        let path = dvc_yaml_in(folder);
        let bytes = match dvc_visibility(work_tree, folder) {
            DvcVisibility::Visible => read(&path),
            DvcVisibility::Hidden => Ok(None),
            DvcVisibility::Unreachable(why) => Err(why),
        };
        found.extend(match bytes {
            Ok(None) => None,
            Ok(Some(bytes)) => {
                let annotations = DvcYaml::parse(&bytes).annotations(folder, &read);
                Some(Entries::new(&path, Source::Dvc, annotations))
            }
            Err(why) => Some(Entries::unreadable(&path, Source::Dvc, why)),
        });
    }
    found.into_iter().map(Arc::new).collect()
}

/// Whether DVC reads the `dvc.yaml` in a folder of the work tree.
pub(in crate::registry) enum DvcVisibility {
    /// It does.
    Visible,
    /// It does not, by its own rules.
    Hidden,
    /// It cannot, for this reason.
    Unreachable(String),
}

/// Whether DVC reads the `dvc.yaml` in a folder, which must be inside the work tree. The same rules as in commits: see
/// `dvc::Folders`.
pub(in crate::registry) fn dvc_visibility(work_tree: &CheckedOut<'_>, folder: &str) -> DvcVisibility {
    let mut ignore = Ignore::default();
    let mut above = String::new();
    let parts: Option<Vec<&str>> = Path::new(folder)
        .components()
        .map(|part| if let Component::Normal(part) = part { part.to_str() } else { None })
        .collect();
    let Some(parts) = parts.filter(|parts| parts.join("/") == folder) else { return DvcVisibility::Hidden };
    for part in std::iter::once("").chain(parts) {
        if [".git", ".dvc", ".hg"].contains(&part) {
            return DvcVisibility::Hidden;
        }
        if !above.is_empty() {
            above.push('/');
        }
        above.push_str(part);
        let here = work_tree.root.join(&above);
        if !part.is_empty() && here.is_symlink() {
            return DvcVisibility::Unreachable(format!("it {BELOW_A_LINK}"));
        }
        // Git sees nothing of what is in there, and nor does a commit.
        if !part.is_empty() && here.join(".git").symlink_metadata().is_ok() {
            return DvcVisibility::Unreachable(format!("'{above}' is another repository"));
        }
        if here.join(".dvc").is_dir() {
            ignore = Ignore::default();
        }
        let ignore_file = if above.is_empty() { ".dvcignore" } else { &format!("{above}/.dvcignore") };
        if let Ok(Some(text)) = work_tree.read(ignore_file, Ignore::MAX_SIZE) {
            ignore.add(&above, &text);
        }
    }
    if ignore.leaves_out(&dvc_yaml_in(folder)) { DvcVisibility::Hidden } else { DvcVisibility::Visible }
}
