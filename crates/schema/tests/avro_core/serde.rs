//! serde's path: what becomes what, and what is refused with which path.

use crate::{hex, one_field, written};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

fn field<T: Serialize>(kind: &str, value: T) -> Result<String, String> {
    #[derive(Serialize)]
    struct R<T> {
        f: T,
    }
    written(&one_field(kind), &R { f: value }).map(|bytes| hex(&bytes))
}

fn ok(bytes: &str) -> Result<String, String> {
    Ok(bytes.to_owned())
}

fn refused(reason: &str) -> Result<String, String> {
    Err(reason.to_owned())
}

#[test]
fn integers_of_every_width_where_they_fit() {
    assert_eq!(field("\"long\"", 7i32), ok("0e"));
    assert_eq!(field("\"long\"", 7u64), ok("0e"));
    assert_eq!(field("\"int\"", 7i64), ok("0e"));
    assert_eq!(field("\"int\"", -1i8), ok("01"));
    assert_eq!(field("\"double\"", 1i64), ok("000000000000f03f"));
    assert_eq!(field("\"int\"", 1i64 << 31), refused("f: 2147483648 does not fit an int of 32 bits"));
    assert_eq!(field("\"long\"", u64::MAX), refused("f: 18446744073709551615 does not fit a long of 64 bits"));
    assert_eq!(field("\"double\"", (1i64 << 53) + 1), refused("f: 9007199254740993 is not exact as a double"));
    assert_eq!(field("\"string\"", 7), refused("f: expected string, found 7"));
}

#[test]
fn floats_where_nothing_is_lost() {
    assert_eq!(field("\"float\"", 1.5f32), ok("0000c03f"));
    assert_eq!(field("\"double\"", 1.5f32), ok("000000000000f83f"));
    assert_eq!(field("\"float\"", 1.5f64), ok("0000c03f"));
    assert_eq!(field("\"float\"", 0.1f64), refused("f: 0.1 is not exact as a float"));
}

