//! What is wrong around the registry: the configuration, the annotation file, the clone, its refs.

use super::command::{Command, Program, drop_damaged_lines, fetch};
use super::evidence::Evidence;
use super::finding::{Check, Finding, quoted, tags_that};
use crate::annotation::FileProblem;
use crate::config::ConfigError;
use crate::error::Error;
use crate::git::{GrownFolder, LeftLock};

pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    findings.extend(evidence.wrong_config.iter().map(configuration));
    findings.extend(unknown_to_python(evidence.unknown_to_python));
    findings.extend(evidence.annotation_problems.iter().map(|(file, problem)| annotation(file, problem)));
    findings.extend(annotated_twice(evidence));
    findings.extend(clone(evidence));
    findings.extend(evidence.left_locks.iter().map(left_lock));
    findings.extend(evidence.left_guards.iter().filter_map(|(url, guards)| left_guards(url, guards)));
    findings.extend(evidence.object_faults.iter().map(|fault| unusable_objects(fault)));
    findings.extend(evidence.grown_folders.iter().map(grown_folder));
    findings.extend(refs(evidence));
}

fn left_lock(lock: &LeftLock) -> Finding {
    let path = lock.path.display().to_string();
    let holder = lock.holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default();
    let message = if lock.is_dead {
        format!(
            "the lock file '{path}' was left by a process that was stopped{holder}: git fails on it until gto writes that \
             tag, or it is removed"
        )
    } else {
        format!(
            "the lock file '{path}' is there for more than a minute{holder}: remove it if nothing is writing"
        )
    };
    Finding::new(Check::LeftLock, message)
        .fix(lock.path.to_str().map(|path| Command::new(Program::Remove, &[path])))
}

fn left_guards(url: &str, guards: &[String]) -> Option<Finding> {
    let these = if guards.len() == 1 { "a ref" } else { "refs" };
    let message = format!(
        "the remote has {these} that a version of gto before 1.11.0 made, and nothing reads: {}",
        quoted(guards)
    );
    let words = ["push", url, "--delete"].into_iter().chain(guards.iter().map(String::as_str));
    let delete = Command::new(Program::Git, &words.collect::<Vec<_>>());
    (!guards.is_empty()).then(|| Finding::new(Check::LeftGuard, message).fix(Some(delete)))
}

fn unusable_objects(fault: &str) -> Finding {
    let message = format!("objects may be missing: {fault}");
    Finding::new(Check::UnusableObjects, message).fix([Command::new(Program::Git, &["fsck"])])
}

/// Git makes the folder again when it writes a loose tag, also one that is being written meanwhile; and `rmdir` takes none away in
/// which there is anything.
fn grown_folder(folder: &GrownFolder) -> Finding {
    let GrownFolder { path, size, entries, is_root } = folder;
    let holds = match entries {
        0 => "nothing".to_owned(),
        1 => "1 entry".to_owned(),
        entries => format!("{entries} entries"),
    };
    let message = format!(
        "the folder '{}' holds {holds} and takes {} MiB on disk, as it did when it held many tags: each command that lists tags \
         reads all of it",
        path.display(),
        size >> 20
    );
    let pack = (*entries > 0).then(|| Command::new(Program::Git, &["pack-refs"]));
    let remove = path.to_str().filter(|_| *is_root).map(|path| Command::new(Program::RemoveFolder, &[path]));
    Finding::new(Check::GrownFolder, message).fix(pack).fix(remove)
}

