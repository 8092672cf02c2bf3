//! The configuration: the file `.gto`, then Git's own, then the `GTO_*` variables; what comes later wins.
//!
//! Owns the keys, their types and defaults, and what the user is told about a wrong one. The contents of the file and the
//! environment are passed in: nothing here opens or looks up anything.

use std::fmt::{self, Write as _};

use crate::name::{InvalidName, StageName, is_name};
use crate::yaml::{self, Node, Problem, Value, printable};

/// The keys, as the Python tool spells and orders them, and then ours.
const KEYS: [&str; 11] = [
    "INDEX",
    "CONFIG_FILE_NAME",
    "LOG_LEVEL",
    "DEBUG",
    "EMOJIS",
    "types",
    "stages",
    "enrichments",
    "autoload_enrichments",
    "push",
    "remote",
];

/// Those that a person may set in Git's configuration.
const PERSONAL: [&str; 2] = ["push", "remote"];

/// The configuration of a registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file with annotations, `artifacts.yaml` unless set.
    pub index: String,
    /// Kept for `doctor`, which prints it; the file is always [`Self::FILE_NAME`], in the Python tool too.
    pub config_file_name: String,
    /// How much to log; kept as it is.
    pub log_level: String,
    /// Whether to show causes of errors in full.
    pub debug: bool,
    /// Whether messages begin with an emoji.
    pub emojis: bool,
    /// The types that artifacts may have; any if `None`.
    pub types: Option<Vec<String>>,
    /// The stages that versions may be assigned to; any if `None`.
    pub stages: Option<Vec<StageName>>,
    /// Sources of annotations other than the index file.
    pub enrichments: Vec<EnrichmentConfig>,
    /// Whether to use every installed source of annotations.
    pub autoload_enrichments: bool,
    /// Whether writes push what they make.
    pub push: bool,
    /// The name of the remote to push to, as it was given; Git's choice if `None`.
    pub remote: Option<String>,
    /// Keys of the file that the Python tool does not know, with their values: it refuses the whole file.
    pub unknown_to_python: Vec<(&'static str, String)>,
}

/// A source of annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct EnrichmentConfig {
    /// Which source.
    pub r#type: String,
    /// Its settings: an object.
    pub config: serde_json::Value,
}

/// The configuration cannot be used. The first line names it, the second describes the problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file; its path as it is shown.
    #[error("Wrong config file '{path}'\n{fault}", path = printable_path(path))]
    File {
        /// The path, as it was given.
        path: String,
        /// What is wrong, with line and column where they are known.
        fault: String,
    },
    /// A setting in Git's configuration.
    #[error("Wrong value of the setting {name} in Git's configuration\n{fault}")]
    Setting {
        /// Its name.
        name: String,
        /// What is wrong, and an example.
        fault: String,
    },
    /// A variable.
    #[error("Wrong value of the environment variable {name}\n{fault}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong, and an example.
        fault: String,
    },
}

/// Parses a boolean variable (`true`, `0`, `off` …); `None` if it is invalid.
pub fn parse_bool(text: &str) -> Option<bool> {
    Node::from_json(text.into()).as_bool()
}

