//! Keys and values of records, written by schemas.

use super::any::{AnyEncoder, AnyJson};
use super::choice::{Place, SchemaChoice};
use super::file;
use crate::args::ProduceArgs;
use crate::exit::Exit;
use crate::settings::Given;
use milena::serializer::{Bind, SerializedHeaders, Serializer, Side, Target};
use milena_schema::binding::BindingError;
use milena_schema::policy::Policy;
use milena_schema::registry::block_on;
use milena_schema::schema::Reference;
use milena_schema::{Bound, Encode, Format, Registry, Resolved};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Writes one side of the records.
pub(crate) enum SchemaWriter {
    /// By a schema that has its place in a registry.
    Bound(Bound<AnyEncoder>),
    /// By a schema from a file, to see whether values fit: nothing is sent, and nothing asked.
    Checking(AnyEncoder),
}

/// Both sides; `None`: it has a plain serializer.
#[derive(Debug, Default)]
pub(crate) struct SchemaWriters {
    pub(crate) key: Option<SchemaWriter>,
    pub(crate) value: Option<SchemaWriter>,
}

type Refused = (Exit, String);

impl SchemaWriter {
    /// The bytes of JSON text; what the framing adds goes to `headers`. Null stays null.
    pub(crate) fn write(&self, text: &[u8], headers: &mut SerializedHeaders) -> Result<Option<Vec<u8>>, String> {
        let json: &RawValue = serde_json::from_slice(text).map_err(|error| {
            let text = error.to_string();
            format!("not JSON: {} (column {})", text.split(" at line ").next().unwrap_or(&text), error.column())
        })?;
        if json.get() == "null" {
            return Ok(None);
        }
        let mut out = Vec::new();
        let written = match self {
            Self::Bound(bound) => bound.serialize(json, &mut out, headers).map(drop),
            Self::Checking(encoder) => encoder.encode(json, &mut out),
        };
        written.map_err(|error| error.to_string())?;
        Ok(Some(out))
    }
}

/// Finds the schemas that the arguments name, within `patience`.
pub(crate) fn bind(args: &ProduceArgs, settings: &Given, patience: Duration) -> Result<SchemaWriters, Refused> {
    let mut registry = None;
    let mut registry = || match &registry {
        Some(registry) => Ok(Registry::clone(registry)),
        None => Ok(registry.insert(connect(args, settings)?).clone()),
    };
    let mut bind = |choice: &Option<SchemaChoice>, references: &[Reference], side| {
        let Some(choice) = choice else { return Ok(None) };
        let references = if references.is_empty() { Vec::new() } else { with_texts(&registry()?, references)? };
        let format = format(choice, &references).map_err(|text| (Exit::Usage, text))?;
        if let (true, Some(schema)) = (args.validate, &format.own) {
            return Ok(Some(checking(&format, schema)?));
        }
        let target = Target::new(args.topic.as_str(), side, patience);
        bind_side(&registry()?, choice, format, target).map(Some)
    };
    Ok(SchemaWriters {
        key: bind(&args.key_schema, &args.key_references, Side::Key)?,
        value: bind(&args.value_schema, &args.value_references, Side::Value)?,
    })
}

/// References that the registry has, with the texts of it and of all behind it.
pub(crate) fn with_texts(registry: &Registry, references: &[Reference]) -> Result<Vec<Reference>, Refused> {
    let text = |reference: &Reference| {
        let mut reference = reference.clone();
        if let (None, Some(version)) = (&reference.schema, reference.version) {
            let found = block_on(registry.version(&reference.subject, version)).map_err(super::refused)?;
            reference.schema = Some(Arc::clone(&found.schema));
        }
        Ok(reference)
    };
    references.iter().map(text).collect()
}

fn connect(args: &ProduceArgs, settings: &Given) -> Result<Registry, Refused> {
    let usage = |text| (Exit::Usage, text);
    match &args.schema_lock {
        None => settings.registry().map_err(usage),
        Some(path) => {
            let named = |error: &dyn fmt::Display| usage(format!("--schema-lock {}: {error}", path.display()));
            let text = std::fs::read(path).map_err(|error| named(&error))?;
            Registry::offline(text).map_err(|error| named(&error))
        }
    }
}

/// `references`: what a schema in a file refers to besides the files beside it, with their texts.
pub(crate) fn format(choice: &SchemaChoice, references: &[Reference]) -> Result<AnyJson, String> {
    let own = match &choice.place {
        Place::File(schema_type, path) => Some(file::read(*schema_type, path, references)?),
        Place::Subject(_) | Place::Id(_) => None,
    };
    let format = AnyJson { own, message: choice.message.clone() };
    // What is wrong with a file is said before anybody is asked.
    if let (Place::File(_, path), Some(schema)) = (&choice.place, &format.own) {
        format.compile(&unplaced(schema)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(format)
}

fn checking(format: &AnyJson, schema: &milena_schema::Schema) -> Result<SchemaWriter, Refused> {
    let compiled = format.compile(&unplaced(schema)).map_err(|error| (Exit::Usage, error.to_string()))?;
    Ok(SchemaWriter::Checking(compiled))
}

fn unplaced(schema: &milena_schema::Schema) -> Resolved {
    Resolved { schema: Arc::new(schema.clone()), subject: None, version: None, id: None, guid: None }
}

fn bind_side(
    registry: &Registry,
    choice: &SchemaChoice,
    format: AnyJson,
    target: Target,
) -> Result<SchemaWriter, Refused> {
    let binding = registry.serializer::<RawValue, _>(format);
    let binding = match &choice.place {
        Place::File(..) => binding,
        Place::Subject(subject) => binding.policy(Policy::LATEST).subject(subject.as_str()),
        Place::Id(id) => binding.policy(Policy::Id(*id)),
    };
    block_on(binding.bind(target)).map(SchemaWriter::Bound).map_err(|error| {
        let unreached = match error.source.downcast_ref::<BindingError>() {
            Some(BindingError::Registry(error)) => error.is_retriable(),
            _ => false,
        };
        (if unreached { Exit::Unreachable } else { Exit::Usage }, error.to_string())
    })
}

impl fmt::Debug for SchemaWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound(bound) => bound.fmt(f),
            Self::Checking(_) => f.write_str("Checking"),
        }
    }
}
