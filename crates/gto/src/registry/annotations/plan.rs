//! Planning to change annotations: which file it is, and what is allowed.
//!
//! Owns the plan: the new text of each file, made from its current text. It can be shown, and applied as long as the file still has
//! that text. `annotation::edit` changes the text, and `apply` applies the plan.

use std::iter;
use std::path::Path;

use crate::annotation::edit::{self, Changes};
use crate::annotation::error::{AnnotateError, Bring, told};
use crate::annotation::path::folder_of_path;
use crate::annotation::path::{below, from_root, inside, overlap};
use crate::annotation::{Annotation, Annotations, FileProblem, Source, artifacts_yaml};
use crate::dvc;
use crate::dvc::file::DvcYaml;
use crate::error::{Error, Result};
use crate::name::{ArtifactName, InvalidName, is_name};
use crate::plan::{AnnotationPlan, FileEdit, Plan, Planned, Stay, Warning};
use crate::registry::Registry;
use crate::registry::annotations::checked_out::CheckedOut;
use crate::registry::annotations::commits::{dvc_yaml_in, folder_of};
use crate::registry::annotations::describe::{DvcVisibility, dvc_visibility};
use crate::registry::annotations::file::check_place;
use crate::registry::work_file::read_file_inside;
use crate::request::{Annotating, Request};
use crate::yaml::{Document, Problem, printable};

/// A file that annotates artifacts, as it is now. A clone is cheap.
#[derive(Clone)]
pub(in crate::registry) struct Current {
    pub source: Source,
    pub file: String,
    /// The file that is edited: another one if it is a link.
    pub target: String,
    pub folder: String,
    pub is_there: bool,
    /// What it says; nothing, if it is not there.
    pub document: Document,
}

impl Current {
    /// Its text; `None` if there is no file.
    pub(in crate::registry) fn text(&self) -> Option<String> {
        self.is_there.then(|| self.document.text().to_owned())
    }

    pub(in crate::registry) fn has(&self, entry: &str) -> bool {
        edit::has_entry(&self.document, self.source, entry)
    }

    pub(in crate::registry) fn error(&self, problem: FileProblem) -> Error {
        AnnotateError::Text { file: printable(&self.file), problem }.into()
    }
}

/// A plan of nothing.
pub(in crate::registry) fn nothing(message: String) -> AnnotationPlan {
    AnnotationPlan { message, ..AnnotationPlan::default() }
}

/// Adds to a plan these entries of a file, and the text that the file gets.
pub(in crate::registry) fn about(
    mut plan: AnnotationPlan,
    file: &Current,
    entries: Vec<String>,
    after: Option<String>,
) -> AnnotationPlan {
    let (text, source, target) = (file.text(), file.source, file.target.clone());
    if text != after {
        plan.edits.push(FileEdit { file: target.clone(), before: text.clone(), after });
    }
    plan.planned.push(Planned { file: target, source, text, entries });
    plan
}

impl Registry {
    /// Plans a request that is about annotation files.
    pub(in crate::registry) fn plan_files(&self, request: &Request) -> Result<Plan> {
        let (files, author) = match request {
            Request::Annotate { artifact, annotation, author } => {
                (self.plan_annotate(artifact, annotation)?, author)
            }
            Request::RemoveAnnotation { artifact, file, author } => {
                (self.plan_remove_annotation(artifact, *file)?, author)
            }
            Request::MoveAnnotations { to, artifacts, skip_unmovable, author } => {
                let plan = self.plan_migration(*to, artifacts)?;
                (AnnotationPlan { must_be_whole: !skip_unmovable, ..plan }, author)
            }
            _ => return Ok(Plan::default()),
        };
        let stays = |Stay { name, reason }: &Stay| format!("'{name}' stays where it is: {reason}");
        let warnings = files.stays.iter().map(|stay| Warning::Annotation { text: stays(stay) }).collect();
        let files = Some(AnnotationPlan { author: author.clone(), ..files });
        Ok(Plan { warnings, files, ..Plan::default() })
    }