fn printable_path(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl Default for Config {
    fn default() -> Self {
        Self {
            index: "artifacts.yaml".to_owned(),
            config_file_name: Self::FILE_NAME.to_owned(),
            log_level: "INFO".to_owned(),
            debug: false,
            emojis: true,
            types: None,
            stages: None,
            enrichments: Vec::new(),
            autoload_enrichments: true,
            push: false,
            remote: None,
            unknown_to_python: Vec::new(),
        }
    }
}

impl Config {
    /// The name of the file, in the root of the repository.
    pub const FILE_NAME: &str = ".gto";
    /// A larger file is refused, in bytes.
    pub const MAX_FILE_SIZE: usize = 1 << 20;

    /// Reads the configuration: from `file`, its path as messages show it and its contents, then from variables, by `env`.
    pub fn read(
        file: Option<(&str, &[u8])>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let (config, mut errors) = Self::read_leniently(file, &|_| None, env);
        if errors.is_empty() { Ok(config) } else { Err(errors.swap_remove(0)) }
    }

    /// Reads what can be read of the configuration; every error comes second. What `git` says of a key in Git's own
    /// configuration wins over the file: it is a person's, and the file is for all.
    pub fn read_leniently(
        file: Option<(&str, &[u8])>,
        git: &dyn Fn(&str) -> Option<String>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> (Self, Vec<ConfigError>) {
        let mut config = Self::default();
        let mut errors = Vec::new();
        if let Some((path, bytes)) = file {
            let error = |problem: Problem| ConfigError::File {
                path: path.to_owned(),
                fault: with_position(&problem),
            };
            errors.extend(config.read_file(bytes).into_iter().map(error));
        }
        for key in PERSONAL {
            if let Some(value) = git(key)
                && let Err(problem) = config.read_variable(key, value)
            {
                let name = format!("gto.{key}");
                let fault = format!("{} (example: git config {name} {})", problem.message, example(key));
                errors.push(ConfigError::Setting { name, fault });
            }
        }
        for key in KEYS {
            let name = format!("GTO_{}", key.to_ascii_uppercase());
            // The Python tool takes variables in any case; lower case is the other one that people use.
            if let Some(value) = env(&name).or_else(|| env(&name.to_ascii_lowercase()))
                && let Err(problem) = config.read_variable(key, value)
            {
                let fault = format!("{} (example: {name}={})", problem.message, example(key));
                errors.push(ConfigError::Variable { name, fault });
            }
        }
        (config, errors)
    }

    /// Takes in the file, and returns what is wrong with it.
    fn read_file(&mut self, bytes: &[u8]) -> Vec<Problem> {
        let root = match yaml::parse(bytes, Self::MAX_FILE_SIZE) {
            Ok(None) => return Vec::new(),
            Ok(Some(root)) => root,
            Err(problem) => return vec![problem],
        };
        if let Some(problem) = root.problem() {
            return vec![problem];
        }
        let Value::Map(entries) = &root.value else {
            let kind = root.kind();
            return vec![
                root.complain(format!(
                    "the file must be a mapping such as 'stages: [dev, prod]', not {kind}"
                )),
            ];
        };
        let mut seen = Vec::new();
        entries.iter().filter_map(|(name, value)| self.read_entry(name, value, &mut seen).err()).collect()
    }

    fn read_entry(&mut self, name: &Node, value: &Node, seen: &mut Vec<&'static str>) -> Result<(), Problem> {
        let text = name.key()?;
        // In any case, as the Python tool takes them.
        let Some(key) = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(&text)) else {
            let message = format!("unknown key '{}', known are {}", printable(&text), KEYS.join(", "));
            return Err(name.complain(message));
        };
        if seen.contains(&key) {
            return Err(name.complain(format!("'{key}' is there twice")));
        }
        seen.push(key);
        if key == "CONFIG_FILE_NAME" {
            // The file cannot give itself another name.
            optional_text(key, value).map(drop)
        } else {
            self.set(key, value)?;
            let own = match key {
                "push" => Some(self.push.to_string()),
                "remote" => Some(self.remote.clone().unwrap_or_default()),
                _ => None,
            };
            self.unknown_to_python.extend(own.map(|value| (key, value)));
            Ok(())
        }
    }

    fn read_variable(&mut self, key: &str, value: String) -> Result<(), Problem> {
        let node = if matches!(key, "types" | "stages" | "enrichments") {
            let json = serde_json::from_str(&value).map_err(|_| Problem {
                message: format!("'{key}' must be a list in JSON, not '{}'", printable(&value)),
                line: 0,
                column: 0,
            })?;
            Node::from_json(json)
        } else {
            Node::from_json(value.into())
        };
        // As in the Python tool, `null` keeps the value from the file.
        if matches!(node.value, Value::Null) { Ok(()) } else { self.set(key, &node) }
    }

    fn set(&mut self, key: &str, value: &Node) -> Result<(), Problem> {
        match key {
            "INDEX" => self.index = text(key, value)?,
            "CONFIG_FILE_NAME" => self.config_file_name = text(key, value)?,
            "LOG_LEVEL" => self.log_level = text(key, value)?,
            "DEBUG" => self.debug = flag(key, value)?,
            "EMOJIS" => self.emojis = flag(key, value)?,
            "types" => self.types = names(key, value)?,
            "stages" => {
                let parse = |name: String| name.parse().map_err(|error| invalid_name(value, &error));
                let names = names(key, value)?;
                self.stages = names.map(|names| names.into_iter().map(parse).collect()).transpose()?;
            }
            "enrichments" => self.enrichments = enrichments(key, value)?,
            "autoload_enrichments" => self.autoload_enrichments = flag(key, value)?,
            "push" => self.push = flag(key, value)?,
            // An empty variable, as a script passes it that has no remote to name, names none.
            "remote" => self.remote = optional_text(key, value)?.filter(|name| !name.is_empty()),
            _ => {}
        }
        Ok(())
    }

    /// `KEY=value` lines, the values in Python's notation, as the Python tool's `doctor` prints them.
    pub fn lines(&self) -> Vec<String> {
        let list = |names: Option<Vec<&str>>| {
            names.map_or_else(|| "None".to_owned(), |names| python_repr(&names.into()))
        };
        let enrichments: Vec<String> = self.enrichments.iter().map(ToString::to_string).collect();
        let values = [
            python_repr(&self.index.as_str().into()),
            python_repr(&self.config_file_name.as_str().into()),
            python_repr(&self.log_level.as_str().into()),
            python_repr(&self.debug.into()),
            python_repr(&self.emojis.into()),
            list(self.types.as_ref().map(|types| types.iter().map(String::as_str).collect())),
            list(self.stages.as_ref().map(|stages| stages.iter().map(StageName::as_str).collect())),
            format!("[{}]", enrichments.join(", ")),
            python_repr(&self.autoload_enrichments.into()),
            python_repr(&self.push.into()),
            self.remote.as_deref().map_or_else(|| "None".to_owned(), |name| python_repr(&name.into())),
        ];
        KEYS.iter().zip(values).map(|(key, value)| format!("{key}={value}")).collect()
    }
}

/// As Python prints it.
impl fmt::Display for EnrichmentConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = python_repr(&self.r#type.as_str().into());
        write!(f, "EnrichmentConfig(type={kind}, config={})", python_repr(&self.config))
    }
}

