//! Owns what is asked: one command line, and what the answers are allowed to differ in. Must not run anything.

/// A command to run with both tools.
#[derive(Clone, Debug)]
pub struct Case {
    /// The arguments after `gto`.
    pub args: Vec<String>,
    /// Variables for both tools.
    pub env: Vec<(&'static str, &'static str)>,
    /// What to allow.
    pub allow: Allow,
}

/// A difference that is one of the decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// None.
    Nothing,
    /// D1: the oracle cuts versions in the registry table to seven characters.
    CutVersions,
    /// D12: the oracle lists the stages in use; these are the ones that were ever used.
    EveryUsedStage(Vec<String>),
}

impl Case {
    /// A command of these words, both tools being equal.
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), env: Vec::new(), allow: Allow::Nothing }
    }

    /// Whether stdout is JSON if all goes well.
    pub fn is_json(&self) -> bool {
        self.has("--json") || ["print-state", "parse-tag"].contains(&self.args[0].as_str())
    }

    /// Whether this is one of the arguments.
    pub fn has(&self, arg: &str) -> bool {
        self.args.iter().any(|known| known == arg)
    }

    /// The arguments as the runners take them.
    pub fn words(&self) -> Vec<&str> {
        self.args.iter().map(String::as_str).collect()
    }
}

/// For a human, in a report.
impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (key, value) in &self.env {
            write!(f, "{key}={value} ")?;
        }
        write!(f, "gto")?;
        for arg in &self.args {
            let plain =
                !arg.is_empty() && arg.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=@:".contains(c));
            if plain { write!(f, " {arg}")? } else { write!(f, " '{}'", arg.replace('\'', "'\\''"))? }
        }
        Ok(())
    }
}
