//! Moving annotations between `artifacts.yaml` and `dvc.yaml`.
//!
//! Decides what each file can hold, so that nothing is lost. `apply` applies the plan.

use crate::annotation::edit::{self, Changes};
use crate::annotation::error::{AnnotateError, told};
use crate::annotation::path::from_everywhere;
use crate::annotation::{Annotation, Annotations, FileProblem, Source, exact};
use crate::error::Result;
use crate::name::ArtifactName;
use crate::plan::{AnnotationPlan, Stay};
use crate::registry::Registry;
use crate::registry::annotations::commits::{dvc_yaml_in, folder_of};
use crate::registry::annotations::plan::{Current, about, nothing, own_name};
use crate::yaml::{Document, printable};

/// Why an annotation stays where it is.
type Refusal = String;

/// The two files of a move, as they are after some steps of it.
struct Move {
    from: Current,
    to: Current,
    /// The text of the first without what has moved.
    left: Document,
    /// The text of the second with it.
    there: Document,
}

impl Registry {
    /// Plans to move annotations from `artifacts.yaml` to the `dvc.yaml` of the root, or back: those of `names`, or all if there
    /// are none. Nothing is lost or changed: an artifact stays where it is if the other file cannot hold one of its fields, or if it
    /// cannot be read. `artifacts.yaml` has no artifacts of folders: those stay in the `dvc.yaml` there.
    pub(in crate::registry) fn plan_migration(
        &self,
        to: Source,
        names: &[ArtifactName],
    ) -> Result<AnnotationPlan> {
        let from = if to == Source::Dvc { Source::Gto } else { Source::Dvc };
        let (from, to) = (self.current(from, "")?, self.current(to, "")?);
        self.check_is_read(&to)?;
        if from.target == to.target {
            let why = format!("it is '{}' as well", printable(&from.file));
            return Err(AnnotateError::Place { file: printable(&to.file), why }.into());
        }
        let Annotations { artifacts, problems } = self.read_document(&from, &from.document);
        let is_of_all = |problem: &&FileProblem| problem.entry.is_none() && problem.left_out;
        if let Some(problem) = problems.iter().find(is_of_all) {
            return Err(from.error(problem.clone()));
        }
        let before = self.moved_before(&from, &to, &artifacts)?;
        let (mut wanted, mut refused) = (names.to_vec(), Vec::new());
        wanted.retain(|name| !before.contains(name));
        if names.is_empty() {
            wanted.extend(artifacts.iter().map(|(name, _)| name.clone()));
            refused = unread(&problems);
            refused.extend(self.in_folders(&from, &to)?);
        }
        let mut moving = Move { left: from.document.clone(), there: to.document.clone(), from, to };
        let mut moved = Vec::new();
        for name in wanted {
            let found = artifacts.iter().find(|(other, _)| *other == name).map(|(_, annotation)| annotation);
            let found = found.ok_or_else(|| why_not_there(&name, &moving.from, &problems));
            match found.and_then(|annotation| self.step(&mut moving, &name, annotation)) {
                Ok(()) => moved.push(name),
                Err(why) => refused.push((name.to_string(), why)),
            }
        }
        let plan = moving.plan(&moved, &before);
        let stays = refused.into_iter().map(|(name, reason)| Stay { name, reason }).collect();
        Ok(AnnotationPlan { moved, stays, ..plan })
    }

    /// The artifacts that have moved, and whose move is not committed yet.
    fn moved_before(
        &self,
        from: &Current,
        to: &Current,
        now: &[(ArtifactName, Annotation)],
    ) -> Result<Vec<ArtifactName>> {
        let Some(head) = self.repository.head_commit()? else { return Ok(Vec::new()) };
        let Ok(Some(committed)) = self.text_at(head, &from.target, from.source) else {
            return Ok(Vec::new());
        };
        let then = self
            .read_document(from, &from.source.read(committed))
            .artifacts
            .into_iter()
            .map(|(name, _)| name);
        let has_moved =
            |name: &ArtifactName| !now.iter().any(|(other, _)| other == name) && to.has(own_name(name));
        Ok(then.filter(has_moved).collect())
    }

    /// Moves one artifact.
    fn step(
        &self,
        moving: &mut Move,
        name: &ArtifactName,
        annotation: &Annotation,
    ) -> std::result::Result<(), Refusal> {
        let Move { from, to, left, there } = moving;
        self.movable(name, annotation, from, to)?;
        let entry = own_name(name);
        let added = edit::annotated(there, to.source, entry, &Changes::all_of(annotation))
            .map_err(|problem| told(&problem))?;
        let added = exact::carry((&from.document, from.source), (&added, to.source), entry)
            .map_err(|problem| told(&FileProblem::new(None, problem)))?;
        if to.has(entry) && added.text() != there.text() {
            return Err(format!("'{}' says something else of it", printable(&to.file)));
        }
        let back = self.read_back(name, to, &added).map_err(|error| error.to_string())?;
        // Paths in a `dvc.yaml` are relative to its folder.
        let path = annotation.path.as_deref().map(from_everywhere);
        if back != (Annotation { path, ..annotation.clone() }) && back != *annotation {
            return Err(format!("it would not say the same in '{}'", printable(&to.file)));
        }
        *left = edit::without(left, from.source, entry).map_err(|problem| told(&problem))?;
        *there = added;
        Ok(())
    }

