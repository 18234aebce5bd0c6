//! JSON lines: one object a line, one record an object.
//!
//! `{"key": …, "value": …, "headers": [["name", "value"], …], "timestamp": ms, "partition": n}`. The dead letters are
//! written in this form, so what is read here and what `dead_letter.rs` writes belong together.

use crate::format::{BadLine, Datum, OwnedHeader, Row};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The fields of a line. Absent and null are told apart for those that are `RawValue`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    key_base64: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value_base64: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    headers: Option<&'a RawValue>,
    timestamp: Option<i64>,
    partition: Option<i32>,
    // What a dead letter says besides: read and ignored.
    #[serde(default)]
    error: Option<String>,
    #[serde(default, rename = "written")]
    _written: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    // A dead letter that is not a record.
    #[serde(default)]
    rejected_line: Option<IgnoredAny>,
    #[serde(default)]
    rejected_line_base64: Option<IgnoredAny>,
}

/// A header as an object: needed only where its value is not UTF-8.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderObject<'a> {
    name: String,
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value_base64: Option<Cow<'a, str>>,
}

/// Reads one line. `Ok(None)`: nothing but white space. `json_key`, `json_value`: their JSON is wanted as it stands, strings in
/// their quotes.
pub(crate) fn parse(line: &[u8], json_key: bool, json_value: bool) -> Result<Option<Row<'_>>, BadLine> {
    match line.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Ok(None),
        Some(b'{') => {}
        // serde would take an array for the fields in their order.
        Some(_) => return Err(meaning("not a JSON object")),
    }
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| bad_json(&error))?;
    if line.rejected_line.is_some() || line.rejected_line_base64.is_some() {
        return Err(BadLine::Rejected { cause: line.error.map(Into::into) });
    }
    if line.value.is_none() && line.value_base64.is_none() {
        return Err(meaning("value is missing: a tombstone is \"value\": null"));
    }
    if line.timestamp.is_some_and(|timestamp| timestamp < 0) {
        return Err(meaning("timestamp is negative: it counts milliseconds since 1970"));
    }
    if line.partition.is_some_and(|partition| partition < 0) {
        return Err(meaning("partition is negative: partitions count from 0"));
    }
    Ok(Some(Row {
        key: datum("key", line.key, line.key_base64, json_key)?,
        value: datum("value", line.value, line.value_base64, json_value)?,
        headers: line.headers.map_or_else(|| Ok(Vec::new()), headers)?,
        timestamp: line.timestamp,
        partition: line.partition,
    }))
}

/// One of the two forms, or neither: null.
fn datum<'a>(
    part: &str,
    json: Option<&'a RawValue>,
    base64: Option<Cow<'a, str>>,
    as_json: bool,
) -> Result<Datum<'a>, BadLine> {
    match (json, base64) {
        (Some(_), Some(_)) => Err(meaning(format!("{part} and {part}_base64 are both given"))),
        (Some(json), None) if as_json && json.get() != "null" => Ok(Datum::Text(Cow::Borrowed(json.get().as_bytes()))),
        (Some(json), None) => text(json).map(|text| text.map_or(Datum::Null, Datum::Text)),
        (None, Some(base64)) => BASE64_STANDARD
            .decode(base64.as_bytes())
            .map(Datum::Bytes)
            .map_err(|error| meaning(format!("{part}_base64 is not base64: {error}"))),
        (None, None) => Ok(Datum::Null),
    }
}

/// A string's characters; any other value's own text as it stands in the input; `None` for null.
fn text(json: &RawValue) -> Result<Option<Cow<'_, [u8]>>, BadLine> {
    let raw = json.get();
    if raw == "null" {
        return Ok(None);
    }
    let Some(quoted) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(Some(Cow::Borrowed(raw.as_bytes())));
    };
    if memchr::memchr(b'\\', quoted.as_bytes()).is_none() {
        return Ok(Some(Cow::Borrowed(quoted.as_bytes())));
    }
    let unescaped: String = serde_json::from_str(raw).map_err(|error| bad_json(&error))?;
    Ok(Some(Cow::Owned(unescaped.into_bytes())))
}

/// Headers as pairs, which may repeat a name, or as an object, which may not.
fn headers(json: &RawValue) -> Result<Vec<OwnedHeader>, BadLine> {
    let raw = json.get();
    if raw.starts_with('{') {
        let Fields(fields) = serde_json::from_str(raw).map_err(|error| bad_header(&error))?;
        let named = |name: &str| fields.iter().filter(|(other, _)| other == name).count();
        if let Some((name, _)) = fields.iter().find(|(name, _)| named(name) > 1) {
            return Err(meaning(format!("header {name:?} is given twice: write headers as [[name, value], …]")));
        }
        return fields.into_iter().map(|(name, value)| header(name, value)).collect();
    }
    let list: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| bad_header(&error))?;
    list.into_iter()
        .map(|json| {
            if json.get().starts_with('{') {
                return header_object(json);
            }
            let (name, value) = serde_json::from_str(json.get()).map_err(|error| bad_header(&error))?;
            header(name, value)
        })
        .collect()
}

fn header(name: String, value: &RawValue) -> Result<OwnedHeader, BadLine> {
    Ok(OwnedHeader { name, value: text(value)?.map(Cow::into_owned) })
}

fn header_object(json: &RawValue) -> Result<OwnedHeader, BadLine> {
    let HeaderObject { name, value, value_base64 } =
        serde_json::from_str(json.get()).map_err(|error| bad_header(&error))?;
    let value = match datum("header value", value, value_base64, false)? {
        Datum::Null => None,
        Datum::Text(text) => Some(text.into_owned()),
        Datum::Bytes(bytes) => Some(bytes),
    };
    Ok(OwnedHeader { name, value })
}

