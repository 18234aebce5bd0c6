//! JSON values written by a schema: records from files and pipes.
//!
//! | schema | JSON |
//! |---|---|
//! | null, boolean, int, long, float, double, string | themselves; `1e3` is an int too; `"NaN"`, `"Infinity"` for floats |
//! | bytes, fixed | a string of the characters U+0000 to U+00FF, one a byte, as Avro's own JSON encoding |
//! | decimal | a number, or a string: `"12.50"`; as a number only with at most 15 digits, since JSON readers keep no more |
//! | date, time, timestamp | what they count, or text: `"2024-02-29"`, `"12:34:56.789"`, `"2024-02-29T12:34:56.789Z"` |
//! | uuid | its text |
//! | duration | `{"months": 1, "days": 2, "millis": 3}`, or the three in an array |
//! | enum | the symbol |
//! | array, map, record | array, object, object; a nullable field may be missing |
//! | union | `{"string": "x"}`, as Avro's own JSON encoding, with a full or simple name; or the value alone, where only one branch takes it. What is both is read as tagged |

use super::at::{At, Fault, exact_float, in_units, uuid, wrong_size};
use super::binary::{Block, put_bytes, put_float, put_len};
use super::choice;
use super::logical::Logical;
use super::node::{Field, Node, NodeId, Record, Type};
use super::serialize::put_missing;
use super::{AvroSchema, decimal};
use serde_json::{Map, Number, Value};

/// Decimal digits that an `f64` gives back as they were.
const DIGITS_EXACT: usize = 15;

/// Appends `value` as the schema has it there.
pub(super) fn put(at: At<'_, '_>, value: &Value) -> Result<(), Fault> {
    match (&at.node.kind, value) {
        (Type::Union(branches), _) => union(at.schema, branches, value, at.out),
        (Type::Null, Value::Null) => Ok(()),
        (Type::Boolean, Value::Bool(value)) => at.boolean(*value),
        (Type::Int | Type::Long, Value::Number(number)) => integer(at, number),
        (Type::Double, Value::Number(number)) => at.double(number.as_f64().unwrap_or(f64::NAN)),
        (Type::Float, Value::Number(number)) => float(at, number),
        (Type::Float | Type::Double, Value::String(text)) => named_float(at, text),
        (Type::Bytes | Type::Fixed(_), _) if at.node.logical.is_some() => logical_bytes(at, value),
        (Type::Bytes, Value::String(text)) => {
            put_bytes(at.out, &latin1(text)?);
            Ok(())
        }
        (Type::Fixed(fixed), Value::String(text)) => {
            let bytes = latin1(text)?;
            if bytes.len() != fixed.size {
                return Err(wrong_size(bytes.len(), fixed.size));
            }
            at.out.extend_from_slice(&bytes);
            Ok(())
        }
        (Type::String | Type::Enum(_) | Type::Int | Type::Long, Value::String(text)) => at.text(text),
        (Type::Array(items), Value::Array(list)) => array(at.schema, *items, list, at.out),
        (Type::Map(values), Value::Object(entries)) => map(at.schema, *values, entries, at.out),
        (Type::Record(record), Value::Object(members)) => self::record(at.schema, record, members, at.out),
        _ => Err(at.mismatch(described(value))),
    }
}

fn array(schema: &AvroSchema, items: NodeId, list: &[Value], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut block = Block::open(out, Some(list.len()));
    for (index, value) in list.iter().enumerate() {
        put(At { schema, node: schema.node(items), out: &mut *out }, value).map_err(|fault| fault.at_index(index))?;
        block.count += 1;
    }
    block.close(out);
    Ok(())
}

fn map(schema: &AvroSchema, values: NodeId, entries: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut block = Block::open(out, Some(entries.len()));
    for (key, value) in entries {
        put_bytes(out, key.as_bytes());
        put(At { schema, node: schema.node(values), out: &mut *out }, value).map_err(|fault| fault.in_field(key))?;
        block.count += 1;
    }
    block.close(out);
    Ok(())
}

