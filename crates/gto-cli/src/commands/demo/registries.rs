//! The registries of `gto demo --serve`: three repositories with a history worth seeing.
//!
//! Owns their story. Everything is made with plain Git, at times of the last three months.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::git::{cannot, failed, isolated};
use crate::error::{CommandError, Result};

/// What somebody did, so many days ago.
struct Deed(u64, &'static str, Who, What);

#[derive(Clone, Copy)]
enum Who {
    Ada,
    Grace,
    Katherine,
}

enum What {
    /// A commit of these files.
    Commit(&'static str, &'static [(&'static str, &'static str)]),
    /// A tag on the commit that is so many before the newest.
    Tag(&'static str, &'static str, u8),
    /// The same, signed.
    Signed(&'static str, &'static str),
}

use What::{Commit, Signed, Tag};
use Who::{Ada, Grace, Katherine};

impl Who {
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Ada => ("Ada Lovelace", "ada@example.com"),
            Grace => ("Grace Hopper", "grace@example.com"),
            Katherine => ("Katherine Johnson", "katherine@example.com"),
        }
    }
}

const MODELS: &str = "models";
const VISION: &str = "vision";
const DATA: &str = "data";

const CHURN: &str = "artifacts:\n  churn:\n    type: model\n    path: churn.bin\n    labels: [tabular, customers]\n    desc: Predicts who will leave within 30 days.\n  summary:\n    type: model\n    path: summary.bin\n    labels: [text]\n    desc: Summarises support tickets.\nmetrics: [metrics.json]\n";
const DEFECTS: &str = "defects:\n  type: model\n  path: weights.bin\n  labels: [camera]\n  description: Finds scratches on photographs of glass.\nold-defects:\n  type: model\n  path: weights.bin\n  description: Its predecessor.\n";
const POLICY: &str = "version: 1\nrules:\n- stage: prod\n  from: [staging]\n  rollback: allow\n";

/// What happened, oldest first in each repository.
const STORY: &[Deed] = &[
    Deed(
        85,
        MODELS,
        Ada,
        Commit(
            "Train the churn model",
            &[
                (".gto", "stages: [dev, staging, prod]\n"),
                (".gto-policy.yaml", POLICY),
                ("nlp/dvc.yaml", CHURN),
                ("nlp/churn.bin", "weights of the first model"),
                ("nlp/summary.bin", "weights of the summary"),
                ("nlp/params.yaml", "train:\n  lr: 0.01\n  epochs: 10\n"),
                ("nlp/metrics.json", "{\"accuracy\": 0.81, \"auc\": 0.87}\n"),
            ],
        ),
    ),
    Deed(84, MODELS, Ada, Tag("nlp=churn@v1.0.0", "The first that is better than a guess", 0)),
    Deed(83, MODELS, Ada, Tag("nlp=churn#staging#1", "For the shop to try", 0)),
    Deed(80, MODELS, Ada, Tag("nlp=churn#prod#2", "The shop is content", 0)),
    Deed(
        61,
        MODELS,
        Grace,
        Commit(
            "Train it on the data of spring",
            &[
                ("nlp/churn.bin", "weights of the second model"),
                ("nlp/params.yaml", "train:\n  lr: 0.005\n  epochs: 20\n  dropout: 0.1\n"),
                ("nlp/metrics.json", "{\"accuracy\": 0.86, \"auc\": 0.91}\n"),
            ],
        ),
    ),
    Deed(60, MODELS, Grace, Signed("nlp=churn@v1.1.0", "On the data of spring")),
    Deed(58, MODELS, Grace, Signed("nlp=churn#staging#3", "Five points better")),
    Deed(51, MODELS, Grace, Signed("nlp=churn#prod#4", "Seven days in staging without a complaint")),
    Deed(49, MODELS, Ada, Tag("nlp=churn#prod#5", "v1.1.0 is too slow for the web shop", 1)),
    Deed(
        21,
        MODELS,
        Grace,
        Commit(
            "Make it half the size",
            &[
                ("nlp/churn.bin", "weights of the third"),
                ("nlp/metrics.json", "{\"accuracy\": 0.88, \"auc\": 0.92}\n"),
            ],
        ),
    ),
    Deed(20, MODELS, Grace, Signed("nlp=churn@v1.2.0", "Half the size, and better")),
    Deed(19, MODELS, Grace, Signed("nlp=churn#dev#6", "Measure its speed")),
    Deed(3, MODELS, Grace, Signed("nlp=churn#staging#7", "Fast enough")),
    Deed(18, MODELS, Ada, Tag("nlp=summary@v0.1.0", "A first try", 0)),
    Deed(17, MODELS, Ada, Tag("nlp=summary#dev#1", "For the support team", 0)),
    Deed(16, MODELS, Ada, Tag("nlp=summary#prod#2", "They want it at once", 0)),
    Deed(
        70,
        VISION,
        Katherine,
        Commit("Find scratches", &[("artifacts.yaml", DEFECTS), ("weights.bin", "weights")]),
    ),
    Deed(69, VISION, Katherine, Tag("old-defects@v0.9.0", "As it was before", 0)),
    Deed(68, VISION, Katherine, Tag("old-defects#prod#1", "As it was before", 0)),
    Deed(
        40,
        VISION,
        Katherine,
        Commit("Learn from 10,000 more photographs", &[("weights.bin", "better weights")]),
    ),
    Deed(39, VISION, Katherine, Tag("defects@v1.0.0", "Replaces old-defects", 0)),
    Deed(38, VISION, Katherine, Tag("defects#prod#1", "Line 3 only", 0)),
    Deed(37, VISION, Katherine, Tag("old-defects@deprecated", "Nobody uses it any more", 0)),
    Deed(6, VISION, Ada, Commit("Fewer false alarms", &[("weights.bin", "best weights")])),
    Deed(5, VISION, Ada, Tag("defects@v1.1.0-rc.1", "For tests on line 3", 0)),
    Deed(4, VISION, Ada, Tag("defects#staging#2", "For tests on line 3", 0)),
    Deed(
        90,
        DATA,
        Katherine,
        Commit(
            "Add the sales of last year",
            &[
                (
                    "artifacts.yaml",
                    "sales:\n  type: dataset\n  path: sales\n  labels: [customers]\n  description: All sales, by day.\n",
                ),
                ("sales/last-year.csv", "day,sales\n"),
            ],
        ),
    ),
    Deed(89, DATA, Katherine, Tag("sales@v1.0.0", "Checked by hand", 0)),
    Deed(88, DATA, Katherine, Tag("sales#prod#1", "For the churn model", 0)),
    Deed(30, DATA, Katherine, Commit("Add the sales of spring", &[("sales/spring.csv", "day,sales\n")])),
    Deed(29, DATA, Katherine, Tag("sales@v1.1.0", "With spring", 0)),
];