fn with_position(problem: &Problem) -> String {
    match problem.line {
        0 => problem.message.clone(),
        line => format!("line {line}, column {}: {}", problem.column, problem.message),
    }
}

/// A good value, as typed in a shell.
fn example(key: &str) -> &'static str {
    match key {
        "INDEX" => "artifacts.yaml",
        "CONFIG_FILE_NAME" => Config::FILE_NAME,
        "LOG_LEVEL" => "INFO",
        "types" => r#"'["model", "dataset"]'"#,
        "stages" => r#"'["dev", "prod"]'"#,
        "enrichments" => r#"'[{"type": "gto"}]'"#,
        "remote" => "origin",
        _ => "true",
    }
}

fn wrong(key: &str, expected: &str, value: &Node) -> Problem {
    let found = match &value.value {
        // A flag from a variable: what was typed says more than "a text".
        Value::Text(text) if expected == "true or false" => format!("'{}'", printable(text)),
        _ => value.kind().to_owned(),
    };
    value.complain(format!("'{key}' must be {expected}, not {found}"))
}

fn text(key: &str, value: &Node) -> Result<String, Problem> {
    value.as_text().map(str::to_owned).ok_or_else(|| wrong(key, "a text", value))
}

fn optional_text(key: &str, value: &Node) -> Result<Option<String>, Problem> {
    if matches!(value.value, Value::Null) { Ok(None) } else { text(key, value).map(Some) }
}

fn flag(key: &str, value: &Node) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| wrong(key, "true or false", value))
}

fn names(key: &str, value: &Node) -> Result<Option<Vec<String>>, Problem> {
    let items = match &value.value {
        Value::Null => return Ok(None),
        Value::List(items) => items,
        _ => return Err(wrong(key, "a list of names", value)),
    };
    let name = |item: &Node| match item.as_text() {
        Some(name) if is_name(name) => Ok(name.to_owned()),
        Some(name) => Err(invalid_name(item, &InvalidName(name.to_owned()))),
        None => Err(wrong(key, "a list of names", item)),
    };
    items.iter().map(name).collect::<Result<_, _>>().map(Some)
}

fn invalid_name(node: &Node, error: &InvalidName) -> Problem {
    node.complain(InvalidName(printable(&error.0)).to_string())
}

