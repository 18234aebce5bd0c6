//! `schemas.lock`: schemas with their places, in a file that goes into version control.

use crate::guid::Guid;
use crate::registry::{Question, RegistryError, RegistryErrorKind};
use crate::schema::{Metadata, Reference, Resolved, RuleSet, Schema, SchemaType};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::sync::Arc;
use thiserror::Error;

/// Schemas as a registry had them. Text: a JSON list of [`Locked`] ones, ordered by subject and version.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Lock {
    schemas: Vec<Locked>,
}

/// One schema of a lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Locked {
    /// Its subject.
    pub subject: String,
    /// Its version there, from 1.
    pub version: u32,
    /// Its id.
    pub id: u32,
    /// Its GUID, where the registry gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// Of the text, in hexadecimal: a change by hand shows.
    pub sha256: String,
    /// Its language.
    pub schema_type: SchemaType,
    /// What it refers to: entries of the same file.
    #[serde(default)]
    pub references: Vec<LockedReference>,
    /// Tags and properties, where it has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The data contract, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
    /// The text, exactly.
    pub schema: String,
}

/// A reference of a locked schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedReference {
    /// As the schema names it.
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// Its version.
    pub version: u32,
}

/// A lock file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LockError {
    /// Not a JSON list of schemas.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A text is not the one that was locked.
    #[error("{subject} version {version}: the schema is not the one that was locked (sha256 {found}, locked {locked})")]
    Changed {
        /// Its subject.
        subject: String,
        /// Its version.
        version: u32,
        /// Of the text that stands there.
        found: String,
        /// What stands there.
        locked: String,
    },
    /// A reference that is not in the file, or leads back to itself.
    #[error("{subject} version {version} refers to {reference}, which is not in the file, or leads back to it")]
    Reference {
        /// Who refers.
        subject: String,
        /// Its version.
        version: u32,
        /// To what.
        reference: String,
    },
}