#[test]
fn options_and_unions() {
    assert_eq!(field(r#"["null","string"]"#, Some("x")), ok("020278"));
    assert_eq!(field(r#"["string","null"]"#, Some("x")), ok("000278"));
    assert_eq!(field(r#"["string","null"]"#, None::<&str>), ok("02"));
    assert_eq!(field("\"string\"", Some("x")), ok("0278"));
    assert_eq!(field("\"string\"", None::<&str>), refused("f: expected string, found null"));
    let union = r#"["null","int","long","string","double","bytes"]"#;
    assert_eq!(field(union, 1i32), ok("0202"));
    assert_eq!(field(union, 1i64), ok("0402"));
    assert_eq!(field(union, 1u8), ok("0202"));
    assert_eq!(
        field(union, true),
        refused("f: expected one of null, int, long, string, double, bytes, found a boolean")
    );
}

#[test]
fn rust_enums_into_unions() {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Named {
        Int(i32),
        String(&'static str),
        Null,
    }
    let union = r#"["null","int","string"]"#;
    assert_eq!(field(union, Named::Int(1)), ok("0202"));
    assert_eq!(field(union, Named::String("x")), ok("040278"));
    assert_eq!(field(union, Named::Null), ok("00"));
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(i64),
        Text(&'static str),
    }
    assert_eq!(field(union, Untagged::Number(1)), ok("0202"));
    assert_eq!(field(union, Untagged::Text("x")), ok("040278"));
    #[derive(Serialize)]
    enum Event {
        Created { id: i64 },
        Deleted(Deleted),
        Moved,
    }
    #[derive(Serialize)]
    struct Deleted {
        by: &'static str,
    }
    let records = r#"[{"type":"record","name":"x.Created","fields":[{"name":"id","type":"long"}]},{"type":"record","name":"x.Deleted","fields":[{"name":"by","type":"string"}]}]"#;
    assert_eq!(field(records, Event::Created { id: 1 }), ok("0002"));
    assert_eq!(field(records, Event::Deleted(Deleted { by: "x" })), ok("020278"));
    assert_eq!(field(records, Deleted { by: "x" }), ok("020278"));
    assert!(field(records, Event::Moved).is_err());
}

#[test]
fn enums_by_symbol_in_whatever_order() {
    #[derive(Serialize)]
    enum Colour {
        Red,
        Green,
    }
    let kind = r#"{"type":"enum","name":"C","symbols":["Green","Red"]}"#;
    assert_eq!(field(kind, Colour::Red), ok("02"));
    assert_eq!(field(kind, Colour::Green), ok("00"));
    assert_eq!(field(kind, "Red"), ok("02"));
    assert_eq!(field(kind, "Blue"), refused("f: \"Blue\" is no symbol of the enum C: Green, Red"));
    assert_eq!(field("\"string\"", Colour::Red), ok("06526564"));
}

#[test]
fn fields_in_whatever_order() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":["null","int"]},{"name":"d","type":"int"}]}"#;
    #[derive(Serialize)]
    struct Ordered {
        a: i32,
        b: &'static str,
        c: Option<i32>,
        d: i32,
    }
    #[derive(Serialize)]
    struct Shuffled {
        d: i32,
        b: &'static str,
        a: i32,
        c: Option<i32>,
    }
    #[derive(Serialize)]
    struct Late {
        a: i32,
        d: i32,
        b: &'static str,
    }
    #[derive(Serialize)]
    struct Flat {
        d: i32,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, i32>,
        b: &'static str,
    }
    #[derive(Serialize)]
    struct Skipped {
        a: i32,
        b: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<i32>,
        d: i32,
    }
    let bytes = written(schema, &Ordered { a: 1, b: "x", c: None, d: 2 }).unwrap();
    assert_eq!(hex(&bytes), "0202780004");
    assert_eq!(written(schema, &Shuffled { a: 1, b: "x", c: None, d: 2 }).unwrap(), bytes);
    assert_eq!(written(schema, &Late { a: 1, b: "x", d: 2 }).unwrap(), bytes);
    assert_eq!(written(schema, &Skipped { a: 1, b: "x", c: None, d: 2 }).unwrap(), bytes);
    assert_eq!(written(schema, &Flat { d: 2, rest: BTreeMap::from([("a", 1)]), b: "x" }).unwrap(), bytes);
    assert_eq!(
        written(schema, &BTreeMap::from([("a", 1), ("d", 2)])),
        Err("b: the schema has this field, the value has not".to_owned())
    );
}

#[test]
fn a_default_is_never_written() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"z","type":"string","default":"zz"}]}"#;
    #[derive(Serialize)]
    struct Less {
        a: i32,
    }
    assert_eq!(written(schema, &Less { a: 1 }), Err("z: the schema has this field, the value has not".to_owned()));
    #[derive(Serialize)]
    struct More {
        a: i32,
        z: &'static str,
        y: i32,
    }
    assert_eq!(written(schema, &More { a: 1, z: "", y: 2 }), Err("y: the record R has no such field".to_owned()));
}

#[test]
fn arrays_maps_bytes_and_fixed() {
    assert_eq!(field(r#"{"type":"array","items":"int"}"#, vec![1, 2]), ok("04020400"));
    assert_eq!(field(r#"{"type":"array","items":"int"}"#, Vec::<i32>::new()), ok("00"));
    assert_eq!(field(r#"{"type":"array","items":"int"}"#, (1, 2u8)), ok("04020400"));
    assert_eq!(field(r#"{"type":"map","values":"int"}"#, BTreeMap::from([("a", 1)])), ok("0202610200"));
    assert_eq!(field(r#"{"type":"map","values":"int"}"#, BTreeMap::from([('a', 1)])), ok("0202610200"));
    assert!(field(r#"{"type":"map","values":"int"}"#, BTreeMap::from([(1, 1)])).is_err());
    assert_eq!(field("\"bytes\"", vec![1u8, 255]), ok("0401ff"));
    assert_eq!(field(r#"{"type":"fixed","name":"F","size":2}"#, [1u8, 255]), ok("01ff"));
    assert_eq!(
        field(r#"{"type":"fixed","name":"F","size":2}"#, [1u8; 3]),
        refused("f: expected a fixed of 2 bytes, found 3")
    );
    assert_eq!(field("\"bytes\"", vec![1, 256]), refused("f[1]: expected a byte, found 256"));
}

/// A sequence whose length serde is not told, or told wrongly.
struct Lying(Option<usize>);

impl Serialize for Lying {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = serializer.serialize_seq(self.0)?;
        seq.serialize_element(&1)?;
        seq.serialize_element(&2)?;
        seq.end()
    }
}

#[test]
fn a_length_is_what_it_is() {
    for len in [None, Some(2), Some(0), Some(1), Some(1000)] {
        assert_eq!(field(r#"{"type":"array","items":"int"}"#, Lying(len)), ok("04020400"), "{len:?}");
        assert_eq!(field("\"bytes\"", Lying(len)), ok("040102"), "{len:?}");
    }
}

#[test]
fn logical_types_from_natural_values() {
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#;
    assert_eq!(field(decimal, "12.50"), ok("0404e2"));
    assert_eq!(field(decimal, -1), ok("029c"));
    assert_eq!(field(decimal, vec![4u8, 226]), ok("0404e2"));
    assert_eq!(field(decimal, "1.234"), refused("f: 1.234 has more than 2 digits behind the point"));
    assert_eq!(field(decimal, "12345.67"), refused("f: 12345.67 has more digits than decimal(6, 2) holds"));
    let fixed = r#"{"type":"fixed","name":"D","size":4,"logicalType":"decimal","precision":6,"scale":2}"#;
    assert_eq!(field(fixed, "-0.01"), ok("ffffffff"));
    let millis = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    assert_eq!(field(millis, 1i64), ok("02"));
    assert_eq!(field(millis, "1970-01-01T00:00:00.001Z"), ok("02"));
    assert_eq!(field(millis, SystemTime::UNIX_EPOCH + Duration::from_nanos(1_999_999)), ok("02"));
    assert_eq!(field(millis, "today"), refused("f: \"today\" is no timestamp-millis such as 2024-02-29T12:34:56.789Z"));
    assert_eq!(field(r#"{"type":"int","logicalType":"date"}"#, "1970-01-02"), ok("02"));
    assert_eq!(field(r#"{"type":"long","logicalType":"time-micros"}"#, "00:00:00.000001"), ok("02"));
    let uuid = "00112233-4455-6677-8899-aabbccddeeff";
    let fixed = r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#;
    assert_eq!(field(fixed, uuid), ok("00112233445566778899aabbccddeeff"));
    assert_eq!(field(fixed, [7u8; 16]), ok("07070707070707070707070707070707"));
    let duration = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
    assert_eq!(field(duration, (1u32, 2u32, 300u32)), ok("01000000020000002c010000"));
    #[derive(Serialize)]
    struct Span {
        days: u32,
        months: u32,
        millis: u32,
    }
    assert_eq!(field(duration, Span { days: 2, months: 1, millis: 300 }), ok("01000000020000002c010000"));
    assert_eq!(
        field(r#"["null",{"type":"long","logicalType":"timestamp-micros"},"double"]"#, "1970-01-01T00:00:00Z"),
        ok("0200")
    );
}

#[test]
fn paths_go_to_the_value() {
    #[derive(Serialize)]
    struct Order {
        lines: Vec<Line>,
    }
    #[derive(Serialize)]
    struct Line {
        tags: BTreeMap<&'static str, i64>,
    }
    let schema = r#"{"type":"record","name":"Order","fields":[{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"tags","type":{"type":"map","values":"int"}}]}}}]}"#;
    let line = |value| Line { tags: BTreeMap::from([("size", value)]) };
    assert_eq!(
        written(schema, &Order { lines: vec![line(1), line(i64::MAX)] }),
        Err("lines[1].tags.size: 9223372036854775807 does not fit an int of 32 bits".to_owned())
    );
}

#[test]
fn recursive_records() {
    #[derive(Serialize)]
    struct Node {
        value: i32,
        next: Option<Box<Self>>,
    }
    let schema = r#"{"type":"record","name":"Node","fields":[{"name":"value","type":"int"},{"name":"next","type":["null","Node"]}]}"#;
    let list = Node { value: 1, next: Some(Box::new(Node { value: 2, next: None })) };
    assert_eq!(hex(&written(schema, &list).unwrap()), "02020400");
}
