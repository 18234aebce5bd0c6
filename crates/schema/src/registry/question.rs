//! What is asked of a registry, as a value: the key of the cache, and of the question under way.

use super::client::Client;
use super::error::{RegistryError, RegistryErrorKind};
use super::references::{Placing, Walk};
use super::wire::Entity;
use crate::guid::Guid;
use crate::schema::{Resolved, Schema};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

/// A question whose answer is a schema with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Register {
        subject: String,
        own: Own,
        normalize: bool,
    },
    LookUp {
        subject: String,
        own: Own,
        normalize: bool,
    },
    /// `None`: the latest.
    Version {
        subject: String,
        version: Option<u32>,
    },
    Id {
        id: u32,
        subject: Option<String>,
    },
    Guid(Guid),
    Metadata {
        subject: String,
        properties: BTreeMap<String, String>,
    },
}

/// A schema that the asker has; two of the same content are one.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) schema: Arc<Schema>,
    content: [u8; 32],
}

impl Own {
    pub(crate) fn new(schema: Arc<Schema>) -> Self {
        let mut hash = Sha256::new();
        hash_tree(&mut hash, &schema);
        Self { content: hash.finalize().into(), schema }
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for Own {}

impl Hash for Own {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content.hash(state);
    }
}

/// Each text with its length before it, so that no two trees run together to the same bytes.
fn hash_tree(hash: &mut Sha256, schema: &Schema) {
    let mut text = |text: &str| {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    };
    text(&schema.schema_type.to_string());
    text(&schema.text);
    // Metadata and rules are part of what is registered; their text form is as good as any.
    text(&format!("{:?} {:?} {}", schema.metadata, schema.rule_set, schema.references.len()));
    for reference in &schema.references {
        for part in [&reference.name, &reference.subject, &format!("{:?}", reference.version)] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(reference.schema.is_some())]);
        if let Some(schema) = &reference.schema {
            hash_tree(hash, schema);
        }
    }
}

impl Question {
    /// Whether the answer to the same question never changes.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self, Self::Version { version: None, .. } | Self::Metadata { .. })
    }

    /// The subject that it is about.
    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Self::Register { subject, .. }
            | Self::LookUp { subject, .. }
            | Self::Version { subject, .. }
            | Self::Metadata { subject, .. } => Some(subject),
            Self::Id { subject, .. } => subject.as_deref(),
            Self::Guid(_) => None,
        }
    }

    /// Asks it. `needs_guid`: one question more, if the registry does not tell the GUID at once.
    pub(crate) fn ask(&self, client: &Client, needs_guid: bool, deadline: Instant) -> Result<Resolved, RegistryError> {
        let subject = self.subject();
        let mut walk = Walk::new(client, deadline);
        let mut resolved = match self {
            Self::Register { subject, own, normalize } => {
                let placed = walk.place(&own.schema, subject, Placing::Register { normalize: *normalize })?;
                let entity = client.register(subject, &placed, *normalize, deadline)?;
                tracing::info!(
                    subject,
                    id = entity.id,
                    version = entity.version,
                    "schema registered, or there already"
                );
                resolved(&mut walk, entity, Some(subject), Some(placed))?
            }
            Self::LookUp { subject, own, normalize } => {
                let placed = walk.place(&own.schema, subject, Placing::LookUp { normalize: *normalize })?;
                let entity = client.look_up(subject, &placed, *normalize, deadline)?;
                resolved(&mut walk, entity, Some(subject), Some(placed))?
            }
            Self::Version { subject, version } => {
                let entity = client.version(subject, *version, false, deadline)?;
                resolved(&mut walk, entity, Some(subject), None)?
            }
            Self::Id { id, .. } => {
                let entity = client.by_id(*id, subject, deadline)?;
                Resolved { id: Some(*id), ..resolved(&mut walk, entity, subject, None)? }
            }
            Self::Guid(guid) => {
                let entity = client.by_guid(*guid, deadline)?;
                Resolved { guid: Some(*guid.as_bytes()), ..resolved(&mut walk, entity, None, None)? }
            }
            Self::Metadata { subject, properties } => {
                let entity = client.by_metadata(subject, properties, deadline)?;
                resolved(&mut walk, entity, Some(subject), None)?
            }
        };
        if needs_guid && resolved.guid.is_none() {
            resolved.guid = self.guid(client, &resolved, deadline)?.map(|guid| *guid.as_bytes());
        }
        Ok(resolved)
    }

    /// Registering may tell the id alone; some registries tell the GUID of a place and not of an id.
    fn guid(&self, client: &Client, resolved: &Resolved, deadline: Instant) -> Result<Option<Guid>, RegistryError> {
        match (self, resolved.id) {
            (Self::Register { subject, normalize, .. }, _) => {
                Ok(client.look_up(subject, &resolved.schema, *normalize, deadline)?.guid())
            }
            (Self::Id { .. }, _) | (_, None) => Ok(None),
            (_, Some(id)) => Ok(client.by_id(id, self.subject(), deadline)?.guid()),
        }
    }
}

/// From an answer; where it has no schema, ours is the one that was registered.
fn resolved(
    walk: &mut Walk<'_>,
    entity: Entity,
    subject: Option<&str>,
    ours: Option<Schema>,
) -> Result<Resolved, RegistryError> {
    let schema = match (entity.schema()?, ours) {
        (Some(theirs), _) => theirs,
        (None, Some(ours)) => ours,
        (None, None) => return Err(RegistryError::new(RegistryErrorKind::Answer, "the answer has no schema")),
    };
    let schema = walk.complete(schema, subject)?;
    Ok(Resolved {
        schema: Arc::new(schema),
        subject: subject.map(str::to_owned),
        version: entity.version,
        id: entity.id,
        guid: entity.guid().map(|guid| *guid.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Reference, SchemaType};

    #[test]
    fn two_schemas_on_one_subject_are_two_questions_and_the_same_content_is_one() {
        let ask = |text: &str, normalize| Question::Register {
            subject: "s".into(),
            own: Own::new(Arc::new(Schema::new(SchemaType::Avro, text))),
            normalize,
        };
        assert_eq!(ask("\"string\"", false), ask("\"string\"", false));
        assert_ne!(ask("\"string\"", false), ask("\"int\"", false));
        assert_ne!(ask("\"string\"", false), ask("\"string\"", true));
        let with = |text: &str| {
            let imported = Some(Arc::new(Schema::new(SchemaType::Avro, text)));
            let reference = Reference { name: "a".into(), subject: "a".into(), version: None, schema: imported };
            Own::new(Arc::new(Schema { references: vec![reference], ..Schema::new(SchemaType::Avro, "x") }))
        };
        assert_ne!(with("one"), with("two"), "what is imported counts");
    }
}