    /// Plans to annotate an artifact: to change the fields that it has, or to give it some.
    ///
    /// An artifact stays in its file; if both files have it, it is changed in `dvc.yaml`, which takes precedence.
    fn plan_annotate(&self, name: &ArtifactName, wish: &Annotating) -> Result<AnnotationPlan> {
        self.check_words(wish)?;
        let path = wish.path.as_deref().map(|path| self.path_from_root(path)).transpose()?;
        let wish = &Annotating { path, ..wish.clone() };
        let files = self.files_for(name, wish.file)?;
        let current = &files[0];
        let entry = own_name(name);
        let is_new = !current.has(entry);
        if is_new && self.check_is_read(current).is_ok() && self.said(name, current).is_some() {
            let why = "its name is put together from parameters: change it by hand";
            return Err(current.error(FileProblem::new(None, Problem::nowhere(why))));
        }
        if !is_new && wish.must_be_new {
            return Err(AnnotateError::Exists { name: name.clone() }.into());
        }
        self.check_is_read(current)?;
        self.check_path(name, wish, &files)?;
        let path = wish.path.as_deref().map(|path| below(&current.folder, path));
        if current.source == Source::Dvc && (is_new && path.is_none() || path.as_deref() == Some("")) {
            return Err(AnnotateError::NoPath { file: printable(&current.file) }.into());
        }
        // As the Python tool decides it.
        let is_virtual = if wish.must_exist { Some(false) } else { path.as_ref().map(|_| true) };
        let changes = Changes {
            kind: wish.kind.clone(),
            path,
            is_virtual,
            add_labels: wish.add_labels.clone(),
            remove_labels: wish.remove_labels.clone(),
            clear_labels: wish.clear_labels,
            description: wish.description.clone(),
            custom: wish.custom.clone(),
        };
        let edited = edit::annotated(&current.document, current.source, entry, &changes)
            .map_err(|problem| current.error(problem))?;
        self.read_back(name, current, &edited)?;
        let kind = wish.kind.as_ref().map(|kind| format!(" of type `{kind}`")).unwrap_or_default();
        let path = wish.path.as_ref().map(|path| format!(" with path `{path}`")).unwrap_or_default();
        let message = format!("Annotate artifact `{name}`{kind}{path}");
        Ok(about(nothing(message), current, vec![entry.to_owned()], Some(edited.text().to_owned())))
    }

    /// Plans to remove the annotation of an artifact from its file; if both files have it, from `dvc.yaml`. Tags are not affected.
    fn plan_remove_annotation(&self, name: &ArtifactName, file: Option<Source>) -> Result<AnnotationPlan> {
        let files = self.files_for(name, file)?;
        let current = &files[0];
        let entry = own_name(name);
        if !current.has(entry) {
            return Err(AnnotateError::NotFound { name: name.clone(), file: printable(&current.file) }.into());
        }
        let edited = edit::without(&current.document, current.source, entry)
            .map_err(|problem| current.error(problem))?;
        let message = format!("Remove annotation for artifact `{name}`");
        // An empty file is removed, unless it has a comment or is the target of a link.
        let goes = edit::says_nothing(edited.text()) && current.target == current.file;
        let after = (!goes).then(|| edited.text().to_owned());
        Ok(about(nothing(message), current, vec![entry.to_owned()], after))
    }