/// Makes the repositories in a folder, and returns theirs.
pub fn make(folder: &Path) -> Result<Vec<PathBuf>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // Git looks for the key from the folder of a repository.
    let folder = std::path::absolute(folder).map_err(cannot("Cannot find the current folder"))?;
    let key = folder.join("key");
    let has_key = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "grace@example.com", "-f"])
        .arg(&key)
        .status()
        .is_ok_and(|status| status.success());
    let mut folders = Vec::new();
    for name in [MODELS, VISION, DATA] {
        let repo = folder.join(name);
        std::fs::create_dir_all(&repo)
            .map_err(cannot(format!("Cannot make the folder '{}'", repo.display())))?;
        git(&repo, Ada, now, &["init", "--quiet", "--initial-branch=main", "--template="])?;
        if has_key {
            trust(&repo, &key, now)?;
        }
        folders.push(repo);
    }
    for Deed(days, repo, who, what) in STORY {
        let (repo, time) = (folder.join(repo), now.saturating_sub(days * 86_400));
        match what {
            Commit(message, files) => {
                for (path, text) in *files {
                    write(&repo.join(path), text)?;
                }
                git(&repo, *who, time, &["add", "."])?;
                git(&repo, *who, time, &["commit", "--quiet", "--message", message])?;
            }
            Tag(name, message, back) => {
                git(
                    &repo,
                    *who,
                    time,
                    &["tag", "--annotate", "--message", message, name, &format!("HEAD~{back}")],
                )?;
            }
            Signed(name, message) => {
                let how = if has_key { "--sign" } else { "--annotate" };
                git(&repo, *who, time, &["tag", how, "--message", message, name])?;
            }
        }
    }
    Ok(folders)
}

/// Signatures with the key are made and accepted in this repository.
fn trust(repo: &Path, key: &Path, now: u64) -> Result<()> {
    let public = key.with_extension("pub");
    let text = std::fs::read_to_string(&public).map_err(cannot("Cannot read the key of the example"))?;
    let signers = key.with_extension("signers");
    write(&signers, &format!("grace@example.com {text}"))?;
    for (setting, value) in [
        ("gpg.format", "ssh".to_owned()),
        ("user.signingKey", key.display().to_string()),
        ("gpg.ssh.allowedSignersFile", signers.display().to_string()),
    ] {
        git(repo, Ada, now, &["config", setting, &value])?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let cannot = || cannot(format!("Cannot write '{}'", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot())?;
    }
    std::fs::write(path, text).map_err(cannot())
}

fn git(repo: &Path, who: Who, time: u64, arguments: &[&str]) -> Result<()> {
    let (name, email) = who.name();
    let when = format!("{time} +0000");
    let mut git = isolated(Path::new("git"), repo);
    for (variable, value) in [("NAME", name), ("EMAIL", email), ("DATE", &when)] {
        git.env(format!("GIT_AUTHOR_{variable}"), value).env(format!("GIT_COMMITTER_{variable}"), value);
    }
    let output = git.args(arguments).output().map_err(super::git::cannot_start(Path::new("git")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err::<(), CommandError>(failed(&[&["git"], arguments].concat(), &output))
    }
}