/// The message of an error and of what caused it, on one line.
fn with_causes(error: &Error) -> String {
    let mut message = error.to_string().replace('\n', ": ");
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

fn configuration(error: &Error) -> Finding {
    let message = with_causes(error);
    let unset = match error {
        Error::Config(ConfigError::Setting { name, .. }) => {
            Some(Command::new(Program::Git, &["config", "--unset", name]))
        }
        Error::Config(ConfigError::Variable { name, .. }) => Some(Command::new(Program::Unset, &[name])),
        _ => None,
    };
    Finding::new(Check::Configuration, message).fix(unset)
}

fn unknown_to_python(keys: &[(&'static str, String)]) -> Option<Finding> {
    let names: Vec<String> = keys.iter().map(|(key, _)| format!("'{key}'")).collect();
    let (key, does) = if keys.len() == 1 { ("key", "is") } else { ("keys", "are") };
    let message = format!(
        "the {key} {} of '.gto' {does} unknown to the Python tool, which refuses the whole file (\"Wrong config file\"): set \
         that in Git's configuration, and remove it from '.gto'",
        names.join(" and ")
    );
    let set = keys.iter().map(|(key, value)| {
        let name = format!("gto.{key}");
        Command::new(Program::Git, &["config", &name, value])
    });
    (!keys.is_empty()).then(|| Finding::new(Check::UnknownToPython, message).fix(set))
}

fn annotation(file: &str, problem: &FileProblem) -> Finding {
    Finding::new(Check::Annotation, problem.sentence(file))
}

fn annotated_twice(evidence: &Evidence<'_>) -> Option<Finding> {
    let names = &evidence.annotated_twice;
    let what = if names.len() == 1 { "artifact" } else { "artifacts" };
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{what} {} {verb} annotated in 'dvc.yaml' and in '{}': what 'dvc.yaml' says counts",
        quoted(names),
        evidence.index
    );
    (!names.is_empty()).then(|| Finding::new(Check::AnnotatedTwice, message))
}

fn clone(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if evidence.is_shallow {
        let message =
            "the clone is shallow: tags of older commits may be absent, and their versions with them";
        let unshallow = fetch(&evidence.remotes, &["--unshallow", "--tags"]);
        findings.push(Finding::new(Check::Shallow, message).fix(unshallow));
    }
    let any_tag = evidence.packed_refs.is_some()
        || !(evidence.names.is_empty() && evidence.not_utf8.is_empty() && evidence.broken.is_empty());
    if !any_tag && !evidence.remotes.is_empty() {
        let message = "the repository has a remote and not a single tag: perhaps the tags were never fetched";
        findings.push(Finding::new(Check::NoTags, message).fix(fetch(&evidence.remotes, &["--tags"])));
    }
    findings
}

/// Git reads no ref at all while it is so.
fn packed_refs(evidence: &Evidence<'_>) -> Option<Finding> {
    let damaged = evidence.packed_refs.as_ref()?;
    let reason = &damaged.reason;
    let command = damaged.salvage.as_ref().and_then(drop_damaged_lines);
    let (kept, fetch) = match &command {
        Some(_) => (
            "; what the damaged lines said is lost unless a remote has it, and a copy with the ending '.damaged' is kept",
            fetch(&evidence.remotes, &["--tags"]),
        ),
        None => ("", Vec::new()),
    };
    Some(
        Finding::new(Check::BrokenRef, format!("the tags cannot be listed: {reason}{kept}"))
            .fix(command)
            .fix(fetch),
    )
}

fn refs(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = packed_refs(evidence).into_iter().collect();
    if !evidence.broken.is_empty() {
        let names: Vec<&str> = evidence.broken.iter().map(|broken| broken.name.as_str()).collect();
        let message = tags_that(
            &names,
            "cannot be read: its ref holds no object id",
            "cannot be read: their refs hold no object ids",
        );
        let files = evidence.broken.iter().filter_map(|broken| broken.file.as_deref());
        let remove = files.map(|file| Command::new(Program::Remove, &[file]));
        findings.push(
            Finding::new(Check::BrokenRef, message)
                .tags(names)
                .fix(remove)
                .fix(fetch(&evidence.remotes, &["--tags", "--force"])),
        );
    }
    if !evidence.not_utf8.is_empty() {
        let names = &evidence.not_utf8;
        let message = format!(
            "tag names that are not UTF-8 cannot be the registry's, here as {}: rename them",
            quoted(names)
        );
        let list = Command::new(Program::Git, &["for-each-ref", "--format=%(refname)", "refs/tags"]);
        findings
            .push(Finding::new(Check::NotUtf8, message).tags(names.iter().map(String::as_str)).fix([list]));
    }
    findings
}
