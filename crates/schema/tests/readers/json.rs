//! Read by Confluent's `JSONDeserializer`, which checks by the schema too.

use crate::{python, record};
use milena_schema::json::Json;
use milena_schema::{Schema, SchemaType};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

const ORDER: &str = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object",
  "properties": {"id": {"type": "integer"}, "lines": {"type": "array", "items": {"$ref": "#/definitions/line"}}},
  "definitions": {"line": {"type": "object", "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}}}}"##;

const NEWER: &str = r#"{"title": "Order", "type": "object", "properties": {"id": {"type": "string"}}}"#;

#[derive(Serialize)]
struct Order {
    id: i64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    sku: &'static str,
    price: f32,
}

#[test]
fn confluents_deserializer_reads_json() {
    let schema = |text| Schema::new(SchemaType::Json, text);
    let order = Order { id: i64::MIN, lines: vec![Line { sku: "é\"\n", price: 0.1 }] };
    let raw: &RawValue = serde_json::from_str(r#"{"id": 12345678901234567890, "lines": []}"#).unwrap();
    let two = json!([ORDER, NEWER]);
    let cases = vec![
        (
            json!({"reader": "json", "case": "j0", "schemas": two}),
            record(&Json::registered(), schema(ORDER), 1, &order),
        ),
        (json!({"reader": "json", "case": "j1", "schemas": two}), record(&Json::registered(), schema(ORDER), 1, raw)),
        // Two schemas on one subject: each record has the id of its own, by which Python reads and checks it.
        (
            json!({"reader": "json", "case": "j2", "schemas": two}),
            record(&Json::registered(), schema(NEWER), 2, &json!({"id": "x"})),
        ),
    ];
    let expected = [
        json!({"id": i64::MIN, "lines": [{"sku": "é\"\n", "price": 0.1}]}),
        json!({"id": 12_345_678_901_234_567_890_u64, "lines": []}),
        json!({"id": "x"}),
    ];
    assert_eq!(python::read("json", cases), expected);
}
