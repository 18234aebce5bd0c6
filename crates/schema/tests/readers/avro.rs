//! Read by Confluent's `AvroDeserializer`, and by fastavro, which it must agree with.

use crate::{python, record};
use milena_schema::avro::Avro;
use milena_schema::{Schema, SchemaType};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const USER: &str = r#"{"type":"record","name":"User","namespace":"com.example","fields":[
  {"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null}]}"#;

/// The next version on the same subject.
const NEWER: &str = r#"{"type":"record","name":"User","namespace":"com.example","fields":[
  {"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null},
  {"name":"age","type":"int","default":0}]}"#;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[
  {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["NONE","GIFT"]}},
  {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
    {"name":"sku","type":"string"},{"name":"price","type":"double"},{"name":"weight","type":"float"}]}}},
  {"name":"counts","type":{"type":"map","values":"int"}},
  {"name":"paid","type":["boolean","string"]},
  {"name":"parent","type":["null","Order"]}]}"#;

#[derive(Serialize)]
struct User {
    id: i64,
    name: &'static str,
    email: Option<&'static str>,
}

#[derive(Serialize)]
struct Order {
    kind: &'static str,
    lines: Vec<Line>,
    counts: BTreeMap<&'static str, i32>,
    paid: bool,
    parent: Option<Box<Self>>,
}

#[derive(Serialize)]
struct Line {
    sku: &'static str,
    price: f64,
    weight: f32,
}

fn order(parent: Option<Order>) -> Order {
    let lines = vec![Line { sku: "é", price: 0.1, weight: -1.5 }, Line { sku: "", price: f64::MAX, weight: 0.0 }];
    let counts = BTreeMap::from([("a", i32::MIN), ("b", 1)]);
    Order { kind: "GIFT", lines, counts, paid: true, parent: parent.map(Box::new) }
}

fn case(name: &str, schemas: &[&str]) -> Value {
    json!({"reader": "avro", "case": name, "schemas": schemas})
}

#[test]
fn confluents_deserializer_and_fastavro_read_avro() {
    let schema = |text| Schema::new(SchemaType::Avro, text);
    let two = [USER, NEWER];
    let ann = User { id: -3, name: "Jürgen", email: Some("j@x.de") };
    let newer = json!({"id": i64::MAX, "name": "Ann", "email": null, "age": 7});
    let (serde, from_json) = (Avro::serde(None), Avro::json(None));
    let cases = vec![
        // Two schemas on one subject: each record has the id of its own.
        (case("a0", &two), record(&serde, schema(USER), 1, &ann)),
        (case("a1", &two), record(&from_json, schema(NEWER), 2, &newer)),
        (case("a2", &[ORDER]), record(&serde, schema(ORDER), 1, &order(Some(order(None))))),
    ];
    let order = |parent: Value| {
        json!({
            "kind": "GIFT",
            "lines": [{"sku": "é", "price": 0.1, "weight": -1.5}, {"sku": "", "price": f64::MAX, "weight": 0.0}],
            "counts": {"a": i32::MIN, "b": 1},
            "paid": true,
            "parent": parent,
        })
    };
    let expected = [json!({"id": -3, "name": "Jürgen", "email": "j@x.de"}), newer.clone(), order(order(Value::Null))];
    assert_eq!(python::read("avro", cases), expected);
}
