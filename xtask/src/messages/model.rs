//! What a specification means: structures with fields whose version ranges are cut to what can occur.

use super::spec::{FieldSpec, MessageSpec, Range};
use anyhow::{Context, bail, ensure};

/// An API: both directions, in the versions that are stable.
pub(super) struct Api {
    pub(super) key: i16,
    /// Kafka's name: `InitProducerId`.
    pub(super) name: String,
    pub(super) versions: Range,
    pub(super) flexible: Range,
    /// The request first; after each the structures inside it, in the order in which they are named.
    pub(super) messages: [Vec<Struct>; 2],
}

/// A message or a structure inside it.
pub(super) struct Struct {
    pub(super) name: String,
    /// Where it stands, as a path of rustdoc: `MetadataRequest::topics`. `None` for the message itself.
    pub(super) place: Option<String>,
    /// The versions in which it can occur.
    pub(super) versions: Range,
    pub(super) fields: Vec<Field>,
}

/// A field. Its ranges lie within those of its structure.
pub(super) struct Field {
    /// Kafka's name: `TransactionalId`.
    pub(super) name: String,
    /// The same in Rust: `transactional_id`.
    pub(super) rust_name: String,
    pub(super) kind: Type,
    pub(super) versions: Range,
    pub(super) nullable: Range,
    pub(super) tag: Option<u32>,
    pub(super) ignorable: bool,
    pub(super) default: DefaultValue,
}

impl Field {
    pub(super) fn is_option(&self) -> bool {
        !self.nullable.is_empty()
    }
}

pub(super) enum Type {
    Bool,
    /// An integer or a float, by its name in Rust, which is also that of the call that reads and writes it.
    Number(&'static str),
    ErrorCode,
    ApiKey,
    Uuid,
    String,
    /// `bytes` and `records`.
    Bytes,
    Struct(String),
    Array(Box<Self>),
}

/// What a field holds when its version has no place for it.
#[derive(PartialEq)]
pub(super) enum DefaultValue {
    /// False, 0, empty, all zero.
    Zero,
    /// `true`.
    True,
    /// A number other than 0, as Rust writes it.
    Number(String),
    /// No value at all.
    Null,
}

impl Api {
    /// Joins a request with its response.
    pub(super) fn new(request: &MessageSpec, response: &MessageSpec) -> anyhow::Result<Self> {
        let name = request.name.trim_end_matches("Request").to_owned();
        ensure!(
            request.valid_versions == response.valid_versions
                && request.flexible_versions == response.flexible_versions,
            "{name}: request and response disagree on versions"
        );
        let mut versions = request.valid_versions;
        if request.latest_version_unstable {
            versions.max -= 1;
        }
        let messages = [structs(request, versions)?, structs(response, versions)?];
        let mut names: Vec<_> = messages.iter().flatten().map(|each| &each.name).collect();
        names.sort();
        ensure!(
            names.iter().zip(names.iter().skip(1)).all(|(one, next)| one != next),
            "{name}: two structures have the same name: {names:?}"
        );
        Ok(Self { key: request.api_key, name, versions, flexible: request.flexible_versions.and(versions), messages })
    }

