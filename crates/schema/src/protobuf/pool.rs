//! A schema's text and its imports, as descriptors.

use super::descriptor::is_descriptor;
use super::error::ProtobufError;
use super::known;
use super::tokens::place;
use crate::schema::Schema;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message;
use prost_reflect::prost_types::uninterpreted_option::NamePart;
use prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto, UninterpretedOption};

/// All files of a schema, imports before what imports them.
pub(super) fn of(schema: &Schema) -> Result<DescriptorPool, ProtobufError> {
    let mut files = Files { pool: DescriptorPool::global() };
    files.add(ROOT, schema)?;
    Ok(files.pool)
}

/// The schema itself has no path.
const ROOT: &str = "the schema";

struct Files {
    /// `google/protobuf/*` is there from the beginning.
    pool: DescriptorPool,
}

impl Files {
    fn add(&mut self, path: &str, schema: &Schema) -> Result<(), ProtobufError> {
        for reference in &schema.references {
            let given = reference.schema.as_deref().filter(|_| self.pool.get_file_by_name(&reference.name).is_none());
            if let Some(imported) = given {
                self.add(&reference.name, imported)?;
            }
        }
        let file = if is_descriptor(&schema.text) { decode(&schema.text)? } else { parse(path, &schema.text)? };
        self.add_file(path, file)
    }

    fn add_file(&mut self, path: &str, mut file: FileDescriptorProto) -> Result<(), ProtobufError> {
        for import in &file.dependency {
            if self.pool.get_file_by_name(import).is_none() {
                let text = known::text(import).ok_or_else(|| self.missing(import, path))?;
                self.add_file(import, parse(import, text)?)?;
            }
        }
        file.name = Some(path.to_owned());
        file.message_type.iter_mut().for_each(read_map_entries);
        let invalid = |reason: String| ProtobufError::Invalid { file: path.to_owned(), reason };
        self.pool.add_file_descriptor_proto(file).map_err(|error| invalid(error.to_string()))
    }

    fn missing(&self, import: &str, importer: &str) -> ProtobufError {
        let given = self.pool.files().map(|file| file.name().to_owned()).collect();
        ProtobufError::MissingImport { import: import.to_owned(), importer: importer.to_owned(), given }
    }
}

fn decode(base64: &str) -> Result<FileDescriptorProto, ProtobufError> {
    let bytes = BASE64_STANDARD.decode(base64.trim()).map_err(|error| ProtobufError::Descriptor(error.to_string()))?;
    FileDescriptorProto::decode(&*bytes).map_err(|error| ProtobufError::Descriptor(error.to_string()))
}

fn parse(path: &str, text: &str) -> Result<FileDescriptorProto, ProtobufError> {
    protox_parse::parse(path, text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(text.len(), |span| span.start));
        ProtobufError::Syntax { line, column, reason: error.to_string() }
    })
}

/// `option map_entry = true;`, which Java registers and protoc refuses, becomes what protoc makes of `map<…>`.
fn read_map_entries(message: &mut DescriptorProto) {
    message.nested_type.iter_mut().for_each(read_map_entries);
    if let Some(options) = &mut message.options {
        let before = options.uninterpreted_option.len();
        options.uninterpreted_option.retain(|option| !is_map_entry(option));
        if options.uninterpreted_option.len() < before {
            options.map_entry = Some(true);
        }
    }
}

fn is_map_entry(option: &UninterpretedOption) -> bool {
    let named = matches!(&*option.name, [NamePart { name_part, is_extension: false }] if name_part == "map_entry");
    named && option.identifier_value.as_deref() == Some("true")
}
