//! What fails is told, counted and kept, and what was fine is not lost.
#![cfg(unix)]

mod support;

use milena_testkit::{ApiKey, Effect, ErrorCode, Fault};
use std::time::Duration;
use support::{Scratch, cluster, produce, records, text, values};

#[test]
fn a_bad_json_line_is_named_and_the_rest_is_sent() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let input = scratch.file("in.json", "{\"value\": 1}\n{\"value\": oops}\n{\"vaule\": 1}\n{\"value\": 4}\n");
    let dead = scratch.path("dead.json");
    let ran = produce(&cluster, &["orders", &input, "--input", "json", "--dead-letter", &dead], "");
    ran.assert_code(3);
    ran.assert_says("in.json:2: not valid: expected value (column 11)");
    ran.assert_says("in.json:3: not valid: unknown field `vaule`");
    assert_eq!(values(&cluster, "orders"), ["1", "4"]);
    assert_eq!([ran.count("records"), ran.count("acknowledged"), ran.count("failed")], [4, 2, 2]);
    let letters = scratch.letters("dead.json");
    assert_eq!(letters[0]["rejected_line"], "{\"value\": oops}");
    assert_eq!((&letters[1]["written"], &letters[1]["source"]), (&"no".into(), &format!("{input}:3").into()));
    // A line that is no record does not become one by being sent again.
    let again = produce(&cluster, &["orders", &dead, "--input", "json"], "");
    again.assert_code(3);
    again.assert_says("correct it and write it as a record");
}

#[test]
fn a_line_without_key_is_not_sent_without_one() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "--key-separator", ":"], "a:1\nb\nc:3\n");
    ran.assert_code(3);
    ran.assert_says("-:2: no key separator \":\" in the line");
    assert_eq!(values(&cluster, "orders"), ["1", "3"]);
}

#[test]
fn text_that_a_serializer_cannot_take_names_the_line() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "-X", "value.serializer=LongSerializer"], "1\n1.5\n");
    ran.assert_code(3);
    ran.assert_says("-:2: value \"1.5\" is not an integer of 64 bits that value.serializer = LongSerializer takes");
    assert_eq!(records(&cluster, "orders").len(), 1);
}

#[test]
fn a_record_above_max_request_size_fails_alone_and_names_the_knob() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    let input = format!("a\n{}\nb\n", "x".repeat(2000));
    let args = ["orders", "-X", "max.request.size=1000", "--dead-letter", &dead];
    let ran = produce(&cluster, &args, input);
    ran.assert_code(1);
    ran.assert_says("-:2: record of ");
    ran.assert_says("larger than max.request.size = 1000");
    assert_eq!(values(&cluster, "orders"), ["a", "b"]);
    assert_eq!(scratch.letters("dead.json")[0]["value"].as_str().unwrap().len(), 2000);
}

#[test]
fn a_record_above_buffer_memory_fails_and_is_not_waited_for_for_ever() {
    let cluster = cluster();
    let input = format!("a\n{}\nb\n", "x".repeat(40_000));
    let memory = ["-X", "buffer.memory=32768", "-X", "batch.size=1000", "-X", "max.block.ms=300"];
    let ran = produce(&cluster, &[&["orders"][..], &memory].concat(), input);
    ran.assert_code(1);
    ran.assert_says("-:2: ");
    ran.assert_says("buffer.memory");
    assert_eq!(values(&cluster, "orders"), ["a", "b"]);
}

#[test]
fn memory_that_is_full_is_waited_for_past_max_block_ms() {
    let cluster = cluster();
    // The topic is there then: 50 ms would be little for making it.
    produce(&cluster, &["orders"], "first\n").assert_code(0);
    cluster.with(|cluster| {
        cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Delay(Duration::from_millis(400))).times(3));
    });
    let input = format!("{}\n", "x".repeat(8_000)).repeat(20);
    let memory = ["-X", "buffer.memory=32768", "-X", "batch.size=1000", "-X", "max.block.ms=50"];
    let ran = produce(&cluster, &[&["orders"][..], &memory].concat(), input);
    ran.assert_code(0);
    assert_eq!(ran.count("acknowledged"), 20);
}

#[test]
fn what_failed_is_the_same_record_when_it_is_sent_again() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    cluster.with(|cluster| {
        cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Refuse(ErrorCode::TOPIC_AUTHORIZATION_FAILED)).always())
    });
    let input = b"k\tv\n-\t\xff\xfe\n\t-\n\"q\"\t{\"a\":  1}\n";
    let ran =
        produce(&cluster, &["orders", "--key-separator", "\t", "--null-marker", "-", "--dead-letter", &dead], input);
    ran.assert_code(1);
    ran.assert_says("-:1: ");
    assert_eq!([ran.count("records"), ran.count("acknowledged"), ran.count("failed")], [4, 0, 4]);
    assert!(scratch.letters("dead.json").iter().all(|letter| letter["written"] == "no" && letter["error"].is_string()));
    cluster.with(|cluster| cluster.clear_faults());

    let again = produce(&cluster, &["orders", &dead, "--input", "json"], "");
    again.assert_code(0);
    let found: Vec<_> = records(&cluster, "orders").into_iter().map(|record| (record.key, record.value)).collect();
    let bytes = |bytes: &[u8]| Some(bytes.to_vec());
    let expected = [
        (bytes(b"k"), bytes(b"v")),
        (None, bytes(b"\xff\xfe")),
        (bytes(b""), None),
        (bytes(b"\"q\""), bytes(b"{\"a\":  1}")),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_record_that_may_be_written_is_kept_as_maybe() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::DoAndIgnore).always()));
    let timeouts = ["-X", "delivery.timeout.ms=1000", "-X", "request.timeout.ms=500", "-X", "linger.ms=0"];
    let ran = produce(&cluster, &[&["orders", "--dead-letter", &dead][..], &timeouts].concat(), "a\n");
    ran.assert_code(1);
    assert_eq!([ran.count("acknowledged"), ran.count("failed"), ran.count("unknown")], [0, 0, 1]);
    let letters = scratch.letters("dead.json");
    assert_eq!((&letters[0]["value"], &letters[0]["written"]), (&"a".into(), &"maybe".into()));
}

