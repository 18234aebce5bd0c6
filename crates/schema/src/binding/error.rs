//! Why a serializer could not be bound.

use crate::framing::FramingError;
use crate::registry::RegistryError;
use crate::rules::RuleError;
use crate::subject::SubjectError;
use std::error::Error;
use std::sync::Arc;
use thiserror::Error;

/// What was wrong when a serializer was to be bound. Nothing was sent.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The registry refused, or could not be asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no subject.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The schema has a rule that would have to run on every record.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The framing and what was found do not go together.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// The schema does not parse, or the values do not fit it.
    #[error("{0}")]
    Schema(Arc<dyn Error + Send + Sync>),
    /// The policy needs a schema that comes with the values.
    #[error(
        "the policy {policy} needs a schema of its own, and the format brings none: choose Latest, Id, Guid or Metadata"
    )]
    NoSchema {
        /// Which.
        policy: &'static str,
    },
    /// The topic has more than one subject.
    #[error("the registry associates more than one subject with the topic: {}", subjects.join(", "))]
    Associations {
        /// All of them.
        subjects: Vec<String>,
    },
    /// The latest schema cannot read what the value's own schema writes (`latest.compatibility.strict`).
    #[error("the latest schema cannot read what the value's own schema writes (latest.compatibility.strict): {0}")]
    Strict(String),
}
