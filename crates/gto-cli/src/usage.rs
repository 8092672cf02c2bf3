//! What to type instead of a line that cannot be read.
//!
//! clap proposes whatever is spelt alike, and that was the opposite of what was meant: `remove` for `rename`, `assign` for
//! `unassign`. So its proposals are dropped. Verbs and flags that people bring along from other tools have a line here; beyond
//! these only a slip of the fingers is put right, and never into something that deletes.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use gto_frontend::advice::looks_like_version;
use gto_frontend::near::distance;

/// Words for commands, of git, docker, kubectl, `MLflow` and the Python tool, with what does that here.
const VERBS: &[(&[&str], &str)] = &[
    (
        &["demote", "unset-stage", "unstage"],
        "`gto unassign NAME STAGE` takes a version out of a stage, `gto rollback NAME STAGE` assigns the one before",
    ),
    (&["unregister"], "deregister a version with `gto deregister NAME VERSION`"),
    (
        &[
            "delete",
            "rm",
            "del",
            "destroy",
            "purge",
            "drop",
            "untag",
            "uninstall",
            "rmi",
            "prune",
            "cleanup",
            "gc",
        ],
        "`gto deprecate NAME VERSION` takes a version out of use, with --delete it removes the tags; `gto remove NAME` removes \
         an annotation",
    ),
    (
        &["archive", "retire", "disable", "hide", "yank", "deactivate", "expire", "withdraw", "revoke"],
        "`gto deprecate NAME` takes an artifact out of use, `gto deprecate NAME VERSION` a version",
    ),
    (
        &[
            "undeprecate",
            "restore",
            "revive",
            "unarchive",
            "recover",
            "enable",
            "activate",
            "reactivate",
            "undelete",
            "reinstate",
            "unyank",
            "resurrect",
        ],
        "a deprecated artifact comes back with its next registration or assignment, a deregistered version when it is registered \
         again: `gto register NAME REF --version VERSION`; `gto history NAME` shows its commit",
    ),
    (
        &["revert", "downgrade", "undeploy"],
        "`gto rollback NAME STAGE` assigns what was in the stage before, `gto unassign NAME STAGE` takes the version out of it",
    ),
    (
        &["undo", "reset", "redo", "amend", "rebase"],
        "events are not undone, but followed by others: `gto history NAME` shows the last ones, `gto rollback NAME STAGE` assigns the \
         version of before; register again what was taken out of use",
    ),
    (
        &["rename", "mv", "move"],
        "tags have the name in them: register each version under the new one, `gto register NEW REF --version VERSION`, and \
         only then deprecate the old one",
    ),
    (
        &["copy", "cp", "clone", "fork", "duplicate"],
        "register the same commit under another name: `gto register NEW REF --version VERSION`; tags are copied by `git push` and \
         `git fetch --tags`",
    ),
    (
        &["init", "setup", "install", "bootstrap", "start"],
        "there is nothing to set up: in a Git repository, `gto register NAME` makes the first version; `gto demo` shows the rest",
    ),
    (
        &["create", "new", "add", "enrich"],
        "`gto register NAME` makes a version, `gto annotate NAME --path PATH` says what an artifact is",
    ),
    (
        &[
            "tag",
            "release",
            "publish",
            "upload",
            "bump",
            "save",
            "commit",
            "log-model",
            "create-version",
            "register-model",
            "create-model-version",
        ],
        "`gto register NAME` makes the next version, of the current commit",
    ),
    (
        &[
            "stage",
            "deploy",
            "set",
            "transition",
            "transition-stage",
            "transition-model-version-stage",
            "set-stage",
            "alias",
            "set-alias",
            "apply",
            "rollout",
            "ship",
            "advance",
            "reassign",
        ],
        "`gto assign NAME --version VERSION --stage STAGE` puts a version into a stage; a pipeline reacts to that tag",
    ),
    (
        &["label", "set-label", "set-tag", "edit", "update", "patch", "modify", "change"],
        "`gto annotate NAME --label LABEL` says more of an artifact; versions and stages are changed by new events: `gto register`, `gto assign`",
    ),
    (&["artifacts", "models", "registry", "index"], "list the registry with `gto show`"),
    (
        &["info", "inspect", "view", "display", "details", "versions"],
        "`gto show NAME` shows an artifact's versions, `gto show` all artifacts, `gto describe NAME` what an artifact is",
    ),
    (
        &["find", "search", "query", "filter", "grep", "list-artifacts", "list-models"],
        "`gto show` lists all artifacts, of a type or with a label `gto show --type TYPE --label LABEL`, and `gto show NAME` the versions of one",
    ),
    (
        &["latest", "current", "greatest", "head", "which", "get-latest-versions"],
        "`gto show NAME@latest --version` prints the latest version, `gto show NAME#STAGE --version` the one in a stage",
    ),
    (
        &["audit", "events", "journal", "reflog", "blame", "timeline"],
        "the journal is `gto history`, of one artifact `gto history NAME`",
    ),
    (
        &["diff", "changes"],
        "`gto compare NAME A B` compares two versions, `gto show NAME` shows what is in which stage, `gto status` what is only here or only on the remote",
    ),
    (
        &["download", "checkout", "switch", "pull-artifact", "load", "export-model"],
        "`gto get NAME` gets the files of its highest version, `gto ls NAME` lists them; `gto resolve NAME@latest` prints the tag and commit",
    ),
    (
        &["pull", "fetch", "sync", "refresh", "remote"],
        "`git fetch --tags` gets the tags of the remote, `gto push` pushes what is only here; `gto status` compares both sides",
    ),
    (
        &["export", "dump", "backup", "import", "csv", "json"],
        "`gto show --json` and `gto history --json` print everything; a backup is a clone of the repository, with its tags",
    ),
    (
        &["config", "configure", "settings", "set-config", "options", "prefs"],
        "settings are in `.gto`, in Git's configuration and in variables: `gto help environment`; `gto doctor` shows those in force",
    ),
    (&["env", "environment", "variables"], "`gto help environment` lists the variables"),
    (
        &["check", "validate", "lint", "fsck", "health", "diagnose", "repair", "fix"],
        "`gto doctor` checks everything, `gto check-ref REF` one tag, `gto verify` signatures",
    ),
    (&["rev-parse", "where", "locate", "lookup"], "`gto resolve NAME@VERSION` prints the tag and the commit"),
    (
        &["login", "logout", "auth", "whoami"],
        "gto has no accounts: it writes as Git is configured, see `git config user.name`, and pushes as Git logs in",
    ),
    (
        &["upgrade", "self-update", "self"],
        "gto is updated by what it was installed with; `gto --version` prints the version",
    ),
    (
        &["usage", "man", "commands", "topics"],
        "`gto --help` lists the commands, `gto help COMMAND` explains one",
    ),
    (&["ui", "studio", "server", "web", "watch", "open", "browse", "dashboard"], VIEW),
];

