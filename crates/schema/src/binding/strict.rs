//! Whether the latest schema of a subject can read what the values' own schema writes.

#[cfg(feature = "avro")]
use crate::avro::{AvroSchema, differences};
use crate::schema::Schema;
#[cfg(feature = "avro")]
use crate::schema::SchemaType;

/// Says in words why it cannot. Where nothing here can tell, the encoder's own check of types decides alone.
pub(super) fn check(own: &Schema, latest: &Schema) -> Result<(), String> {
    if own.schema_type != latest.schema_type {
        return Err(format!("it is {}, and the values' is {}", latest.schema_type, own.schema_type));
    }
    #[cfg(feature = "avro")]
    if own.schema_type == SchemaType::Avro {
        let parse = |schema| AvroSchema::parse(schema).map_err(|error| error.to_string());
        let found = differences(&parse(latest)?, &parse(own)?);
        if !found.is_empty() {
            return Err(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        }
    }
    Ok(())
}
