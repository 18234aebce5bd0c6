//! Whatever the schema and the value: what is written is read back by a reader that shares no code with the encoder.

use crate::decode::Decoder;
use milena_schema::Encode;
use milena_schema::avro::{AvroJsonEncoder, AvroSchema, AvroSerdeEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A schema, and a value of it in Avro's own JSON encoding.
type Case = (Value, Value);

fn primitive() -> BoxedStrategy<Case> {
    prop_oneof![
        any::<bool>().prop_map(|v| (json!("boolean"), json!(v))),
        any::<i32>().prop_map(|v| (json!("int"), json!(v))),
        any::<i64>().prop_map(|v| (json!("long"), json!(v))),
        (any::<i64>(), 0u32..64).prop_map(|(v, bits)| (json!("long"), json!(v >> bits))),
        (-1000i32..1000).prop_map(|v| (json!("float"), json!(f64::from(v) / 8.0))),
        any::<f64>().prop_map(|v| (json!("double"), json!(if v.is_finite() { v } else { 0.0 }))),
        ".{0,12}".prop_map(|v| (json!("string"), json!(v))),
        vec(any::<u8>(), 0..200).prop_map(|v| (json!("bytes"), latin1(&v))),
    ]
    .boxed()
}

fn latin1(bytes: &[u8]) -> Value {
    json!(bytes.iter().copied().map(char::from).collect::<String>())
}

/// Names are numbered afterwards: every type has its own.
fn case() -> impl Strategy<Value = Case> {
    primitive().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..5).prop_map(record),
            (inner.clone(), 0usize..4).prop_map(|((schema, value), n)| {
                (json!({"type": "array", "items": schema}), Value::Array(vec![value; n]))
            }),
            (inner.clone(), vec("[a-z]{0,5}", 0..4)).prop_map(|((schema, value), keys)| {
                let members = keys.into_iter().map(|key| (key, value.clone())).collect();
                (json!({"type": "map", "values": schema}), Value::Object(members))
            }),
            (inner, any::<bool>(), any::<bool>()).prop_map(|(case, null_first, null)| optional(case, null_first, null)),
            vec(any::<u8>(), 0..20).prop_map(|v| (json!({"type": "fixed", "name": "?", "size": v.len()}), latin1(&v))),
            prop_oneof!["A", "B", "C"]
                .prop_map(|v| (json!({"type": "enum", "name": "?", "symbols": ["A", "B", "C"]}), json!(v))),
        ]
    })
}

fn record(fields: Vec<Case>) -> Case {
    let name = |index: usize| format!("f{index}");
    let types: Vec<Value> =
        fields.iter().enumerate().map(|(i, (schema, _))| json!({"name": name(i), "type": schema})).collect();
    let members = fields.into_iter().enumerate().map(|(i, (_, value))| (name(i), value)).collect();
    (json!({"type": "record", "name": "?", "fields": types}), Value::Object(members))
}

fn optional((schema, value): Case, null_first: bool, null: bool) -> Case {
    if schema.is_array() {
        return (schema, value);
    }
    let tag = match &schema {
        Value::String(name) => name.clone(),
        object => object["name"].as_str().or_else(|| object["type"].as_str()).expect("a type").to_owned(),
    };
    let union = if null_first { json!(["null", schema,]) } else { json!([schema, "null"]) };
    (union, if null { Value::Null } else { json!({ tag: value }) })
}

/// Gives every `?` a name of its own, in schema and tags.
fn named(case: &Case) -> Case {
    fn walk(schema: &mut Value, value: &mut Value, next: &mut usize) {
        if let Value::Array(branches) = schema {
            let index = if value.is_null() { None } else { branches.iter().position(|branch| branch != "null") };
            for (i, branch) in branches.iter_mut().enumerate() {
                let inner = value.as_object().and_then(|object| object.values().next().cloned());
                match inner {
                    Some(mut inner) if Some(i) == index => {
                        walk(branch, &mut inner, next);
                        let tag =
                            branch["name"].as_str().or_else(|| branch["type"].as_str()).or_else(|| branch.as_str());
                        *value = json!({ tag.expect("a tag"): inner });
                    }
                    _ => walk(branch, &mut Value::Null, next),
                }
            }
            return;
        }
        if schema["name"] == "?" {
            schema["name"] = json!(format!("N{next}"));
            *next += 1;
        }
        match schema["type"].as_str() {
            Some("record") => {
                for field in schema["fields"].as_array_mut().expect("fields") {
                    let name = field["name"].as_str().expect("a name").to_owned();
                    let mut nothing = Value::Null;
                    let inner = value.get_mut(&name).unwrap_or(&mut nothing);
                    walk(&mut field["type"], inner, next);
                }
            }
            Some("array") => {
                let mut first = value.get(0).cloned().unwrap_or(Value::Null);
                walk(&mut schema["items"], &mut first, next);
                if let Value::Array(list) = value {
                    list.iter_mut().for_each(|element| *element = first.clone());
                }
            }
            Some("map") => {
                let mut first = value.as_object().and_then(|map| map.values().next().cloned()).unwrap_or(Value::Null);
                walk(&mut schema["values"], &mut first, next);
                if let Value::Object(map) = value {
                    map.values_mut().for_each(|element| *element = first.clone());
                }
            }
            _ => {}
        }
    }
    let (mut schema, mut value) = case.clone();
    walk(&mut schema, &mut value, &mut 0);
    (schema, value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_back(case in case()) {
        let (schema, value) = named(&case);
        // Top-level bytes have no length: in a record they have.
        let schema = json!({"type": "record", "name": "Top", "fields": [{"name": "v", "type": schema}]});
        let value = json!({ "v": value });
        let parsed = AvroSchema::from_text(&schema.to_string()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut bytes = Vec::new();
        AvroJsonEncoder::new(parsed).encode(&value, &mut bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut decoder = Decoder { names: HashMap::new(), bytes: &bytes };
        prop_assert_eq!(decoder.value(&schema), value);
        prop_assert!(decoder.bytes.is_empty());
    }

    /// Without unions JSON values are what they are for serde too: both paths write the same bytes.
    #[test]
    fn both_paths_agree(numbers in vec(any::<i64>(), 0..6), text in ".{0,9}", flag in any::<bool>()) {
        let schema = r#"{"type":"record","name":"R","fields":[{"name":"numbers","type":{"type":"array","items":"long"}},{"name":"text","type":"string"},{"name":"flag","type":["null","boolean"]}]}"#;
        let value = json!({"numbers": numbers, "text": text, "flag": flag});
        let parsed = AvroSchema::from_text(schema).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        AvroJsonEncoder::new(parsed.clone()).encode(&value, &mut left).map_err(|error| TestCaseError::fail(error.to_string()))?;
        AvroSerdeEncoder::new(parsed).encode(&value, &mut right).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(left, right);
    }
}