#[test]
fn dead_letters_are_appended_and_never_read_while_they_grow() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.file("dead.json", "{\"value\": \"from before\"}\n");
    let ran = produce(&cluster, &["orders", "--input", "json", "--dead-letter", &dead], "oops\n");
    ran.assert_code(3);
    let letters = scratch.letters("dead.json");
    assert_eq!((letters.len(), &letters[0]["value"]), (2, &"from before".into()));
    let ran = produce(&cluster, &["orders", &dead, "--input", "json", "--dead-letter", &dead], "");
    ran.assert_code(2);
    ran.assert_says("is also an input");
    assert!(records(&cluster, "orders").is_empty());
}

#[test]
fn a_full_disk_for_the_dead_letters_loses_no_record_that_was_fine() {
    let cluster = cluster();
    let ran = produce(
        &cluster,
        &["orders", "--input", "json", "--dead-letter", "/dev/full"],
        "{\"value\":1}\noops\n{\"value\":3}\n",
    );
    ran.assert_code(5);
    ran.assert_says("--dead-letter /dev/full: No space left on device");
    ran.assert_says("1 record that failed may not be in it");
    ran.assert_says("-:2: not a JSON object");
    assert_eq!(values(&cluster, "orders"), ["1", "3"]);
}

#[test]
fn dead_letters_that_cannot_be_opened_stop_the_run_before_it_starts() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "--dead-letter", "/nowhere/dead.json"], "a\n");
    ran.assert_code(2);
    ran.assert_says("--dead-letter /nowhere/dead.json: No such file or directory");
    assert!(records(&cluster, "orders").is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_named_before_anything_is_sent() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let good = scratch.file("good.txt", "a\n");
    for (wrong, why) in [(scratch.path("missing.txt"), "No such file"), (scratch.path(""), "is a directory")] {
        let ran = produce(&cluster, &["orders", &good, &wrong], "");
        ran.assert_code(3);
        ran.assert_says(&format!("{wrong}: "));
        ran.assert_says(why);
    }
    assert!(records(&cluster, "orders").is_empty());
}

#[test]
fn a_line_above_the_limit_is_an_error_and_the_next_one_is_sent() {
    let cluster = cluster();
    let input = format!("a\n{}\nb\n", "x".repeat(40_000_000));
    let ran = produce(&cluster, &["orders"], input);
    ran.assert_code(3);
    ran.assert_says("-:2: line of 40000000 bytes is longer than --max-line-bytes = 16777216");
    assert_eq!(values(&cluster, "orders"), ["a", "b"]);
}

#[test]
fn a_partition_that_is_not_there_fails_its_records_only() {
    let cluster = cluster();
    let line = |partition: i32| format!("{{\"value\": {partition}, \"partition\": {partition}}}\n");
    let input = [line(0), line(7), line(0), line(9)].concat();
    let ran = produce(&cluster, &["orders", "--input", "json", "-X", "max.block.ms=300"], input);
    ran.assert_code(1);
    ran.assert_says("-:2: partition 7 of topic orders");
    assert_eq!(ran.count("failed"), 2);
    assert_eq!(values(&cluster, "orders"), ["0", "0"]);
}

#[test]
fn fail_fast_stops_at_the_first_failure_and_says_where() {
    let cluster = cluster();
    let ran = produce(&cluster, &["orders", "--input", "json", "--fail-fast"], "{\"value\":1}\noops\n{\"value\":3}\n");
    ran.assert_code(3);
    ran.assert_says("stopped by --fail-fast: nothing from -:3 on was sent");
    assert_eq!(values(&cluster, "orders"), ["1"]);
    assert_eq!(ran.count("records"), 2);
}

#[test]
fn many_failures_are_counted_and_not_all_told() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    let ran = produce(&cluster, &["orders", "--input", "json", "--dead-letter", &dead], "oops\n".repeat(1000));
    ran.assert_code(3);
    assert_eq!(ran.count("failed"), 1000);
    assert_eq!(ran.stderr.lines().filter(|line| line.contains("not a JSON object")).count(), 10);
    let letters = scratch.letters("dead.json");
    assert_eq!(letters.len(), 1000);
    assert_eq!(letters[999]["source"], "-:1000");
}

#[test]
fn a_value_that_was_a_serializers_work_passes_it_unchanged_the_second_time() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    cluster.with(|cluster| {
        cluster.inject(Fault::on(ApiKey::PRODUCE, Effect::Refuse(ErrorCode::TOPIC_AUTHORIZATION_FAILED)).always())
    });
    let typed = ["-X", "value.serializer=IntegerSerializer"];
    produce(&cluster, &[&["orders", "--dead-letter", &dead][..], &typed].concat(), "65\n").assert_code(1);
    cluster.with(|cluster| cluster.clear_faults());
    produce(&cluster, &[&["orders", &dead, "--input", "json"][..], &typed].concat(), "").assert_code(0);
    assert_eq!(text(records(&cluster, "orders").remove(0).value), "\0\0\0A");
}
