//! Commands that fix findings.
//!
//! Owns commands as lists of words. Must not quote for a shell, which is the front end's job, and must not let a name from
//! a repository become an option.

use crate::event::Event;
use crate::git::Salvage;
use crate::name::ArtifactName;
use crate::time::Timestamp;

/// So many tags are deleted by one command.
const DELETED_AT_ONCE: usize = 50;

/// A command to run in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Variables to set for it.
    pub variables: Vec<(String, String)>,
    /// What to run.
    pub program: Program,
    /// Its arguments, the subcommand first.
    pub arguments: Vec<String>,
}

/// What a [`Command`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `git`
    Git,
    /// `gto`
    Gto,
    /// `rm`; its argument is an absolute path.
    Remove,
    /// `rmdir`, which removes nothing but an empty folder; its argument is an absolute path.
    RemoveFolder,
    /// `sed`
    Sed,
    /// `unset`, the shell's own.
    Unset,
}

impl Program {
    /// The word for it in a shell.
    pub fn word(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Gto => "gto",
            Self::Remove => "rm",
            Self::RemoveFolder => "rmdir",
            Self::Sed => "sed",
            Self::Unset => "unset",
        }
    }
}

impl Command {
    pub(super) fn new(program: Program, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Self { variables: Vec::new(), program, arguments }
    }

    pub(super) fn variable(mut self, name: &str, value: String) -> Self {
        self.variables.push((name.to_owned(), value));
        self
    }

    /// Adds arguments that are no options, whatever they begin with.
    fn operands(mut self, operands: impl IntoIterator<Item = String>) -> Self {
        let operands: Vec<String> = operands.into_iter().collect();
        if operands.iter().any(|word| word.starts_with('-')) {
            self.arguments.push("--".to_owned());
        }
        self.arguments.extend(operands);
        self
    }
}

/// Deletes tags.
pub(super) fn delete<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<Command> {
    let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
    let command = |some: &[String]| Command::new(Program::Git, &["tag", "-d"]).operands(some.to_vec());
    tags.chunks(DELETED_AT_ONCE).map(command).collect()
}

/// Makes an annotated tag on the commit that the tag `on` leads to; `None` if Git makes no tag of that name.
pub(super) fn annotate(tag: &str, on: &str, message: &str, time: Option<Timestamp>) -> Option<Command> {
    if tag.starts_with('-') {
        return None;
    }
    // A message with control characters could not be pasted.
    let is_plain = !message.is_empty() && !message.contains(char::is_control);
    let message = if is_plain { message } else { tag };
    let mut arguments = vec!["tag", "-a", "-m", message];
    if tag == on {
        arguments.insert(2, "-f");
    }
    let command = Command::new(Program::Git, &arguments)
        .operands([tag.to_owned(), format!("refs/tags/{on}^{{commit}}")]);
    Some(match time {
        Some(time) => command.variable("GIT_COMMITTER_DATE", git_date(time)),
        None => command,
    })
}

/// Recreates the tag of an event, with another time.
pub(super) fn retime(event: &Event, seconds: i64) -> Option<Command> {
    let time = Timestamp::new(seconds, event.tagger.time.offset())?;
    annotate(&event.tag, &event.tag, &event.message, Some(time))
}

/// `@1700000000 +0530`, which Git reads without a doubt (git-commit(1), "DATE FORMATS").
fn git_date(time: Timestamp) -> String {
    let minutes = time.offset().abs() / 60;
    let sign = if time.offset() < 0 { '-' } else { '+' };
    format!("@{} {sign}{:02}{:02}", time.seconds(), minutes / 60, minutes % 60)
}

/// Runs `gto SUBCOMMAND OPTIONS ARTIFACT OPERANDS`; `None` if the command line means another artifact by that name.
pub(super) fn gto(
    subcommand: &[&str],
    artifact: &ArtifactName,
    operands: impl IntoIterator<Item = String>,
) -> Option<Command> {
    if ArtifactName::from_user(artifact.as_str()).as_ref() != Ok(artifact) {
        return None;
    }
    let operands = std::iter::once(artifact.to_string()).chain(operands);
    Some(Command::new(Program::Gto, subcommand).operands(operands))
}

