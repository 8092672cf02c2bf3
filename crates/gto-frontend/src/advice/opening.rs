//! What to do where there is no repository to be opened, or no ref of it to be read.

use std::path::Path;

use gto::Error;

use super::scene::Scene;
use super::value::{Advice, Part, Step, advice, either};
use crate::text::shell_quote;

/// A command of Git on a repository; the command line says itself where that is.
fn git_in(path: &str, verb: &'static str) -> Part {
    either(format!("`git {verb}`"), format!("`git -C {} {verb}`", shell_quote(path)))
}

pub(super) fn of(error: &Error, scene: &dyn Scene) -> Option<Advice> {
    Some(match error {
        Error::DamagedPackedRefs { .. } => advice![Step::Doctor, " shows how to fix that file"],
        Error::NoRepository { path } if scene.git_dir().is_some_and(|git_dir| git_dir == *path) => advice![
            "the variable GIT_DIR names it: unset it, or name a repository with ",
            either("`--repo PATH`", "`gto.Registry(path)`"),
        ],
        Error::Untrusted { path, .. } => format!(
            "if you trust it, say so to Git: `git config --global --add safe.directory {}`",
            shell_quote(&path.to_string_lossy())
        )
        .into(),
        Error::BareNotAllowed { path } => {
            format!("name it in the variable GIT_DIR: `GIT_DIR={}`", shell_quote(&path.to_string_lossy()))
                .into()
        }
        Error::NoRepository { path } if !Path::new(path).exists() => {
            format!("there is no folder '{path}'").into()
        }
        Error::NoRepository { .. } => advice![
            either(
                "run this inside a Git repository, name one with `--repo PATH`",
                "name the folder of a Git repository"
            ),
            ", or make one with `git init`",
        ],
        error if error.bad_git_file().is_some_and(|file| file.ends_with(".git")) => {
            let file = error.bad_git_file().unwrap_or(Path::new(".git"));
            let worktree = shell_quote(&file.parent().unwrap_or(file).to_string_lossy());
            format!(
                "'{}' should lead to a repository: if that was moved, run `git worktree repair {worktree}` in it, or for a \
                 submodule `git submodule update --init`; nothing above this folder was looked at",
                file.display()
            )
            .into()
        }
        error if error.nul_in_config().is_some() => {
            let (file, line) = error.nul_in_config().unwrap_or((Path::new(".git/config"), 0));
            let file = shell_quote(&file.to_string_lossy());
            format!(
                "Git reads that value up to the NUL and says nothing: write line {line} of {file} anew with an editor"
            )
            .into()
        }
        Error::Open { path, .. } => advice!["see what Git says: ", git_in(path, "status")],
        Error::Git { .. } => {
            advice!["ask Git what is wrong with the repository: ", git_in(scene.repository(), "fsck")]
        }
        _ => return None,
    })
}
