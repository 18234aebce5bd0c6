//! Whether a field's default is a value of its type.

use super::json_text::{Fault, Json, Value};
use super::node::{NodeId, Nodes, Record, Type};

/// Types that are tried for one default. Unions of records that hold each other have more ways to read a text than there is
/// time, and nobody writes such a default.
const TRIES_MAX: u32 = 100_000;

/// Holds `json` against the type. As of Avro 1.12, the default of a union may be of any of its branches.
///
/// It goes as deep as the JSON does, whose depth is bounded.
pub(super) fn check(nodes: &Nodes, node: NodeId, json: &Json) -> Result<(), Fault> {
    Check { nodes, tries: 0 }.value(node, json)
}

struct Check<'n> {
    nodes: &'n Nodes,
    tries: u32,
}

impl<'n> Check<'n> {
    fn value(&mut self, node: NodeId, json: &Json) -> Result<(), Fault> {
        self.tries += 1;
        if self.tries > TRIES_MAX {
            return Err(Fault { at: json.at, reason: "the default may be read in too many ways".to_owned() });
        }
        let nodes: &'n Nodes = self.nodes;
        let fits = match (&nodes.get(node).kind, &json.value) {
            (Type::Null, Value::Null) | (Type::Boolean, Value::Bool(_)) | (Type::String, Value::String(_)) => true,
            (Type::Int, Value::Number(_)) => json.as_i64().is_some_and(|value| i32::try_from(value).is_ok()),
            (Type::Long, Value::Number(_)) => json.as_i64().is_some(),
            (Type::Float | Type::Double, Value::Number(_)) => true,
            // "NaN", which JSON has no number for.
            (Type::Float | Type::Double, Value::String(text)) => text.parse::<f64>().is_ok(),
            (Type::Bytes, Value::String(text)) => text.chars().all(is_byte),
            (Type::Fixed(fixed), Value::String(text)) => {
                text.chars().all(is_byte) && text.chars().count() == fixed.size
            }
            (Type::Enum(symbols), Value::String(text)) => symbols.symbols.contains(text),
            (Type::Array(items), Value::Array(list)) => {
                return list.iter().try_for_each(|json| self.value(*items, json));
            }
            (Type::Map(values), Value::Object(list)) => {
                return list.iter().try_for_each(|(_, json)| self.value(*values, json));
            }
            (Type::Record(record), Value::Object(_)) => return self.record(record, json),
            (Type::Union(branches), _) => branches.iter().any(|branch| self.value(*branch, json).is_ok()),
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let reason = format!("the default {json} does not fit the type {}", nodes.get(node).branch_name());
        Err(Fault { at: json.at, reason })
    }

    fn record(&mut self, record: &Record, json: &Json) -> Result<(), Fault> {
        for field in &record.fields {
            match json.get(&field.name) {
                Some(value) => self.value(field.node, value)?,
                None if field.has_default => {}
                None => {
                    let reason = format!("the default of {} lacks the field {:?}", record.name, field.name);
                    return Err(Fault { at: json.at, reason });
                }
            }
        }
        Ok(())
    }
}

/// Bytes are written as the characters of their code.
fn is_byte(c: char) -> bool {
    u32::from(c) <= 0xff
}
