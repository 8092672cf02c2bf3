//! Refuses arguments that are empty (D25): a shell variable that is not set must not mean "everything".
//!
//! Owns the check of every argument of every command, after parsing. The format of values is checked by the commands.

use clap::builder::ValueHint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// Free text, in every command.
const FREE_TEXT: [&str; 2] = ["message", "description"];

/// The fields that `gto annotate` removes if they are empty.
const FIELDS: [&str; 2] = ["kind", "path"];

/// Fails if a value on the command line is empty.
pub fn refuse(command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let empty = command.get_arguments().find(|arg| is_empty(command, arg, matches)).map(refusal);
    if let Some((message, is_required)) = empty {
        let mut error = command.error(ErrorKind::InvalidValue, message);
        error.insert(ContextKind::InvalidValue, ContextValue::String(String::new()));
        error.insert(ContextKind::Custom, ContextValue::Bool(is_required));
        return Err(error);
    }
    match matches.subcommand() {
        Some((name, matches)) => command.find_subcommand_mut(name).map_or(Ok(()), |sub| refuse(sub, matches)),
        None => Ok(()),
    }
}

/// Whether an argument may be empty.
pub fn may_be_empty(command: &Command, arg: &Arg) -> bool {
    let id = arg.get_id().as_str();
    FREE_TEXT.contains(&id) || command.get_name() == "annotate" && FIELDS.contains(&id)
}

fn is_empty(command: &Command, arg: &Arg, matches: &ArgMatches) -> bool {
    let id = arg.get_id().as_str();
    let is_given =
        arg.get_action().takes_values() && matches.value_source(id) == Some(ValueSource::CommandLine);
    // A folder may be named with a blank; no name, version, stage, revision or date is.
    let is_path = !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other);
    let is_blank = |value: &std::ffi::OsStr| match value.to_str() {
        Some(text) => {
            if is_path {
                text.is_empty()
            } else {
                text.trim().is_empty()
            }
        }
        None => false,
    };
    is_given
        && !may_be_empty(command, arg)
        && matches.get_raw(id).is_some_and(|mut values| values.any(is_blank))
}

/// The message, and whether the argument is required.
fn refusal(arg: &Arg) -> (String, bool) {
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => arg.get_value_names().map_or_else(
            || arg.get_id().as_str().to_ascii_uppercase(),
            |names| names.iter().map(clap::builder::Str::as_str).collect::<Vec<_>>().join(" "),
        ),
    };
    (format!("{name} is empty"), arg.is_required_set())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// A value that an argument takes.
    fn value(arg: &Arg) -> String {
        let possible = arg.get_possible_values();
        possible.first().map_or_else(|| "1".to_owned(), |value| value.get_name().to_owned())
    }

    /// Every way to write a command with one argument that is empty, and with all others that it needs.
    fn with_empty(command: &Command, path: &[String], tested: &Arg, empty: &str) -> Vec<Vec<String>> {
        let others: Vec<String> = command
            .get_opts()
            .filter(|arg| arg.is_required_set() && arg.get_id() != tested.get_id())
            .map(|arg| format!("--{}={}", arg.get_long().unwrap(), value(arg)))
            // These need a stage, and clap does not call it required: `gto promote` takes two others instead, `gto approve` a list.
            .chain(
                (matches!(command.get_name(), "promote" | "approve") && tested.get_id() != "stage")
                    .then(|| "--stage=1".into()),
            )
            // `gto ci pending` needs one of these two.
            .chain(
                (command.get_name() == "pending" && !matches!(tested.get_id().as_str(), "since" | "handled"))
                    .then(|| "--since=1".into()),
            )
            .collect();
        let before = |index: Option<usize>| {
            let positionals = command.get_positionals().filter(move |arg| match index {
                Some(index) => arg.get_index() < Some(index),
                // `gto register` needs its NAME, and clap calls it optional.
                // The artifact of `--from-pin FILE` is in the file.
                None => {
                    tested.get_id() != "from_pin" && (arg.get_index() == Some(1) || arg.is_required_set())
                }
            });
            positionals.map(value)
        };
        let line = |words: Vec<String>| [path.to_vec(), others.clone(), words].concat();
        let Some(long) = tested.get_long() else {
            // An option without a long name.
            if let Some(short) = tested.get_short() {
                return vec![line(vec![format!("-{short}"), empty.to_owned()])];
            }
            let words = before(tested.get_index()).chain([empty.to_owned()]);
            return vec![line(words.collect())];
        };
        let aliases = tested.get_visible_aliases().unwrap_or_default();
        let longs = std::iter::once(long).chain(aliases).map(|long| format!("--{long}"));
        let names = longs.chain(tested.get_short().map(|short| format!("-{short}")));
        let mut lines: Vec<Vec<String>> =
            names.map(|name| line(before(None).chain([name, empty.to_owned()]).collect())).collect();
        lines.push(line(before(None).chain([format!("--{long}={empty}")]).collect()));
        lines
    }

    fn check(command: &Command, path: &[String], count: &mut usize) {
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            for empty in ["", " "] {
                for words in with_empty(command, path, arg, empty) {
                    let status = crate::parse(words.iter().map(Into::into))
                        .map_or_else(|error| error.exit_code(), |_| 0);
                    let is_path = !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other);
                    let expected = if may_be_empty(command, arg) || is_path && empty == " " { 0 } else { 2 };
                    assert_eq!(status, expected, "{words:?}");
                    *count += 1;
                }
            }
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            check(sub, &[path, &[sub.get_name().to_owned()]].concat(), count);
        }
    }

    /// D25. An argument that is added later is tested too.
    #[test]
    fn no_argument_of_any_command_may_be_empty_but_free_text() {
        let mut command = Cli::command();
        command.build();
        let mut count = 0;
        check(&command, &["gto".to_owned()], &mut count);
        assert!(count > 250, "{count}");
    }
}
