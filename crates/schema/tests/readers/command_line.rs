//! `milena produce` with schemas: a real registry, a broker, and Confluent's readers behind them.

use crate::python;
use crate::registered::registries;
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"com.example","fields":[
  {"name":"id","type":"long"},{"name":"lines","type":{"type":"array","items":"Line"}},
  {"name":"note","type":["null","string"],"default":null}]}"#;

const LINE: &str = r#"{"type":"record","name":"Line","namespace":"com.example","fields":[
  {"name":"sku","type":"string"},{"name":"count","type":"int"}]}"#;

const EVENT: &str = r#"{"title":"Event","type":"object","properties":{"at":{"type":"integer"}},"required":["at"]}"#;

/// A folder with the schemas, for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(python::fresh(name));
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in [("order.avsc", ORDER), ("Line.avsc", LINE), ("event.json", EVENT)] {
        fs::write(folder.join(file), text).unwrap();
    }
    folder
}

/// Runs the command on these lines: its exit status, and what it said of errors.
fn produce(url: &str, topic: &str, schema: &str, lines: &[Value]) -> (i32, String) {
    let program = env::var("MILENA_TEST_PROGRAM").expect("run by `cargo xtask prove records`, which builds it");
    let mut command = Command::new(program);
    command.args(["produce", topic, "-b", &python::bootstrap(), "--value-schema", schema, "--quiet"]);
    command.args(["-X", &format!("schema.registry.url={url}")]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    lines.iter().for_each(|line| writeln!(stdin, "{line}").unwrap());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn case(url: &str, topic: &str, format: &str) -> Value {
    json!({"reader": "registered", "registry": url, "topic": topic, "format": format})
}

#[test]
fn json_lines_are_read_by_the_schema_in_the_registry_that_their_ids_name() {
    for (name, url) in registries() {
        let (topic, folder) = (python::fresh("lines"), folder("lines"));
        let schema = format!("avro:{}", folder.join("order.avsc").display());
        let order = |id: i64| json!({"id": id, "lines": [{"sku": "é", "count": id}], "note": null});
        let wrong = json!({"id": 1, "lines": [{"sku": "a", "count": "many"}], "note": null});
        let (code, said) = produce(&url, &topic, &schema, &[order(1), wrong, order(2)]);
        assert_eq!(code, 3, "{name}: {said}");
        assert!(said.contains("-:2: value: lines[0].count: "), "{name}: {said}");
        // What was registered is found again by its subject.
        let (code, said) = produce(&url, &topic, &format!("subject:{topic}-value"), &[order(3)]);
        assert_eq!(code, 0, "{name}: {said}");
        let read = python::read_topic(&topic, &vec![case(&url, &topic, "AVRO"); 3]);
        let expected: Vec<_> = (1..=3).map(|id| json!({"schema": ORDER, "read": order(id)})).collect();
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn json_schema_refuses_a_line_and_the_rest_is_read() {
    for (name, url) in registries() {
        let (topic, folder) = (python::fresh("events"), folder("events"));
        let schema = format!("json:{}", folder.join("event.json").display());
        let events = [json!({"at": 1, "what": "é"}), json!({"at": "soon"}), json!({"at": 2})];
        let (code, said) = produce(&url, &topic, &schema, &events);
        assert_eq!(code, 3, "{name}: {said}");
        assert!(said.contains("-:2: value: at: "), "{name}: {said}");
        let read = python::read_topic(&topic, &vec![case(&url, &topic, "JSON"); 2]);
        let expected = [&events[0], &events[2]].map(|event| json!({"schema": EVENT, "read": event}));
        assert_eq!(read, expected, "{name}");
    }
}
