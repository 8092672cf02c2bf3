//! Bitbucket Pipelines and Jenkins: a file for `sh`.

use super::values::Value;

/// The line that sets the variable of a value. Between single quotes nothing means anything to a shell but the quote.
pub fn line(value: &Value) -> String {
    format!("{}='{}'\n", value.variable(), value.text.replace('\'', r"'\''"))
}
