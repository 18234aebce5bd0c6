//! Bytes that others wrote, for every framing. P is the Avro datum `{id: 42, name: "Ann", email: null}`.

use super::*;
use flate2::read::ZlibDecoder;
use std::io::Read as _;

const P: [u8; 6] = [0x54, 0x06, 0x41, 0x6e, 0x6e, 0];
const GUID: &str = "89791762-2336-4186-9674-299b90a802e2";

fn p() -> &'static [u8] {
    &P
}

fn resolved(schema_type: SchemaType, id: u32) -> Resolved {
    Resolved {
        schema: Arc::new(Schema::new(schema_type, "")),
        subject: None,
        version: None,
        id: Some(id),
        guid: Some(*GUID.parse::<Guid>().unwrap().as_bytes()),
    }
}

/// The record's bytes, and its headers, in hexadecimal.
fn framed(framing: &Framing, resolved: &Resolved, side: Side, prelude: &[u8], payload: &[u8]) -> (String, Vec<String>) {
    let frame = framing.frame(resolved, side, prelude, Some("com.example.Event")).unwrap();
    let (mut out, mut headers) = (Vec::new(), SerializedHeaders::default());
    // Twice, as a value that is serialized again: headers must not pile up.
    frame.begin(&mut Vec::new(), &mut headers);
    let begun = frame.begin(&mut out, &mut headers);
    out.extend_from_slice(payload);
    frame.end(begun, &mut out).unwrap();
    let headers = headers.iter().map(|(name, value)| format!("{name}={}", hex(value.unwrap()))).collect();
    (hex(&out), headers)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(framing: &Framing, schema_type: SchemaType, id: u32, prelude: &[u8], payload: &[u8]) -> String {
    framed(framing, &resolved(schema_type, id), Side::Value, prelude, payload).0
}

#[test]
fn the_prefix_is_a_zero_and_four_bytes() {
    let avro = |id, payload: &[u8]| value(&Framing::Prefix, SchemaType::Avro, id, &[], payload);
    assert_eq!(avro(1, p()), "00000000015406416e6e00");
    assert_eq!(avro(16_909_060, &[5]), "000102030405");
    assert_eq!(avro(10, &[4, 0x6b, 0x31]), "000000000a046b31");
    assert_eq!(avro(11, &[1, 2]), "000000000b0102");
    let json = value(&Framing::Prefix, SchemaType::Json, 9, &[], br#"{"id":42,"name":"Ann"}"#);
    assert_eq!(json, "00000000097b226964223a34322c226e616d65223a22416e6e227d");
    let protobuf = value(&Framing::Prefix, SchemaType::Protobuf, 7, &[2, 2], &[0x0a, 1, 0x6b]);
    assert_eq!(protobuf, "000000000702020a016b");
}

#[test]
fn the_header_holds_the_guid_and_the_message_indexes_and_stands_once() {
    let header = |schema_type, side, prelude: &[u8]| {
        let (bytes, headers) = framed(&Framing::Header, &resolved(schema_type, 1), side, prelude, p());
        assert_eq!(bytes, "5406416e6e00");
        headers
    };
    let guid = "89791762233641869674299b90a802e2";
    assert_eq!(header(SchemaType::Avro, Side::Value, &[]), [format!("__value_schema_id=01{guid}")]);
    assert_eq!(header(SchemaType::Json, Side::Key, &[]), [format!("__key_schema_id=01{guid}")]);
    assert_eq!(header(SchemaType::Protobuf, Side::Value, &[0]), [format!("__value_schema_id=01{guid}00")]);
    assert_eq!(header(SchemaType::Protobuf, Side::Value, &[4, 2, 0]), [format!("__value_schema_id=01{guid}040200")]);
}

#[test]
fn without_a_guid_or_an_id_the_framing_says_so() {
    let nothing = Resolved { guid: None, id: None, ..resolved(SchemaType::Avro, 1) };
    let error = |framing: Framing| framing.frame(&nothing, Side::Value, &[], None).unwrap_err().to_string();
    assert!(error(Framing::Header).contains("gives none"));
    assert!(error(Framing::Prefix).contains("the schema's id"));
}

#[test]
fn apicurio_writes_four_bytes_eight_or_headers() {
    let four = Framing::Apicurio(Apicurio::FourBytes);
    assert_eq!(value(&four, SchemaType::Avro, 7, &[], p()), "00000000075406416e6e00");
    let eight = Framing::Apicurio(Apicurio::EightBytes);
    assert_eq!(value(&eight, SchemaType::Avro, 7, &[], p()), "0000000000000000075406416e6e00");
    let user = [0x08, 0x2a, 0x12, 3, 0x41, 0x6e, 0x6e];
    assert_eq!(value(&four, SchemaType::Protobuf, 7, &[0], &user), "0000000007070a054576656e74082a1203416e6e");
    let indexes = Framing::Apicurio(Apicurio::FourBytesIndexes);
    assert_eq!(value(&indexes, SchemaType::Protobuf, 7, &[0], &user), "00000000070200082a1203416e6e");
    let headers = Framing::Apicurio(Apicurio::Headers);
    let (bytes, headers) = framed(&headers, &resolved(SchemaType::Avro, 7), Side::Value, &[], p());
    assert_eq!(bytes, "5406416e6e00");
    assert_eq!(headers, ["apicurio.value.contentId=0000000000000007", "apicurio.value.encoding=42494e415259"]);
}

#[test]
fn glue_writes_its_version_and_compresses_if_told() {
    let version: Guid = "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63".parse().unwrap();
    let plain = Framing::Glue { version, zlib: false };
    assert_eq!(value(&plain, SchemaType::Avro, 1, &[], p()), "0300b7b4a7f09c964e4aa687fb5de9ef0c635406416e6e00");
    let frame = Framing::Glue { version, zlib: true };
    let frame = frame.frame(&resolved(SchemaType::Avro, 1), Side::Value, &[], None).unwrap();
    // A key's bytes stand in the same buffer.
    let mut out = b"key".to_vec();
    let begun = frame.begin(&mut out, &mut SerializedHeaders::default());
    out.extend_from_slice(p());
    frame.end(begun, &mut out).unwrap();
    let out = out.strip_prefix(b"key").unwrap();
    assert_eq!(hex(&out[..18]), "0305b7b4a7f09c964e4aa687fb5de9ef0c63");
    // What a compressor writes is its own affair; what comes out again is not.
    let mut inflated = Vec::new();
    ZlibDecoder::new(&out[18..]).read_to_end(&mut inflated).unwrap();
    assert_eq!(inflated, p());
}

/// Vectors of the reference: `com.example.User` is the fifth by name, of all messages of the file.
#[cfg(feature = "protobuf")]
#[test]
fn glue_finds_a_protobuf_message_among_all_sorted_by_name() {
    const TEXT: &str = "syntax = \"proto3\"; package com.example;
        message User { int64 id = 1; string name = 2; message Address { string city = 1; map<string, string> by_tag = 2;
          message Geo { double lat = 1; } } Address address = 3; message Other { int32 x = 1; } }
        message Event { string kind = 1; message A {} message B { int32 b = 1; } } message Third { bool ok = 1; }";
    let version: Guid = "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63".parse().unwrap();
    let schema = Arc::new(Schema::new(SchemaType::Protobuf, TEXT));
    let resolved = Resolved { schema, ..resolved(SchemaType::Protobuf, 1) };
    let frame = |zlib, name| Framing::Glue { version, zlib }.frame(&resolved, Side::Value, &[0], Some(name));
    let user = [0x08, 0x2a, 0x12, 3, 0x41, 0x6e, 0x6e];
    let bytes = |zlib, name| {
        let (frame, mut out) = (frame(zlib, name).unwrap(), Vec::new());
        let begun = frame.begin(&mut out, &mut SerializedHeaders::default());
        out.extend_from_slice(&user);
        frame.end(begun, &mut out).unwrap();
        out
    };
    assert_eq!(hex(&bytes(false, "com.example.User")), "0300b7b4a7f09c964e4aa687fb5de9ef0c6304082a1203416e6e");
    // Behind User.Address comes User.Address.ByTagEntry, which nobody wrote.
    assert_eq!(bytes(false, "com.example.User.Address.Geo")[18], 7);
    assert_eq!(bytes(false, "com.example.Event")[18], 0);
    let mut inflated = Vec::new();
    ZlibDecoder::new(&bytes(true, "com.example.User")[18..]).read_to_end(&mut inflated).unwrap();
    assert_eq!(inflated, [&[4], &user[..]].concat());
    assert!(frame(false, "com.example.Nobody").unwrap_err().to_string().contains("com.example.Nobody"));
    let groups = "message User { optional group Line = 1 { } }";
    let resolved = Resolved { schema: Arc::new(Schema::new(SchemaType::Protobuf, groups)), ..resolved.clone() };
    let framing = Framing::Glue { version, zlib: false };
    assert!(framing.frame(&resolved, Side::Value, &[0], Some("User")).unwrap_err().to_string().contains("groups"));
}

#[cfg(feature = "avro")]
#[test]
fn a_single_object_begins_with_the_fingerprint() {
    let bytes = |text: &str, payload: &[u8]| {
        let schema = Arc::new(Schema::new(SchemaType::Avro, text));
        let resolved = Resolved { schema, ..resolved(SchemaType::Avro, 1) };
        framed(&Framing::SingleObject, &resolved, Side::Value, &[], payload).0
    };
    let user = r#"{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":["null","string"],"default":null}]}"#;
    assert_eq!(bytes(user, p()), "c3013c79676d96d412a75406416e6e00");
    assert_eq!(bytes("\"string\"", &[]), "c301c70345637248018f");
    assert_eq!(bytes("\"int\"", &[]), "c3018f5c393f1ad57572");
}
