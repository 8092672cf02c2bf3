//! Azure Pipelines: output variables, set by lines on stdout.
//!
//! learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands

use super::values::Value;

/// The line that sets the variable of a value.
pub fn line(value: &Value) -> String {
    format!("##vso[task.setvariable variable={};isOutput=true]{}", value.variable(), escaped(&value.text))
}

/// As the agent reads it; a percent sign first.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%AZP25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            ';' => escaped.push_str("%3B"),
            ']' => escaped.push_str("%5D"),
            c => escaped.push(c),
        }
    }
    escaped
}