    /// Why an annotation has no place in the other file.
    fn movable(
        &self,
        name: &ArtifactName,
        annotation: &Annotation,
        from: &Current,
        to: &Current,
    ) -> std::result::Result<(), Refusal> {
        let entry = own_name(name);
        let fields = edit::entry(&from.document, from.source, entry)
            .ok_or("its name is put together from parameters, and would not be any more")?;
        if from.source == Source::Dvc && serde_json::to_string(&fields).is_ok_and(|text| text.contains("${"))
        {
            return Err("its fields are filled from parameters, and would not be any more".to_owned());
        }
        let known: &[&str] = match from.source {
            Source::Gto => &["type", "path", "virtual", "labels", "description", "custom"],
            Source::Dvc => &["type", "path", "labels", "desc", "meta"],
        };
        if let Some(unknown) = fields.keys().find(|field| !known.contains(&field.as_str())) {
            return Err(format!("its field '{}' has no place there", printable(unknown)));
        }
        if to.source == Source::Dvc {
            if annotation.path.is_none() {
                return Err("it has no path, which dvc.yaml wants".to_owned());
            }
            if !annotation.is_virtual {
                return Err("its field 'virtual: false' has no place there: take it out first".to_owned());
            }
        }
        if to.has(entry) {
            let other =
                self.read_document(to, &to.document).artifacts.into_iter().find(|(other, _)| other == name);
            if other.is_none_or(|(_, other)| other != *annotation) {
                return Err(format!("'{}' says something else of it", printable(&to.file)));
            }
        }
        Ok(())
    }

    /// The artifacts of folders, on the way to the file that has none.
    fn in_folders(&self, from: &Current, to: &Current) -> Result<Vec<(String, Refusal)>> {
        if from.source != Source::Dvc {
            return Ok(Vec::new());
        }
        let mut refused = Vec::new();
        for folder in self.dvc_folders()?.iter().filter(|folder| !folder.is_empty()) {
            let file = dvc_yaml_in(folder);
            let why = format!("'{}' has no artifacts of folders", printable(&to.file));
            let found =
                self.current(Source::Dvc, folder).map(|file| self.read_document(&file, &file.document));
            match found {
                Ok(Annotations { artifacts, problems }) => {
                    refused.extend(artifacts.iter().map(|(name, _)| (name.to_string(), why.clone())));
                    let is_read = !problems.iter().any(|problem| problem.left_out);
                    let shown = || (printable(&file), "not all of it can be read".to_owned());
                    refused.extend((!is_read).then(shown));
                }
                Err(error) => refused.push((printable(&file), error.to_string())),
            }
        }
        Ok(refused)
    }
}

impl Move {
    /// Moves these, and is about those that have moved before, too, so that a commit has them.
    fn plan(self, moved: &[ArtifactName], before: &[ArtifactName]) -> AnnotationPlan {
        let message = format!("Move annotations of artifacts to `{}`", self.to.file);
        let entries: Vec<String> = moved.iter().chain(before).map(|name| own_name(name).to_owned()).collect();
        if entries.is_empty() {
            return nothing(message);
        }
        // An empty file is removed, unless it has a comment or is the target of a link.
        let goes =
            edit::says_nothing(self.left.text()) && !moved.is_empty() && self.from.target == self.from.file;
        let text = |document: &Document| document.text().to_owned();
        let left = if moved.is_empty() { self.from.text() } else { (!goes).then(|| text(&self.left)) };
        let there = if moved.is_empty() { self.to.text() } else { Some(text(&self.there)) };
        // First the file that gets them: if the second step never comes, both say the same of them, so that it does not matter
        // which one counts, and the same command goes on from there.
        about(about(nothing(message), &self.to, entries.clone(), there), &self.from, entries, left)
    }
}

/// The entries of a file without anything to move.
fn unread(problems: &[FileProblem]) -> Vec<(String, Refusal)> {
    let left_out = problems.iter().filter(|problem| problem.left_out);
    left_out.filter_map(|problem| Some((problem.entry.clone()?, told(problem)))).collect()
}

fn why_not_there(name: &ArtifactName, from: &Current, problems: &[FileProblem]) -> Refusal {
    let entry = printable(own_name(name));
    let is_it = |(other, _): &(String, Refusal)| *other == entry || *other == printable(name.as_str());
    if let Some((_, why)) = unread(problems).into_iter().find(is_it) {
        return why;
    }
    if from.source == Source::Dvc && !folder_of(name).is_empty() {
        return "it is of a folder, which 'artifacts.yaml' has no place for".to_owned();
    }
    format!("it is not in '{}'", printable(&from.file))
}
