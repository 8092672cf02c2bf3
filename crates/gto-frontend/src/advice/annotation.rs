//! What to do about an annotation that is not there, or cannot be changed, committed or pushed.

use std::path::{Path, PathBuf};

use gto::annotation::ProblemKind;
use gto::name::ArtifactName;
use gto::{AnnotateError, Bring, Error};

use super::failure::again;
use super::meant;
use super::scene::Scene;
use super::uncommitted::{pathspec, uncommitted};
use super::value::{Advice, Part, Step, advice, either, git};
use crate::process::is_remote;
use crate::text::shell_quote;

fn describe(artifact: &ArtifactName) -> Step {
    Step::Describe(Some(artifact.to_string()))
}

/// What to do where a version or an annotation was pointed at, and there is none.
pub(super) fn of_version(error: &Error, scene: &mut dyn Scene) -> Vec<Advice> {
    let advice = match error {
        Error::NoVersion { artifact, stage: None } => advice![
            "register one: ",
            Step::register(artifact.as_str()),
            "; in a fresh clone, fetch the tags first: `git fetch --tags`",
        ],
        Error::NoVersion { artifact, stage: Some(stage) } => {
            meant::empty_stage(artifact.as_str(), stage.as_str(), scene)
        }
        Error::CannotCompare { artifact, .. } => uncommitted(artifact, scene)
            .unwrap_or_else(|| advice![describe(artifact), " shows its path"])
            .and([
                "; leave out ".into(),
                either("--if-changed", "if_changed"),
                " to register it anyway".into(),
            ]),
        Error::SeveralVersions { .. } => {
            advice!["name the commit, or a tag; ", Step::Doctor, " shows how to fix that"]
        }
        Error::NotAnnotated { reasons, .. } if !reasons.is_empty() => {
            return reasons.iter().map(|reason| reason.clone().into()).collect();
        }
        Error::NotAnnotated { artifact, commit, .. } => of_no_entry(artifact, commit.is_some()),
        _ => return Vec::new(),
    };
    vec![advice]
}

/// Where an annotation would be. A version has the commit that it has.
fn of_no_entry(artifact: &ArtifactName, is_committed: bool) -> Advice {
    let (folder, name) = artifact.as_str().rsplit_once(':').unwrap_or(("", artifact.as_str()));
    let slash = if folder.is_empty() { "" } else { "/" };
    let or = if folder.is_empty() { " or in `artifacts.yaml`" } else { "" };
    let place = format!("'{name}' under `artifacts` in '{folder}{slash}dvc.yaml'{or}");
    if is_committed {
        return advice![format!("it would be {place}; what the files say now: "), describe(artifact)];
    }
    let annotate = Step::Annotate { artifact: artifact.to_string(), path: "PATH".to_owned() };
    advice![
        annotate,
        format!(" writes it ({place}); to see another commit, add "),
        either("`--rev REV`", "its revision"),
    ]
}

/// What to do about an annotation that cannot be changed.
pub(super) fn of(error: &AnnotateError, scene: &mut dyn Scene) -> Option<Advice> {
    of_entry(error).or_else(|| of_file(error, scene)).or_else(|| of_commit(error, scene))
}

/// What is wrong with what should be written.
fn of_entry(error: &AnnotateError) -> Option<Advice> {
    Some(match error {
        AnnotateError::Exists { .. } => advice![Step::Describe(None), " shows what is there"],
        AnnotateError::NotFound { name, file } => {
            advice![
                format!("'{file}' has no entry for it; tags are another matter: "),
                Step::show(name.as_str())
            ]
        }
        AnnotateError::InOtherFile { name, file } => {
            let to = if file.ends_with("dvc.yaml") { "artifacts" } else { "dvc" };
            advice![
                "leave out ",
                either("--file", "the file"),
                format!(" to edit '{file}', or move it: "),
                Step::Migrate { artifact: name.to_string(), to },
            ]
        }
        AnnotateError::PathIsUsed { by, .. } => advice![
            format!("that is the path of '{by}', or overlaps it: add "),
            either("--allow-same-path", "allow_same_path=True"),
            " if that is as it should be",
        ],
        AnnotateError::TypeNotAllowed { kind, types } => {
            let close = meant::closest(kind, types).map(|name| format!("did you mean '{name}'? "));
            format!("{}add a type to `types` in `.gto` to allow it", close.unwrap_or_default()).into()
        }
        AnnotateError::PathNeeded | AnnotateError::NoPath { .. } => {
            advice!["add ", either("--path PATH", "path=")]
        }
        AnnotateError::PathNotThere { .. } => advice![
            "commit the file first, or leave out ",
            either("--must-exist", "must_exist"),
            ": what DVC or another store keeps is not in Git",
        ],
        AnnotateError::PathOutside { .. } => {
            "a path is from the root of the repository; what is elsewhere has an absolute path or an address"
                .into()
        }
        AnnotateError::PathUnprintable { .. } => {
            "give the file a name without them: what reads paths line by line could not name it".into()
        }
        AnnotateError::LabelBothWays { .. } => advice![
            "nothing was changed: leave out ",
            either("--label or --remove-label", "labels or remove_labels"),
        ],
        AnnotateError::HasFolder { .. } => advice!["leave out ", either("--file", "the file")],
        AnnotateError::ReadBack { name, file, kind, .. } => of_read_back(name, file, *kind),
        _ => return None,
    })
}

