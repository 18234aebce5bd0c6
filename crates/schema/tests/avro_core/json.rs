//! JSON's path: the conventions, row by row.

use crate::{from_json, hex, one_field};
use serde_json::{Value, json};

fn field(kind: &str, value: Value) -> Result<String, String> {
    from_json(&one_field(kind), json!({ "f": value })).map(|bytes| hex(&bytes))
}

fn ok(bytes: &str) -> Result<String, String> {
    Ok(bytes.to_owned())
}

#[test]
fn plain_types() {
    assert_eq!(field("\"null\"", json!(null)), ok(""));
    assert_eq!(field("\"boolean\"", json!(true)), ok("01"));
    assert_eq!(field("\"int\"", json!(1e3)), ok("d00f"));
    assert_eq!(field("\"double\"", json!(1)), ok("000000000000f03f"));
    assert_eq!(field("\"float\"", json!(0.5)), ok("0000003f"));
    assert_eq!(field("\"double\"", json!("NaN")), ok("000000000000f87f"));
    assert_eq!(field("\"bytes\"", json!("\u{1}ÿ")), ok("0401ff"));
    assert_eq!(field(r#"{"type":"fixed","name":"F","size":2}"#, json!("\u{1}ÿ")), ok("01ff"));
    assert_eq!(field(r#"{"type":"array","items":"int"}"#, json!([1, 2])), ok("04020400"));
    assert_eq!(field(r#"{"type":"map","values":"int"}"#, json!({"a": 1})), ok("0202610200"));
}

#[test]
fn ranges_and_types_are_checked_with_a_path() {
    for (kind, value, reason) in [
        ("\"int\"", json!(2_147_483_648u64), "f: 2147483648 does not fit an int of 32 bits"),
        ("\"long\"", json!(u64::MAX), "f: 18446744073709551615 does not fit a long of 64 bits"),
        ("\"int\"", json!(1.5), "f: expected int, found 1.5"),
        ("\"long\"", json!(1e17), "f: expected long, found 1"),
        ("\"float\"", json!(1e39), "f: expected float, found 1"),
        ("\"string\"", json!(7), "f: expected string, found 7"),
        (
            "\"bytes\"",
            json!("€"),
            "f: bytes are written as characters of U+0000 to U+00FF, one a byte; this string has others",
        ),
        (r#"{"type":"array","items":"int"}"#, json!([1, "x"]), "f[1]: expected int, found \"x\""),
        (r#"{"type":"map","values":"int"}"#, json!({"a": null}), "f.a: expected int, found null"),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, json!("B"), "f: \"B\" is no symbol of the enum E: A"),
    ] {
        let error = field(kind, value).expect_err(reason);
        assert!(error.starts_with(reason), "{error}");
    }
    assert_eq!(
        from_json(&one_field("\"int\""), json!({})),
        Err("f: the schema has this field, the value has not".into())
    );
    assert_eq!(
        from_json(&one_field("\"int\""), json!({"f": 1, "g": 2})),
        Err("g: the record R has no such field".into())
    );
}

#[test]
fn unions_tagged_and_plain() {
    let union = r#"["null","string","long"]"#;
    assert_eq!(field(union, json!(null)), ok("00"));
    assert_eq!(field(union, json!("x")), ok("020278"));
    assert_eq!(field(union, json!({"string": "x"})), ok("020278"));
    assert_eq!(field(union, json!({"long": 1})), ok("0402"));
    assert_eq!(field(union, json!(1)), ok("0402"));
    assert_eq!(field(union, json!({"int": 1})), Err("f: expected one of null, string, long, found an object".into()));
    assert_eq!(field(union, json!({"long": "x"})), Err("f: expected long, found \"x\"".into()));
    let numbers = r#"["double","int","long","float"]"#;
    assert_eq!(field(numbers, json!(1)), ok("0202"));
    assert_eq!(field(numbers, json!(1i64 << 40)), ok("04808080808040"));
    assert_eq!(field(numbers, json!(1.5)), ok("00000000000000f83f"));
    let texts = r#"["null","string",{"type":"enum","name":"E","symbols":["A"]}]"#;
    assert_eq!(field(texts, json!("B")), ok("020242"));
    assert_eq!(field(texts, json!("A")), Err("f: may be string or E: say which, as in {\"string\": …}".into()));
    assert_eq!(field(texts, json!({"E": "A"})), ok("0400"));
    let records = r#"[{"type":"record","name":"x.A","fields":[{"name":"a","type":"int"}]},{"type":"record","name":"x.B","fields":[{"name":"b","type":"int"}]}]"#;
    assert_eq!(field(records, json!({"b": 1})), ok("0202"));
    assert_eq!(field(records, json!({"x.B": {"b": 1}})), ok("0202"));
    assert_eq!(field(records, json!({"B": {"b": 1}})), ok("0202"));
    let map = r#"["string",{"type":"map","values":"string"}]"#;
    assert_eq!(field(map, json!({"string": "x"})), ok("000278"));
    assert_eq!(field(map, json!({"other": "x"})), ok("02020a6f74686572027800"));
}

#[test]
fn logical_types_from_text() {
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":20,"scale":2}"#;
    assert_eq!(field(decimal, json!("12.50")), ok("0404e2"));
    assert_eq!(field(decimal, json!(12.5)), ok("0404e2"));
    assert_eq!(field(decimal, json!(12)), ok("0404b0"));
    assert_eq!(
        field(decimal, json!(1_234_567_890_123_456.8)),
        Err("f: 1234567890123456.8 may not be the number that was written: give it as a string".into())
    );
    assert_eq!(
        field(r#"{"type":"long","logicalType":"timestamp-millis"}"#, json!("1970-01-01T00:00:01+00:00")),
        ok("d00f")
    );
    assert_eq!(field(r#"{"type":"long","logicalType":"timestamp-millis"}"#, json!(1)), ok("02"));
    assert_eq!(field(r#"{"type":"int","logicalType":"time-millis"}"#, json!("00:00:01")), ok("d00f"));
    assert_eq!(field(r#"{"type":"string","logicalType":"uuid"}"#, json!("x")), ok("0278"));
    let duration = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
    assert_eq!(field(duration, json!({"months": 1, "days": 2, "millis": 3})), ok("010000000200000003000000"));
    assert_eq!(field(duration, json!([1, 2, 3])), ok("010000000200000003000000"));
    assert!(field(duration, json!([1, 2])).is_err());
    assert!(field(duration, json!({"months": 1, "days": -2, "millis": 3})).is_err());
}
