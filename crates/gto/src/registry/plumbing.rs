//! What programs need that work with a registry's repository themselves: tags of any name, annotations as they stand in a
//! file, a clone with its files.
//!
//! Provides these few steps. It checks no rule of the registry: the caller is responsible.

use std::collections::HashMap;
use std::path::Path;

use crate::annotation::{Annotations, artifacts_yaml};
use crate::author::Author;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::git::{Access, Address, GitError, PushedTag, TagEdit, TagObject, TagRef, Want, is_valid_tag_name};
use crate::object_id::ObjectId;
use crate::registry::Registry;
use crate::registry::annotations::checked_out::CheckedOut;
use crate::registry::remote::push::Existing;
use crate::rules::Refusal;
use crate::signature::Signature;

/// An annotated tag on a commit, of whatever name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotatedTag {
    /// Its name.
    pub name: String,
    /// The tag object.
    pub id: ObjectId,
    /// The commit that it is on.
    pub commit: ObjectId,
    /// Who made it, and when.
    pub tagger: Signature,
    /// Its message, as it is stored, without a signature.
    pub message: String,
}

impl AnnotatedTag {
    fn new(tag: TagRef, object: TagObject) -> Option<Self> {
        match object {
            TagObject::Annotated { tag_id, commit, tagger, message, .. } => {
                Some(Self { name: tag.name, id: tag_id, commit, tagger, message })
            }
            TagObject::Lightweight { .. } | TagObject::Unreadable(_) => None,
        }
    }
}

impl Registry {
    /// A value of Git's own configuration, such as `core.pager`: of the repository, the user or the system. `None` if it is not
    /// set, or no text.
    pub fn git_setting(&self, key: &str) -> Option<String> {
        self.repository.setting(key)
    }

    /// The name of the branch that `HEAD` is on, which need not have a commit; `None` if it is on none.
    pub fn head_branch(&self) -> Option<String> {
        self.repository.current_branch()
    }

    /// The annotated tags that can be read, the registry's and others, or those of these names; in the order of their names.
    pub fn annotated_tags(&self, names: Option<&[String]>) -> Result<Vec<AnnotatedTag>> {
        let tags = match names {
            None => self.repository.tag_refs("")?.refs,
            Some(names) => {
                let mut tags = Vec::new();
                for name in names {
                    tags.extend(self.repository.tag_ref(name)?);
                }
                tags.sort_by(|a, b| a.name.cmp(&b.name));
                tags.dedup();
                tags
            }
        };
        let objects = self.repository.read_tags(&tags, Want::Everything);
        Ok(tags.into_iter().zip(objects).filter_map(|(tag, object)| AnnotatedTag::new(tag, object)).collect())
    }

    /// Makes an annotated tag of that name on the commit that `revision` names.
    ///
    /// # Errors
    /// [`Refusal::TagExists`], [`Error::RefNotFound`], or what keeps Git from writing. No tag was made then.
    pub fn create_tag(&self, name: &str, revision: &str, message: &str, author: &Author) -> Result<()> {
        let commit = self.repository.resolve(revision)?;
        if !is_valid_tag_name(name) {
            return Err(Refusal::NoSuchTagPossible { value: name.to_owned(), tag: name.to_owned() }.into());
        }
        let writer = self.writer(author)?;
        let time = writer.date.unwrap_or(writer.now);
        let tagger = Signature { name: writer.name.into(), email: writer.email.into(), time };
        let signing = self.repository.signing(&author.sign)?;
        let edit = TagEdit::Create { name: name.to_owned(), commit, tagger, message: message.to_owned() };
        self.with_write_lock(|| {
            if self.repository.tag_ref(name)?.is_some() {
                return Err(Refusal::TagExists { name: name.to_owned() }.into());
            }
            let edits = std::slice::from_ref(&edit);
            self.repository.apply_signed(edits, signing.as_ref(), || Ok(true))?;
            Ok(())
        })
    }

    /// Deletes a tag here.
    ///
    /// # Errors
    /// [`Refusal::TagNotFound`], or what keeps Git from writing.
    pub fn delete_tag(&self, name: &str) -> Result<()> {
        self.with_write_lock(|| {
            let not_found = || Refusal::TagNotFound { name: name.to_owned() };
            let expected = self.repository.tag_ref(name)?.ok_or_else(not_found)?.target;
            let edits = [TagEdit::Delete { name: name.to_owned(), expected }];
            self.repository.apply_signed(&edits, None, || Ok(true))?;
            Ok(())
        })
    }