fn of_read_back(name: &ArtifactName, file: &str, kind: ProblemKind) -> Advice {
    match kind {
        ProblemKind::Name => {
            let own = name.as_str().rsplit(':').next().unwrap_or_default();
            format!("nothing was changed: write the name in quotes in '{file}', as \"{own}\": …").into()
        }
        ProblemKind::Parameter => {
            "nothing was changed; in dvc.yaml `${x}` is a parameter: give `x` a value in params.yaml, or \
                                   type '\\${x}', in single quotes, for the text itself"
                .into()
        }
        ProblemKind::Other => {
            advice!["nothing was changed: fix that in the file by hand, then ", again()]
        }
    }
}

/// What is wrong with the file.
fn of_file(error: &AnnotateError, scene: &mut dyn Scene) -> Option<Advice> {
    Some(match error {
        AnnotateError::NoWorkTree { path } => {
            let url = format!("file://{}", path.display());
            advice![
                "name it by its address, and a clone is edited and pushed: ",
                either(format!("`--repo {}`", shell_quote(&url)), format!("`gto.Registry('{url}')`")),
                "; or work in a clone",
            ]
        }
        AnnotateError::ReadOnly { file } => {
            format!("nothing was changed; to allow it: `chmod u+w {}`", path_from_here(file, scene)).into()
        }
        AnnotateError::NoFolder { folder, .. } if is_remote(scene.repository()) => format!(
            "nothing was changed: Git keeps no folder without a file; in a clone, make '{folder}' and run the command there"
        )
        .into(),
        AnnotateError::NoFolder { folder, .. } => {
            format!("nothing was changed: make it, `mkdir -p {}`", path_from_here(folder, scene)).into()
        }
        AnnotateError::LeftOut { bring, .. } => of_left_out(bring),
        AnnotateError::Text { .. } | AnnotateError::Place { .. } if is_remote(scene.repository()) => {
            "nothing was changed: fix that in a clone, and push it".into()
        }
        AnnotateError::Text { .. } | AnnotateError::Place { .. } => {
            "nothing was changed: fix that, or edit the file by hand".into()
        }
        AnnotateError::Unmovable => {
            "nothing was changed: fix what keeps them, name the artifacts to move, or add --skip-unmovable".into()
        }
        AnnotateError::Changed { .. } => advice!["nothing was changed: ", again()],
        AnnotateError::Write { .. } => "nothing was changed: look after the folder and the disk".into(),
        _ => return None,
    })
}

/// How a file gets into the work tree that Git has left out of it.
fn of_left_out(bring: &Bring) -> Advice {
    let command = match bring {
        Bring::Folder(path) | Bring::Pattern(path) => {
            format!("git sparse-checkout add {}", shell_quote(path))
        }
        Bring::File(file) => {
            let file = shell_quote(file);
            format!("git update-index --no-skip-worktree {file} && git checkout -- {file}")
        }
        Bring::Everything => {
            return "nothing was changed: check out a branch first, `git checkout BRANCH`".into();
        }
    };
    format!("nothing was changed: to have it, run `{command}` in the root of the repository").into()
}

/// What to do about one that cannot be committed or pushed.
fn of_commit(error: &AnnotateError, scene: &dyn Scene) -> Option<Advice> {
    let without_commit = || either("--commit", "commit");
    Some(match error {
        AnnotateError::Uncommitted { file, is_new } => {
            let file = pathspec(file, scene);
            let mut advice = Advice::from("nothing was changed: commit them first (");
            if *is_new {
                advice = advice.and([git(format!("add -- {file}")), ", then ".into()]);
            }
            advice.and([git(format!("commit -- {file}")), "), or leave out ".into(), without_commit()])
        }
        AnnotateError::Commit { left, .. } if left.is_empty() => {
            advice!["nothing was changed; leave out ", without_commit(), " to only edit the file"]
        }
        AnnotateError::Commit { left, .. } => {
            let files = left.iter().map(|file| pathspec(file, scene)).collect::<Vec<_>>().join(" ");
            advice![
                "the file was changed by another process meanwhile, such as a hook, and is left so: see ",
                git(format!("diff -- {files}")),
                "; if that is as it should be, ",
                again(),
            ]
        }
        AnnotateError::Unfinished { .. } => {
            "the file and the commit are as they should be, and nothing was pushed: see what comes after a \
             commit, such as a hook `post-commit`"
                .into()
        }
        AnnotateError::NoBranch => {
            advice!["nothing was changed: check out a branch, or leave out ", either("--push", "push")]
        }
        AnnotateError::NotPushed { commit: None, .. } if is_remote(scene.repository()) => {
            advice!["nothing was changed: if the remote has newer commits, ", again()]
        }
        AnnotateError::NotPushed { remote, .. } => advice![
            "push it when that is mended: ",
            push(remote),
            "; if the remote has newer commits, ",
            git("pull --rebase"),
            " first",
        ],
        AnnotateError::PushInDoubt { remote, .. } => advice![
            "when the remote can be reached again, see whether it has the commit: ",
            git(format!("ls-remote --heads {}", shell_quote(remote))),
        ],
        _ => return None,
    })
}

fn push(remote: &str) -> Part {
    git(format!("push {}", shell_quote(remote)))
}

/// A file of the repository for a command that knows nothing of Git.
fn path_from_here(file: &str, scene: &mut dyn Scene) -> String {
    let root = Path::new(scene.repository());
    let path = if root.join(".git").exists() {
        if scene.repository() == "." { PathBuf::from(file) } else { root.join(file) }
    } else {
        scene.registry().map_or_else(|| PathBuf::from(file), |registry| registry.root().join(file))
    };
    shell_quote(&path.to_string_lossy())
}
