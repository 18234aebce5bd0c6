//! `--value-schema`, `--key-schema` and `milena schema`, against the fake registry.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena_schema::fake::{Effect, FakeRegistry};
use support::{Ran, Scratch, cluster, produce, records, run};

const USER: &str = r#"{"type": "record", "name": "User", "namespace": "com.example", "fields": [
    {"name": "id", "type": "long"},
    {"name": "name", "type": "string"},
    {"name": "email", "type": ["null", "string"], "default": null}
]}"#;

/// What Avro makes of `{"id": 42, "name": "Ann"}`.
const ANN: [u8; 6] = [0x54, 0x06, b'A', b'n', b'n', 0];

const LINE: &str = "{\"id\": 42, \"name\": \"Ann\", \"email\": null}\n";

/// A registry, and the setting that says where it is.
fn registry() -> (FakeRegistry, String) {
    let fake = FakeRegistry::start().unwrap();
    let setting = format!("schema.registry.url={}", fake.url());
    (fake, setting)
}

/// One of the forms of a schema on the command line.
fn avro(scratch: &Scratch, text: &str) -> String {
    format!("avro:{}", scratch.file("user.avsc", text))
}

#[test]
fn json_lines_become_records_with_the_schemas_id_and_the_registry_is_asked_once() {
    let (cluster, (fake, url), scratch) = (cluster(), registry(), Scratch::new());
    let ran = produce(&cluster, &["users", "-X", &url, "--value-schema", &avro(&scratch, USER)], LINE.repeat(1000));
    ran.assert_code(0);
    let found = records(&cluster, "users");
    assert_eq!(found.len(), 1000);
    let expected = [&[0, 0, 0, 0, 1][..], &ANN].concat();
    assert!(found.iter().all(|record| record.value.as_deref() == Some(&expected)));
    assert_eq!(fake.requests(), ["POST /subjects/users-value/versions?normalize=false 200"]);
}

#[test]
fn keys_and_values_have_schemas_of_their_own() {
    let (cluster, (_fake, url), scratch) = (cluster(), registry(), Scratch::new());
    let key = format!("avro:{}", scratch.file("key.avsc", "\"string\""));
    let line = r#"{"key": "k1", "value": {"id": 42, "name": "Ann", "email": null}, "headers": {"a": "b"}}"#;
    let schema = avro(&scratch, USER);
    let args = ["users", "-X", &url, "--input", "json", "--value-schema", &schema, "--key-schema", &key];
    let ran = produce(&cluster, &args, format!("{line}\n{{\"value\": null}}\n"));
    ran.assert_code(0);
    let found = records(&cluster, "users");
    let id = |bytes: &Option<Vec<u8>>| bytes.as_ref().unwrap()[..5].to_vec();
    assert_ne!(id(&found[0].key), id(&found[0].value));
    assert_eq!(found[0].key.as_ref().unwrap()[5..], [4, b'k', b'1']);
    assert_eq!((&found[1].key, &found[1].value), (&None, &None), "a tombstone");
}

