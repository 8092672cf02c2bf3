//! Commands that are made when they are called.
//!
//! Owns not making all commands with their arguments where one is called by its name, which took a third of the time of a short
//! command. Everything else, such as the help, sees them as if they were always there.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Subcommand};

thread_local! {
    /// The command that is called by its name, while the command line is made for it.
    static CALLED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The arguments of a command, or the commands. clap gives each command a copy of every argument that they have in common, so where
/// one is called the others are left out.
#[derive(Debug)]
pub struct Lazy<T>(pub T);

impl<T: Subcommand> Subcommand for Lazy<T> {
    fn augment_subcommands(command: Command) -> Command {
        let Some(called) = CALLED.with_borrow(Clone::clone) else { return T::augment_subcommands(command) };
        // Taking the others apart would cost as much as they do.
        let mut all = ManuallyDrop::new(T::augment_subcommands(Command::default()));
        match all.find_subcommand_mut(called) {
            Some(found) => command.subcommand(std::mem::take(found)),
            None => command,
        }
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        T::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

impl<T: Args> Args for Lazy<T> {
    fn augment_args(command: Command) -> Command {
        if CALLED.with_borrow(Option::is_some) {
            command.defer(T::augment_args)
        } else {
            T::augment_args(command)
        }
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Lazy<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

/// The command line for words of which the first may be a command: then there is no other.
pub fn command_line<T: CommandFactory>(first: Option<&str>) -> Command {
    if let Some(first) = first.filter(|word| !word.starts_with('-')) {
        CALLED.set(Some(first.to_owned()));
        let command = T::command();
        CALLED.set(None);
        if command.find_subcommand(first).is_some() {
            return command;
        }
    }
    T::command()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_command_is_the_same_whether_its_arguments_waited_or_not() {
        let all = Cli::command();
        for name in all.get_subcommands().flat_map(|command| command.get_name_and_visible_aliases()) {
            let help = |mut command: Command| {
                let asked = command.try_get_matches_from_mut(["gto", name, "--help"]);
                asked.map_or_else(|error| error.to_string(), |_| "no help".to_owned())
            };
            assert_eq!(help(command_line::<Cli>(Some(name))), help(all.clone()), "{name}");
        }
        for first in [None, Some("--help"), Some("help"), Some("shwo")] {
            let words = ["gto"].into_iter().chain(first);
            let refusal = |mut command: Command| {
                command.try_get_matches_from_mut(words.clone()).map_err(|error| error.to_string()).err()
            };
            assert_eq!(refusal(command_line::<Cli>(first)), refusal(all.clone()), "{first:?}");
        }
    }
}
