//! JSON Schema: compact text, checked; errors with the path of the field; `$ref`s only to what is given.
#![cfg(feature = "json")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on")]

use milena_schema::json::{Json, JsonError};
use milena_schema::schema::Reference;
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;

const ORDER: &str = r#"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Order",
  "type": "object",
  "properties": {
    "id": {"type": "integer"},
    "name": {"type": "string", "minLength": 1},
    "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number", "multipleOf": 0.1}}}}
  },
  "required": ["id"],
  "additionalProperties": false
}"#;

#[derive(Serialize)]
struct User {
    id: i64,
    name: &'static str,
}

fn resolved(schema: Schema) -> Resolved {
    Resolved { schema: Arc::new(schema), subject: None, version: None, id: Some(9), guid: None }
}

fn schema(text: &str) -> Schema {
    Schema::new(SchemaType::Json, text)
}

fn written<T: Serialize + ?Sized>(format: &Json<T>, schema: Schema, value: &T) -> Result<String, String> {
    let encoder = format.compile(&resolved(schema)).unwrap();
    let mut out = b"before".to_vec();
    encoder.encode(value, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap().split_off("before".len()))
}

fn refused(value: Value) -> String {
    written(&Json::registered(), schema(ORDER), &value).unwrap_err()
}

#[test]
fn a_value_is_compact_json_and_has_no_prelude() {
    let encoder = Json::<User>::registered().compile(&resolved(schema(ORDER))).unwrap();
    let mut out = Vec::new();
    encoder.encode(&User { id: 42, name: "Ann" }, &mut out).unwrap();
    assert_eq!(Encode::<User>::prelude(&encoder), b"");
    // The payload of Confluent's Python, byte for byte.
    let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "7b226964223a34322c226e616d65223a22416e6e227d");
}