#[test]
fn the_latest_and_an_id_are_asked_for_and_the_type_is_the_registrys() {
    let (cluster, (_fake, url), scratch) = (cluster(), registry(), Scratch::new());
    run(&["schema", "register", "people", &avro(&scratch, USER), "-X", &url], "").assert_code(0);
    let json = format!("json:{}", scratch.file("s.json", r#"{"type": "object", "required": ["id"]}"#));
    run(&["schema", "register", "things", &json, "-X", &url], "").assert_code(0);
    produce(&cluster, &["a", "-X", &url, "--value-schema", "subject:people"], LINE).assert_code(0);
    produce(&cluster, &["a", "-X", &url, "--value-schema", "id:2"], "{\"id\":  7}\n").assert_code(0);
    let values: Vec<_> = records(&cluster, "a").into_iter().map(|record| record.value.unwrap()).collect();
    assert_eq!(values[0], [&[0, 0, 0, 0, 1][..], &ANN].concat());
    assert_eq!(values[1][..5], [0, 0, 0, 0, 2]);
    assert!(values[1].ends_with(b"7}"));
    let refused = produce(&cluster, &["a", "-X", &url, "--value-schema", "id:2"], "{}\n");
    refused.assert_code(3);
    refused.assert_says("id");
}

#[test]
fn protobuf_messages_are_named_and_their_index_stands_in_the_record() {
    let (cluster, (_fake, url), scratch) = (cluster(), registry(), Scratch::new());
    let proto =
        "syntax = \"proto3\"; package com.example; message User { int64 id = 1; } message Event { string kind = 1; }";
    let file = scratch.file("a.proto", proto);
    let schema = format!("protobuf:{file}#com.example.Event");
    produce(&cluster, &["a", "-X", &url, "--value-schema", &schema], "{\"kind\": \"k\"}\n").assert_code(0);
    let value = records(&cluster, "a").remove(0).value.unwrap();
    assert_eq!(value, [0, 0, 0, 0, 1, 2, 2, 0x0a, 1, b'k']);
    let ran = produce(&cluster, &["b", "-X", &url, "--value-schema", &format!("protobuf:{file}#Nobody")], "{}\n");
    ran.assert_code(2);
    ran.assert_says("Nobody");
    ran.assert_says("com.example.User");
}

#[test]
fn a_value_that_does_not_fit_is_told_with_line_and_path_and_the_rest_is_sent() {
    let (cluster, (_fake, url), scratch) = (cluster(), registry(), Scratch::new());
    let bad = "{\"id\": 1, \"name\": 7, \"email\": null}\n{\"id\": 1\n";
    let schema = avro(&scratch, USER);
    let ran = produce(&cluster, &["users", "-X", &url, "--value-schema", &schema], format!("{LINE}{bad}{LINE}"));
    ran.assert_code(3);
    ran.assert_says("-:2: value: name: ");
    ran.assert_says("-:3: value: not JSON");
    assert_eq!(records(&cluster, "users").len(), 2);
}

#[test]
fn validate_sends_nothing_and_asks_nobody() {
    let scratch = Scratch::new();
    let schema = avro(&scratch, USER);
    // No broker, no registry.
    let args = ["produce", "-b", "127.0.0.1:1", "users", "--validate", "--value-schema", &schema];
    let ran = run(&args, LINE.repeat(3));
    ran.assert_code(0);
    assert_eq!(ran.stdout, "3 records fit, 0 do not; nothing was sent\n");
    let ran = run(&args, format!("{LINE}{{\"id\": \"x\", \"name\": \"\", \"email\": null}}\n"));
    ran.assert_code(3);
    ran.assert_says("-:2: value: id: ");
}

/// `milena produce` that must not start.
fn refused(url: &str, schema: &str) -> Ran {
    let ran = run(
        &["produce", "-b", "127.0.0.1:1", "users", "-X", url, "-X", "max.retries=0", "--value-schema", schema],
        LINE,
    );
    assert_ne!(ran.code, 0);
    assert_eq!(ran.stdout, "");
    ran
}

#[test]
fn each_kind_of_trouble_has_its_words() {
    let (scratch, (fake, url)) = (Scratch::new(), registry());
    let schema = avro(&scratch, USER);
    let says = |ran: Ran, code: i32, words: &[&str]| {
        ran.assert_code(code);
        words.iter().for_each(|words| ran.assert_says(words));
    };
    let nowhere = "schema.registry.url=http://127.0.0.1:1";
    says(refused(nowhere, &schema), 4, &["topic \"users\"", "cannot be reached", "http://127.0.0.1:1"]);
    says(refused("schema.registry.url=sr:8081", &schema), 2, &["-X: schema.registry.url", "http://host:port"]);
    fake.fault("", 1, Effect::Html(200));
    says(refused(&url, &schema), 2, &["users-value", "HTML, not JSON", &fake.url()]);
    fake.require_authorization("Bearer right");
    says(refused(&url, &schema), 2, &["401", "does not know who asks"]);
    let broken = avro(&scratch, "{\"type\": \"record\",\n \"name\": \"User\", \"fields\": [}\n");
    says(refused(&url, &broken), 2, &["user.avsc", "line 2"]);
    says(refused(&url, "avro:/nowhere/a.avsc"), 2, &["/nowhere/a.avsc", "No such file"]);
    says(refused(&url, "xml:a"), 2, &["avro:FILE"]);
}

#[test]
fn a_schema_is_registered_checked_pulled_and_used_offline() {
    let (cluster, (fake, url), scratch) = (cluster(), registry(), Scratch::new());
    let schema = avro(&scratch, USER);
    let ran = run(&["schema", "register", "users-value", &schema, "-r", &fake.url()], "");
    ran.assert_code(0);
    assert!(ran.stdout.starts_with("users-value: id 1, version 1, guid "), "{ran:?}");
    run(&["schema", "check", "users-value", &schema, "-X", &url], "").assert_code(0);
    let other = USER.replace(
        "\"name\": \"email\", \"type\": [\"null\", \"string\"], \"default\": null",
        "\"name\": \"age\", \"type\": \"int\"",
    );
    let ran = run(&["schema", "check", "users-value", &avro(&scratch, &other), "-X", &url], "");
    ran.assert_code(1);
    assert!(
        ran.stdout.contains("not compatible") && ran.stdout.contains("READER_FIELD_MISSING_DEFAULT_VALUE"),
        "{ran:?}"
    );
    let ran = run(&["schema", "register", "users-value", &avro(&scratch, &other), "-X", &url], "");
    ran.assert_code(2);
    ran.assert_says("(409, error_code 40901)");
    let lock = scratch.path("schemas.lock");
    run(&["schema", "pull", "users-value", "--lock", &lock, "-X", &url], "").assert_code(0);
    fake.stop();
    let schema = avro(&scratch, USER);
    let args = ["users", "--schema-lock", &lock, "--value-schema", &schema];
    produce(&cluster, &args, LINE).assert_code(0);
    assert_eq!(records(&cluster, "users")[0].value.as_ref().unwrap()[..5], [0, 0, 0, 0, 1]);
    let ran = run(&["schema", "pull", "users-value", "--lock", &lock, "-X", &url, "-X", "max.retries=0"], "");
    ran.assert_code(4);
}

const BASKET: &str = r#"{"type": "record", "name": "Basket", "namespace": "com.example", "fields": [
    {"name": "owner", "type": "User"},
    {"name": "lines", "type": {"type": "array", "items": "com.example.shop.Line"}}
]}"#;

