//! What the fake registry knows: schemas by id within contexts, versions by subject.

use super::judge::{between, parses};
use crate::guid::Guid;
use crate::schema::{Metadata, Reference, RuleSet, Schema, SchemaType};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A refusal: status, code, words.
pub(crate) type Refusal = (u16, i64, String);

#[derive(Debug, Default)]
pub(crate) struct Store {
    /// By name, the default one's is empty.
    contexts: BTreeMap<String, Context>,
    /// By subject; of the empty one, what holds for those without.
    pub(crate) levels: BTreeMap<String, String>,
    pub(crate) modes: BTreeMap<String, String>,
    pub(crate) associations: BTreeMap<(String, String), Vec<String>>,
    pub(crate) ids_alone: bool,
    pub(crate) without_guids: bool,
}

#[derive(Debug, Default)]
struct Context {
    /// A schema's id is its index plus 1.
    schemas: Vec<Body>,
    /// Ids, in the order of the versions, which begin with 1.
    subjects: BTreeMap<String, Vec<u32>>,
}

/// What a client sends. A field that is not known is refused: Confluent's registry does so too.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    schema: String,
    #[serde(default)]
    schema_type: SchemaType,
    #[serde(default)]
    references: Vec<BodyReference>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    rule_set: Option<RuleSet>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct BodyReference {
    name: String,
    subject: String,
    version: u32,
}

/// A subject, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) context: String,
    pub(crate) name: String,
}

impl Subject {
    /// `:.ctx:name`, or a name in the context of the path.
    pub(crate) fn parse(text: &str, context: &str) -> Self {
        match text.strip_prefix(":.").and_then(|rest| rest.split_once(':')) {
            Some((context, name)) => Self { context: context.into(), name: name.into() },
            None => Self { context: context.into(), name: text.into() },
        }
    }

    fn shown(&self) -> String {
        if self.context.is_empty() { self.name.clone() } else { format!(":.{}:{}", self.context, self.name) }
    }
}

impl Store {
    pub(crate) fn register(&mut self, subject: &Subject, body: Body, normalize: bool) -> Result<Value, Refusal> {
        self.check(subject, &body)?;
        if let Some((version, id)) = self.place(subject, &body, normalize) {
            return Ok(self.placed(subject, version, id));
        }
        let differences = self.differences(subject, None, &body)?;
        if !differences.is_empty() {
            let list = differences.join(", ");
            let text = format!(
                "Schema being registered is incompatible with an earlier schema for subject \"{}\", details: [{list}]",
                subject.shown()
            );
            return Err((409, 40901, text));
        }
        let context = self.contexts.entry(subject.context.clone()).or_default();
        let at = context.schemas.iter().position(|other| *other == body).unwrap_or_else(|| {
            context.schemas.push(body);
            context.schemas.len() - 1
        });
        let id = number(at + 1);
        let versions = context.subjects.entry(subject.name.clone()).or_default();
        versions.push(id);
        let version = number(versions.len());
        Ok(self.placed(subject, version, id))
    }

    pub(crate) fn look_up(&self, subject: &Subject, body: &Body, normalize: bool) -> Result<Value, Refusal> {
        self.versions(subject)?;
        let (version, id) =
            self.place(subject, body, normalize).ok_or_else(|| (404, 40403, "Schema not found".into()))?;
        Ok(self.entity(subject, version, id))
    }

    /// `None`: the latest.
    pub(crate) fn version(&self, subject: &Subject, version: Option<u32>) -> Result<Value, Refusal> {
        let versions = self.versions(subject)?;
        let version = version.unwrap_or_else(|| number(versions.len()));
        let id = nth(versions, version).copied();
        let id = id.ok_or_else(|| (404, 40402, format!("Version {version} not found.")))?;
        Ok(self.entity(subject, version, id))
    }

    pub(crate) fn by_id(&self, context: &str, id: u32) -> Result<Value, Refusal> {
        let body = self.contexts.get(context).and_then(|context| nth(&context.schemas, id));
        body.map(|body| self.bare(body)).ok_or_else(|| (404, 40403, format!("Schema {id} not found")))
    }

    pub(crate) fn by_guid(&self, guid: &str) -> Result<Value, Refusal> {
        let all = || self.contexts.values().flat_map(|context| &context.schemas);
        let found = all().find(|body| !self.without_guids && Guid::of(&body.own()).to_string() == guid);
        found.map(|body| self.bare(body)).ok_or_else(|| (404, 40403, format!("Schema {guid} not found")))
    }

    pub(crate) fn by_metadata(&self, subject: &Subject, wanted: &BTreeSet<(String, String)>) -> Result<Value, Refusal> {
        let versions = self.versions(subject)?;
        let has = |id: u32| {
            let body = self.contexts.get(&subject.context).and_then(|context| nth(&context.schemas, id))?;
            let properties = &body.metadata.as_ref()?.properties;
            wanted.iter().all(|(key, value)| properties.get(key) == Some(value)).then_some(())
        };
        let found = versions.iter().rposition(|id| has(*id).is_some());
        let at = found.ok_or_else(|| (404, 40402, "Version not found.".to_owned()))?;
        self.version(subject, Some(number(at + 1)))
    }

