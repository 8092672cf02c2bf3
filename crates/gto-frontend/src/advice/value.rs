//! Advice as a value, and its words: for a shell (a line to type) and for Python (a call).
//!
//! Owns the wording of commands and arguments. What to advise is for the other files here to say.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::text::shell_quote;

/// What to do next: a sentence, in which each front end words the steps as its users write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice(Vec<Part>);

/// A part of that sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The same words everywhere.
    Text(Cow<'static, str>),
    /// What is called differently on the command line and in Python, such as an argument.
    Either {
        /// On the command line.
        shell: Cow<'static, str>,
        /// In Python.
        python: Cow<'static, str>,
    },
    /// Something that gto does.
    Step(Step),
    /// A command of Git on the repository: what comes after `git`, quoted for a shell.
    Git(String),
}

/// Something that gto does. A placeholder such as `NAME` stands for what the user is to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The registry, an artifact or a shortcut.
    Show(Option<String>),
    /// The journal of an artifact or a shortcut.
    History(String),
    /// What is said of an artifact.
    Describe(Option<String>),
    /// What a tag did.
    CheckRef(String),
    /// All problems of the repository.
    Doctor,
    /// What is here and on the remote.
    Status,
    /// A new version.
    Register {
        /// The artifact.
        artifact: String,
        /// The commit, if not the current one.
        rev: Option<String>,
        /// The version, if not the next one.
        version: Option<String>,
    },
    /// A version in a stage.
    Assign {
        /// The artifact.
        artifact: String,
        /// The stage.
        stage: String,
        /// The version, if it must be named.
        version: Option<String>,
    },
    /// Where the file of an artifact is.
    Annotate {
        /// The artifact.
        artifact: String,
        /// The path.
        path: String,
    },
    /// An annotation in another file.
    Migrate {
        /// The artifact.
        artifact: String,
        /// Which file.
        to: &'static str,
    },
}

impl Step {
    /// The next version of an artifact, on the current commit.
    pub fn register(artifact: &str) -> Self {
        Self::Register { artifact: artifact.to_owned(), rev: None, version: None }
    }

    /// What is known of one artifact or shortcut.
    pub fn show(what: &str) -> Self {
        Self::Show(Some(what.to_owned()))
    }

    /// The line to type.
    pub fn for_shell(&self) -> String {
        let word = |text: &String| shell_quote(text);
        match self {
            Self::Show(None) => "gto show".to_owned(),
            Self::Show(Some(what)) => format!("gto show {}", word(what)),
            Self::History(what) => format!("gto history {}", word(what)),
            Self::Describe(None) => "gto describe".to_owned(),
            Self::Describe(Some(artifact)) => format!("gto describe {}", word(artifact)),
            Self::CheckRef(tag) => format!("gto check-ref {}", word(tag)),
            Self::Doctor => "gto doctor".to_owned(),
            Self::Status => "gto status".to_owned(),
            Self::Register { artifact, rev, version } => {
                let rev = rev.as_ref().map(|rev| format!(" {}", word(rev))).unwrap_or_default();
                format!("gto register {}{rev}{}", word(artifact), option("version", version.as_ref()))
            }
            Self::Assign { artifact, stage, version } => {
                let version = option("version", version.as_ref());
                format!("gto assign {}{version} --stage {}", word(artifact), word(stage))
            }
            Self::Annotate { artifact, path } => {
                format!("gto annotate {} --path {}", word(artifact), word(path))
            }
            Self::Migrate { artifact, to } => {
                format!("gto migrate annotations {} --to {to}", word(artifact))
            }
        }
    }

