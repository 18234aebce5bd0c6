//! A schema as a registry keeps it: its text, what it refers to, and what goes with it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The language of a schema, as the registry's REST interface names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SchemaType {
    /// Avro: what is meant where none is named.
    #[default]
    Avro,
    /// Protobuf: `.proto` text, or a base64 `FileDescriptorProto`.
    Protobuf,
    /// JSON Schema.
    Json,
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avro => "AVRO",
            Self::Protobuf => "PROTOBUF",
            Self::Json => "JSON",
        })
    }
}

/// A schema, its text exactly as it was given: a registry's idea of "the same" is the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its language.
    pub schema_type: SchemaType,
    /// The text.
    pub text: Arc<str>,
    /// What it imports, with the texts where they are known.
    pub references: Vec<Reference>,
    /// Tags and properties.
    pub metadata: Option<Metadata>,
    /// The data contract.
    pub rule_set: Option<RuleSet>,
}

impl Schema {
    /// A schema that refers to nothing.
    pub fn new(schema_type: SchemaType, text: impl Into<Arc<str>>) -> Self {
        Self { schema_type, text: text.into(), references: Vec::new(), metadata: None, rule_set: None }
    }
}

/// A schema that another one refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As the other one names it: an Avro full name, a Protobuf import path, a JSON `$ref`.
    pub name: String,
    /// Under which subject it is, or will be, registered.
    pub subject: String,
    /// Its version there; `None`: it is still to be registered, or looked up by its text.
    pub version: Option<u32>,
    /// The schema itself, where it is known.
    pub schema: Option<Arc<Schema>>,
}

/// What a schema says of its fields and itself, besides types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Tags by the path of what they are on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Vec<String>>,
    /// Properties of the schema.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// Names of properties that are not to be shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<String>,
}

/// The rules of a data contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RuleSet {
    /// Between versions: consumers run them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migration_rules: Vec<Rule>,
    /// On objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domain_rules: Vec<Rule>,
    /// On the encoded payload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub encoding_rules: Vec<Rule>,
    /// Where the rules are run: ALL, CLIENT, GATEWAY, SERVER, NONE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_at: Option<String>,
}

/// One rule. Its words are kept as the registry has them, since a new kind must not go unnoticed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// TRANSFORM or CONDITION.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// UPGRADE, DOWNGRADE, UPDOWN, WRITE, READ, WRITEREAD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// CEL, `CEL_FIELD`, JSONATA, ENCRYPT, …
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<String>,
    /// The tags of the fields that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// What the rule's executor takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<BTreeMap<String, String>>,
    /// The rule itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// What to do when it held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    /// What to do when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Switched off.
    pub disabled: bool,
}

/// A schema that has its place: what a record's prefix or header names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The schema **as registered**, with the texts of all references. Message indexes count against this one.
    pub schema: Arc<Schema>,
    /// The subject that it was found under; `None`: it was asked for by id or GUID.
    pub subject: Option<String>,
    /// The version there, where the registry told it.
    pub version: Option<u32>,
    /// The id, where the registry gives one.
    pub id: Option<u32>,
    /// The GUID, in the order of RFC 4122, where the registry gives one.
    pub guid: Option<[u8; 16]>,
}