/// Fetches the tags of a remote over those that are here; nothing without a remote.
pub(super) fn fetch(remotes: &[String], options: &[&str]) -> Vec<Command> {
    let command = Command::new(Program::Git, &[&["fetch"], options].concat());
    match remotes {
        [] => Vec::new(),
        // What Git takes by itself.
        [_] => vec![command],
        remotes if remotes.iter().any(|name| name == "origin") => {
            vec![command.operands(["origin".to_owned()])]
        }
        [first, ..] => vec![command.operands([first.clone()])],
    }
}

/// Takes the lines out of `packed-refs` that git refuses, and keeps the file as it was beside it; `None` if no command can
/// name it. The header and the lines about peeled objects go too, which git then does without.
pub(super) fn drop_damaged_lines(salvage: &Salvage) -> Option<Command> {
    let line = format!(r"/^[0-9a-f]{{{}}} refs\/[^[:cntrl:] ~^:?*\[]+$/p", salvage.digits);
    let mut arguments = vec!["-i.damaged", "-n", "-E"];
    if salvage.is_cut {
        // Half a name may look like a whole one.
        arguments.extend(["-e", "$d"]);
    }
    arguments.extend([
        "-e",
        r"/\.\.|@\{|\.lock(\/|$)|\/(\.|\/|$)|\.$/d",
        "-e",
        &line,
        salvage.file.to_str()?,
    ]);
    Some(Command::new(Program::Sed, &arguments).variable("LC_ALL", "C".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> String {
        format!("{} {}", command.program.word(), command.arguments.join(" "))
    }

    #[test]
    fn a_name_that_looks_like_an_option_becomes_none() {
        assert_eq!(words(&delete(["-x=m@v1.0.0"])[0]), "git tag -d -- -x=m@v1.0.0");
        assert_eq!(words(&delete(["m@1"])[0]), "git tag -d m@1");
        assert_eq!(annotate("-x=m@v1.0.0", "-x=m@v1.0.0", "", None), None);
        let remotes = ["-x", "y"].map(str::to_owned);
        assert_eq!(words(&fetch(&remotes, &["--tags"])[0]), "git fetch --tags -- -x");
        let artifact: ArtifactName = "-x:m".parse().unwrap();
        let command = gto(&["deprecate"], &artifact, ["v1.0.0".to_owned()]).unwrap();
        assert_eq!(words(&command), "gto deprecate -- -x:m v1.0.0");
    }

    #[test]
    fn no_command_is_given_for_a_name_that_the_command_line_takes_for_another() {
        assert_eq!(gto(&["deprecate"], &"cv/dvc.yaml:m".parse().unwrap(), []), None);
    }

    #[test]
    fn a_tag_made_anew_keeps_its_message_unless_that_cannot_be_pasted() {
        let message = |text| annotate("m@v1.0.0", "m@v1.0.0", text, None).unwrap().arguments[4].clone();
        assert_eq!(message("it's done"), "it's done");
        for text in ["", "a\nb", "\u{1b}[31m"] {
            assert_eq!(message(text), "m@v1.0.0");
        }
        let time = Timestamp::new(1_700_000_000, -12_600);
        let command = annotate("m@v1.0.0", "m@1", "x", time).unwrap();
        assert_eq!(command.variables, [("GIT_COMMITTER_DATE".to_owned(), "@1700000000 -0330".to_owned())]);
        assert_eq!(words(&command), "git tag -a -m x m@v1.0.0 refs/tags/m@1^{commit}");
    }

    #[test]
    fn many_tags_are_deleted_by_a_few_commands() {
        let tags: Vec<String> = (0..120).map(|n| format!("m@{n}")).collect();
        let commands = delete(tags.iter().map(String::as_str));
        assert_eq!(commands.iter().map(|command| command.arguments.len()).collect::<Vec<_>>(), [52, 52, 22]);
    }
}
