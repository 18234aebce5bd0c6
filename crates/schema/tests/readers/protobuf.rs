//! Read by Confluent's `ProtobufDeserializer`, with classes that protoc makes of the same text.

use crate::{python, record};
use milena_schema::protobuf::{DynamicProtobuf, ProtoText, Protobuf};
use milena_schema::{Schema, SchemaType};
use prost::{Message, Name};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const TEXT: &str = include_str!("orders.proto");
pub(crate) const ITEM: &str = "syntax = \"proto3\"; package item; message Item { string sku = 1; }";
/// What protoc makes of it: how Python registers it.
const DESCRIPTOR: &str = include_str!("orders.base64");

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Order {
    #[prost(int64, tag = "1")]
    pub(crate) id: i64,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(crate) by_name: BTreeMap<String, Line>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) lines: Vec<Line>,
    #[prost(btree_map = "int32, double", tag = "4")]
    pub(crate) rates: BTreeMap<i32, f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Line {
    #[prost(message, optional, tag = "1")]
    pub(crate) item: Option<Item>,
    #[prost(sint32, tag = "2")]
    pub(crate) n: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Item {
    #[prost(string, tag = "1")]
    pub(crate) sku: String,
}

impl Name for Order {
    const NAME: &'static str = "Order";
    const PACKAGE: &'static str = "shop";
}

impl Name for Line {
    const NAME: &'static str = "Line";
    const PACKAGE: &'static str = "shop";

    fn full_name() -> String {
        "shop.Order.Line".into()
    }
}

pub(crate) fn line(sku: &str, n: i32) -> Line {
    Line { item: Some(Item { sku: sku.into() }), n }
}

fn text() -> Schema {
    ProtoText::new(TEXT).import("shop/item.proto", ITEM).schema().unwrap()
}

fn case(name: &str, message: &str) -> Value {
    let files = json!({"shop/orders.proto": TEXT, "shop/item.proto": ITEM});
    json!({"reader": "protobuf", "case": name, "files": files, "message": message})
}

/// Registered as a descriptor: Confluent's reader finds the message by the record's indexes, which it must agree with.
fn as_descriptor(name: &str, message: &str) -> Value {
    let mut case = case(name, message);
    case["file"] = "shop/orders.proto".into();
    case["registered"] = DESCRIPTOR.trim().into();
    case
}

#[test]
fn confluents_deserializer_reads_nested_messages_and_maps() {
    let order = Order {
        id: -1,
        by_name: BTreeMap::from([("a".into(), line("x", -5)), ("é".into(), Line::default())]),
        lines: vec![line("y", 1), line("z", i32::MIN)],
        rates: BTreeMap::from([(-1, 0.5), (7, f64::MAX)]),
    };
    let json = r#"{"id": "9007199254740993", "rates": {"3": 0.1}, "lines": [{"n": -1}]}"#;
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    let descriptor = || Schema::new(SchemaType::Protobuf, DESCRIPTOR);
    let dynamic = DynamicProtobuf::registered("shop.Order");
    let cases = vec![
        (case("p0", "shop.Order"), record(&Protobuf::<Order>::registered(), text(), 1, &order)),
        (case("p1", "shop.Order.Line"), record(&Protobuf::<Line>::registered(), text(), 1, &line("x", 7))),
        (case("p2", "shop.Order"), record(&dynamic, text(), 1, raw)),
        (as_descriptor("p3", "shop.Order"), record(&Protobuf::<Order>::registered(), descriptor(), 2, &order)),
        (
            as_descriptor("p4", "shop.Order.Line"),
            record(&Protobuf::<Line>::registered(), descriptor(), 2, &line("x", 7)),
        ),
    ];
    let whole = json!({
        "id": "-1",
        "by_name": {"a": {"item": {"sku": "x"}, "n": -5}, "é": {}},
        "lines": [{"item": {"sku": "y"}, "n": 1}, {"item": {"sku": "z"}, "n": i32::MIN}],
        "rates": {"-1": 0.5, "7": f64::MAX},
    });
    let one = json!({"item": {"sku": "x"}, "n": 7});
    let from_json = json!({"id": "9007199254740993", "rates": {"3": 0.1}, "lines": [{"n": -1}]});
    assert_eq!(python::read("protobuf", cases), [whole.clone(), one.clone(), from_json, whole, one]);
}
