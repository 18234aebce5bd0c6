//! Avro: schemas, and values written by them.
//!
//! A schema's text is kept as it was given, since a registry's idea of "the same schema" is the bytes. Values are written by
//! the schema **as registered**: [`Avro::derived`] by straight-line code where that schema is proved to have the layout of the
//! type, [`Avro::serde`] by any `serde::Serialize`, [`Avro::json`] from JSON.
//!
//! Specification: Avro 1.12.

mod at;
mod binary;
mod canonical;
mod choice;
mod compatible;
mod decimal;
mod default;
pub mod derive;
mod derived;
mod formats;
mod json;
mod json_text;
mod layout;
mod lock_check;
mod logical;
mod name;
mod node;
mod parse;
mod serialize;
mod shape;
mod time;
mod value;

pub use canonical::{fingerprint, single_object_prefix};
pub use compatible::{Difference, Mismatch, differences};
pub use derived::{AvroDerived, AvroDerivedEncoder};
pub use formats::{Avro, AvroError, AvroJson, AvroJsonEncoder, AvroSerde, AvroSerdeEncoder};
pub use milena_schema_derive::AvroRecord;
pub use parse::ParseError;
pub use value::AvroRecord;

use crate::schema::Schema;
use node::{Node, NodeId, Nodes, Type};

/// An Avro schema that parsed: its types, and the canonical form.
#[derive(Debug, Clone)]
pub struct AvroSchema {
    nodes: Nodes,
    root: NodeId,
    canonical: String,
}

impl AvroSchema {
    /// Parses a schema together with the texts of what it refers to.
    ///
    /// # Errors
    /// [`ParseError`], with line and column and the path inside the schema. The text may be hostile: nothing in it panics, and
    /// its depth is bounded.
    pub fn parse(schema: &Schema) -> Result<Self, ParseError> {
        parse::parse(schema)
    }

    /// Parses a schema that refers to nothing outside itself.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_text(text: &str) -> Result<Self, ParseError> {
        parse::parse(&Schema::new(crate::SchemaType::Avro, text))
    }

    /// The Parsing Canonical Form: what is left of a schema when only that counts which a reader needs.
    pub fn canonical_form(&self) -> &str {
        &self.canonical
    }

    /// CRC-64-AVRO (Rabin) of the canonical form: what the single-object encoding names the schema by.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(&self.canonical)
    }

    /// The full name of the record; `None`, as in Java, for all else.
    pub fn record_name(&self) -> Option<&str> {
        match &self.node(self.root).kind {
            Type::Record(record) => Some(record.name.full()),
            _ => None,
        }
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id)
    }
}
