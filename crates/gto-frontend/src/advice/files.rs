//! What to do where the files of a version cannot be got.

use gto_files::{Error, Keeper};

use super::failure::again;
use super::value::{Advice, Step, advice, either, git};

/// What to do about an error; `dvc` is the command of DVC that may do better.
pub fn of(error: &Error, dvc: Option<&str>) -> Vec<Advice> {
    let mut advice: Vec<Advice> =
        of_version(error).or_else(|| of_place(error)).or_else(|| of_target(error)).into_iter().collect();
    advice.extend(dvc.map(|dvc| format!("DVC may get it: `{dvc}`").into()));
    advice
}

/// The path, and what is there.
fn of_version(error: &Error) -> Option<Advice> {
    let path = || either("--path PATH", "path=");
    Some(match error {
        Error::NoPath { artifact, .. } => advice![
            "name it: ",
            path(),
            "; for versions to come, ",
            Step::Annotate { artifact: artifact.to_string(), path: "PATH".to_owned() },
        ],
        Error::Elsewhere { .. } => {
            "gto gets what the repository has, or DVC and Git LFS keep for it: use the tool of that place"
                .into()
        }
        Error::Submodule { .. } => "get it from the registry of that repository".into(),
        Error::NotThere { unknown: Some(why), .. } => why.clone().into(),
        Error::NotThere { .. } => {
            advice!["neither Git nor DVC has it; to name another path, add ", path()]
        }
        Error::NothingWanted { .. } | Error::NoSuchFile { .. } => {
            advice![either("`gto ls NAME`", "`gto.ls(name)`"), " lists the files"]
        }
        Error::NotOneFile { .. } => advice![
            "name one of them, as ",
            either("`gto ls NAME`", "`gto.ls(name)`"),
            " lists them, or get all: ",
            either("`gto get NAME`", "`gto.get(name)`"),
        ],
        Error::Pin { .. } => {
            advice!["make it anew: ", either("`gto get NAME --pin FILE`", "`gto.get(name, pin=file)`")]
        }
        Error::PinDiffers { .. } => {
            "nothing was written: the pin is of another repository, or was edited".into()
        }
        Error::PinMoved { .. } | Error::PinUnjudged { .. } => advice![
            "nothing was written; pin what is valid now (",
            either("`gto get NAME#STAGE --pin FILE --policy`", "`gto.get(name, pin=file)`"),
            "), or ask without a policy: `GTO_POLICY=off`"
        ],
        Error::UnsafePath { .. } | Error::Collision { .. } => {
            "nothing was written; whoever made the version should make it again without that".into()
        }
        Error::Link { .. } => "nothing was written; to get the other files, leave it out: --exclude".into(),
        _ => return None,
    })
}

/// Where it is kept.
fn of_place(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::Missing { keeper: Keeper::Dvc, .. } => {
            "where it was made, `dvc push` brings it to the remote".into()
        }
        Error::Missing { keeper: Keeper::Lfs, .. } => {
            advice!["where it was made, ", git("lfs push --all origin"), " brings it to the server"]
        }
        Error::Wrong { .. } => advice![
            "nothing of it was kept; remove that object, bring a whole one there (`dvc push`, `git lfs push`), and ",
            again(),
        ],
        Error::Remote { .. } => advice!["once that is fixed, ", again(), "; what has come so far is kept"],
        _ => return None,
    })
}

/// Where it goes.
fn of_target(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::Exists { differ, .. } => {
            let mut advice = Advice::from("nothing was changed");
            if let Some(first) = differ.first() {
                let more =
                    if differ.len() > 1 { format!(" and {} more", differ.len() - 1) } else { String::new() };
                advice = Advice::from(format!("nothing was changed; '{first}'{more} would be replaced"));
            }
            advice.and([
                ": add ".into(),
                either("--force", "force=True"),
                " to replace it, or name another place".into(),
            ])
        }
        Error::InTheWay { .. } => "nothing was changed: move it away first, or name another place".into(),
        Error::Busy { .. } => advice!["wait for it, then ", again()],
        Error::ForeignStaging { .. } => "move it away first".into(),
        Error::Write { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            advice!["make room, then ", again(), ": what has come so far is kept"]
        }
        _ => return None,
    })
}
