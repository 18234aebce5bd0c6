//! Schemas in files.

use milena_schema::avro::AvroSchema;
use milena_schema::protobuf::{Outline, ProtoText};
use milena_schema::schema::Reference;
use milena_schema::{Schema, SchemaType};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads a schema. What it refers to is `given`, or stands in files beside it: an Avro type in a file of its name, what a
/// Protobuf schema imports at its path.
pub(crate) fn read(schema_type: SchemaType, path: &Path, given: &[Reference]) -> Result<Schema, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    match schema_type {
        SchemaType::Avro => avro(path, given, &mut Vec::new()),
        SchemaType::Json => {
            let text = fs::read_to_string(path).map_err(|error| named(&error))?;
            Ok(Schema { references: given.to_vec(), ..Schema::new(schema_type, text) })
        }
        SchemaType::Protobuf => {
            let text = fs::read_to_string(path).map_err(|error| named(&error))?;
            let folder = path.parent().unwrap_or_else(|| Path::new(""));
            let proto = given.iter().fold(ProtoText::new(text.as_str()), import_given);
            let mut seen = given.iter().map(|reference| reference.name.clone()).collect();
            let mut schema = imports(folder, &text, proto, &mut seen).schema().map_err(|error| named(&error))?;
            for reference in &mut schema.references {
                if let Some(given) = given.iter().find(|given| given.name == reference.name) {
                    reference.clone_from(given);
                }
            }
            Ok(schema)
        }
    }
}

/// `open`: the files that led here, from the outside in.
fn avro(path: &Path, given: &[Reference], open: &mut Vec<PathBuf>) -> Result<Schema, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if open.iter().any(|outer| outer == path) {
        return Err(named(&"types in files that refer to each other must stand in one file"));
    }
    let text = fs::read_to_string(path).map_err(|error| named(&error))?;
    let mut schema = Schema { references: given.to_vec(), ..Schema::new(SchemaType::Avro, text) };
    open.push(path.into());
    // Whatever else is wrong with it is said when it is compiled.
    while let Some(name) = AvroSchema::parse(&schema).err().and_then(|error| error.unknown) {
        let Some(file) = beside(path, &name) else { break };
        if schema.references.iter().any(|reference| reference.name == name) {
            return Err(format!("{}: it does not define {name}", file.display()));
        }
        let behind = Some(Arc::new(avro(&file, &[], open)?));
        schema.references.push(Reference { subject: name.clone(), name, version: None, schema: behind });
    }
    open.pop();
    Ok(schema)
}

/// The file of an Avro type: `com.example.Line.avsc`, `com/example/Line.avsc` or `Line.avsc`, the first that there is.
fn beside(path: &Path, name: &str) -> Option<PathBuf> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let simple = name.rsplit('.').next().unwrap_or(name);
    let files = [name.to_owned(), name.replace('.', "/"), simple.to_owned()];
    files.into_iter().map(|file| folder.join(format!("{file}.avsc"))).find(|file| file.is_file())
}

/// Adds a reference's text, and those that it refers to.
fn import_given(proto: ProtoText, reference: &Reference) -> ProtoText {
    match &reference.schema {
        Some(schema) => {
            schema.references.iter().fold(proto.import(&reference.name, Arc::clone(&schema.text)), import_given)
        }
        None => proto,
    }
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