    /// The differences to the latest version, or the one that is named, in words; none: it may be registered.
    pub(crate) fn differences(
        &self,
        subject: &Subject,
        version: Option<u32>,
        body: &Body,
    ) -> Result<Vec<String>, Refusal> {
        let level = self.level(subject);
        let Ok(versions) = self.versions(subject) else { return Ok(Vec::new()) };
        let all: Vec<u32> = match version {
            Some(version) => vec![version],
            None if level.ends_with("_TRANSITIVE") => (1..=number(versions.len())).rev().collect(),
            None => vec![number(versions.len())],
        };
        for version in all {
            let id = nth(versions, version).copied().unwrap_or_default();
            let old = self.contexts.get(&subject.context).and_then(|context| nth(&context.schemas, id));
            let Some(old) = old else { return Err((404, 40402, format!("Version {version} not found."))) };
            let found = between(&level, &self.whole(subject, old), &self.whole(subject, body));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    pub(crate) fn level(&self, subject: &Subject) -> String {
        let own = self.levels.get(&subject.shown()).or_else(|| self.levels.get(""));
        own.map_or_else(|| "BACKWARD".into(), Clone::clone)
    }

    /// References must be there, and the text must be what its type says as far as this can tell.
    fn check(&self, subject: &Subject, body: &Body) -> Result<(), Refusal> {
        let invalid = |text: String| Err((422, 42201, text));
        for reference in &body.references {
            let place = Subject::parse(&reference.subject, &subject.context);
            if let Err((_, _, text)) = self.version(&place, Some(reference.version)) {
                return invalid(format!("Invalid schema: no schema reference found for {}: {text}", reference.name));
            }
        }
        match parses(&self.whole(subject, body)) {
            Ok(()) => Ok(()),
            Err(text) => invalid(format!("Invalid schema: {text}")),
        }
    }

    /// The schema with the texts of its references.
    fn whole(&self, subject: &Subject, body: &Body) -> Schema {
        let mut schema = body.own();
        for reference in &mut schema.references {
            let place = Subject::parse(&reference.subject, &subject.context);
            let context = self.contexts.get(&place.context);
            let found = context.and_then(|context| {
                let id = nth(context.subjects.get(&place.name)?, reference.version?)?;
                nth(&context.schemas, *id)
            });
            reference.schema = found.map(|body| self.whole(&place, body).into());
        }
        schema
    }

    fn place(&self, subject: &Subject, body: &Body, normalize: bool) -> Option<(u32, u32)> {
        let context = self.contexts.get(&subject.context)?;
        let versions = context.subjects.get(&subject.name)?;
        let same = |id: &u32| nth(&context.schemas, *id).is_some_and(|other| same(other, body, normalize));
        let at = versions.iter().position(same)?;
        Some((number(at + 1), *versions.get(at)?))
    }

    fn versions(&self, subject: &Subject) -> Result<&Vec<u32>, Refusal> {
        let found = self.contexts.get(&subject.context).and_then(|context| context.subjects.get(&subject.name));
        found.ok_or_else(|| (404, 40401, format!("Subject '{}' not found.", subject.shown())))
    }

    fn placed(&self, subject: &Subject, version: u32, id: u32) -> Value {
        if self.ids_alone { json!({ "id": id }) } else { self.entity(subject, version, id) }
    }

    fn entity(&self, subject: &Subject, version: u32, id: u32) -> Value {
        let mut entity = self.by_id(&subject.context, id).unwrap_or_default();
        if let Some(fields) = entity.as_object_mut() {
            fields.insert("subject".into(), subject.shown().into());
            fields.insert("version".into(), version.into());
            fields.insert("id".into(), id.into());
        }
        entity
    }

    fn bare(&self, body: &Body) -> Value {
        let mut entity = json!({ "schema": body.schema });
        let Some(fields) = entity.as_object_mut() else { return entity };
        if body.schema_type != SchemaType::Avro {
            fields.insert("schemaType".into(), body.schema_type.to_string().into());
        }
        if !body.references.is_empty() {
            fields.insert("references".into(), json!(body.references));
        }
        for (name, value) in [("metadata", json!(body.metadata)), ("ruleSet", json!(body.rule_set))] {
            if !value.is_null() {
                fields.insert(name.into(), value);
            }
        }
        if !self.without_guids {
            fields.insert("guid".into(), Guid::of(&body.own()).to_string().into());
        }
        entity
    }
}

impl Body {
    /// Without the texts of its references.
    fn own(&self) -> Schema {
        let references = self.references.iter().map(|reference| Reference {
            name: reference.name.clone(),
            subject: reference.subject.clone(),
            version: Some(reference.version),
            schema: None,
        });
        Schema {
            schema_type: self.schema_type,
            text: self.schema.as_str().into(),
            references: references.collect(),
            metadata: self.metadata.clone(),
            rule_set: self.rule_set.clone(),
        }
    }
}

fn same(one: &Body, other: &Body, normalize: bool) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other
        || (normalize
            && one.schema_type == other.schema_type
            && one.references == other.references
            && json(&one.schema).is_some_and(|json_one| Some(json_one) == json(&other.schema)))
}

/// Counted from 1.
fn nth<T>(list: &[T], number: u32) -> Option<&T> {
    list.get(usize::try_from(number).ok()?.checked_sub(1)?)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