    /// Pushes a tag to the named remote, or to the one that tags are pushed to; with `delete` deletes it there. What is
    /// so already is done. Returns the messages of Git, hooks and the remote.
    ///
    /// # Errors
    /// [`Refusal::TagNotFound`] if it is not here; [`Error::Differ`] if the remote has another of that name; [`Error::Push`]
    /// and the like.
    pub fn push_tag(&self, name: &str, delete: bool, remote: Option<&str>) -> Result<String> {
        let remote = remote.map_or_else(|| self.remote(), |name| self.remote_named(name))?;
        let here = if delete {
            None
        } else {
            let here = self.repository.tag_ref(name)?;
            Some(here.ok_or_else(|| Refusal::TagNotFound { name: name.to_owned() })?.target)
        };
        let there = self.tags_on(&remote, std::iter::once(name))?.first().map(|tag| tag.target);
        let change = match (here, there) {
            (Some(here), None) => Some(PushedTag::Create(name, here)),
            (None, Some(there)) => Some(PushedTag::Delete(name, there)),
            (Some(here), Some(there)) if here != there => {
                return Err(Error::Differ { remote: remote.shown(), tags: vec![name.to_owned()] });
            }
            _ => None,
        };
        let pushed = self.push(&remote, change.as_slice(), Existing::Landed)?;
        match pushed.failure {
            Some(failure) => Err(Error::PartialPush(Box::new(failure))),
            None => Ok(pushed.said),
        }
    }

    /// The contents of the annotation file at `revision`, or by default in the work tree; without a work tree, at
    /// `HEAD`. `None` if there is no such file.
    pub fn annotations(&self, revision: Option<&str>) -> Result<Option<Annotations>> {
        let commit = match (revision, self.repository.work_dir()) {
            (Some(revision), _) => Some(self.repository.resolve(revision)?),
            (None, Some(root)) => {
                let work_tree = CheckedOut::new(&self.repository, root);
                let bytes = work_tree.read(&self.config()?.index, artifacts_yaml::MAX_SIZE)?;
                return Ok(bytes.map(|bytes| artifacts_yaml::read(&bytes)));
            }
            (None, None) => self.repository.head_commit()?,
        };
        let Some(commit) = commit else { return Ok(None) };
        let bytes = self.repository.file_at(commit, &self.config()?.index, artifacts_yaml::MAX_SIZE)?;
        Ok(bytes.map(|bytes| artifacts_yaml::read(&bytes)))
    }

    /// Whether the commit that `revision` names has a file or a folder at `path`.
    ///
    /// # Errors
    /// [`Error::RefNotFound`], or what keeps Git from reading.
    pub fn has_path(&self, revision: &str, path: &str) -> Result<bool> {
        Ok(self.repository.has_path(self.repository.resolve(revision)?, path)?)
    }

    /// The contents of the annotation file in each commit of the branches that has one, by commit.
    ///
    /// # Errors
    /// What keeps Git from reading the commits. A file that cannot be read is as one without entries.
    pub fn annotations_of_branches(&self) -> Result<Vec<(ObjectId, Annotations)>> {
        let config = self.config()?;
        let (repository, path) = (&self.repository, &config.index);
        // Most commits leave the file as it was.
        let mut texts: HashMap<ObjectId, Annotations> = HashMap::new();
        let mut found = Vec::new();
        for commit in repository.history_of(&repository.branch_commits())? {
            let file = match repository.file_id_in(commit.tree, path) {
                Ok(Some(file)) => file,
                // A link that leads nowhere is no file.
                Ok(None) | Err(GitError::Link { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let read = || {
                let bytes = repository.file(file, path, artifacts_yaml::MAX_SIZE);
                bytes.map(|bytes| artifacts_yaml::read(&bytes)).unwrap_or_default()
            };
            found.push((commit.commit, texts.entry(file).or_insert_with(read).clone()));
        }
        found.sort_unstable_by_key(|(commit, _)| *commit);
        Ok(found)
    }
}

/// Clones a remote repository, its files and its tags, into an empty folder, and checks out a branch: the remote's own
/// choice if none is named.
///
/// # Errors
/// [`Error::Clone`] with Git's message.
pub fn clone_with_files(
    url: &str,
    folder: &Path,
    branch: Option<&str>,
    environment: &Environment,
) -> Result<()> {
    let address = Address::parse(url).map_err(|error| Error::clone_of(url, &error))?;
    let prompt = environment.variable("GIT_TERMINAL_PROMPT").unwrap_or_else(|| "0".to_owned());
    let silence = environment.git_timeout()?;
    let access =
        Access { address: &address, prompt: &prompt, silence, environment, tags: None, settings: &[] };
    access.clone_with_files(folder, branch).map_err(|error| Error::clone_of(address.plain(), &error))
}
