//! Moving annotations between `artifacts.yaml` and `dvc.yaml`.
//!
//! Owns what has a place in which file: nothing gets lost. Applying a plan is the business of `annotate`.

use super::Registry;
use super::annotate::{AnnotationPlan, Current, FileEdit, own_name, told};
use crate::annotation::edit::{self, Changes};
use crate::annotation::{Annotation, Annotations, Source};
use crate::error::Result;
use crate::name::ArtifactName;
use crate::yaml::printable;

/// What moves with `gto migrate annotations`.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq)]
pub struct MigrationPlan {
    /// The files that change.
    pub plan: AnnotationPlan,
    /// The artifacts that move.
    pub moved: Vec<ArtifactName>,
    /// The artifacts that cannot, and why. While there are any the plan is not applied.
    pub refused: Vec<(ArtifactName, String)>,
}

impl Registry {
    /// Plans to move annotations from `artifacts.yaml` to the `dvc.yaml` of the root, or back: those of `names`, or all if there
    /// are none. Nothing gets lost: what has no place in the other file keeps the artifact from moving.
    ///
    /// # Errors
    /// [`Error::Annotate`](crate::Error::Annotate).
    pub fn plan_migration(&self, to: Source, names: &[ArtifactName]) -> Result<MigrationPlan> {
        let from = if to == Source::Dvc { Source::Gto } else { Source::Dvc };
        let (from, to) = (self.current(from, "")?, self.current(to, "")?);
        let (mut left, mut there) = (from.text().to_owned(), to.text().to_owned());
        let Annotations { artifacts, problems } = self.read_text(&from, from.text());
        let known = |name: &ArtifactName| artifacts.iter().find(|(other, _)| other == name);
        if let Some(problem) =
            problems.into_iter().find(|problem| problem.entry.is_none() && problem.left_out)
        {
            return Err(from.error(problem));
        }
        let mut wanted: Vec<ArtifactName> = names.to_vec();
        if names.is_empty() {
            wanted.extend(artifacts.iter().map(|(name, _)| name.clone()));
        }
        let (mut moved, mut refused) = (Vec::new(), Vec::new());
        for name in wanted {
            let found = known(&name).map(|(_, annotation)| annotation);
            let step = || -> std::result::Result<(String, String), String> {
                let annotation = found.ok_or_else(|| format!("it is not in '{}'", printable(&from.file)))?;
                self.movable(&name, annotation, &from, &to)?;
                let entry = own_name(&name);
                let added = edit::annotate(&there, to.source, entry, &Changes::all_of(annotation))
                    .map_err(|problem| told(&problem))?;
                let back = self.read_back(&name, &to, &added).map_err(|error| error.to_string())?;
                if back != *annotation {
                    return Err(format!("it would not say the same in '{}'", printable(&to.file)));
                }
                let removed = edit::remove(&left, from.source, entry).map_err(|problem| told(&problem))?;
                Ok((removed, added))
            };
            match step() {
                Ok((removed, added)) => {
                    (left, there) = (removed, added);
                    moved.push(name);
                }
                Err(why) => refused.push((name, why)),
            }
        }
        // A file that says nothing any more goes; one with a comment says something.
        let is_empty = matches!(left.trim(), "artifacts: {}" | "{}" | "") && !moved.is_empty();
        let edits = vec![
            FileEdit {
                file: from.file,
                before: from.text.clone(),
                after: if is_empty { None } else { Some(left) },
            },
            FileEdit { file: to.file.clone(), before: to.text, after: Some(there) },
        ];
        let message = format!("Move annotations of artifacts to `{}`", to.file);
        let plan = if moved.is_empty() {
            AnnotationPlan::of(Vec::new(), message)
        } else {
            AnnotationPlan::of(edits, message)
        };
        Ok(MigrationPlan { plan, moved, refused })
    }

    /// Why an annotation has no place in the other file.
    fn movable(
        &self,
        name: &ArtifactName,
        annotation: &Annotation,
        from: &Current,
        to: &Current,
    ) -> std::result::Result<(), String> {
        let entry = own_name(name);
        let fields = edit::entry(from.text(), from.source, entry)
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
            let other = self.read_text(to, to.text()).artifacts.into_iter().find(|(other, _)| other == name);
            if other.is_none_or(|(_, other)| other != *annotation) {
                return Err(format!("'{}' says something else of it", printable(&to.file)));
            }
        }
        Ok(())
    }
}
