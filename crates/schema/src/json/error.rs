//! What can be wrong with a JSON Schema.

use thiserror::Error;

/// A schema that no value can be checked by.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON.
    #[error("{name} is not JSON: {reason}")]
    Syntax {
        /// `the schema`, or a reference's name.
        name: String,
        /// With line and column.
        reason: String,
    },
    /// It is JSON, and no JSON Schema; or it refers to what is not among its references.
    #[error("{}{reason}", at(path))]
    Schema {
        /// Where in the schema: a JSON pointer.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}
