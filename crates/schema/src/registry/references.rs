//! What a schema refers to: found depth first, and registered leaves first.

use super::client::Client;
use super::error::{RegistryError, RegistryErrorKind};
use crate::schema::{Reference, Schema};
use crate::subject::{context_of, in_context};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// How deep references may go: far above what people write, far below what a cycle would.
const DEPTH_MAX: usize = 32;

/// How many schemas a tree may have: a bound on what a registry can make us ask.
const TREE_MAX: usize = 1000;

/// One walk over a tree of references.
pub(crate) struct Walk<'a> {
    client: &'a Client,
    deadline: Instant,
    /// By subject and version. `None`: it is on the way down, so to meet it again is a cycle.
    found: HashMap<(String, u32), Option<Arc<Schema>>>,
    /// By subject and text: what was placed by this walk, with its version.
    placed: HashMap<(String, Arc<str>), (u32, Arc<Schema>)>,
}

/// How a schema whose version is not known comes to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placing {
    Register { normalize: bool },
    LookUp { normalize: bool },
}

impl<'a> Walk<'a> {
    pub(crate) fn new(client: &'a Client, deadline: Instant) -> Self {
        Self { client, deadline, found: HashMap::new(), placed: HashMap::new() }
    }

    /// The schema with the texts of all that it refers to. `subject` is its own: it gives its context on.
    pub(crate) fn complete(&mut self, schema: Schema, subject: Option<&str>) -> Result<Schema, RegistryError> {
        self.complete_at(schema, subject, 0)
    }

    fn complete_at(
        &mut self,
        mut schema: Schema,
        subject: Option<&str>,
        depth: usize,
    ) -> Result<Schema, RegistryError> {
        for reference in &mut schema.references {
            let (inherited, version) = (inherit(subject, &reference.subject), reference.version);
            if let (None, Some(version)) = (&reference.schema, version) {
                reference.schema = Some(self.fetch(&inherited, version, depth + 1)?);
            }
        }
        Ok(schema)
    }

    fn fetch(&mut self, subject: &str, version: u32, depth: usize) -> Result<Arc<Schema>, RegistryError> {
        let key = (subject.to_owned(), version);
        match self.found.get(&key) {
            Some(Some(schema)) => return Ok(Arc::clone(schema)),
            Some(None) => return Err(refuse(subject, format!("version {version} refers to itself"))),
            None => {}
        }
        if depth > DEPTH_MAX || self.found.len() >= TREE_MAX {
            return Err(refuse(subject, format!("more than {DEPTH_MAX} levels or {TREE_MAX} references")));
        }
        self.found.insert(key.clone(), None);
        // A deleted version still serves those that refer to it.
        let entity = self.client.version(subject, Some(version), true, self.deadline)?;
        let schema = entity.schema()?.ok_or_else(|| {
            RegistryError::new(RegistryErrorKind::Answer, "the answer has no schema").of_subject(Some(subject))
        })?;
        let schema = Arc::new(self.complete_at(schema, Some(subject), depth)?);
        self.found.insert(key, Some(Arc::clone(&schema)));
        Ok(schema)
    }

    /// The schema with the versions of all that it refers to: each is registered or looked up under its subject, the leaves
    /// first.
    pub(crate) fn place(&mut self, schema: &Schema, subject: &str, how: Placing) -> Result<Schema, RegistryError> {
        self.place_at(schema, subject, how, 0)
    }

    fn place_at(
        &mut self,
        schema: &Schema,
        subject: &str,
        how: Placing,
        depth: usize,
    ) -> Result<Schema, RegistryError> {
        if depth > DEPTH_MAX {
            return Err(refuse(subject, format!("references go deeper than {DEPTH_MAX} levels")));
        }
        let mut placed = schema.clone();
        for reference in &mut placed.references {
            let inherited = inherit(Some(subject), &reference.subject);
            let (version, schema) = self.place_reference(reference, &inherited, how, depth)?;
            (reference.version, reference.schema) = (Some(version), Some(schema));
        }
        Ok(placed)
    }

    fn place_reference(
        &mut self,
        reference: &Reference,
        subject: &str,
        how: Placing,
        depth: usize,
    ) -> Result<(u32, Arc<Schema>), RegistryError> {
        let schema = match (reference.version, &reference.schema) {
            (Some(version), Some(schema)) => return Ok((version, Arc::clone(schema))),
            (Some(version), None) => return Ok((version, self.fetch(subject, version, depth + 1)?)),
            (None, Some(schema)) => schema,
            (None, None) => {
                let text = format!("the reference {:?} has neither version nor schema", reference.name);
                return Err(refuse(subject, text));
            }
        };
        let key = (subject.to_owned(), Arc::clone(&schema.text));
        if let Some((version, schema)) = self.placed.get(&key) {
            return Ok((*version, Arc::clone(schema)));
        }
        let schema = Arc::new(self.place_at(schema, subject, how, depth + 1)?);
        let version = self.version_of(subject, &schema, how)?;
        self.placed.insert(key, (version, Arc::clone(&schema)));
        Ok((version, schema))
    }

    fn version_of(&self, subject: &str, schema: &Schema, how: Placing) -> Result<u32, RegistryError> {
        let (Placing::Register { normalize } | Placing::LookUp { normalize }) = how;
        if matches!(how, Placing::Register { .. })
            && let Some(version) = self.client.register(subject, schema, normalize, self.deadline)?.version
        {
            return Ok(version);
        }
        // Only Confluent's registry, 8.0 and newer, tells the version when it registers.
        let entity = self.client.look_up(subject, schema, normalize, self.deadline)?;
        entity.version.ok_or_else(|| {
            RegistryError::new(RegistryErrorKind::Answer, "the answer has no version").of_subject(Some(subject))
        })
    }
}

/// A reference's subject in the context of what refers to it.
fn inherit(parent: Option<&str>, subject: &str) -> String {
    parent.and_then(context_of).map_or_else(|| subject.to_owned(), |context| in_context(context, subject))
}

fn refuse(subject: &str, text: String) -> RegistryError {
    RegistryError::new(RegistryErrorKind::Usage, text).of_subject(Some(subject))
}