    /// Type and labels are names, and the configuration may restrict the types.
    fn check_words(&self, wish: &Annotating) -> Result<()> {
        let kind = wish.kind.as_deref().filter(|kind| !kind.is_empty());
        for word in wish.add_labels.iter().map(String::as_str).chain(kind) {
            if !is_name(word) {
                return Err(InvalidName(word.to_owned()).into());
            }
        }
        if let Some(label) = wish.add_labels.iter().find(|label| wish.remove_labels.contains(label)) {
            return Err(AnnotateError::LabelBothWays { label: label.clone() }.into());
        }
        match (&self.config()?.types, kind) {
            (Some(types), Some(kind)) if !types.iter().any(|known| known == kind) => {
                Err(AnnotateError::TypeNotAllowed { kind: kind.to_owned(), types: types.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// A path as it was given, from the root of the repository.
    fn path_from_root(&self, path: &str) -> Result<String> {
        if path.contains(char::is_control) {
            return Err(AnnotateError::PathUnprintable { path: printable(path) }.into());
        }
        let outside = || AnnotateError::PathOutside { path: printable(path) };
        Ok(from_root(self.work_tree()?, path).ok_or_else(outside)?)
    }

    /// Whether the path is there, if it must be, and free.
    fn check_path(&self, name: &ArtifactName, wish: &Annotating, files: &[Current]) -> Result<()> {
        let given = wish.path.as_deref().filter(|path| !path.is_empty());
        if wish.must_exist {
            let is_dvcs = |file: &&Current| file.source == Source::Dvc;
            let (dvc, gto): (Vec<_>, Vec<_>) = files.iter().partition(is_dvcs);
            let mut known = dvc.into_iter().chain(gto).filter(|file| self.check_is_read(file).is_ok());
            let known = known.find_map(|file| self.said(name, file)?.path);
            let path = given.map(str::to_owned).or(known).ok_or(AnnotateError::PathNeeded)?;
            let head = self.repository.head_commit()?;
            let is_there = match (head, inside(&path)) {
                (Some(head), Some(inside)) => self.repository.has_path(head, &inside)?,
                _ => false,
            };
            if !is_there {
                return Err(AnnotateError::PathNotThere { path: printable(&path) }.into());
            }
        }
        let Some(path) = given.filter(|_| !wish.allow_same_path) else { return Ok(()) };
        for file in self.all_current(files)? {
            for (other, annotation) in self.read_document(&file, &file.document).artifacts {
                let used = annotation.path.filter(|_| other != *name);
                if used.is_some_and(|used| overlap(path, &self.path_from_root(&used).unwrap_or(used))) {
                    return Err(AnnotateError::PathIsUsed {
                        path: printable(path),
                        kind: wish.kind.clone().unwrap_or_else(|| "None".to_owned()),
                        name: name.clone(),
                        by: other,
                    }
                    .into());
                }
            }
        }
        Ok(())
    }

    /// Every readable file of the work tree that annotates artifacts, that of the root first. Other files are ignored here.
    fn all_current(&self, known: &[Current]) -> Result<Vec<Current>> {
        let current = |source: Source, folder: &str| {
            let known = known.iter().find(|file| file.source == source && file.folder == folder);
            known.map_or_else(|| self.current(source, folder), |known| Ok(known.clone()))
        };
        let folders = self.dvc_folders()?;
        let dvc = folders.iter().map(|folder| current(Source::Dvc, folder));
        Ok(iter::once(current(Source::Gto, "")).chain(dvc).flatten().collect())
    }

    /// The folders of the work tree with a `dvc.yaml` that DVC reads.
    pub(in crate::registry) fn dvc_folders(&self) -> Result<Vec<String>> {
        let work_tree = CheckedOut::new(&self.repository, self.work_tree()?);
        let mut folders = self.folders_with_dvc_yaml()?;
        folders.retain(|folder| matches!(dvc_visibility(&work_tree, folder), DvcVisibility::Visible));
        Ok(folders)
    }

    /// The folders of the work tree with a `dvc.yaml`, whether DVC reads it or not.
    pub(in crate::registry) fn folders_with_dvc_yaml(&self) -> Result<Vec<String>> {
        let files = self.repository.work_files_named(dvc::FILE_NAME)?;
        let mut folders: Vec<String> = files.iter().map(|file| folder_of_path(file).to_owned()).collect();
        folders.sort_unstable();
        folders.dedup();
        Ok(folders)
    }

    /// The file that has the artifact, or is to have it, and the other that could.
    fn files_for(&self, name: &ArtifactName, wanted: Option<Source>) -> Result<Vec<Current>> {
        let (folder, entry) = (folder_of(name), own_name(name));
        let dvc = self.current(Source::Dvc, folder)?;
        if !folder.is_empty() {
            let file = printable(&dvc.file);
            let has_folder = || AnnotateError::HasFolder { name: name.clone(), file };
            return if wanted == Some(Source::Gto) { Err(has_folder().into()) } else { Ok(vec![dvc]) };
        }
        let gto = self.current(Source::Gto, "")?;
        let (in_dvc, in_gto) = (dvc.has(entry), gto.has(entry));
        let elsewhere = |file: &Current| {
            Err(AnnotateError::InOtherFile { name: name.clone(), file: printable(&file.file) }.into())
        };
        let is_dvcs = match wanted {
            Some(Source::Dvc) if in_gto && !in_dvc => return elsewhere(&gto),
            Some(Source::Gto) if in_dvc && !in_gto => return elsewhere(&dvc),
            Some(source) => source == Source::Dvc,
            None if in_dvc || in_gto => in_dvc,
            None => {
                // It may be in one that cannot be read.
                for file in [&dvc, &gto] {
                    edit::check(&file.document).map_err(|problem| file.error(problem))?;
                }
                !gto.is_there && edit::has_section(&dvc.document)
            }
        };
        Ok(if is_dvcs { vec![dvc, gto] } else { vec![gto, dvc] })
    }

    /// A file that annotates artifacts, as it is now.
    pub(in crate::registry) fn current(&self, source: Source, folder: &str) -> Result<Current> {
        let file = match source {
            Source::Gto => self.config()?.index.clone(),
            Source::Dvc => dvc_yaml_in(folder),
        };
        let root = self.work_tree()?;
        let shown = printable(&file);
        let place = |why: &str| AnnotateError::Place { file: shown.clone(), why: why.to_owned() };
        if CheckedOut::new(&self.repository, root).leaves_out(&file)? {
            return Err(self.left_out(&file).into());
        }
        let target = check_place(root, &file)?;
        let text = match read_file_inside(root, &root.join(&file), dvc::MAX_SIZE)? {
            Some(bytes) => Some(String::from_utf8(bytes).map_err(|_| place("it is not valid UTF-8"))?),
            None => None,
        };
        let is_there = text.is_some();
        let document = source.read(text.unwrap_or_default());
        Ok(Current { source, file, target, folder: folder.to_owned(), is_there, document })
    }

    /// Git may have a file that is not in the work tree, as in a sparse checkout: a new file would replace all of it.
    fn left_out(&self, file: &str) -> AnnotateError {
        let folder = folder_of_path(file);
        let bring = match self.repository.sparse_by_folders() {
            Some(true) if !folder.is_empty() => Bring::Folder(folder.to_owned()),
            Some(false) => Bring::Pattern(format!("/{file}")),
            _ if self.repository.has_index() => Bring::File(file.to_owned()),
            _ => Bring::Everything,
        };
        AnnotateError::LeftOut { file: printable(file), bring }
    }

    /// Whether DVC reads a `dvc.yaml` there, and we with it.
    pub(in crate::registry) fn check_is_read(&self, file: &Current) -> Result<()> {
        let visibility = match file.source {
            Source::Gto => DvcVisibility::Visible,
            Source::Dvc => {
                dvc_visibility(&CheckedOut::new(&self.repository, self.work_tree()?), &file.folder)
            }
        };
        let why = match visibility {
            DvcVisibility::Visible => return Ok(()),
            DvcVisibility::Unreachable(why) => why,
            DvcVisibility::Hidden => "DVC does not look there: see `.dvcignore`".to_owned(),
        };
        Err(AnnotateError::Place { file: printable(&file.file), why }.into())
    }

    pub(in crate::registry) fn work_tree(&self) -> Result<&Path> {
        let none = || AnnotateError::NoWorkTree { path: self.root() };
        Ok(self.repository.work_dir().ok_or_else(none)?)
    }

    /// What a file says of an artifact.
    fn said(&self, name: &ArtifactName, file: &Current) -> Option<Annotation> {
        let said = self.read_document(file, &file.document).artifacts;
        said.into_iter().find(|(other, _)| other == name).map(|(_, annotation)| annotation)
    }

    /// What a text says in the place of a file.
    pub(in crate::registry) fn read_document(&self, file: &Current, document: &Document) -> Annotations {
        match (file.source, self.repository.work_dir()) {
            (Source::Dvc, Some(root)) => {
                let load = |path: &str| {
                    let read = read_file_inside(root, &root.join(path), dvc::MAX_SIZE);
                    read.map_err(|error| error.to_string())
                };
                DvcYaml::of(document).annotations(&file.folder, &load)
            }
            _ => artifacts_yaml::annotations(document.root()),
        }
    }

    /// What was written must be understood: in a `dvc.yaml`, `${x}` is a parameter, and one that there is not would keep DVC
    /// from reading the whole file.
    pub(in crate::registry) fn read_back(
        &self,
        name: &ArtifactName,
        file: &Current,
        document: &Document,
    ) -> Result<Annotation> {
        let Annotations { artifacts, problems } = self.read_document(file, document);
        let found = artifacts.into_iter().find(|(other, _)| other == name);
        let is_own = |problem: &&FileProblem| problem.entry.as_deref().is_none_or(|e| e == own_name(name));
        found.map(|(_, annotation)| annotation).ok_or_else(|| {
            let problem = problems.iter().find(is_own);
            let reason = problem.map_or("it is not there".to_owned(), told);
            let kind = problem.map(|problem| problem.kind).unwrap_or_default();
            AnnotateError::ReadBack { name: name.clone(), file: printable(&file.file), reason, kind }.into()
        })
    }
}

/// The name without the folder.
pub(in crate::registry) fn own_name(name: &ArtifactName) -> &str {
    name.as_str().rsplit(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use gto_testkit::Repo;

    use crate::yaml::PARSED;
    use crate::{Environment, Registry, Request, Timestamp};

    /// A new entry had its file read some fifteen times.
    #[test]
    fn each_version_of_a_file_is_read_once_for_an_edit() {
        let repo = Repo::new();
        let files = [
            ("artifacts.yaml", "a:\n  path: a.pkl\nb:\n  path: b.pkl\n"),
            ("dvc.yaml", "artifacts:\n  c:\n    path: c.pkl\n"),
            ("cv/dvc.yaml", "artifacts:\n  d:\n    path: d.pkl\n"),
        ];
        repo.commit(&files, "first");
        let registry =
            Registry::open(repo.path(), Environment::new([], Timestamp::new(0, 0).unwrap())).unwrap();
        registry.config().unwrap();
        let parsed_for = |request: &str| {
            let request: Request = serde_json::from_str(request).unwrap();
            PARSED.set(0);
            assert_eq!(registry.plan(&request).unwrap().files.unwrap().edits.len(), 1);
            PARSED.get()
        };
        // The three files, and the new text of one.
        let new =
            r#"{"action": "annotate", "artifact": "new", "annotation": {"path": "new.pkl", "file": "gto"}}"#;
        assert_eq!(parsed_for(new), 4);
        assert_eq!(parsed_for(&new.replace("\"new\"", "\"a\"")), 4);
        assert_eq!(parsed_for(r#"{"action": "remove_annotation", "artifact": "a"}"#), 3);
    }
}
