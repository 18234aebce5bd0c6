//! Schemas: what parses to what, and what is said about those that do not.

use crate::schema;
use milena_schema::avro::AvroSchema;
use milena_schema::schema::Reference;
use milena_schema::{Schema, SchemaType};
use proptest::prelude::*;
use std::sync::Arc;

fn refused(text: &str) -> String {
    AvroSchema::from_text(text).expect_err(text).to_string()
}

#[test]
fn errors_say_line_column_and_path() {
    let text = "{\n  \"type\": \"record\", \"name\": \"User\",\n  \"fields\": [\n    {\"name\": \"email\", \"type\": [\"null\", \"strng\"]}\n  ]\n}";
    assert_eq!(
        refused(text),
        "line 4, column 40, at User.email[1]: unknown type \"strng\": it must be defined before it is used"
    );
}

#[test]
fn what_is_no_schema_is_refused_with_its_reason() {
    for (text, reason) in [
        ("{\"type\":\"record\",\"name\":\"R\"", "line 1, column 28: expected ',' or '}', but the text ends"),
        ("string", "line 1, column 1: expected a JSON value, found 's'"),
        ("{}", "line 1, column 1: an object without \"type\" is no schema"),
        ("[]", "line 1, column 1: a union needs a branch"),
        ("[\"int\",[\"null\"]]", "line 1, column 8, at [1]: a union is no branch of a union"),
        ("[\"int\",\"int\"]", "line 1, column 8, at [1]: the union has \"int\" twice"),
        (r#"{"type":"array"}"#, "line 1, column 1: \"items\" is missing"),
        (r#"{"type":"fixed","name":"F","size":-1}"#, "line 1, column 35, at F: expected a number of bytes, found -1"),
        (
            r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
            "line 1, column 1, at E: the enum has the symbol \"A\" twice",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#,
            "line 1, column 53, at E: the default \"B\" is none of the symbols",
        ),
        (
            r#"{"type":"record","name":"a-b","fields":[]}"#,
            "line 1, column 1: \"a-b\" is no Avro name: letters, digits and _ only, and no digit in front",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"x","type":"int"},{"name":"x","type":"int"}]}"#,
            "line 1, column 65, at R: the record has the field \"x\" twice",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"map","values":"S"}}]}"#,
            "line 1, column 81, at R.x.values: unknown type \"S\": it must be defined before it is used",
        ),
    ] {
        assert_eq!(refused(text), reason, "{text}");
    }
}