fn record(schema: &AvroSchema, record: &Record, members: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut used = 0;
    for field in &record.fields {
        let written = match members.get(&field.name) {
            Some(value) => {
                used += 1;
                put(At { schema, node: schema.node(field.node), out: &mut *out }, value)
            }
            None => put_missing(schema, field.node, out),
        };
        written.map_err(|fault| fault.in_field(&field.name))?;
    }
    if used == members.len() {
        return Ok(());
    }
    let known = |name: &&String| !record.fields.iter().any(|field| field.name == **name);
    let name = members.keys().find(known).map_or("", String::as_str);
    Err(Fault::new(format!("the record {} has no such field", record.name)).in_field(name))
}

fn integer(at: At<'_, '_>, number: &Number) -> Result<(), Fault> {
    match whole(number) {
        Some(value) => at.large_integer(value),
        None => Err(at.mismatch(number)),
    }
}

/// The integer that a number is, however it is written.
fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i128() {
        return Some(value);
    }
    // Above 2^53 a float is not what was written.
    let value = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "an integer of at most 53 bits")]
    Some(value as i128)
}

/// JSON does not say how wide its numbers are, so the nearest float is meant.
fn float(at: At<'_, '_>, number: &Number) -> Result<(), Fault> {
    let value = number.as_f64().unwrap_or(f64::NAN);
    #[expect(clippy::cast_possible_truncation, reason = "rounding is meant, and what becomes infinite is refused")]
    let float = value as f32;
    if !float.is_finite() {
        return Err(at.mismatch(number));
    }
    put_float(at.out, float);
    Ok(())
}

fn named_float(at: At<'_, '_>, text: &str) -> Result<(), Fault> {
    let value = match text {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => return Err(at.mismatch(format_args!("{text:?}"))),
    };
    match exact_float(value) {
        Some(float) if matches!(at.node.kind, Type::Float) => at.float(float),
        _ => at.double(value),
    }
}

fn logical_bytes(at: At<'_, '_>, value: &Value) -> Result<(), Fault> {
    match (at.node.logical, value) {
        (Some(Logical::Decimal { .. }), Value::Number(number)) => at.text(&digits(number)?),
        (Some(Logical::Decimal { .. } | Logical::Uuid), Value::String(text)) => at.text(text),
        (Some(Logical::Duration), Value::Array(_)) => serde::Serialize::serialize(value, at),
        (Some(Logical::Duration), Value::Object(parts)) => duration(at, parts),
        _ => Err(at.mismatch(described(value))),
    }
}

/// `{"months": 1, "days": 2, "millis": 3}`: all three, and nothing else.
fn duration(at: At<'_, '_>, parts: &Map<String, Value>) -> Result<(), Fault> {
    let part = |name: &str| parts.get(name).and_then(Value::as_u64).and_then(|part| u32::try_from(part).ok());
    match (part("months"), part("days"), part("millis"), parts.len()) {
        (Some(months), Some(days), Some(millis), 3) => {
            for part in [months, days, millis] {
                at.out.extend_from_slice(&part.to_le_bytes());
            }
            Ok(())
        }
        _ => Err(Fault::new("a duration is months, days and millis, each an unsigned int of 32 bits")),
    }
}

/// A number's digits, if they are those that were written.
fn digits(number: &Number) -> Result<String, Fault> {
    let text = number.to_string();
    let digits = text.split(['e', 'E']).next().unwrap_or("").bytes().filter(u8::is_ascii_digit).count();
    if number.is_f64() && digits > DIGITS_EXACT {
        return Err(Fault::new(format!("{text} may not be the number that was written: give it as a string")));
    }
    Ok(text)
}

fn latin1(text: &str) -> Result<Vec<u8>, Fault> {
    let byte = |c: char| u8::try_from(u32::from(c)).ok();
    text.chars().map(byte).collect::<Option<Vec<u8>>>().ok_or_else(|| {
        Fault::new("bytes are written as characters of U+0000 to U+00FF, one a byte; this string has others")
    })
}

fn union(schema: &AvroSchema, branches: &[NodeId], value: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (index, value) = match tagged(schema, branches, value) {
        Some(tagged) => tagged,
        None => (plain(schema, branches, value)?, value),
    };
    let Some(id) = branches.get(index) else { return Ok(()) };
    put_len(out, index);
    put(At { schema, node: schema.node(*id), out }, value)
}

