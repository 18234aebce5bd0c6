//! Whether the latest schema of a subject can read what the values' own schema writes.

use crate::schema::Schema;

/// Says in words why it cannot. Where nothing here can tell, the encoder's own check of types decides alone.
pub(super) fn check(own: &Schema, latest: &Schema) -> Result<(), String> {
    if own.schema_type != latest.schema_type {
        return Err(format!("it is {}, and the values' is {}", latest.schema_type, own.schema_type));
    }
    Ok(())
}
