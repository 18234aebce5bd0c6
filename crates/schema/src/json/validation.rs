//! A schema, compiled to check values.

use super::error::JsonError;
use super::path;
use super::references::{References, parse};
use crate::schema::Schema;
use jsonschema::{Draft, Validator};
use milena::SerializeError;
use serde_json::Value;

/// Checks values by one schema.
pub(super) struct Validation {
    validator: Validator,
}

impl Validation {
    /// Compiles the schema.
    pub(super) fn by(schema: &Schema) -> Result<Self, JsonError> {
        let value = parse("the schema", &schema.text)?;
        let mut options = jsonschema::options().with_retriever(References::of(schema)?);
        if value.get("$schema").is_none() {
            // Confluent's `json.schema.spec.version`. The newest draft, which is the library's default, has no array `items`.
            options = options.with_draft(Draft::Draft7);
        }
        let validator = options.build(&value).map_err(|error| JsonError::Schema {
            path: path::pointer(error.instance_path()),
            reason: error.to_string(),
        })?;
        Ok(Self { validator })
    }

    /// Checks one JSON text.
    pub(super) fn check(&self, json: &[u8]) -> Result<(), SerializeError> {
        let value: Value = serde_json::from_slice(json).map_err(|error| SerializeError::new(error.to_string()))?;
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        self.validator.validate(&value).map_err(|error| path::located(&error))
    }
}