/// `{"string": "x"}`.
fn tagged<'v>(schema: &AvroSchema, branches: &[NodeId], value: &'v Value) -> Option<(usize, &'v Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (tag, inner) = members.iter().next()?;
    let named = |node: &Node| node.branch_name() == tag || node.name().is_some_and(|name| name.simple() == tag);
    let index = branches.iter().position(|id| named(schema.node(*id)))?;
    // A map, or a record, may have a key of that name; then the value decides.
    let id = branches.get(index)?;
    let else_plain = branches.iter().any(|id| fits(schema, schema.node(*id), value));
    (!else_plain || fits(schema, schema.node(*id), inner)).then_some((index, inner))
}

/// The only branch that takes the value.
fn plain(schema: &AvroSchema, branches: &[NodeId], value: &Value) -> Result<usize, Fault> {
    let mut takers = Vec::new();
    for (index, id) in branches.iter().enumerate() {
        let node = schema.node(*id);
        if fits(schema, node, value) {
            takers.push((index, node));
        }
    }
    if let [(index, _)] = takers.as_slice() {
        return Ok(*index);
    }
    // Numbers and strings that are nothing more: an integer before a float, the wider float, text before bytes.
    let order = |node: &Node| match node.kind {
        Type::Int => 0,
        Type::Long => 1,
        Type::String | Type::Double => 2,
        _ => 3,
    };
    let bare =
        takers.iter().all(|(_, node)| node.logical.is_none() && !matches!(node.kind, Type::Enum(_) | Type::Record(_)));
    match takers.iter().min_by_key(|(_, node)| order(node)) {
        Some((index, _)) if bare => Ok(*index),
        Some(_) => {
            let names: Vec<&str> = takers.iter().map(|(_, node)| node.branch_name()).collect();
            let tag = names.first().copied().unwrap_or("");
            Err(Fault::new(format!("may be {}: say which, as in {{\"{tag}\": …}}", names.join(" or "))))
        }
        None => Err(Fault::new(format!("expected {}, found {}", choice::names(schema, branches), described(value)))),
    }
}

/// Whether a branch takes a value, as far as its outside shows.
fn fits(schema: &AvroSchema, node: &Node, value: &Value) -> bool {
    match (&node.kind, value) {
        (Type::Null, Value::Null) | (Type::Boolean, Value::Bool(_)) | (Type::String, Value::String(_)) => true,
        (Type::Int, Value::Number(number)) => whole(number).is_some_and(|value| i32::try_from(value).is_ok()),
        (Type::Long, Value::Number(number)) => whole(number).is_some_and(|value| i64::try_from(value).is_ok()),
        (Type::Float | Type::Double, Value::Number(_)) => true,
        (Type::Enum(symbols), Value::String(text)) => symbols.symbols.contains(text),
        (Type::Array(_), Value::Array(_)) | (Type::Map(_), Value::Object(_)) => true,
        (Type::Record(record), Value::Object(members)) => record_fits(schema, record, members),
        (_, Value::String(text)) => text_fits(node, text),
        (_, Value::Number(_)) => matches!(node.logical, Some(Logical::Decimal { .. })),
        (_, Value::Array(_) | Value::Object(_)) => node.logical == Some(Logical::Duration),
        _ => false,
    }
}

fn text_fits(node: &Node, text: &str) -> bool {
    match (node.logical, &node.kind) {
        (Some(Logical::Decimal { precision, scale }), _) => decimal::from_text(text, precision, scale).is_ok(),
        (Some(Logical::Uuid), _) => uuid(text).is_some(),
        (Some(logical), _) => in_units(logical, text).is_some(),
        (None, Type::Bytes) => latin1(text).is_ok(),
        (None, Type::Fixed(fixed)) => latin1(text).is_ok_and(|bytes| bytes.len() == fixed.size),
        _ => false,
    }
}

fn record_fits(schema: &AvroSchema, record: &Record, members: &Map<String, Value>) -> bool {
    let nullable = |field: &Field| put_missing(schema, field.node, &mut Vec::new()).is_ok();
    let known = |name: &String| record.fields.iter().any(|field| field.name == *name);
    members.keys().all(known) && record.fields.iter().all(|field| members.contains_key(&field.name) || nullable(field))
}

fn described(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) if text.len() <= 64 => format!("{text:?}"),
        Value::String(_) => "a long string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