impl Lock {
    /// Reads a lock file, and checks every hash and reference.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, LockError> {
        let schemas: Vec<Locked> = serde_json::from_slice(file.as_ref()).map_err(|error| {
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or(&text).to_owned();
            LockError::Syntax { line: error.line(), column: error.column(), reason }
        })?;
        let lock = Self { schemas };
        for locked in &lock.schemas {
            let found = sha256(&locked.schema);
            if found != locked.sha256 {
                let (subject, locked_hash) = (locked.subject.clone(), locked.sha256.clone());
                return Err(LockError::Changed { subject, version: locked.version, found, locked: locked_hash });
            }
            lock.schema(locked, 0)?;
        }
        Ok(lock)
    }

    /// Adds a schema that a registry resolved, with all that it refers to. One of the same subject and version is replaced.
    ///
    /// # Errors
    /// In words, when it has no version, or no id, or a text is missing.
    pub fn add(&mut self, resolved: &Resolved) -> Result<(), String> {
        let subject = resolved.subject.clone().ok_or("the schema has no subject")?;
        let version = resolved.version.ok_or_else(|| format!("{subject}: the registry told no version"))?;
        let id = resolved.id.ok_or_else(|| format!("{subject}: the registry told no id"))?;
        let guid = resolved.guid.map(|guid| Guid::new(guid).to_string());
        self.put(locked(&resolved.schema, subject, version, id, guid)?);
        Ok(())
    }

    /// The schemas, by subject and version.
    pub fn schemas(&self) -> &[Locked] {
        &self.schemas
    }

    /// What [`parse`](Self::parse) takes, with a line feed at its end.
    pub fn to_text(&self) -> String {
        // Strings, numbers and lists do not fail.
        serde_json::to_string_pretty(&self.schemas).unwrap_or_default() + "\n"
    }

    fn put(&mut self, locked: Locked) {
        let place = |other: &Locked| (other.subject.clone(), other.version);
        match self.schemas.binary_search_by_key(&place(&locked), place) {
            Ok(at) => {
                if let Some(there) = self.schemas.get_mut(at) {
                    *there = locked;
                }
            }
            Err(at) => self.schemas.insert(at, locked),
        }
    }

    fn find(&self, subject: &str, version: u32) -> Option<&Locked> {
        self.schemas.iter().find(|locked| locked.subject == subject && locked.version == version)
    }

    /// With the texts of all references. `depth` ends what leads back to itself.
    fn schema(&self, locked: &Locked, depth: usize) -> Result<Schema, LockError> {
        let missing = |reference: &LockedReference| LockError::Reference {
            subject: locked.subject.clone(),
            version: locked.version,
            reference: format!("{} version {}", reference.subject, reference.version),
        };
        let references = locked.references.iter().map(|reference| {
            let found = self.find(&reference.subject, reference.version).filter(|_| depth < self.schemas.len());
            let schema = self.schema(found.ok_or_else(|| missing(reference))?, depth + 1)?;
            Ok(Reference {
                name: reference.name.clone(),
                subject: reference.subject.clone(),
                version: Some(reference.version),
                schema: Some(Arc::new(schema)),
            })
        });
        Ok(Schema {
            schema_type: locked.schema_type,
            text: locked.schema.as_str().into(),
            references: references.collect::<Result<_, LockError>>()?,
            metadata: locked.metadata.clone(),
            rule_set: locked.rule_set.clone(),
        })
    }

    /// What a registry would have answered.
    pub(crate) fn answer(&self, question: &Question) -> Result<Resolved, RegistryError> {
        let of = |subject: &str| {
            let subject = subject.to_owned();
            self.schemas.iter().filter(move |locked| locked.subject == subject)
        };
        let (found, what) = match question {
            Question::Register { subject, own, .. } | Question::LookUp { subject, own, .. } => {
                let same = |locked: &&Locked| {
                    locked.schema == *own.schema.text && locked.schema_type == own.schema.schema_type
                };
                (of(subject).rfind(same), format!("this schema under {subject}"))
            }
            Question::Version { subject, version: None } => (of(subject).next_back(), subject.clone()),
            Question::Version { subject, version: Some(version) } => {
                (self.find(subject, *version), format!("{subject} version {version}"))
            }
            Question::Id { id, .. } => (self.schemas.iter().find(|locked| locked.id == *id), format!("id {id}")),
            Question::Guid(guid) => {
                let text = guid.to_string();
                (self.schemas.iter().find(|locked| locked.guid.as_ref() == Some(&text)), text)
            }
            Question::Metadata { subject, properties } => {
                let has = |locked: &&Locked| {
                    let own = locked.metadata.as_ref().map(|metadata| &metadata.properties);
                    own.is_some_and(|own| properties.iter().all(|(key, value)| own.get(key) == Some(value)))
                };
                (of(subject).rfind(has), format!("{subject} with {properties:?}"))
            }
        };
        let offline = |text: String| RegistryError::new(RegistryErrorKind::Offline, text);
        let locked = found.ok_or_else(|| offline(format!("{what}: `milena schema pull` writes it")))?;
        let schema = self.schema(locked, 0).map_err(|error| offline(error.to_string()))?;
        Ok(Resolved {
            schema: Arc::new(schema),
            subject: Some(locked.subject.clone()),
            version: Some(locked.version),
            id: Some(locked.id),
            guid: locked.guid.as_ref().and_then(|text| text.parse::<Guid>().ok()).map(|guid| *guid.as_bytes()),
        })
    }
}

fn locked(schema: &Schema, subject: String, version: u32, id: u32, guid: Option<String>) -> Result<Locked, String> {
    let references = schema.references.iter().map(|reference| match reference.version {
        Some(version) => {
            Ok(LockedReference { name: reference.name.clone(), subject: reference.subject.clone(), version })
        }
        None => Err(format!("{subject}: the reference {} has no version", reference.name)),
    });
    Ok(Locked {
        references: references.collect::<Result<_, _>>()?,
        version,
        id,
        guid,
        sha256: sha256(&schema.text),
        schema_type: schema.schema_type,
        metadata: schema.metadata.clone(),
        rule_set: schema.rule_set.clone(),
        schema: schema.text.to_string(),
        subject,
    })
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.schemas.iter().map(|locked| format!("{} {}", locked.subject, locked.version));
        f.debug_list().entries(places).finish()
    }
}