/// For those who look for pages.
#[cfg(feature = "serve")]
const VIEW: &str =
    "`gto serve` shows registries as pages in a browser; `gto show` and `gto history` print on the terminal";
#[cfg(not(feature = "serve"))]
const VIEW: &str =
    "there is no such view here: `gto show` and `gto history` print on the terminal, --json for programs";

/// Flags of one command that say what has another place there.
const PLACES: &[(&str, &[&str], &str)] = &[
    ("register", &["bump", "increment", "part", "level"], "give --bump-major, --bump-minor or --bump-patch"),
    ("register", &["stage", "env"], "register first, then `gto assign NAME --version VERSION --stage STAGE`"),
    (
        "register",
        &["ref", "rev", "revision", "commit", "sha", "at"],
        "the commit comes after the name: `gto register NAME REF`",
    ),
    (
        "register",
        &["path", "type", "label", "labels", "description", "desc"],
        "that is said once, for all versions: `gto annotate NAME --path PATH --type TYPE`",
    ),
    ("register", &["name", "artifact", "model"], "the name has no flag: `gto register NAME`"),
    (
        "assign",
        &["ref", "rev", "revision", "commit", "sha", "at"],
        "the commit comes after the name: `gto assign NAME REF --stage STAGE`",
    ),
    (
        "assign",
        &["name", "artifact", "model"],
        "the name has no flag: `gto assign NAME --version VERSION --stage STAGE`",
    ),
    ("deprecate", &["stage", "env"], "the stage comes after the version: `gto deprecate NAME VERSION STAGE`"),
    ("deprecate", &["version", "ver"], "the version comes after the name: `gto deprecate NAME VERSION`"),
    ("deprecate", &["name", "artifact", "model"], "the name has no flag: `gto deprecate NAME VERSION`"),
    (
        "deprecate",
        &["undo", "revert", "restore"],
        "an artifact comes back with its next registration or assignment: `gto register NAME`",
    ),
    ("show", &["latest", "greatest"], "`gto show NAME@latest` shows the latest version"),
    ("show", &["artifact", "model"], "the name has no flag: `gto show NAME`"),
    ("history", &["stage"], "the stage comes with the name: `gto history NAME#STAGE`"),
    ("history", &["version", "ver"], "the version comes with the name: `gto history NAME@VERSION`"),
    ("history", &["name", "artifact", "model"], "the name has no flag: `gto history NAME`"),
    ("annotate", &["name", "artifact", "model"], "the name has no flag: `gto annotate NAME --path PATH`"),
];