/// An object's fields in their order, duplicates kept.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn meaning(text: impl Into<Cow<'static, str>>) -> BadLine {
    BadLine::Meaning(text.into())
}

/// serde's own text without its "at line 1": the line is ours to name.
fn bad_json(error: &serde_json::Error) -> BadLine {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    BadLine::Json { message: format!("not valid: {message}"), column: error.column() }
}

fn bad_header(error: &serde_json::Error) -> BadLine {
    let text = error.to_string();
    meaning(format!("headers: {}", text.split(" at line ").next().unwrap_or(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str) -> Row<'_> {
        parse(line.as_bytes(), false, false).unwrap().unwrap()
    }

    fn refused(line: &str) -> String {
        parse(line.as_bytes(), false, false).unwrap_err().to_string()
    }

    fn text(text: &str) -> Datum<'_> {
        Datum::Text(Cow::Borrowed(text.as_bytes()))
    }

    #[test]
    fn null_empty_and_absent_are_told_apart() {
        assert_eq!(row(r#"{"value": ""}"#).value, text(""));
        assert_eq!(row(r#"{"value": null}"#).value, Datum::Null);
        assert_eq!(row(r#"{"key": "", "value": ""}"#).key, text(""));
        assert_eq!(row(r#"{"key": null, "value": ""}"#).key, Datum::Null);
        assert_eq!(row(r#"{"value": ""}"#).key, Datum::Null);
        assert_eq!(refused(r#"{"key": "k"}"#), "value is missing: a tombstone is \"value\": null");
    }

    #[test]
    fn a_json_value_keeps_its_own_text() {
        let odd = r#"{"b": 1.0e2,  "a": [1,2 ], "\u0061": null}"#;
        let line = format!(r#"{{"value": {odd} , "key": 12345678901234567890.10}}"#);
        let row = row(&line);
        assert_eq!(row.value, text(odd));
        assert_eq!(row.key, text("12345678901234567890.10"));
    }

    #[test]
    fn what_a_schema_writes_stays_json() {
        let line = br#"{"key": "k", "value": "v"}"#;
        let parsed = parse(line, false, true).unwrap().unwrap();
        assert_eq!((parsed.key, parsed.value), (text("k"), text("\"v\"")));
        let parsed = parse(br#"{"value": null}"#, true, true).unwrap().unwrap();
        assert_eq!(parsed.value, Datum::Null);
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(row(r#"{"value": "a\n\"\u010d\ud83d\ude00"}"#).value, text("a\n\"č😀"));
        assert!(refused(r#"{"value": "\ud83d"}"#).contains("not valid"));
    }

    #[test]
    fn bytes_come_as_base64() {
        assert_eq!(row(r#"{"key_base64": "AP8=", "value_base64": ""}"#).key, Datum::Bytes(vec![0, 255]));
        assert_eq!(row(r#"{"value_base64": ""}"#).value, Datum::Bytes(vec![]));
        assert!(refused(r#"{"value_base64": "A"}"#).starts_with("value_base64 is not base64"));
        assert_eq!(refused(r#"{"value": 1, "value_base64": ""}"#), "value and value_base64 are both given");
    }

    #[test]
    fn headers_keep_order_and_duplicates() {
        let pairs =
            r#"{"value": 1, "headers": [["b","1"],["a",null],["b",""],["c",7],{"name":"d","value_base64":"/w=="}]}"#;
        let found: Vec<_> = row(pairs).headers.into_iter().map(|header| (header.name, header.value)).collect();
        let expected = [("b", Some(&b"1"[..])), ("a", None), ("b", Some(b"")), ("c", Some(b"7")), ("d", Some(b"\xff"))]
            .map(|(name, value)| (name.to_owned(), value.map(<[u8]>::to_vec)));
        assert_eq!(found, expected);
    }

    #[test]
    fn headers_may_be_an_object_while_no_name_repeats() {
        let names: Vec<_> = row(r#"{"value": 1, "headers": {"z": "1", "a": "2"}}"#).headers;
        assert_eq!(names.iter().map(|header| &*header.name).collect::<Vec<_>>(), ["z", "a"]);
        assert!(refused(r#"{"value": 1, "headers": {"z": "1", "z": "2"}}"#).contains("given twice"));
        assert!(refused(r#"{"value": 1, "headers": ["a"]}"#).starts_with("headers:"));
        assert!(refused(r#"{"value": 1, "headers": 5}"#).starts_with("headers:"));
    }

    #[test]
    fn errors_say_what_and_where() {
        assert!(refused(r#"{"vaule": 1}"#).starts_with("not valid: unknown field `vaule`, expected one of `key`"));
        assert_eq!(refused(r#"["k", "v"]"#), "not a JSON object");
        assert!(refused(r#"{"value": 1"#).ends_with("(column 11)"), "{}", refused(r#"{"value": 1"#));
        assert!(refused(r#"{"value": 1, "timestamp": -1}"#).contains("negative"));
        assert!(refused(r#"{"value": 1, "partition": 4294967296}"#).contains("not valid"));
        assert!(refused(r#"{"value": 1, "value": 2}"#).contains("duplicate field `value`"));
        assert!(parse(b"{\"value\": \"\xff\"}", false, false).is_err());
        assert_eq!(parse(b" \t\r", false, false), Ok(None));
    }

    #[test]
    fn what_a_dead_letter_says_besides_is_ignored() {
        let line = r#"{"value": "v", "error": "timed out", "written": "maybe", "source": "a.txt:3"}"#;
        assert_eq!(row(line).value, text("v"));
        let again = r#"{"rejected_line": "{oops", "error": "not valid", "written": "no", "source": "a.json:3"}"#;
        assert!(refused(again).contains("(not valid): correct it"));
    }
}