    /// The name of its module: `init_producer_id`.
    pub(super) fn module(&self) -> String {
        snake_case(&self.name)
    }
}

fn structs(message: &MessageSpec, versions: Range) -> anyhow::Result<Vec<Struct>> {
    let mut found: Vec<(Struct, &[FieldSpec])> = Vec::new();
    collect(message, &message.name, None, &message.fields, versions, &mut found);
    found
        .into_iter()
        .map(|(mut each, fields)| {
            each.fields = fields
                .iter()
                .filter(|field| !field.versions.and(each.versions).is_empty())
                .map(|spec| field(spec, each.versions).with_context(|| format!("{}.{}", message.name, spec.name)))
                .collect::<anyhow::Result<_>>()?;
            Ok(each)
        })
        .collect()
}

/// Finds the structures, parents first. One that is met again can occur in the versions of every place.
fn collect<'a>(
    message: &'a MessageSpec,
    name: &str,
    place: Option<String>,
    fields: &'a [FieldSpec],
    versions: Range,
    found: &mut Vec<(Struct, &'a [FieldSpec])>,
) {
    let place_of = |field: &FieldSpec| Some(format!("{name}::{}", snake_case(&field.name)));
    match found.iter_mut().find(|(each, seen)| each.name == name && std::ptr::eq(*seen, fields)) {
        Some((seen, _)) => seen.versions = seen.versions.hull(versions),
        None => found.push((Struct { name: name.to_owned(), place, versions, fields: Vec::new() }, fields)),
    }
    for field in fields {
        let inner = field.kind.trim_start_matches("[]");
        let common = message.common_structs.iter().find(|common| common.name == inner);
        let inner_fields = common.map_or(&field.fields[..], |common| &common.fields);
        let versions = field.versions.and(versions);
        if !inner_fields.is_empty() && !versions.is_empty() {
            collect(message, inner, place_of(field), inner_fields, versions, found);
        }
    }
}

fn field(spec: &FieldSpec, within: Range) -> anyhow::Result<Field> {
    let versions = spec.versions.and(within);
    let nullable = spec.nullable_versions.and(versions);
    let kind = kind(spec, &spec.kind)?;
    if spec.tag.is_some() {
        ensure!(spec.tagged_versions.covers(versions), "a field that is tagged in some of its versions only");
    }
    if !nullable.is_empty() && !matches!(kind, Type::String | Type::Bytes | Type::Array(_)) {
        bail!("{} cannot be null", spec.kind);
    }
    let default = default(spec, &kind, !nullable.is_empty())?;
    let rust_name = snake_case(&spec.name);
    Ok(Field {
        name: spec.name.clone(),
        rust_name,
        kind,
        versions,
        nullable,
        tag: spec.tag,
        ignorable: spec.ignorable,
        default,
    })
}

fn kind(spec: &FieldSpec, text: &str) -> anyhow::Result<Type> {
    Ok(match text {
        "bool" => Type::Bool,
        "int16" if spec.name.ends_with("ErrorCode") => Type::ErrorCode,
        "int16" if spec.name == "ApiKey" => Type::ApiKey,
        "int8" => Type::Number("i8"),
        "int16" => Type::Number("i16"),
        "int32" => Type::Number("i32"),
        "int64" => Type::Number("i64"),
        "uint16" => Type::Number("u16"),
        "uint32" => Type::Number("u32"),
        "uuid" => Type::Uuid,
        "string" => Type::String,
        "bytes" | "records" => Type::Bytes,
        array if array.starts_with("[]") => Type::Array(Box::new(kind(spec, array.trim_start_matches("[]"))?)),
        name if name.starts_with(|first: char| first.is_ascii_uppercase()) => Type::Struct(name.to_owned()),
        other => bail!("type {other} is not known"),
    })
}

fn default(spec: &FieldSpec, kind: &Type, nullable: bool) -> anyhow::Result<DefaultValue> {
    let text = match &spec.default {
        // Java leaves records at null when nothing is said.
        None if spec.kind == "records" && nullable => return Ok(DefaultValue::Null),
        None => return Ok(DefaultValue::Zero),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Ok(match (text.as_str(), kind) {
        ("null", _) if nullable => DefaultValue::Null,
        ("" | "0" | "false", _) => DefaultValue::Zero,
        ("true", Type::Bool) => DefaultValue::True,
        ("0x7fffffff", Type::Number("i32")) => DefaultValue::Number("i32::MAX".to_owned()),
        ("9223372036854775807", Type::Number("i64")) => DefaultValue::Number("i64::MAX".to_owned()),
        ("-2147483648", Type::Number("i32")) => DefaultValue::Number("i32::MIN".to_owned()),
        (number, Type::Number(_)) if number.parse::<i64>().is_ok() => DefaultValue::Number(number.to_owned()),
        (other, _) => bail!("default {other} of a {}", spec.kind),
    })
}

/// `V3AndBelowTopics` becomes `v3_and_below_topics`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = letter;
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_capitals() {
        assert_eq!(snake_case("V3AndBelowTransactionalId"), "v3_and_below_transactional_id");
        assert_eq!(snake_case("timeoutMs"), "timeout_ms");
        assert_eq!(snake_case("InitProducerId"), "init_producer_id");
    }
}