#[test]
fn defaults_must_fit() {
    let field = |kind: &str, default: &str| {
        AvroSchema::from_text(&format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{kind},"default":{default}}}]}}"#
        ))
    };
    for (kind, default) in [
        ("\"int\"", "1"),
        ("\"double\"", "1"),
        ("[\"null\",\"int\"]", "null"),
        ("[\"null\",\"int\"]", "7"),
        ("\"bytes\"", "\"\\u00ff\""),
        (r#"{"type":"array","items":"long"}"#, "[1, 2]"),
        (r#"{"type":"map","values":"long"}"#, "{\"a\": 1}"),
        (r#"{"type":"record","name":"S","fields":[{"name":"a","type":"int","default":1}]}"#, "{}"),
    ] {
        field(kind, default).unwrap_or_else(|error| panic!("{kind} {default}: {error}"));
    }
    for (kind, default) in [
        ("\"int\"", "2147483648"),
        ("\"int\"", "1.5"),
        ("\"string\"", "1"),
        ("\"bytes\"", "\"\\u0100\""),
        ("[\"null\",\"int\"]", "\"x\""),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, "\"B\""),
        (r#"{"type":"fixed","name":"F","size":2}"#, "\"abc\""),
        (r#"{"type":"record","name":"S","fields":[{"name":"a","type":"int"}]}"#, "{}"),
    ] {
        let error = field(kind, default).expect_err(default).to_string();
        assert!(error.contains("at R.f: the default"), "{error}");
    }
}

#[test]
fn the_canonical_form_keeps_what_a_reader_needs() {
    let text = r#"{"namespace":"a.b","doc":"d","aliases":["Old"],"fields":[
        {"type":{"type":"enum","symbols":["X","Y"],"name":"E","default":"X"},"name":"e","default":"X"},
        {"name":"again","type":"a.b.E"},{"name":"f","type":{"type":"fixed","name":"c.F","size":12,"logicalType":"duration"}},
        {"name":"next","type":["null","R"]},{"name":"m","type":{"type":"map","values":{"type":"array","items":{"type":"bytes"}}}}],
        "name":"R","type":"record"}"#;
    assert_eq!(
        schema(text).canonical_form(),
        r#"{"name":"a.b.R","type":"record","fields":[{"name":"e","type":{"name":"a.b.E","type":"enum","symbols":["X","Y"]}},{"name":"again","type":"a.b.E"},{"name":"f","type":{"name":"c.F","type":"fixed","size":12}},{"name":"next","type":["null","a.b.R"]},{"name":"m","type":{"type":"map","values":{"type":"array","items":"bytes"}}}]}"#
    );
    let again = schema(schema(text).canonical_form()).canonical_form().to_owned();
    assert_eq!(again, schema(text).canonical_form(), "the canonical form is its own");
}

#[test]
fn a_logical_type_that_is_not_valid_is_ignored() {
    for text in [
        r#"{"type":"string","logicalType":"date"}"#,
        r#"{"type":"bytes","logicalType":"decimal"}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":2,"scale":3}"#,
        r#"{"type":"fixed","name":"F","size":2,"logicalType":"decimal","precision":5}"#,
        r#"{"type":"long","logicalType":"no-such"}"#,
        r#"{"type":"long","logicalType":7}"#,
    ] {
        schema(text);
    }
}

fn reference(name: &str, schema: Schema) -> Reference {
    Reference { name: name.to_owned(), subject: name.to_owned(), version: Some(1), schema: Some(Arc::new(schema)) }
}

#[test]
fn schemas_refer_to_each_other() {
    let city =
        Schema::new(SchemaType::Avro, r#"{"type":"record","name":"x.City","fields":[{"name":"n","type":"string"}]}"#);
    let mut address = Schema::new(
        SchemaType::Avro,
        r#"{"type":"record","name":"x.Address","fields":[{"name":"city","type":"City"}]}"#,
    );
    address.references = vec![reference("x.City", city.clone())];
    let mut user = Schema::new(
        SchemaType::Avro,
        r#"{"type":"record","name":"User","fields":[{"name":"a","type":"x.Address"},{"name":"c","type":"x.City"}]}"#,
    );
    user.references = vec![reference("x.Address", address.clone()), reference("x.City", city)];
    let parsed = AvroSchema::parse(&user).unwrap();
    assert_eq!(
        parsed.canonical_form(),
        r#"{"name":"User","type":"record","fields":[{"name":"a","type":{"name":"x.Address","type":"record","fields":[{"name":"city","type":{"name":"x.City","type":"record","fields":[{"name":"n","type":"string"}]}}]}},{"name":"c","type":"x.City"}]}"#
    );
    address.text = r#"{"type":"record","name":"x.Address","fields":[{"name":"city","type":"x.Town"}]}"#.into();
    user.references = vec![reference("x.Address", address)];
    let error = AvroSchema::parse(&user).expect_err("no such type").to_string();
    assert!(
        error.starts_with("in the reference \"x.Address\": line 1, column 69, at Address.city: unknown type"),
        "{error}"
    );
    user.references[0].schema = None;
    let error = AvroSchema::parse(&user).expect_err("no text").to_string();
    assert!(error.contains("the text of the reference \"x.Address\" is not known"), "{error}");
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(10_000), "}".repeat(10_000));
    assert!(refused(&deep).contains("levels deep"));
    // Flat text, deep types: each reference holds the one before.
    let mut schema = Schema::new(SchemaType::Avro, r#"{"type":"record","name":"R0","fields":[]}"#);
    let mut references = Vec::new();
    for i in 1..400 {
        references.push(reference(&format!("R{}", i - 1), schema));
        let text = format!(r#"{{"type":"record","name":"R{i}","fields":[{{"name":"f","type":"R{}"}}]}}"#, i - 1);
        schema = Schema::new(SchemaType::Avro, text);
    }
    schema.references = references;
    assert!(AvroSchema::parse(&schema).expect_err("deep").to_string().contains("types nested more than"));
}

#[test]
fn a_default_that_could_be_read_in_too_many_ways_ends() {
    let b = r#"{"type":"record","name":"B","fields":[{"name":"f","type":["null","A","B"]}]}"#;
    let a = format!(r#"{{"type":"record","name":"A","fields":[{{"name":"f","type":["null","A",{b}]}}]}}"#);
    let value = format!("{}7{}", r#"{"f":"#.repeat(100), "}".repeat(100));
    let text = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"d","type":{a},"default":{value}}}]}}"#);
    assert!(refused(&text).contains("the default"), "it is refused, and soon");
}

