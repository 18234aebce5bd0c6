//! What a schema is, and what may follow it: Avro by its rules, where we have them; the others are text.

#[cfg(feature = "avro")]
use crate::avro::{AvroSchema, Difference, differences};
use crate::schema::{Schema, SchemaType};
use serde_json::Value;

/// Whether the text is a schema of its type, as far as can be told here.
pub(crate) fn parses(schema: &Schema) -> Result<(), String> {
    match schema.schema_type {
        SchemaType::Protobuf => Ok(()),
        #[cfg(feature = "avro")]
        SchemaType::Avro => AvroSchema::parse(schema).map(drop).map_err(|error| error.to_string()),
        _ => serde_json::from_str::<Value>(&schema.text).map(drop).map_err(|error| error.to_string()),
    }
}

/// What forbids that `new` follows `old`, in the form of Confluent's list.
pub(crate) fn between(level: &str, old: &Schema, new: &Schema) -> Vec<String> {
    if level == "NONE" {
        return Vec::new();
    }
    if old.schema_type != new.schema_type {
        let description = format!("{} cannot follow {}", new.schema_type, old.schema_type);
        return vec![format!("{{errorType:'SCHEMA_TYPE', description:'{description}'}}")];
    }
    #[cfg(feature = "avro")]
    if new.schema_type == SchemaType::Avro
        && let (Ok(old), Ok(new)) = (AvroSchema::parse(old), AvroSchema::parse(new))
    {
        let backward = !level.starts_with("FORWARD");
        let forward = !level.starts_with("BACKWARD");
        // BACKWARD: who has the new schema reads what was written by the old one.
        let found = [backward.then(|| differences(&new, &old)), forward.then(|| differences(&old, &new))];
        return found.into_iter().flatten().flatten().map(shown).collect();
    }
    Vec::new()
}

#[cfg(feature = "avro")]
fn shown(difference: Difference) -> String {
    let Difference { path, mismatch, reason, .. } = difference;
    format!("{{errorType:'{mismatch}', description:'{reason}', location:'{path}'}}")
}
