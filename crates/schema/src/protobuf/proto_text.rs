//! `.proto` texts, put together: a schema with its references.

use super::error::ProtobufError;
use super::known::is_known;
use super::outline::Outline;
use crate::schema::{Reference, Schema, SchemaType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A `.proto` text and the texts that it imports, on the way to becoming a [`Schema`].
///
/// The text is registered as it is, comments and all. Files that every tool has (`google/protobuf/*`, `google/type/*`,
/// Confluent's own) need not be given, and are not registered.
#[derive(Debug, Clone)]
pub struct ProtoText {
    text: Arc<str>,
    imports: BTreeMap<String, Arc<str>>,
    subjects: ReferenceSubject,
}

/// Under which subject an import is registered: Java's `reference.subject.name.strategy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReferenceSubject {
    /// The import's path: `a/b.proto`.
    #[default]
    ImportPath,
    /// `a.b` for `a/b.proto`: Java's `QualifiedReferenceSubjectNameStrategy`.
    Qualified,
}

impl ProtoText {
    /// A text, mostly of `include_str!`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), imports: BTreeMap::new(), subjects: ReferenceSubject::ImportPath }
    }

    /// A text that this one, or another import, imports by that path.
    #[must_use]
    pub fn import(mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        self.imports.insert(path.into(), text.into());
        self
    }

    /// How imports' subjects are named. Default: by their paths.
    #[must_use]
    pub fn reference_subject(mut self, subjects: ReferenceSubject) -> Self {
        self.subjects = subjects;
        self
    }

    /// The schema, with its imports as references, each with its own.
    ///
    /// # Errors
    /// When a text does not parse, an import is not given, or files import each other.
    pub fn schema(&self) -> Result<Schema, ProtobufError> {
        self.schema_of(&self.text, &mut Vec::new())
    }

    /// `way`: the imports that led here, from the outside in.
    fn schema_of(&self, text: &Arc<str>, way: &mut Vec<String>) -> Result<Schema, ProtobufError> {
        let mut schema = Schema::new(SchemaType::Protobuf, Arc::clone(text));
        let imports = Outline::read(text)?.imports;
        for import in imports.into_iter().map(|import| import.path).filter(|path| !is_known(path)) {
            schema.references.push(self.reference(import, way)?);
        }
        Ok(schema)
    }

    fn reference(&self, import: String, way: &mut Vec<String>) -> Result<Reference, ProtobufError> {
        let repeated = way.contains(&import);
        way.push(import.clone());
        if repeated {
            return Err(ProtobufError::ImportCycle(std::mem::take(way)));
        }
        let Some(text) = self.imports.get(&import) else { return Err(self.missing(import, way)) };
        let schema = self.schema_of(text, way)?;
        way.pop();
        let subject = self.subjects.of(&import);
        Ok(Reference { name: import, subject, version: None, schema: Some(Arc::new(schema)) })
    }

    fn missing(&self, import: String, way: &[String]) -> ProtobufError {
        let importer = way.iter().rev().nth(1).map_or("the schema", |importer| importer);
        let given = self.imports.keys().cloned().collect();
        ProtobufError::MissingImport { import, importer: importer.to_owned(), given }
    }
}

impl ReferenceSubject {
    fn of(self, import: &str) -> String {
        match self {
            Self::ImportPath => import.to_owned(),
            Self::Qualified => import.strip_suffix(".proto").unwrap_or(import).replace('/', "."),
        }
    }
}
