//! Golden vectors: bytes that confluent-kafka-python 2.16.0 and fastavro 1.13.1 wrote for the same values.

use crate::{from_json, hex, schema, written};
use milena_schema::avro::{Avro, fingerprint, single_object_prefix};
use milena_schema::{Encode, Format, Resolved, Schema, SchemaType};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

const USER: &str = r#"{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null}]}"#;

#[derive(Serialize)]
struct User<'a> {
    id: i64,
    name: &'a str,
    email: Option<&'a str>,
}

#[test]
fn records() {
    let ann = User { id: 42, name: "Ann", email: None };
    assert_eq!(hex(&written(USER, &ann).unwrap()), "5406416e6e00");
    let juergen = User { id: -3, name: "Jürgen", email: Some("j@x.de") };
    assert_eq!(hex(&written(USER, &juergen).unwrap()), "050e4ac3bc7267656e020c6a40782e6465");
    assert_eq!(hex(&from_json(USER, json!({"id": 42, "name": "Ann"})).unwrap()), "5406416e6e00");
    let tagged = json!({"id": -3, "name": "Jürgen", "email": {"string": "j@x.de"}});
    assert_eq!(hex(&from_json(USER, tagged).unwrap()), "050e4ac3bc7267656e020c6a40782e6465");
}

#[test]
fn a_string_has_its_length_and_top_level_bytes_have_none() {
    assert_eq!(hex(&written("\"string\"", &"k1").unwrap()), "046b31");
    assert_eq!(hex(&written("\"bytes\"", &[1u8, 2]).unwrap()), "0102");
    assert_eq!(hex(&written("\"bytes\"", &Vec::<u8>::new()).unwrap()), "");
    assert_eq!(hex(&written(r#"["null","bytes"]"#, &[1u8, 2]).unwrap()), "02040102");
    assert_eq!(hex(&from_json("\"bytes\"", json!("\u{1}\u{ff}")).unwrap()), "01ff");
}

#[test]
fn canonical_form_and_fingerprint() {
    let user = schema(USER);
    assert_eq!(
        user.canonical_form(),
        r#"{"name":"com.example.User","type":"record","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"]}]}"#
    );
    assert_eq!(user.fingerprint(), 0xa712_d496_6d67_793c);
    assert_eq!(hex(&single_object_prefix(user.fingerprint())), "c3013c79676d96d412a7");
    assert_eq!(fingerprint("\"null\""), 0x63dd_24e7_cc25_8f8a);
    assert_eq!(hex(&schema("\"string\"").fingerprint().to_le_bytes()), "c70345637248018f");
    assert_eq!(hex(&schema("{\"type\": \"int\"}").fingerprint().to_le_bytes()), "8f5c393f1ad57572");
}

#[test]
fn the_text_that_is_registered_is_the_users_own() {
    let text = "  {\"type\" : \"string\"}\n";
    let format = Avro::serde(Schema::new(SchemaType::Avro, text));
    assert_eq!(&*Format::<str>::schema(&format).unwrap().text, text);
}

#[test]
fn a_format_writes_by_the_schema_as_registered() {
    let registered = Resolved {
        schema: Arc::new(Schema::new(
            SchemaType::Avro,
            r#"{"type":"record","name":"User","fields":[{"name":"name","type":"string"},{"name":"id","type":"int"}]}"#,
        )),
        subject: None,
        version: None,
        id: Some(1),
        guid: None,
    };
    #[derive(Serialize)]
    struct Small {
        id: i64,
        name: &'static str,
    }
    let encoder = Format::<Small>::compile(&Avro::serde(None), &registered).unwrap();
    let mut out = b"prefix".to_vec();
    encoder.encode(&Small { id: 1, name: "a" }, &mut out).unwrap();
    assert_eq!(out, b"prefix\x02a\x02");
    let name = Format::<Small>::record_name(&Avro::serde(None), Some(&registered.schema));
    assert_eq!(name.as_deref(), Some("User"));
    let json = Resolved { schema: Arc::new(Schema::new(SchemaType::Json, "{}")), ..registered };
    assert!(Format::<Small>::compile(&Avro::serde(None), &json).is_err());
}

/// `golden.py` wrote this with fastavro, an implementation that shares nothing with ours.
#[test]
fn fastavro_writes_the_same() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("golden.json")).unwrap();
    assert!(rows.len() > 50);
    for row in rows {
        let text = row["schema"].to_string();
        let parsed = schema(&text);
        assert_eq!(parsed.canonical_form(), row["canonical"], "{text}");
        assert_eq!(hex(&parsed.fingerprint().to_le_bytes()), row["fingerprint"], "{text}");
        // In a list, since bytes alone have no length in Kafka.
        let list = format!(r#"{{"type":"array","items":{text}}}"#);
        let bytes = from_json(&list, json!([row["value"]])).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(hex(&bytes), format!("02{}00", row["bytes"].as_str().unwrap()), "{row}");
    }
}
