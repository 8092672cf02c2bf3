//! What `gto doctor` found, and the configuration in force.

use gto::Registry;
use gto::config::Config;
use gto::doctor::{Command, Examination, Finding, Program, Severity};
use serde_json::{Map, Value, json};

use crate::text::shell_quote;

/// Where the commands are to run.
pub struct Place<'a> {
    /// The folder to name; `None` for the current one.
    folder: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Where `repo` names them from.
    pub fn new(registry: &Registry, repo: &'a str) -> Self {
        Self { folder: (repo != "." && registry.url().is_none()).then_some(repo) }
    }

    /// The command for a shell in the folder where `gto doctor` was run.
    pub fn command_line(&self, command: &Command) -> String {
        let variables =
            command.variables.iter().map(|(name, value)| format!("{name}={}", shell_quote(value)));
        let mut words = vec![command.program.word().to_owned()];
        let mut arguments = command.arguments.iter().map(|word| shell_quote(word));
        match (command.program, self.folder) {
            (Program::Git, Some(folder)) => words.extend(["-C".to_owned(), shell_quote(folder)]),
            (Program::Gto, Some(folder)) => {
                words.extend(arguments.next());
                words.push(shell_quote(&format!("--repo={folder}")));
            }
            _ => {}
        }
        variables.chain(words).chain(arguments).collect::<Vec<_>>().join(" ")
    }

    fn command_lines(&self, commands: &[Command]) -> Vec<String> {
        commands.iter().map(|command| self.command_line(command)).collect()
    }
}

/// The configuration in force, and every problem.
pub fn report(config: &Config, examination: &Examination, place: &Place<'_>) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "id": finding.check.id(),
            "severity": finding.check.severity().word(),
            "message": finding.message,
            "tags": finding.tags,
            "commits": finding.commits,
            "fix": place.command_lines(&finding.fix),
            "otherwise": place.command_lines(&finding.otherwise),
        })
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "configuration": configuration(config),
        "findings": examination.findings.iter().map(finding).collect::<Vec<_>>(),
        "errors": examination.count(Severity::Error),
        "warnings": examination.count(Severity::Warning),
    })
}

/// The configuration in force, with the keys of its file.
pub fn configuration(config: &Config) -> Map<String, Value> {
    let enrichments: Vec<Value> = config
        .enrichments
        .iter()
        .map(|source| json!({ "type": source.r#type, "config": source.config }))
        .collect();
    let entries = [
        ("INDEX", json!(config.index)),
        ("CONFIG_FILE_NAME", json!(config.config_file_name)),
        ("LOG_LEVEL", json!(config.log_level)),
        ("DEBUG", json!(config.debug)),
        ("EMOJIS", json!(config.emojis)),
        ("types", json!(config.types)),
        ("stages", json!(config.stages)),
        ("enrichments", json!(enrichments)),
        ("autoload_enrichments", json!(config.autoload_enrichments)),
        ("push", json!(config.push)),
        ("remote", json!(config.remote)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