/// Other words for a flag, and what it is called here: the first one that the command has.
const SYNONYMS: &[(&[&str], &[&str])] = &[
    (&["major"], &["bump-major"]),
    (&["minor"], &["bump-minor"]),
    (&["patch"], &["bump-patch"]),
    (&["format", "output", "o", "as-json", "yaml", "machine"], &["json"]),
    (&["msg", "comment", "reason", "annotation"], &["message"]),
    (&["rev", "revision", "commit", "sha", "ref"], &["at", "rev", "ref"]),
    (&["all", "include-deprecated", "archived"], &["deprecated"]),
    (&["labels", "tag", "tags"], &["label"]),
    (&["kind"], &["type"]),
    (&["desc"], &["description"]),
    (&["metadata", "params"], &["custom"]),
    (&["reverse", "oldest-first"], &["ascending"]),
    (&["n", "max-count", "number", "count", "last", "head"], &["limit"]),
    (&["after", "newer", "from"], &["since"]),
    (&["before", "older"], &["until"]),
    (&["env", "environment", "to", "target"], &["stage"]),
    (&["tag-version", "release"], &["version"]),
    (&["dryrun", "dry", "what-if", "whatif", "simulate", "noop", "plan", "preview"], &["dry-run"]),
    (&["user", "tagger", "by"], &["author"]),
    (&["email", "mail"], &["author-email"]),
    (&["gpg-sign", "S"], &["sign"]),
    (&["key", "signing-key"], &["local-user"]),
    (&["pull"], &["fetch"]),
    (&["repository", "path", "dir", "directory", "project", "git-dir", "work-tree", "cwd"], &["repo"]),
    (&["sort-by", "order"], &["sort"]),
    (&["debug"], &["verbose"]),
    (&["columns", "long", "full"], &["wide"]),
];

/// Commands and flags that take something away: nobody is led to them by what they typed.
const DESTRUCTIVE: &[&str] =
    &["deprecate", "remove", "unassign", "deregister", "rollback", "cache", "delete", "force", "yes"];

/// Takes out what clap proposes. It puts its proposal into the line with the usage, too; `words` is the line without the program.
pub fn forget_suggestions(error: &mut clap::Error, words: &[String], cli: &mut Command) {
    if !matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument) {
        return;
    }
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::Suggested] {
        error.remove(kind);
    }
    cli.build();
    if let Some(command) = words.iter().find_map(|word| cli.find_subcommand(word).map(|_| word))
        && let Some(command) = cli.find_subcommand_mut(command)
    {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
    }
}

/// What to type instead; `words` is the line without the program.
pub fn hint(error: &clap::Error, words: &[String], cli: &Command) -> Option<String> {
    if let Some(hint) = of_empty(error) {
        return Some(hint.to_owned());
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => of_verb(text(ContextKind::InvalidSubcommand)?, cli),
        ErrorKind::UnknownArgument => {
            let command = words.iter().find_map(|word| cli.find_subcommand(word));
            of_argument(text(ContextKind::InvalidArg)?, command.unwrap_or(cli))
        }
        ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) if missing.iter().any(|arg| arg.starts_with("--stage")) => {
                Some(ASSIGN.to_owned())
            }
            Some(ContextValue::Strings(missing)) if missing.iter().any(|arg| arg.starts_with("--to")) => {
                Some(
                    "`gto migrate annotations NAME --to dvc`, or `--to artifacts` for the way back"
                        .to_owned(),
                )
            }
            _ => None,
        },
        _ => None,
    }
}

const ASSIGN: &str = "`gto assign NAME --version VERSION --stage STAGE`";

/// Of a value that is empty (D25).
fn of_empty(error: &clap::Error) -> Option<&'static str> {
    match (error.get(ContextKind::InvalidValue)?, error.get(ContextKind::Custom)) {
        (ContextValue::String(value), _) if !value.is_empty() => None,
        (_, Some(ContextValue::Bool(false))) => Some(
            "a variable of the shell may be unset: \"${NAME:?}\" stops a script there; \
             leave the argument out if none is meant",
        ),
        _ => Some("a variable of the shell may be unset: \"${NAME:?}\" stops a script there"),
    }
}

fn of_verb(verb: &str, cli: &Command) -> Option<String> {
    let known = VERBS.iter().find(|(verbs, _)| verbs.contains(&verb.to_lowercase().as_str()));
    if let Some((_, hint)) = known {
        return Some((*hint).to_owned());
    }
    let commands = cli.get_subcommands().filter(|command| !command.is_hide_set());
    let names = commands.flat_map(|command| command.get_visible_aliases().chain([command.get_name()]));
    similar(verb, names).map(|name| format!("did you mean '{name}'?"))
}

