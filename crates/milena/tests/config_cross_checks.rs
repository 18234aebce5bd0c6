//! Settings that do not fit together: one story for each rule, with the words that the user reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use milena::knobs::{Checked, Draft};
use std::time::Duration;

fn build(settings: &[(&str, &str)]) -> Result<Checked, String> {
    let mut draft = Draft::new();
    draft.keep("bootstrap.servers", "kafka:9092");
    for (name, value) in settings {
        draft.keep(name, *value);
    }
    draft.build().map_err(|error| error.to_string())
}

fn error(settings: &[(&str, &str)]) -> String {
    build(settings).unwrap_err()
}

#[test]
fn bootstrap_servers_must_be_set() {
    let error = Draft::new().build().unwrap_err().to_string();
    assert_eq!(error, "bootstrap.servers: must be set: host:port of one or more brokers");
}

#[test]
fn weaker_acks_or_no_retries_turn_idempotence_off_with_a_warning() {
    for (name, value) in [("acks", "0"), ("acks", "1"), ("retries", "0")] {
        let checked = build(&[(name, value)]).unwrap();
        assert!(!checked.config.idempotence);
        let [warning] = checked.warnings.as_slice() else { panic!("{:?}", checked.warnings) };
        assert!(warning.starts_with(&format!("{name}={value} turns idempotence off")), "{warning}");
    }
}

#[test]
fn weaker_acks_are_an_error_for_who_asked_for_idempotence() {
    let settings = [("enable.idempotence", "true"), ("acks", "1")];
    assert_eq!(error(&settings), "acks = \"1\": must be all with enable.idempotence=true");
}

#[test]
fn no_retries_are_an_error_for_who_asked_for_idempotence() {
    let settings = [("enable.idempotence", "true"), ("retries", "0")];
    assert_eq!(error(&settings), "retries = \"0\": must be 1 or more with enable.idempotence=true");
}

#[test]
fn both_conflicts_with_idempotence_are_reported_at_once() {
    let error = error(&[("enable.idempotence", "true"), ("acks", "0"), ("retries", "0")]);
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[test]
fn nothing_is_said_to_who_turned_idempotence_off() {
    let settings = [("enable.idempotence", "false"), ("acks", "1"), ("retries", "0"), MORE_IN_FLIGHT];
    assert_eq!(build(&settings).unwrap().warnings, [""; 0]);
}

const MORE_IN_FLIGHT: (&str, &str) = ("max.in.flight.requests.per.connection", "6");

#[test]
fn more_than_five_in_flight_are_an_error_even_if_idempotence_is_only_the_default() {
    let expected = "max.in.flight.requests.per.connection = \"6\": must be at most 5 with idempotence, \
                    which is on unless enable.idempotence=false";
    for also in [("client.id", "c"), ("acks", "1"), ("retries", "0"), ("enable.idempotence", "true")] {
        assert_eq!(error(&[MORE_IN_FLIGHT, also]), expected);
    }
}

#[test]
fn a_delivery_timeout_that_was_set_must_hold_a_linger_and_an_answer() {
    let settings = [("delivery.timeout.ms", "30004")];
    assert_eq!(
        error(&settings),
        "delivery.timeout.ms = \"30004\": must be linger.ms + request.timeout.ms or more, which is 30005"
    );
}

#[test]
fn a_delivery_timeout_that_was_not_set_is_raised_with_a_warning() {
    let checked = build(&[("request.timeout.ms", "200000")]).unwrap();
    assert_eq!(checked.config.delivery_timeout, Duration::from_millis(200_005));
    assert_eq!(checked.warnings, ["delivery.timeout.ms is raised to 200005, which is linger.ms + request.timeout.ms"]);
}

#[test]
fn a_first_reconnect_backoff_alone_is_every_one() {
    let checked = build(&[("reconnect.backoff.ms", "5000")]).unwrap();
    assert_eq!(checked.config.reconnect_backoff_max, Duration::from_secs(5));
    assert_eq!(checked.warnings.len(), 1);
    let checked = build(&[("reconnect.backoff.ms", "20"), ("reconnect.backoff.max.ms", "500")]).unwrap();
    assert_eq!(checked.config.reconnect_backoff_max, Duration::from_millis(500));
    assert_eq!(checked.warnings, [""; 0]);
}

#[test]
fn a_first_wait_above_the_longest_is_the_longest_with_a_warning() {
    let longest = Duration::from_secs(1);
    let retry = build(&[("retry.backoff.ms", "5000")]).unwrap();
    assert_eq!((retry.config.retry_backoff, retry.config.retry_backoff_max), (longest, longest));
    let reconnect = build(&[("reconnect.backoff.ms", "5000"), ("reconnect.backoff.max.ms", "1000")]).unwrap();
    assert_eq!((reconnect.config.reconnect_backoff, reconnect.config.reconnect_backoff_max), (longest, longest));
    let setup = build(&[("socket.connection.setup.timeout.max.ms", "1000")]).unwrap();
    assert_eq!((setup.config.connection_setup_timeout, setup.config.connection_setup_timeout_max), (longest, longest));
    for checked in [retry, reconnect, setup] {
        let [warning] = checked.warnings.as_slice() else { panic!("{:?}", checked.warnings) };
        assert!(warning.contains("is larger than"), "{warning}");
    }
}

#[test]
fn a_batch_that_does_not_fit_the_memory_is_an_error() {
    assert_eq!(
        error(&[("buffer.memory", "16383")]),
        "batch.size = \"16384\": must be at most buffer.memory, which is 16383: no batch could ever be filled"
    );
    assert!(build(&[("buffer.memory", "16384")]).is_ok());
}

#[test]
fn a_record_that_does_not_fit_the_memory_is_a_warning() {
    let checked = build(&[("max.request.size", "33554433")]).unwrap();
    let [warning] = checked.warnings.as_slice() else { panic!("{:?}", checked.warnings) };
    assert!(warning.contains("max.request.size (33554433) is larger than buffer.memory (33554432)"), "{warning}");
}

#[test]
fn no_batch_size_is_one_record_a_batch() {
    assert_eq!(build(&[("batch.size", "0")]).unwrap().config.batch_size, 1);
}

#[test]
fn levels_are_checked_whatever_the_codec() {
    for (name, value) in
        [("compression.gzip.level", "10"), ("compression.lz4.level", "18"), ("compression.zstd.level", "23")]
    {
        assert!(error(&[(name, value), ("compression.type", "none")]).starts_with(name));
    }
}

#[test]
fn canonical_names_are_a_warning() {
    let lookup = ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only");
    let [warning] = &build(&[lookup]).unwrap().warnings[..] else { panic!("one warning") };
    assert!(warning.starts_with("client.dns.lookup has no effect here"), "{warning}");
}
