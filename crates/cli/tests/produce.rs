//! What goes in comes out: lines and JSON, from files and pipes, into the log.

mod support;

use milena_testkit::{DevCluster, DevOptions, TopicOptions};
use support::{Scratch, cluster, produce, records, run, text, values};

#[test]
fn every_line_is_a_record_in_its_order() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders"], "one\ntwo\n\nfour");
    ran.assert_code(0);
    assert_eq!(values(&cluster, "orders"), ["one", "two", "", "four"]);
    assert!(records(&cluster, "orders").iter().all(|record| record.key.is_none()));
}

#[test]
fn the_summary_is_one_json_object_that_adds_up() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "--key-separator", ":"], "a:1\nb:22\n");
    ran.assert_code(0);
    let summary = ran.summary();
    assert_eq!(ran.stdout.lines().count(), 1);
    let names: Vec<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "topic",
        "records",
        "acknowledged",
        "failed",
        "unknown",
        "bytes",
        "seconds",
        "records_per_second",
        "latency_ms",
        "partitions",
    ];
    expected.sort_unstable();
    let mut names_sorted = names.clone();
    names_sorted.sort_unstable();
    assert_eq!(names_sorted, expected);
    assert_eq!(summary["topic"], "orders");
    assert_eq!(
        [ran.count("records"), ran.count("acknowledged"), ran.count("failed"), ran.count("unknown")],
        [2, 2, 0, 0]
    );
    assert_eq!(ran.count("bytes"), 5);
    let partitions = serde_json::json!([{"partition": 0, "records": 2, "first_offset": 0, "last_offset": 1}]);
    assert_eq!(summary["partitions"], partitions);
    let latency = |name: &str| summary["latency_ms"][name].as_f64().unwrap();
    assert!(0.0 < latency("p50") && latency("p50") <= latency("p99") && latency("p99") <= latency("max"));
}

#[test]
fn several_files_and_standard_input_follow_one_another() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    // The first file has no line feed at its end: its last line does not run into the next file.
    let (first, last) = (scratch.file("first.txt", "1\n2"), scratch.file("last.txt", "4\n"));
    let ran = produce(&cluster, &["orders", &first, "-", &last], "3\n");
    ran.assert_code(0);
    assert_eq!(values(&cluster, "orders"), ["1", "2", "3", "4"]);
}

#[test]
fn keys_nulls_and_carriage_returns_are_read_as_told() {
    let cluster = cluster();
    let args = ["orders", "--key-separator", r"\t", "--null-marker", "NULL", "--crlf", "--skip-empty"];
    let ran = produce(&cluster, &args, "k\tv\r\n\r\n\tb\r\nk\tNULL\r\nNULL\t\r\n");
    ran.assert_code(0);
    let found: Vec<_> =
        records(&cluster, "orders").into_iter().map(|record| (text(record.key), text(record.value))).collect();
    let expected = [("k", "v"), ("", "b"), ("k", "<null>"), ("<null>", "")];
    assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn a_key_goes_to_the_partition_that_java_chooses() {
    let mut options = DevOptions::brokers(1);
    options.cluster.topic_defaults = TopicOptions::partitions(6);
    let cluster = DevCluster::start_blocking(options).unwrap();
    let ran = produce(&cluster, &["orders", "--key-separator", ":"], "42:a\n42:b\n42:c\n");
    ran.assert_code(0);
    assert_eq!(ran.summary()["partitions"].as_array().unwrap().len(), 1, "{ran:?}");
    assert_eq!(ran.summary()["partitions"][0]["records"], 3);
}

#[test]
fn json_lines_carry_all_that_a_record_has() {
    let cluster = cluster();
    let line = r#"{"key": "42", "value": {"b": 1.0,  "a": []}, "headers": [["h","2"],["a",null],["h","1"]], "timestamp": 1700000000123, "partition": 0}"#;
    let ran = produce(&cluster, &["orders", "--input", "json"], format!("{line}\n\n{{\"value\": null}}\n"));
    ran.assert_code(0);
    let found = records(&cluster, "orders");
    assert_eq!(found.len(), 2);
    assert_eq!(text(found[0].key.clone()), "42");
    assert_eq!(text(found[0].value.clone()), r#"{"b": 1.0,  "a": []}"#);
    assert_eq!(found[0].timestamp, 1_700_000_000_123);
    let headers = [("h", Some("2")), ("a", None), ("h", Some("1"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.map(|value| value.as_bytes().to_vec())));
    assert_eq!(found[0].headers, headers);
    assert_eq!(found[1].value, None);
}

#[test]
fn serializers_of_a_java_file_encode_as_java_does() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let config = scratch.file(
        "producer.properties",
        "key.serializer=org.apache.kafka.common.serialization.IntegerSerializer\n\
         value.serializer : org.apache.kafka.common.serialization.DoubleSerializer\n",
    );
    let ran = produce(&cluster, &["orders", "--config", &config, "--key-separator", "="], "-1=-0.1\n");
    ran.assert_code(0);
    let found = records(&cluster, "orders");
    assert_eq!(found[0].key.as_deref(), Some(&[0xff; 4][..]));
    assert_eq!(found[0].value.as_deref(), Some(&(-0.1_f64).to_be_bytes()[..]));
}

#[test]
fn without_a_bootstrap_server_a_cluster_runs_inside() {
    let orders = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/orders.txt");
    let ran = run(&["produce", "orders", orders, "--key-separator", ":"], "");
    ran.assert_code(0);
    ran.assert_says("no bootstrap server given: a cluster for development runs inside this process, at 127.0.0.1:");
    assert!(ran.stdout.starts_with("orders: 48 of 48 records acknowledged; "), "{ran:?}");
    assert!(ran.stdout.contains("acknowledged after: p50 "), "{ran:?}");
}

#[test]
fn there_is_no_progress_where_nobody_watches() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders"], "a\n".repeat(50_000));
    ran.assert_code(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn quiet_leaves_only_what_was_asked_for() {
    let cluster = cluster();
    let servers = cluster.bootstrap_servers();
    let ran = run(&["produce", "-b", &servers, "-q", "orders"], "a\n");
    ran.assert_code(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn a_setting_that_weakens_another_is_told_once() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "-X", "acks=1"], "a\n");
    ran.assert_code(0);
    assert_eq!(ran.stderr.matches("turns idempotence off").count(), 1, "{ran:?}");
}

#[test]
fn acks_0_has_no_offsets_to_report() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "-X", "acks=0"], "a\nb\n");
    ran.assert_code(0);
    assert_eq!(ran.count("acknowledged"), 2);
    assert!(ran.summary()["partitions"][0]["first_offset"].is_null(), "{ran:?}");
}

#[test]
fn empty_input_is_no_error() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders"], "");
    ran.assert_code(0);
    assert_eq!(ran.count("records"), 0);
    assert!(ran.summary()["latency_ms"]["p50"].is_null());
}