#[test]
fn what_does_not_fit_is_refused_with_the_fields_path() {
    assert_eq!(refused(json!({"id": "x"})), r#"id: "x" is not of type "integer""#);
    assert_eq!(
        refused(json!({"id": 1, "lines": [{}, {"price": 0.25}]})),
        "lines[1].price: 0.25 is not a multiple of 0.1"
    );
    assert_eq!(refused(json!({"name": "x"})), r#""id" is a required property"#);
    assert_eq!(refused(json!({"id": 1, "name": ""})), r#"name: "" is shorter than 1 character"#);
    let extra = "Additional properties are not allowed ('extra' was unexpected)";
    assert_eq!(refused(json!({"id": 1, "extra": 1})), extra);
    let long = refused(json!({"id": "x".repeat(10_000)}));
    assert!(long.len() < 320, "{long}");
}

#[test]
fn the_check_can_be_switched_off() {
    let wrong = json!({"id": "x"});
    let unchecked = Json::<Value>::registered().without_validation();
    assert_eq!(written(&unchecked, schema(ORDER), &wrong).unwrap(), r#"{"id":"x"}"#);
}

#[test]
fn text_that_is_json_is_written_as_it_is() {
    let text = r#"{"id": 123456789012345678901234567890, "lines": [{"price": 0.10}, {"price": 1e1}]}"#;
    let raw: &RawValue = serde_json::from_str(text).unwrap();
    assert_eq!(written(&Json::registered(), schema(ORDER), raw).unwrap(), text);
    let raw: &RawValue = serde_json::from_str(r#"{"id": 1.5}"#).unwrap();
    assert_eq!(written(&Json::registered(), schema(ORDER), raw).unwrap_err(), r#"id: 1.5 is not of type "integer""#);
}

#[test]
fn numbers_are_checked_as_they_are_written() {
    #[derive(Serialize)]
    struct Line {
        price: f32,
    }
    // As f64 it is 0.4000000059604645, no multiple of 0.1.
    let tenths = schema(r#"{"properties": {"price": {"multipleOf": 0.1}}}"#);
    assert_eq!(written(&Json::registered(), tenths.clone(), &Line { price: 0.4 }).unwrap(), r#"{"price":0.4}"#);
    let numbers = schema(r#"{"properties": {"price": {"type": "number"}}}"#);
    let nan = written(&Json::registered(), numbers, &Line { price: f32::NAN }).unwrap_err();
    assert_eq!(nan, r#"price: null is not of type "number""#);
}

#[test]
fn the_title_is_the_records_name() {
    let own = Json::<User>::new(schema(ORDER)).unwrap();
    assert_eq!(own.record_name(None).as_deref(), Some("Order"));
    let registered = Json::<User>::registered();
    assert_eq!(registered.record_name(Some(&schema(ORDER))).as_deref(), Some("Order"));
    assert_eq!(registered.record_name(Some(&schema("{}"))), None);
    assert_eq!(registered.record_name(None), None);
}

fn referring(to: &str, id: Option<&str>, name: &str, target: &str) -> Schema {
    let id = id.map(|id| format!(r#""$id": "{id}", "#)).unwrap_or_default();
    let mut schema = schema(&format!(r#"{{{id}"properties": {{"item": {{"$ref": "{to}"}}}}}}"#));
    schema.references.push(Reference {
        name: name.into(),
        subject: "item".into(),
        version: Some(1),
        schema: Some(Arc::new(Schema::new(SchemaType::Json, target))),
    });
    schema
}

#[test]
fn refs_name_references_whole_or_relative() {
    let item = r#"{"type": "object", "definitions": {"sku": {"type": "string"}}}"#;
    let rows = [
        ("item.json", None, "item.json"),
        ("./item.json", None, "./item.json"),
        ("http://example.com/item.json", None, "http://example.com/item.json"),
        ("item.json", Some("http://example.com/shop/order.json"), "item.json"),
        ("item.json", Some("http://example.com/shop/order.json"), "http://example.com/shop/item.json"),
    ];
    for (to, id, name) in rows {
        let wrong = written(&Json::registered(), referring(to, id, name, item), &json!({"item": 7})).unwrap_err();
        assert_eq!(wrong, r#"item: 7 is not of type "object""#, "{to} {id:?} {name}");
        let part = format!("{to}#/definitions/sku");
        let wrong = written(&Json::registered(), referring(&part, id, name, item), &json!({"item": 7})).unwrap_err();
        assert_eq!(wrong, r#"item: 7 is not of type "string""#, "{part}");
    }
}

#[test]
fn nothing_is_fetched() {
    let schema = referring("http://127.0.0.1:9/other.json", None, "item.json", "{}");
    let error = Json::<Value>::new(schema).unwrap_err().to_string();
    assert!(error.contains("http://127.0.0.1:9/other.json"), "{error}");
    assert!(
        error.contains(r#"not among the schema's references, which are "item.json"; nothing is fetched"#),
        "{error}"
    );
}

#[test]
fn a_schema_that_is_none_is_refused_at_once() {
    let JsonError::Syntax { name, reason } = Json::<Value>::new(schema("{\n \"type\": }")).unwrap_err() else {
        panic!()
    };
    assert_eq!((&*name, &*reason), ("the schema", "expected value at line 2 column 10"));
    let error = Json::<Value>::new(schema(r#"{"properties": {"id": {"type": "interger"}}}"#)).unwrap_err();
    assert!(matches!(&error, JsonError::Schema { path, .. } if path == "/properties/id/type"), "{error}");
}

#[test]
fn without_a_dialect_a_schema_is_draft_7() {
    let tuple = r#"{"items": [{"type": "string"}, {"type": "integer"}]}"#;
    let wrong = written(&Json::registered(), schema(tuple), &json!(["a", "b"])).unwrap_err();
    assert_eq!(wrong, r#"[1]: "b" is not of type "integer""#);
    let newer = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "string"}]}"#;
    let wrong = written(&Json::registered(), schema(newer), &json!([1])).unwrap_err();
    assert_eq!(wrong, r#"[0]: 1 is not of type "string""#);
}
