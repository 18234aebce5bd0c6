//! What can be wrong with a Protobuf schema.

use thiserror::Error;

/// A schema that no message can be written by.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtobufError {
    /// The text is no `.proto` file.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What was found, and what was expected.
        reason: String,
    },
    /// The schema is neither `.proto` text nor a base64 `FileDescriptorProto`.
    #[error("neither .proto text nor a base64 FileDescriptorProto: {0}")]
    Descriptor(String),
    /// The schema has no message of that name.
    #[error("no message {name:?} in the schema, which has {}", list(known))]
    UnknownMessage {
        /// The full name that was looked for.
        name: String,
        /// The full names there are.
        known: Vec<String>,
    },
    /// An import of which nobody gave the text.
    #[error("import {import:?} of {importer:?}: its text is not given; given are {}", list(given))]
    MissingImport {
        /// As the import says it.
        import: String,
        /// What imports it.
        importer: String,
        /// What is given.
        given: Vec<String>,
    },
    /// Files that import each other.
    #[error("import cycle: {}", .0.join(" imports "))]
    ImportCycle(Vec<String>),
    /// AWS Glue counts the messages of groups, which are not read here.
    #[error("the schema has groups: where AWS Glue's serializers find a message in it is not known")]
    Groups,
    /// A file parses, and does not hold together.
    #[error("{file}: {reason}")]
    Invalid {
        /// Its path, or `the schema`.
        file: String,
        /// What is wrong in it.
        reason: String,
    },
    /// A `.proto` text was needed, for its imports.
    #[error("the schema is of type {0}, not PROTOBUF")]
    NotProtobuf(crate::SchemaType),
}

/// `"a", "b"`, or that there is none.
fn list(names: &[String]) -> String {
    match names {
        [] => "none".into(),
        names => names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "),
    }
}
