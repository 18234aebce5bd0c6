//! What a reader can read, row by row.

use crate::schema;
use milena_schema::avro::{Mismatch, differences};

fn found(reader: &str, writer: &str) -> Vec<(String, Mismatch)> {
    let found = differences(&schema(reader), &schema(writer));
    found.into_iter().map(|difference| (difference.path, difference.mismatch)).collect()
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

#[test]
fn types_are_promoted_as_the_specification_says() {
    let kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let read = |writer: &str| match writer {
        "int" => vec!["int", "long", "float", "double"],
        "long" => vec!["long", "float", "double"],
        "float" => vec!["float", "double"],
        "bytes" | "string" => vec!["bytes", "string"],
        other => vec![other].into_iter().map(|kind| kinds.into_iter().find(|k| *k == kind).expect("a kind")).collect(),
    };
    for writer in kinds {
        for reader in kinds {
            let differs = found(&format!("\"{reader}\""), &format!("\"{writer}\""));
            assert_eq!(differs.is_empty(), read(writer).contains(&reader), "{reader} reads {writer}: {differs:?}");
        }
    }
}

#[test]
fn fields_come_with_aliases_and_defaults() {
    let old = record(r#"{"name":"a","type":"int"},{"name":"b","type":"string"}"#);
    assert_eq!(found(&record(r#"{"name":"a","type":"long"}"#), &old), []);
    assert_eq!(found(&record(r#"{"name":"x","aliases":["a"],"type":"long"}"#), &old), []);
    assert_eq!(found(&record(r#"{"name":"c","type":"int","default":1}"#), &old), []);
    assert_eq!(
        found(&record(r#"{"name":"c","type":"int"},{"name":"b","type":"int"}"#), &old),
        [("R.c".to_owned(), Mismatch::ReaderFieldMissingDefaultValue), ("R.b".to_owned(), Mismatch::Type),]
    );
}

#[test]
fn names_count_without_namespace_or_by_alias() {
    let writer = r#"{"type":"record","name":"a.R","fields":[]}"#;
    assert_eq!(found(r#"{"type":"record","name":"b.R","fields":[]}"#, writer), []);
    assert_eq!(found(r#"{"type":"record","name":"S","aliases":["a.R"],"fields":[]}"#, writer), []);
    assert_eq!(found(r#"{"type":"record","name":"S","fields":[]}"#, writer), [(String::new(), Mismatch::Name)]);
}

#[test]
fn enums_need_their_symbols_or_a_default() {
    let writer = r#"{"type":"enum","name":"E","symbols":["A","B","C"]}"#;
    assert_eq!(found(r#"{"type":"enum","name":"E","symbols":["C","B","A"]}"#, writer), []);
    assert_eq!(found(r#"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#, writer), []);
    let less = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    assert_eq!(found(less, writer), [(String::new(), Mismatch::MissingEnumSymbols)]);
    let reason = differences(&schema(less), &schema(writer))[0].to_string();
    assert_eq!(reason, "the schema itself: the reader's E lacks the symbols B, C (MISSING_ENUM_SYMBOLS)");
}

#[test]
fn unions() {
    assert_eq!(found(r#"["null","string"]"#, "\"string\""), []);
    assert_eq!(found(r#"["null","double"]"#, "\"int\""), []);
    assert_eq!(found("\"string\"", r#"["string"]"#), []);
    assert_eq!(found("\"string\"", r#"["null","string"]"#), [(String::new(), Mismatch::MissingUnionBranch)]);
    assert_eq!(found(r#"["null","int"]"#, r#"["null","long"]"#), [(String::new(), Mismatch::MissingUnionBranch)]);
    assert_eq!(found(r#"["int","null","string"]"#, r#"["null","int"]"#), []);
}

#[test]
fn fixed_and_decimals() {
    let fixed = |size: u32| format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#);
    assert_eq!(found(&fixed(2), &fixed(2)), []);
    assert_eq!(found(&fixed(2), &fixed(3)), [(String::new(), Mismatch::FixedSize)]);
    let decimal = |scale: u32| format!(r#"{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}"#);
    assert_eq!(found(&decimal(2), &decimal(2)), []);
    assert_eq!(found(&decimal(2), &decimal(3)), [(String::new(), Mismatch::Decimal)]);
    assert_eq!(found(&decimal(2), "\"bytes\""), []);
}

#[test]
fn recursive_schemas_end() {
    let list = |value: &str| {
        format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"next","type":["null","L"]}},{{"name":"v","type":"{value}"}}]}}"#
        )
    };
    assert_eq!(found(&list("long"), &list("int")), []);
    let differs = found(&list("int"), &list("long"));
    assert!(differs.contains(&("L.v".to_owned(), Mismatch::Type)), "{differs:?}");
}

#[test]
fn a_difference_is_said_at_every_place_that_has_it() {
    let outer = |value: &str| {
        format!(
            r#"{{"type":"record","name":"O","fields":[{{"name":"u","type":["null",{{"type":"record","name":"I","fields":[{{"name":"v","type":"{value}"}}]}}]}},{{"name":"i","type":"I"}}]}}"#
        )
    };
    assert_eq!(
        found(&outer("int"), &outer("string")),
        [("O.u".to_owned(), Mismatch::MissingUnionBranch), ("O.i".to_owned(), Mismatch::Type)]
    );
}

/// `Compatible.java` wrote this with Apache Avro's own class: all pairs of its schemas.
#[test]
fn apache_avro_says_the_same() {
    let golden = include_str!("compatible.txt");
    let (schemas, answers) = golden.split_once("\n\n").unwrap();
    let schemas: Vec<&str> = schemas.lines().collect();
    let mut wrong = Vec::new();
    for (reader, answers) in schemas.iter().zip(answers.lines()) {
        for (writer, answer) in schemas.iter().zip(answers.chars()) {
            let found = found(reader, writer);
            if found.is_empty() != (answer == '1') {
                wrong.push(format!("{reader} reads {writer}: {answer}, ours {found:?}"));
            }
        }
    }
    assert!(schemas.len() > 50 && wrong.is_empty(), "{}", wrong.join("\n"));
}
