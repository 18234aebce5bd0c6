//! Message indexes and messages, byte for byte, as Confluent's serializers write them (confluent-kafka-python 2.16.0).
#![cfg(feature = "protobuf")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on")]

use milena_schema::protobuf::{MessageIndexes, Outline, ProtoText, Protobuf, ProtobufError};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use prost::{Message, Name};
use std::collections::HashMap;
use std::sync::Arc;

/// The text with `map<>`, as people write it.
const TEXT: &str = r#"
syntax = "proto3";
package com.example;
message User {
  int64 id = 1;
  string name = 2;
  message Address {
    string city = 1;
    map<string, string> tags = 2;
    message Geo { double lat = 1; }
  }
  Address address = 3;
  message Other { int32 x = 1; }
}
message Event {
  string kind = 1;
  message A { int32 a = 1; }
  message B { int32 b = 1; }
}
message Third { bool ok = 1; }
"#;

/// The same as Java registers it from a generated class: the map's hidden message is written out.
const EXPLICIT: &str = r#"
syntax = "proto3";
package com.example;
message User {
  int64 id = 1;
  string name = 2;
  Address address = 3;
  message Address {
    string city = 1;
    repeated TagsEntry tags = 2;
    message TagsEntry {
      option map_entry = true;
      string key = 1;
      string value = 2;
    }
    message Geo { double lat = 1; }
  }
  message Other { int32 x = 1; }
}
message Event { string kind = 1; message A { int32 a = 1; } message B { int32 b = 1; } }
message Third { bool ok = 1; }
"#;

/// The same as Python registers it: `base64(protoc --descriptor_set_out, its one file)`.
const DESCRIPTOR: &str = include_str!("protobuf_vectors.base64");

macro_rules! named {
    ($($message:ty = $name:literal),+) => {
        $(impl Name for $message {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "com.example";
            fn full_name() -> String { concat!("com.example.", $name).into() }
        })+
    };
}

#[derive(Clone, PartialEq, Message)]
struct User {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, optional, tag = "3")]
    address: Option<Address>,
}

#[derive(Clone, PartialEq, Message)]
struct Address {
    #[prost(string, tag = "1")]
    city: String,
    #[prost(map = "string, string", tag = "2")]
    tags: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct Geo {
    #[prost(double, tag = "1")]
    lat: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Other {
    #[prost(int32, tag = "1")]
    x: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(string, tag = "1")]
    kind: String,
}

#[derive(Clone, PartialEq, Message)]
struct B {
    #[prost(int32, tag = "1")]
    b: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Third {
    #[prost(bool, tag = "1")]
    ok: bool,
}

named!(
    User = "User",
    Address = "User.Address",
    Geo = "User.Address.Geo",
    Other = "User.Other",
    Event = "Event",
    B = "Event.B",
    Third = "Third"
);

fn registered(text: &str) -> Resolved {
    let schema = Arc::new(Schema::new(SchemaType::Protobuf, text));
    Resolved { schema, subject: None, version: None, id: Some(1), guid: None }
}

/// Indexes and message, in hex.
fn written<T: Message + Name>(text: &str, message: &T) -> (String, String) {
    let encoder = Protobuf::<T>::registered().compile(&registered(text)).unwrap();
    let mut out = Vec::new();
    encoder.encode(message, &mut out).unwrap();
    (hex(Encode::<T>::prelude(&encoder)), hex(&out))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pair(indexes: &str, message: &str) -> (String, String) {
    (indexes.into(), message.into())
}

#[test]
fn indexes_are_zig_zag_varints_and_the_first_message_is_one_zero() {
    let rows: [(&[u32], &str); 11] = [
        (&[0], "00"),
        (&[1], "0202"),
        (&[2], "0204"),
        (&[0, 0], "040000"),
        (&[0, 1], "040002"),
        (&[1, 0], "040200"),
        (&[0, 0, 0], "06000000"),
        (&[1, 1], "040202"),
        (&[63], "027e"),
        (&[64], "028001"),
        (&[2, 64], "04048001"),
    ];
    for (indexes, bytes) in rows {
        assert_eq!(hex(&MessageIndexes::new(indexes).to_bytes()), bytes, "{indexes:?}");
    }
}

#[test]
fn messages_and_their_indexes_are_those_of_confluents_python() {
    for schema in [TEXT, EXPLICIT, DESCRIPTOR] {
        let ann = User { id: 42, name: "Ann".into(), address: None };
        assert_eq!(written(schema, &ann), pair("00", "082a1203416e6e"));
        assert_eq!(written(schema, &Event { kind: "k".into() }), pair("0202", "0a016b"));
        assert_eq!(written(schema, &Third { ok: true }), pair("0204", "0801"));
        let bonn = Address { city: "Bonn".into(), tags: HashMap::new() };
        assert_eq!(written(schema, &bonn), pair("040000", "0a04426f6e6e"));
        assert_eq!(written(schema, &Other { x: 7 }), pair("040002", "0807"));
        assert_eq!(written(schema, &B { b: 5 }), pair("040202", "0805"));
    }
}

#[test]
fn a_hidden_map_entry_counts_where_it_is_registered() {
    let geo = Geo { lat: 1.5 };
    let payload = "09000000000000f83f";
    assert_eq!(written(TEXT, &geo), pair("06000000", payload), "map<> in text is no message");
    assert_eq!(written(EXPLICIT, &geo), pair("06000002", payload), "written out, it is one");
    assert_eq!(written(DESCRIPTOR, &geo), pair("06000002", payload), "a descriptor always has it");
}

#[test]
fn an_unknown_message_is_an_error_that_lists_what_there_is() {
    let outline = Outline::read(TEXT).unwrap();
    for name in ["User", "com.User", "com.example.Geo", "example.User", "com.example.User.Address.TagsEntry", ""] {
        let error = outline.indexes(name).unwrap_err();
        let ProtobufError::UnknownMessage { name: unknown, known } = &error else { panic!("{error}") };
        assert_eq!((&**unknown, known.len()), (name, 8));
    }
    let third = r#"package com.example; message Third {}"#;
    let error = Protobuf::<User>::new(ProtoText::new(third).schema().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), r#"no message "com.example.User" in the schema, which has "com.example.Third""#);
}
