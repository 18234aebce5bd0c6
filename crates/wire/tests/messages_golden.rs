//! We read and write what the Java client reads and writes: every message, every version, compared with bytes that Kafka's
//! own classes made from a JSON form of the message.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, and says where")]

mod debug_json;
mod messages_vectors;

use messages_vectors::Vector;
use milena_wire::buf::{Reader, Writer};
use milena_wire::messages::{self, Request};
use milena_wire::version::{ApiKey, Versions};
use milena_wire::{Decode, Encode};
use serde_json::Value;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

struct Api {
    module: &'static str,
    key: ApiKey,
    versions: Versions,
    flexible_from: Option<i16>,
    check_request: fn(&Vector),
    check_response: fn(&Vector),
}

macro_rules! table {
    ($($module:ident $request:ident $response:ident,)*) => {
        const APIS: &[Api] = &[$(Api {
            module: stringify!($module),
            key: <messages::$module::$request as Request>::KEY,
            versions: <messages::$module::$request as Request>::VERSIONS,
            flexible_from: <messages::$module::$request as Request>::FLEXIBLE_FROM,
            check_request: check::<messages::$module::$request>,
            check_response: check::<messages::$module::$response>,
        }),*];
    };
}

with_every_api!(table);

#[test]
fn every_message_is_read_and_written_as_java_does() {
    let vectors = messages_vectors::all();
    for vector in &vectors {
        let api = APIS.iter().find(|api| api.module == vector.module).expect("an API that is in the table");
        match vector.direction.as_str() {
            "request" => (api.check_request)(vector),
            _ => (api.check_response)(vector),
        }
    }
}

#[test]
fn there_are_vectors_for_every_version_in_both_directions() {
    let vectors = messages_vectors::all();
    for api in APIS {
        for version in api.versions.min..=api.versions.max {
            for direction in ["request", "response"] {
                let found = vectors.iter().filter(|vector| {
                    vector.module == api.module && vector.version == version && vector.direction == direction
                });
                assert_eq!(found.count(), 3, "{} {direction} v{version}: full, sparse, empty", api.module);
            }
        }
    }
}

#[test]
fn a_message_and_the_table_of_apis_agree_on_the_first_flexible_version() {
    for api in APIS {
        assert_eq!(api.key.flexible_from(), api.flexible_from, "{}", api.key);
    }
}

#[test]
fn every_generated_file_says_from_which_kafka_it_was_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/messages");
    let mut versions = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (_, rest) = text.split_once("Made from the message specifications of Kafka ").expect("a line that says so");
        versions.push(rest.split_whitespace().next().unwrap().to_owned());
        let golden = path.file_stem().map(|stem| format!("tests/golden/messages/{}.txt", stem.display())).unwrap();
        let golden = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(golden)).unwrap();
        let line = format!("by Kafka {};", versions.last().unwrap());
        assert!(golden.lines().next().unwrap().contains(&line), "{}: bytes of another version", path.display());
    }
    assert_eq!(versions.len(), APIS.len(), "a file that no API of the table belongs to");
    assert!(versions.iter().all(|version| *version == versions[0]), "files of different versions: {versions:?}");
}

fn check<M: Decode + Encode + Debug>(vector: &Vector) {
    let mut reader = Reader::new(&vector.bytes);
    let message = M::decode(&mut reader, vector.version).unwrap_or_else(|error| panic!("{}: {error}", vector.name()));
    assert_eq!(reader.finish(), Ok(()), "{}", vector.name());

    let ours = debug_json::parse(&format!("{message:?}"));
    if let Err(difference) = same(&vector.json, &ours) {
        panic!("{}: {difference}\nJava was given {}\nwe have read {message:?}", vector.name(), vector.json);
    }

    let mut writer = Writer::new();
    message.encode(&mut writer, vector.version).unwrap_or_else(|error| panic!("{}: {error}", vector.name()));
    assert_eq!(writer.written(), vector.bytes, "{}: {message:?}", vector.name());
}

/// Whether each field that Java was given is in ours under the same name with the same value. Ours holds more: the fields
/// of other versions.
fn same(java: &Value, ours: &Value) -> Result<(), String> {
    match (java, ours) {
        (Value::Object(java), Value::Object(ours)) => java.iter().try_for_each(|(name, value)| {
            let found = ours.get(&snake_case(name)).ok_or_else(|| format!("we have no field {name}"))?;
            same(value, found).map_err(|difference| format!("{name}.{difference}"))
        }),
        (Value::Array(java), Value::Array(ours)) if java.len() == ours.len() => {
            java.iter().zip(ours).try_for_each(|(java, ours)| same(java, ours))
        }
        // A secret: base64 makes four letters of three bytes.
        (Value::String(java), Value::Number(length))
            if length.as_u64() == Some((java.len() / 4 * 3 - java.matches('=').count()) as u64) =>
        {
            Ok(())
        }
        (java, ours) if java == ours => Ok(()),
        (java, ours) => Err(format!("Java was given {java}, we have read {ours}")),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