proptest! {
    /// Texts near to schemas, for what might panic.
    #[test]
    fn no_text_panics(text in r#"([\[\]{}:,]|"(type|name|fields|items|values|symbols|size|record|enum|fixed|array|map|int|null|R|a\.b|default|logicalType|decimal|precision)"|[0-9]{1,3}|[ \n\\"u]){0,60}"#) {
        let _ = AvroSchema::from_text(&text);
    }

    #[test]
    fn no_cut_panics(cut in 0usize..500, put in any::<char>()) {
        let text = r#"{"namespace":"a.b","doc":"dü","aliases":["Old"],"fields":[{"type":{"type":"enum","symbols":["X","Y"],"name":"E","default":"X"},"name":"e","default":"X"},{"name":"f","type":{"type":"fixed","name":"c.F","size":12,"logicalType":"duration"}}],"name":"R","type":"record"}"#;
        let mut chars: Vec<char> = text.chars().collect();
        let cut = cut.min(chars.len() - 1);
        chars[cut] = put;
        let _ = AvroSchema::from_text(&chars.iter().collect::<String>());
        let _ = AvroSchema::from_text(&chars[..cut].iter().collect::<String>());
    }
}

/// Where we differ from Java on purpose.
const DIFFERENT: &[&str] = &[
    // A type in a type means the same without.
    r#"{"type":{"type":"int"}}"#,
    r#"{"type":["null","int"]}"#,
    // Nothing can be written by it.
    "[]",
    // Before 1.12 Java refused it too, and so does everybody else.
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":{"type":"fixed","name":"F","size":1}}]}"#,
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"R","fields":[]}}]}"#,
    // Defaults that no reader can use.
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"bytes","default":"\u0100"}]}"#,
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":2},"default":"abc"}]}"#,
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["A"]},"default":"B"}]}"#,
    r#"{"type":"enum","name":"E","symbols":["A"],"default":7}"#,
    // Says nothing to a writer.
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string","order":"sideways"}]}"#,
    r#"{"type":"int"} // c"#,
];

/// `Parsing.java` wrote this with Apache Avro's parser: for each text, whether it takes it.
#[test]
fn what_java_takes_is_taken() {
    let mut wrong = Vec::new();
    for line in include_str!("parsing.txt").lines() {
        let (answer, text) = line.split_once('\t').unwrap();
        let ours = AvroSchema::from_text(text).map(|_| ()).map_err(|error| error.to_string());
        if (ours.is_ok() != (answer == "1")) != DIFFERENT.contains(&text) {
            wrong.push(format!("{text}: {answer}, ours {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