    /// The call of a method of `gto.Registry`.
    pub fn for_python(&self) -> String {
        let named = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(", {name}={}", python_text(value))).unwrap_or_default()
        };
        match self {
            Self::Show(None) => "registry.artifacts()".to_owned(),
            Self::Show(Some(what)) => format!("registry.artifact({})", python_text(what)),
            Self::History(what) => format!("registry.history({})", python_text(what)),
            Self::Describe(None) => "registry.describe(name)".to_owned(),
            Self::Describe(Some(artifact)) => format!("registry.describe({})", python_text(artifact)),
            Self::CheckRef(tag) => format!("registry.check_ref({})", python_text(tag)),
            Self::Doctor => "registry.doctor()".to_owned(),
            Self::Status => "registry.status()".to_owned(),
            Self::Register { artifact, rev, version } => {
                let (rev, version) = (named("ref", rev), named("version", version));
                format!("registry.register({}{rev}{version})", python_text(artifact))
            }
            Self::Assign { artifact, stage, version } => {
                let version = named("version", version);
                format!("registry.assign({}, {}{version})", python_text(artifact), python_text(stage))
            }
            Self::Annotate { artifact, path } => {
                format!("registry.annotate({}, path={})", python_text(artifact), python_text(path))
            }
            // Python has no such call.
            Self::Migrate { .. } => self.for_shell(),
        }
    }
}

impl Advice {
    /// Of these parts.
    pub fn new(parts: Vec<Part>) -> Self {
        Self(parts)
    }

    /// The same with more at its end.
    #[must_use]
    pub fn and(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.0.extend(parts);
        self
    }

    pub(super) fn into_parts(self) -> Vec<Part> {
        self.0
    }

    /// For a person at a shell in the repository.
    pub fn for_shell(&self) -> String {
        self.worded(|text, part| match part {
            Part::Text(words) => text.push_str(words),
            Part::Either { shell, .. } => text.push_str(shell),
            Part::Step(step) => code(text, &step.for_shell()),
            Part::Git(words) => code(text, &format!("git {words}")),
        })
    }

    /// For a programmer in Python.
    pub fn for_python(&self) -> String {
        self.worded(|text, part| match part {
            Part::Text(words) => text.push_str(words),
            Part::Either { python, .. } => text.push_str(python),
            Part::Step(step) => code(text, &step.for_python()),
            Part::Git(words) => code(text, &format!("git {words}")),
        })
    }

    fn worded(&self, word: impl Fn(&mut String, &Part)) -> String {
        self.0.iter().fold(String::new(), |mut text, part| {
            word(&mut text, part);
            text
        })
    }
}

fn code(text: &mut String, code: &str) {
    let _ = write!(text, "`{code}`");
}

fn option(name: &str, value: Option<&String>) -> String {
    value.map(|value| format!(" --{name} {}", shell_quote(value))).unwrap_or_default()
}

fn python_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'").replace('\n', r"\n"))
}

/// What is called differently on the command line and in Python.
pub fn either(shell: impl Into<Cow<'static, str>>, python: impl Into<Cow<'static, str>>) -> Part {
    Part::Either { shell: shell.into(), python: python.into() }
}

/// A command of Git on the repository.
pub fn git(words: impl Into<String>) -> Part {
    Part::Git(words.into())
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Step> for Part {
    fn from(step: Step) -> Self {
        Self::Step(step)
    }
}

impl<T: Into<Part>> From<T> for Advice {
    fn from(part: T) -> Self {
        Self(vec![part.into()])
    }
}

/// Advice of several parts.
macro_rules! advice {
    ($($part:expr),+ $(,)?) => {
        $crate::advice::value::Advice::new(vec![$($crate::advice::value::Part::from($part)),+])
    };
}
pub(super) use advice;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_line_for_a_shell_and_a_call_for_python() {
        let assign = Step::Assign {
            artifact: "nlp:m".to_owned(),
            stage: "it's".to_owned(),
            version: Some("v1.0.0".to_owned()),
        };
        let advice =
            advice!["try ", assign, ", or ", git("fetch"), " with ", either("--force", "force=True")];
        assert_eq!(
            advice.for_shell(),
            r#"try `gto assign nlp:m --version v1.0.0 --stage 'it'"'"'s'`, or `git fetch` with --force"#
        );
        assert_eq!(
            advice.for_python(),
            r"try `registry.assign('nlp:m', 'it\'s', version='v1.0.0')`, or `git fetch` with force=True"
        );
    }
}
