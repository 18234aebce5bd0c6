//! Messages from JSON, by descriptors that come from a registry.
#![cfg(feature = "protobuf-dynamic")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on")]

use milena_schema::protobuf::{DynamicProtobuf, ProtoText, ProtobufError};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const ORDER: &str = r#"
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/type/money.proto";
import "confluent/meta.proto";
import "shop/item.proto";
message Order {
  option (confluent.message_meta).doc = "an order";
  uint64 id = 1;
  repeated Line lines = 2;
  map<string, int32> counts = 3;
  google.protobuf.Timestamp at = 4;
  google.type.Money total = 5;
  message Line { item.Item item = 1; sint32 n = 2; Kind kind = 3; }
  enum Kind { NONE = 0; GIFT = 1; }
}"#;

fn shop() -> Schema {
    ProtoText::new(ORDER)
        .import("shop/item.proto", "syntax = \"proto3\"; package item; message Item { bytes sku = 1; }")
        .schema()
        .unwrap()
}

fn resolved(schema: Schema) -> Resolved {
    Resolved { schema: Arc::new(schema), subject: None, version: None, id: Some(1), guid: None }
}

/// Indexes and message, in hex, of a message of the schema.
fn written(schema: Schema, message: &str, json: &str) -> Result<(String, String), String> {
    let encoder = Format::<RawValue>::compile(&DynamicProtobuf::registered(message), &resolved(schema)).unwrap();
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    let mut out = Vec::new();
    encoder.encode(raw, &mut out).map_err(|error| error.to_string())?;
    Ok((hex(Encode::<RawValue>::prelude(&encoder)), hex(&out)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn json_becomes_the_message_with_all_digits() {
    let json = r#"{
        "id": 18446744073709551615, "counts": {"a": 1}, "at": "1970-01-01T00:00:01Z", "total": {"units": "2"},
        "lines": [{"item": {"sku": "AQI="}, "n": -1, "kind": "GIFT"}]
    }"#;
    let (indexes, message) = written(shop(), "shop.Order", json).unwrap();
    assert_eq!(indexes, "00");
    let fields = ["08ffffffffffffffffff01", "120a0a040a02010210011801", "1a050a01611001", "22020801", "2a021002"];
    assert_eq!(message, fields.concat());
    assert_eq!(written(shop(), "shop.Order.Line", r#"{"n": 1}"#).unwrap(), ("040000".into(), "1002".into()));
}

#[test]
fn a_json_value_becomes_the_same_message() {
    let encoder = Format::<Value>::compile(&DynamicProtobuf::registered("shop.Order"), &resolved(shop())).unwrap();
    let mut out = Vec::new();
    encoder.encode(&json!({"id": 5, "counts": {"a": 1}}), &mut out).unwrap();
    assert_eq!(hex(&out), "08051a050a01611001");
    let error = encoder.encode(&json!({"lines": [{"n": "x"}]}), &mut out).unwrap_err();
    assert_eq!(error.path(), "lines[0].n");
}

#[test]
fn what_does_not_fit_is_refused_with_the_fields_path() {
    let refused = |json| written(shop(), "shop.Order", json).unwrap_err();
    assert_eq!(refused(r#"{"idd": 1}"#), "unrecognized field name 'idd'");
    assert_eq!(refused(r#"{"lines": [{"nn": 1}]}"#), "lines[0]: unrecognized field name 'nn'");
    let sku = refused(r#"{"lines": [{}, {"item": {"sku": 5}}]}"#);
    assert!(sku.starts_with("lines[1].item.sku: invalid type: integer `5`"), "{sku}");
    let kind = refused(r#"{"lines": [{"kind": "TOY"}]}"#);
    assert!(kind.starts_with("lines[0].kind: "), "{kind}");
    assert!(refused(r#"{"counts": {"a": 3000000000}}"#).starts_with("counts.a: "));
    assert!(refused(r#"{"id": -1}"#).starts_with("id: "));
    assert!(refused("7").starts_with("invalid type: integer `7`"));
}

/// As Java registers generated classes; protoc refuses to compile it.
const EXPLICIT: &str = r#"syntax = "proto3"; package p;
message User {
  repeated TagsEntry tags = 1;
  Geo geo = 2;
  message TagsEntry { option map_entry = true; string key = 1; string value = 2; }
  message Geo { double lat = 1; }
}"#;

#[test]
fn a_map_entry_that_is_written_out_is_a_map() {
    let schema = || Schema::new(SchemaType::Protobuf, EXPLICIT);
    let user = written(schema(), "p.User", r#"{"tags": {"k": "v"}}"#).unwrap();
    assert_eq!(user, ("00".into(), "0a060a016b120176".into()));
    assert_eq!(written(schema(), "p.User.Geo", r#"{"lat": 1.5}"#).unwrap().0, "040002");
}

#[test]
fn a_descriptor_in_base64_is_a_schema_too() {
    let schema = Schema::new(SchemaType::Protobuf, include_str!("protobuf_vectors.base64"));
    let geo = written(schema, "com.example.User.Address.Geo", r#"{"lat": 1.5}"#).unwrap();
    assert_eq!(geo, ("06000002".into(), "09000000000000f83f".into()));
}

#[test]
fn a_schema_that_does_not_hold_together_is_refused() {
    let schema = |text: &str| Schema::new(SchemaType::Protobuf, text);
    let error = DynamicProtobuf::new(schema("syntax = \"proto3\"; message A { Missing m = 1; }"), "A").unwrap_err();
    assert!(error.to_string().contains("name 'Missing' is not defined"), "{error}");
    let error = DynamicProtobuf::new(schema("message A {\n optional int32 a = ; }"), "A").unwrap_err();
    assert!(matches!(error, ProtobufError::Syntax { line: 2, column: 21, .. }), "{error}");
    let error = DynamicProtobuf::new(schema("import \"b.proto\"; message A {}"), "A").unwrap_err();
    assert!(matches!(&error, ProtobufError::MissingImport { import, .. } if import == "b.proto"), "{error}");
    let error = DynamicProtobuf::new(shop(), "Order").unwrap_err().to_string();
    assert_eq!(error, r#"no message "Order" in the schema, which has "shop.Order", "shop.Order.Line""#);
}

#[test]
fn every_file_that_nobody_registers_is_known() {
    let proto = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/proto"));
    let mut paths = Vec::new();
    for folder in ["google/type", "confluent", "confluent/type"] {
        let files = std::fs::read_dir(proto.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let files = files.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".proto"));
        paths.extend(files.map(|name| format!("{folder}/{name}")));
    }
    assert_eq!(paths.len(), 20);
    let imports: String = paths.iter().map(|path| format!("import \"{path}\"; ")).collect();
    let schema =
        ProtoText::new(format!("syntax = \"proto3\"; {imports} message A {{ int32 a = 1; }}")).schema().unwrap();
    assert_eq!(schema.references, []);
    DynamicProtobuf::new(schema, "A").unwrap();
}