/// Of a flag that the command does not have, or of a word too many.
fn of_argument(argument: &str, command: &Command) -> Option<String> {
    let Some(flag) = argument.strip_prefix('-') else {
        return of_word(argument, command.get_name());
    };
    let flag = flag.trim_start_matches('-').split('=').next()?.replace('_', "-");
    let flag = flag.as_str();
    let place = PLACES.iter().find(|(name, flags, _)| *name == command.get_name() && flags.contains(&flag));
    if let Some((_, _, hint)) = place {
        return Some((*hint).to_owned());
    }
    let longs: Vec<&str> = command.get_arguments().filter_map(Arg::get_long).collect();
    let synonym = SYNONYMS
        .iter()
        .filter(|(flags, _)| flags.contains(&flag))
        .flat_map(|(_, here)| here.iter().copied())
        .find(|here| longs.contains(here));
    let meant = synonym.or_else(|| similar(flag, longs))?;
    Some(format!("did you mean --{meant}?"))
}

/// Of a word too many: a version or a stage comes with the name where something is read.
fn of_word(word: &str, command: &str) -> Option<String> {
    let is_version = word.trim_start_matches('@') == "latest" || looks_like_version(word).is_some();
    match command {
        "assign" => Some(ASSIGN.to_owned()),
        "register" => Some("`gto register NAME REF --version VERSION`".to_owned()),
        "show" | "history" | "resolve" | "describe" => Some(if is_version {
            let version = looks_like_version(word).unwrap_or_else(|| "latest".to_owned());
            format!("the version comes with the name: `gto {command} NAME@{version}`")
        } else {
            format!(
                "a version or a stage comes with the name: `gto {command} NAME@VERSION`, `gto {command} NAME#STAGE`"
            )
        }),
        _ => None,
    }
}

/// The word that was meant by a slip of the fingers, if it takes nothing away.
fn similar<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let slips = if typed.len() > 4 { 2 } else { 1 };
    let slips_to = |word: &str| {
        // `reg` for `register`.
        let is_beginning = typed.len() > 2 && word.starts_with(typed);
        if is_beginning { 1 } else { distance(typed, word) }
    };
    let near: Vec<(usize, &str)> = words
        .into_iter()
        .filter(|word| typed.chars().next() == word.chars().next() && !DESTRUCTIVE.contains(word))
        .map(|word| (slips_to(word), word))
        .filter(|(distance, _)| *distance <= slips)
        .collect();
    let (least, word) = near.iter().min()?;
    let is_clear = near.iter().filter(|(distance, _)| distance == least).count() == 1;
    is_clear.then_some(*word)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// A command that a hint names must be one that can be typed.
    #[test]
    fn every_command_in_a_hint_exists_with_its_flags() {
        let cli = Cli::command();
        let verbs = VERBS.iter().map(|(_, hint)| *hint);
        let hints = verbs.chain(PLACES.iter().map(|(_, _, hint)| *hint)).chain([ASSIGN]);
        for code in hints.flat_map(|hint| hint.split('`').skip(1).step_by(2)) {
            let mut words = code.split(' ');
            if words.next() != Some("gto") {
                continue;
            }
            let Some(name) = words.next().filter(|word| !word.starts_with("--") && *word != "help") else {
                continue;
            };
            let command = cli.find_subcommand(name).unwrap_or_else(|| panic!("no command: {code}"));
            for flag in words.filter_map(|word| word.strip_prefix("--")) {
                assert!(command.get_arguments().any(|arg| arg.get_long() == Some(flag)), "no flag: {code}");
            }
        }
    }

    #[test]
    fn no_word_has_two_hints_and_none_hides_a_command() {
        let verbs: Vec<&str> = VERBS.iter().flat_map(|(verbs, _)| verbs.iter().copied()).collect();
        let mut once = verbs.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), verbs.len());
    }

    #[test]
    fn a_slip_is_put_right_and_never_into_the_opposite() {
        let words = ["register", "remove", "assign", "deprecate", "show", "stages", "status"];
        let similar = |typed: &str| similar(typed, words);
        for (typed, meant) in
            [("regsiter", "register"), ("reg", "register"), ("asign", "assign"), ("shwo", "show")]
        {
            assert_eq!(similar(typed), Some(meant), "{typed}");
        }
        for typed in
            ["rename", "unassign", "deregister", "undeprecate", "depreacte", "remoev", "sta", "x", ""]
        {
            assert_eq!(similar(typed), None, "{typed}");
        }
    }
}