const SHOP_LINE: &str = r#"{"type": "record", "name": "Line", "namespace": "com.example.shop", "fields": [
    {"name": "owner", "type": "com.example.User"},
    {"name": "count", "type": "int"}
]}"#;

const BASKET_LINE: &str = "{\"owner\": {\"id\": 42, \"name\": \"Ann\", \"email\": null}, \"lines\": []}\n";

#[test]
fn avro_types_in_files_beside_become_references_that_are_registered_first() {
    let (cluster, (fake, url), scratch) = (cluster(), registry(), Scratch::new());
    scratch.file("User.avsc", USER);
    scratch.file("com.example.shop.Line.avsc", SHOP_LINE);
    let schema = format!("avro:{}", scratch.file("basket.avsc", BASKET));
    let dry = run(&["produce", "-b", "127.0.0.1:1", "b", "--validate", "--value-schema", &schema], BASKET_LINE);
    dry.assert_code(0);
    produce(&cluster, &["baskets", "-X", &url, "--value-schema", &schema], BASKET_LINE).assert_code(0);
    let value = records(&cluster, "baskets").remove(0).value.unwrap();
    assert_eq!(value[5..], [&ANN[..], &[0]].concat());
    let registered: Vec<_> = fake.requests().into_iter().filter(|request| request.contains("/versions?")).collect();
    let post = |subject: &str| format!("POST /subjects/{subject}/versions?normalize=false 200");
    assert_eq!(registered, ["com.example.User", "com.example.shop.Line", "baskets-value"].map(post));
}

#[test]
fn avro_files_that_do_not_hold_together_are_told_by_name() {
    let (scratch, (_fake, url)) = (Scratch::new(), registry());
    let schema = format!("avro:{}", scratch.file("basket.avsc", BASKET));
    let missing = refused(&url, &schema);
    missing.assert_code(2);
    missing.assert_says("basket.avsc");
    missing.assert_says("line 2, column");
    missing.assert_says("unknown type \"com.example.User\"");
    scratch.file("User.avsc", "\"string\"");
    refused(&url, &schema).assert_says("User.avsc: it does not define com.example.User");
    scratch.file("User.avsc", USER.replace("\"long\"", "\"com.example.Basket\""));
    scratch.file("Basket.avsc", BASKET);
    refused(&url, &schema).assert_says("must stand in one file");
}

#[test]
fn what_is_registered_already_is_named_as_a_reference() {
    let (cluster, (fake, url), scratch) = (cluster(), registry(), Scratch::new());
    run(&["schema", "register", "users", &avro(&scratch, USER), "-X", &url], "").assert_code(0);
    let line = format!("avro:{}", scratch.file("l.avsc", SHOP_LINE));
    let args = ["schema", "register", "lines", &line, "--reference", "com.example.User=users:1", "-X", &url];
    run(&args, "").assert_code(0);
    let before = fake.requests().len();
    let schema = format!("avro:{}", scratch.file("b.avsc", BASKET));
    let references = ["--value-reference", "com.example.shop.Line=lines:1"];
    let args = [&["baskets", "-X", &url, "--value-schema", &schema][..], &references].concat();
    produce(&cluster, &args, BASKET_LINE).assert_code(0);
    assert_eq!(records(&cluster, "baskets")[0].value.as_ref().unwrap()[5..], [&ANN[..], &[0]].concat());
    let requests = fake.requests().split_off(before);
    let posts: Vec<_> = requests.iter().filter(|request| request.starts_with("POST")).collect();
    assert_eq!(posts, ["POST /subjects/baskets-value/versions?normalize=false 200"]);
    let unknown =
        [&["baskets", "-X", &url, "--value-schema", &schema][..], &["--value-reference", "X=users:9"]].concat();
    let ran = produce(&cluster, &unknown, BASKET_LINE);
    ran.assert_code(2);
    ran.assert_says("users");
}
