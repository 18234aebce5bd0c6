//! What `$ref`s may name: the schema's references, and nothing from any network.

use super::error::JsonError;
use crate::schema::{Reference, Schema};
use jsonschema::{Retrieve, Uri};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;

/// The texts of all references, parsed, by their names.
pub(super) struct References {
    by_name: BTreeMap<String, Value>,
}

impl References {
    /// Those of the schema, and theirs. Where two have one name, the one nearer to the schema stands.
    pub(super) fn of(schema: &Schema) -> Result<Self, JsonError> {
        let mut by_name = BTreeMap::new();
        let mut level: Vec<&Reference> = schema.references.iter().collect();
        while !level.is_empty() {
            let mut deeper = Vec::new();
            for reference in level {
                let Some(schema) = reference.schema.as_deref() else { continue };
                if !by_name.contains_key(&reference.name) {
                    by_name.insert(reference.name.clone(), parse(&reference.name, &schema.text)?);
                    deeper.extend(&schema.references);
                }
            }
            level = deeper;
        }
        Ok(Self { by_name })
    }

    /// A name is what a `$ref` says, mostly; the validator asks by whole URIs.
    fn find(&self, uri: &str) -> Option<&Value> {
        let ends_with = |name: &str| uri.strip_suffix(name).is_some_and(|base| base.ends_with('/'));
        let relative = || self.by_name.iter().find(|(name, _)| ends_with(name.trim_start_matches("./")));
        self.by_name.get(uri).or_else(|| relative().map(|(_, value)| value))
    }
}

impl Retrieve for References {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        match self.find(uri.as_str()) {
            Some(value) => Ok(value.clone()),
            None => {
                let names: Vec<_> = self.by_name.keys().map(|name| format!("{name:?}")).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Err(format!("it is not among the schema's references, which are {names}; nothing is fetched").into())
            }
        }
    }
}

/// JSON, or the sentence that says where it is not.
pub(super) fn parse(name: &str, text: &str) -> Result<Value, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError::Syntax { name: name.to_owned(), reason: error.to_string() })
}