fn enrichments(key: &str, value: &Node) -> Result<Vec<EnrichmentConfig>, Problem> {
    const EXPECTED: &str = "a list of mappings with 'type' and 'config'";
    let Value::List(items) = &value.value else { return Err(wrong(key, EXPECTED, value)) };
    let enrichment = |item: &Node| {
        let Value::Map(fields) = &item.value else { return Err(wrong(key, EXPECTED, item)) };
        let field =
            |name: &str| fields.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
        let kind =
            field("type").ok_or_else(|| item.complain(format!("an entry of '{key}' has no 'type'")))?;
        let config = match field("config") {
            None => serde_json::Value::Object(serde_json::Map::new()),
            Some(config) if matches!(config.value, Value::Map(_)) => config.to_json(),
            Some(config) => return Err(wrong("config", "a mapping", config)),
        };
        Ok(EnrichmentConfig { r#type: text("type", kind)?, config })
    };
    items.iter().map(enrichment).collect()
}

/// The value in Python's notation: `'text'`, `True`, `None`, `['a', 'b']`, `{'a': 1}`.
fn python_repr(value: &serde_json::Value) -> String {
    use serde_json::Value as Json;
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => python_text(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(python_repr).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(entries) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{}: {}", python_text(key), python_repr(value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            _ if c == quote => shown.extend(['\\', c]),
            // Rust's own escape determines what is not printable; the notation is Python's.
            _ if c.is_control() || c.escape_debug().len() > 4 => {
                let _ = match u32::from(c) {
                    code @ ..=0xff => write!(shown, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(shown, "\\u{code:04x}"),
                    code => write!(shown, "\\U{code:08x}"),
                };
            }
            _ => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        Config::read(Some(("x/.gto", text.as_bytes())), &|_| None).map_err(|error| error.to_string())
    }

    fn fault(text: &str) -> String {
        let message = read(text).unwrap_err();
        message.strip_prefix("Wrong config file 'x/.gto'\n").unwrap().to_owned()
    }

    fn with_variable(name: &str, value: &str) -> Result<Config, String> {
        let env = |asked: &str| (asked == name).then(|| value.to_owned());
        Config::read(Some((".gto", b"stages: [file]")), &env).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_with_nothing_in_it_leaves_the_defaults() {
        for text in ["", "{}", "# nothing\n", "~"] {
            assert_eq!(read(text), Ok(Config::default()), "{text:?}");
        }
        assert_eq!(Config::read(None, &|_| None), Ok(Config::default()));
    }

    #[test]
    fn keys_are_taken_in_any_case_as_the_python_tool_takes_them() {
        let config =
            read("index: a.yaml\nSTAGES: [dev, prod]\nDebug: 'yes'\nEMOJIS: 0\ntypes: []\n").unwrap();
        assert_eq!((config.index.as_str(), config.debug, config.emojis), ("a.yaml", true, false));
        assert_eq!(config.stages.unwrap().iter().map(StageName::as_str).collect::<Vec<_>>(), ["dev", "prod"]);
        assert_eq!(config.types, Some(Vec::new()));
        assert_eq!(fault("stages: [a]\nSTAGES: [b]"), "line 2, column 1: 'stages' is there twice");
    }

    #[test]
    fn a_wrong_file_is_told_with_line_and_column() {
        for (text, expected) in [
            ("index: x\nstages: dev", "line 2, column 9: 'stages' must be a list of names, not a text"),
            ("stages: [1]", "line 1, column 10: 'stages' must be a list of names, not a number"),
            ("DEBUG: maybe", "line 1, column 8: 'DEBUG' must be true or false, not 'maybe'"),
            ("INDEX: ~", "line 1, column 8: 'INDEX' must be a text, not nothing"),
            ("stages: [a]\nstages: [b]", "line 2, column 1: repeated key 'stages'"),
            ("[]", "line 1, column 1: the file must be a mapping such as 'stages: [dev, prod]', not a list"),
            (
                "text",
                "line 1, column 1: the file must be a mapping such as 'stages: [dev, prod]', not a text",
            ),
            ("stages: [a", "line 1, column 9: unclosed bracket '['"),
            ("enrichments: [{}]", "line 1, column 15: an entry of 'enrichments' has no 'type'"),
            (
                "stagess: [a]",
                "line 1, column 1: unknown key 'stagess', known are INDEX, CONFIG_FILE_NAME, LOG_LEVEL, DEBUG, \
                 EMOJIS, types, stages, enrichments, autoload_enrichments, push, remote",
            ),
            (
                "stages: [ok, \"b\\e[31m\"]",
                "line 1, column 14: Invalid value 'b\u{fffd}[31m'. Only letters, numbers, '_', '-', '/' are allowed. \
                 Value must be of len >= 2 and must start and end with a letter or a number.",
            ),
        ] {
            assert_eq!(fault(text), expected);
        }
        assert_eq!(fault(&" ".repeat(10_000_000)), "larger than 1 MiB");
    }

    #[test]
    fn variables_win_and_null_leaves_what_the_file_says() {
        let stages = |name, value| {
            with_variable(name, value)
                .unwrap()
                .stages
                .unwrap()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(stages("GTO_STAGES", r#"["a", "b"]"#), ["a", "b"]);
        assert_eq!(stages("gto_stages", r#"["a"]"#), ["a"]);
        assert_eq!(stages("GTO_STAGES", "null"), ["file"]);
        assert!(!with_variable("GTO_EMOJIS", "OFF").unwrap().emojis);
        assert_eq!(with_variable("GTO_INDEX", "").unwrap().index, "");
    }

    #[test]
    fn a_wrong_variable_is_told_with_an_example() {
        assert_eq!(
            with_variable("GTO_STAGES", "dev").unwrap_err(),
            "Wrong value of the environment variable GTO_STAGES\n\
             'stages' must be a list in JSON, not 'dev' (example: GTO_STAGES='[\"dev\", \"prod\"]')"
        );
        assert_eq!(
            with_variable("GTO_DEBUG", " yes").unwrap_err(),
            "Wrong value of the environment variable GTO_DEBUG\n\
             'DEBUG' must be true or false, not ' yes' (example: GTO_DEBUG=true)"
        );
    }

    #[test]
    fn whether_and_where_to_push_can_be_configured() {
        let config = read("push: true\nremote: upstream\n").unwrap();
        assert_eq!((config.push, config.remote.as_deref()), (true, Some("upstream")));
        assert_eq!(fault("remote: [x]"), "line 1, column 9: 'remote' must be a text, not a list");
        assert_eq!(with_variable("GTO_REMOTE", "fork").unwrap().remote.as_deref(), Some("fork"));
        assert_eq!(with_variable("GTO_REMOTE", "").unwrap().remote, None);
        assert!(with_variable("GTO_PUSH", "1").unwrap().push);
    }

    /// D20: `doctor` goes on, and one error does not hide another.
    #[test]
    fn what_is_right_is_read_beside_every_error() {
        let env = |name: &str| (name == "GTO_TYPES" || name == "GTO_DEBUG").then(|| "x".to_owned());
        let file = b"x: 1\nstages: [dev]\nEMOJIS: [1]\n";
        let (config, errors) = Config::read_leniently(Some((".gto", file)), &|_| None, &env);
        assert_eq!(config.stages.as_deref(), Some(&["dev".parse().unwrap()][..]));
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert_eq!(Config::read(Some((".gto", file)), &env), Err(errors[0].clone()));
    }

    #[test]
    fn lines_are_those_of_the_python_tools_doctor() {
        assert_eq!(
            read("stages: [a, b]\nindex: it's\nenrichments: [{type: x, config: {k: [1, ~, true]}}]")
                .unwrap()
                .lines(),
            [
                r#"INDEX="it's""#,
                "CONFIG_FILE_NAME='.gto'",
                "LOG_LEVEL='INFO'",
                "DEBUG=False",
                "EMOJIS=True",
                "types=None",
                "stages=['a', 'b']",
                "enrichments=[EnrichmentConfig(type='x', config={'k': [1, None, True]})]",
                "autoload_enrichments=True",
                "push=False",
                "remote=None",
            ]
        );
        let text = |text: &str| python_repr(&text.into());
        assert_eq!(text("é\n\u{1b}\u{200b}\"'\\"), r#"'é\n\x1b\u200b"\'\\'"#);
    }
}
