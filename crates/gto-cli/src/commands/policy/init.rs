//! `gto policy init`

use std::fs;
use std::path::Path;

use clap::Args;

use gto::policy::{Baseline, Policy};
use gto::tag::TagName;

use crate::args::RepoArgs;
use crate::context::Context;
use crate::error::{CommandError, Result};

/// Write a policy to start from, a folder for keys, and the baseline
///
/// The baseline names the tags that are there now: no rule is about them. Commit the files, and push them to the default branch.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    repo: RepoArgs,
}

impl Init {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let registry = context.open(&self.repo.repo)?;
        let root = registry.root();
        if registry.url().is_some() || root == registry.git_dir() {
            let hint = "clone it, and run `gto policy init` in the clone".to_owned();
            return Err(CommandError::arguments(
                "A policy is written into a work tree, and there is none",
                hint,
            ));
        }
        let file = root.join(Policy::FILE_NAME);
        if file.symlink_metadata().is_ok() {
            let hint = "edit it; `gto policy check --as-of FILE` tries another one".to_owned();
            return Err(CommandError::arguments(format!("'{}' is there already", Policy::FILE_NAME), hint));
        }
        let tags = registry.annotated_tags(None)?;
        let tags = tags.iter().filter(|tag| tag.name.parse::<TagName>().is_ok());
        let baseline = Baseline::of(tags.map(|tag| (tag.name.as_str(), tag.id)));
        write(&root, &format!("{}/README", Policy::KEYS_FOLDER), KEYS)?;
        write(&root, Policy::BASELINE_FILE, &baseline.to_text())?;
        write(&root, Policy::FILE_NAME, START)?;
        for path in [Policy::FILE_NAME, Policy::BASELINE_FILE, Policy::KEYS_FOLDER] {
            context.printer.line(format!("Created {path}"))?;
        }
        let exempt = match baseline.len() {
            0 => "there are no tags to exempt".to_owned(),
            1 => "the baseline exempts the one tag that is there now".to_owned(),
            some => format!("the baseline exempts the {some} tags that are there now"),
        };
        context.printer.hint(format!(
            "{exempt}; edit {}, commit these files and push them to the default branch",
            Policy::FILE_NAME
        ));
        Ok(())
    }
}

fn write(root: &Path, path: &str, text: &str) -> Result<()> {
    let path = root.join(path);
    let what = || format!("Cannot write '{}'", path.display());
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
    made.map_err(|source| CommandError::File { what: what(), source })
}

const KEYS: &str = "\
Public keys of those who may sign, and no others:
  NAME.pub         of SSH, with an address behind it
  NAME.asc         of OpenPGP
  NAME.pem         X.509 certificates, those of the authorities too
  NAME.crl         lists of certificates that an authority has revoked
  revoked          SSH keys that count no longer
";

const START: &str = "\
# What may be shown in which stage. `gto policy explain NAME@VERSION --stage STAGE` shows what a version lacks.
# In force is this file on the default branch. All rules that fit must hold.
version: 1

# What signed tags must name, so that none can be used in a fork:
# registry: acme/ml

# Who is who. Their public keys are in .gto-policy/keys:
# groups:
#   release: [\"ssh:SHA256:...\", \"openpgp:0123...\", \"x509:/CN=Ada\", \"email:*@example.com\"]

# Who may change this file, the keys and the baseline (the server's hook sees to it):
# policy: {by: [release], signature: required}

rules: []
# - stage: prod
#   artifact: \"nlp:*\"               # full names; all artifacts if left out
#   from: [staging]                  # it was shown there before
#   soak: 24h                        # for so long in all
#   branches: [main]                 # its commit is in the history of one of these
#   by: [release]                    # who signed
#   approvals: {count: 2, by: [release], not_self: true}
#   version: {range: \">=1.0.0\", prerelease: deny}
#   freeze: {from: 2026-12-20, to: 2027-01-03}
#   rollback: allow                  # what was there before may come back without from, soak and freeze
# - event: delete                    # without such a rule nobody deletes or moves tags
#   pusher: [release-bot]

# Who may do without the rules, by a signed tag with a reason (--override):
# break_glass: {by: [release], reason: required}
";
