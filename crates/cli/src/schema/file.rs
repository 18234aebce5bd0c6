//! Schemas in files.

use milena_schema::protobuf::{Outline, ProtoText};
use milena_schema::{Schema, SchemaType};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Reads a schema; the files that a Protobuf schema imports stand beside it, by their import paths.
pub(crate) fn read(schema_type: SchemaType, path: &Path) -> Result<Schema, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| named(&error))?;
    if schema_type != SchemaType::Protobuf {
        return Ok(Schema::new(schema_type, text));
    }
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let proto = imports(folder, &text, ProtoText::new(text.as_str()), &mut HashSet::new());
    proto.schema().map_err(|error| named(&error))
}

/// Adds what can be found; what cannot is told by name where it is missed.
fn imports(folder: &Path, text: &str, mut proto: ProtoText, seen: &mut HashSet<String>) -> ProtoText {
    let Ok(outline) = Outline::read(text) else { return proto };
    for import in outline.imports {
        if !seen.insert(import.path.clone()) {
            continue;
        }
        if let Ok(text) = fs::read_to_string(folder.join(&import.path)) {
            proto = proto.import(import.path, text.as_str());
            proto = imports(folder, &text, proto, seen);
        }
    }
    proto
}
