//! Connections that fail, hang, lie or idle.

use crate::script::{Script, metadata, produce_response, told};
use milena_core::{Delivery, Written};
use milena_wire::error_code::ErrorCode;
use milena_wire::version::ApiKey;
use std::time::Duration;

fn offset(delivery: &Delivery) -> Option<i64> {
    delivery.now().expect("resolved").expect("acknowledged").offset
}

/// D9: a batch that was built anew for its retry was not the same, and brokers refused it for good.
#[test]
fn a_cut_connection_sends_the_same_batch_again_on_another() {
    let mut script = Script::ready(1, |_| {});
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    let first = script.request_of(ApiKey::PRODUCE);
    script.cut(connection, "connection reset by peer");
    assert!(script.opening.is_empty(), "not at once: reconnect.backoff.ms");
    script.pass(Duration::from_millis(200));
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.body, first.body, "the same bytes, number and all");
    script.answer_produce(&again, ErrorCode::NONE, 4);
    assert_eq!(offset(&delivery), Some(4));
}

#[test]
fn an_answer_that_does_not_come_closes_the_connection_at_request_timeout() {
    let mut script = Script::ready(1, |config| config.request_timeout = Duration::from_secs(5));
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    script.pass(Duration::from_millis(4_900));
    assert!(script.closed.is_empty());
    script.pass(Duration::from_millis(200));
    assert_eq!(script.closed, [connection]);
    assert!(script.warned("request.timeout.ms = 5000"));
    assert!(delivery.now().is_none(), "it is sent again");
}

#[test]
fn connecting_has_its_own_time_out() {
    let mut script = Script::new(|config| config.connection_setup_timeout = Duration::from_secs(1));
    script.want("t");
    let (connection, _) = script.opening.pop_front().unwrap();
    script.pass(Duration::from_millis(1_100));
    assert_eq!(script.closed, [connection]);
    assert!(script.warned("socket.connection.setup.timeout.ms"));
}

#[test]
fn a_dead_cluster_is_tried_at_most_once_a_second_and_the_reason_is_passed_on() {
    let mut script = Script::new(|_| {});
    assert_eq!(script.refusal("t"), milena_core::Refusal::UnknownTopic);
    let record = milena_core::Record::to("t");
    let waker = std::task::Waker::noop().clone();
    let deadline = script.now + Duration::from_secs(60);
    let _ = script.accumulator.park(&milena_core::Refusal::UnknownTopic, &record, None, waker, deadline);
    script.turn();
    let mut attempts = 0;
    for _ in 0..600 {
        while let Some((connection, _)) = script.opening.pop_front() {
            attempts += 1;
            script.cut(connection, "connection refused");
        }
        script.pass(Duration::from_millis(100));
    }
    assert!((60..=75).contains(&attempts), "{attempts} in a minute");
    assert!(told(&script, |line| line.contains("Missing") && line.contains("first:9092: connection refused")));
}

/// D16 (KAFKA-4090): Java takes a TLS alert for the length of an answer, and 352 MB of memory.
#[test]
fn a_port_that_speaks_tls_or_http_is_named() {
    for (bytes, fragment) in [(&[0x15u8, 3, 3, 0, 2, 2, 40][..], "TLS"), (b"HTTP/1.1 400 Bad Request\r\n", "HTTP")] {
        let mut script = Script::new(|_| {});
        script.want("t");
        let connection = script.open();
        script.sender.handle_bytes(connection, bytes, script.now);
        script.turn();
        assert_eq!(script.closed, [connection]);
        assert!(script.warned(fragment), "{:?}", script.notices);
    }
}

#[test]
fn an_answer_out_of_order_closes_the_connection_and_loses_nothing() {
    let mut script = Script::ready(2, |_| {});
    let first = script.send(0, "v");
    script.connect_leader();
    let second = script.send(1, "v");
    let one = script.request_of(ApiKey::PRODUCE);
    let two = script.request_of(ApiKey::PRODUCE);
    let response = produce_response(&two, ErrorCode::NONE, 0);
    script.answer(&two, &response);
    assert_eq!(script.closed, [one.connection]);
    assert!(first.now().is_none() && second.now().is_none());
    script.pass(Duration::from_secs(1));
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.batches().len(), 2);
}

#[test]
fn an_answer_that_cannot_be_read_is_no_answer() {
    let mut script = Script::ready(1, |config| config.delivery_timeout = Duration::from_secs(20));
    let delivery = script.send(0, "v");
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut bytes = script.frame(&request, &produce_response(&request, ErrorCode::NONE, 0), request.version);
    bytes.truncate(bytes.len() - 3);
    let length = (bytes.len() as i32 - 4).to_be_bytes();
    bytes[..4].copy_from_slice(&length);
    script.sender.handle_bytes(request.connection, &bytes, script.now);
    script.turn();
    assert_eq!(script.closed, [request.connection]);
    script.pass(Duration::from_secs(21));
    assert_eq!(delivery.now().unwrap().unwrap_err().written, Written::Maybe);
}

#[test]
fn a_broker_that_throttles_is_left_alone_for_as_long() {
    let mut script = Script::ready(1, |_| {});
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NONE, 0);
    response.throttle_time_ms = 3_000;
    script.answer(&request, &response);
    drop(script.send(0, "later"));
    script.pass(Duration::from_millis(2_900));
    assert!(!script.has(ApiKey::PRODUCE));
    script.pass(Duration::from_millis(200));
    assert!(script.has(ApiKey::PRODUCE));
}

#[test]
fn an_idle_connection_is_closed_quietly() {
    let mut script = Script::ready(1, |config| {
        config.connections_max_idle = Some(Duration::from_secs(60));
        config.metadata_max_age = Duration::from_secs(3_600);
    });
    let connection = script.closed.len();
    script.pass(Duration::from_secs(61));
    assert_eq!(script.closed.len(), connection + 1);
    assert!(!script.warned("connection lost"));
}

#[test]
fn a_broker_that_moves_is_connected_to_where_it_went() {
    let mut script = Script::ready(1, |config| config.metadata_max_age = Duration::from_secs(10));
    let delivery = script.send(0, "v");
    let connection = script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    script.pass(Duration::from_secs(11));
    let question = script.request_of(ApiKey::METADATA);
    let mut response = metadata(1, 1, 0);
    response.brokers[0].host = "elsewhere".into();
    script.answer_metadata(&question, &response);
    assert_eq!(script.closed, [connection]);
    script.pass(Duration::from_secs(2));
    assert_eq!(script.opening[0].1.to_string(), "elsewhere:9092");
    script.open();
    script.answer_versions(13);
    let again = script.request_of(ApiKey::PRODUCE);
    assert_eq!(again.body, request.body);
    script.answer_produce(&again, ErrorCode::NONE, 0);
    assert_eq!(offset(&delivery), Some(0));
}

#[test]
fn a_question_waits_for_the_end_of_a_throttle_when_nobody_else_can_be_asked() {
    let mut script = Script::new(|config| config.connections_max_idle = Some(Duration::from_secs(60)));
    script.want("t");
    script.open();
    script.answer_versions(13);
    let question = script.request();
    let mut alone = metadata(1, 1, 0);
    alone.brokers.truncate(1);
    script.answer_metadata(&question, &alone);
    drop(script.send(0, "v"));
    script.connect_leader();
    // The connection to the first address idles away, the leader's is kept busy.
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 0);
    script.pass(Duration::from_secs(40));
    drop(script.send(0, "v"));
    script.pass(Duration::from_secs(25));
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NONE, 1);
    response.throttle_time_ms = 3_000;
    script.answer(&request, &response);
    assert_eq!(script.closed.len(), 1);
    script.want("new");
    assert!(!script.has(ApiKey::METADATA) && script.opening.is_empty(), "it is left alone");
    assert_eq!(script.wait, Some(script.now + Duration::from_secs(3)));
    script.pass(Duration::from_secs(3));
    assert!(script.has(ApiKey::METADATA));
}

/// Three first addresses, the first of which swallows everything.
#[test]
fn an_address_that_is_silent_holds_up_the_next_for_a_quarter_of_a_second() {
    let mut script = Script::new(|config| {
        let address = |number| milena_core::output::Endpoint { host: format!("first-{number}").into(), port: 9092 };
        config.bootstrap_servers = (0..3).map(address).collect();
    });
    script.want("t");
    let (silent, _) = script.opening.pop_front().unwrap();
    script.pass(Duration::from_millis(240));
    assert!(script.opening.is_empty(), "one after another");
    script.pass(Duration::from_millis(20));
    assert_eq!(script.opening.len(), 1);
    script.open();
    script.answer_versions(13);
    let question = script.request_of(ApiKey::METADATA);
    script.answer_metadata(&question, &metadata(1, 1, 0));
    drop(script.send(0, "v"));
    script.pass(Duration::from_secs(11));
    assert_eq!(script.closed, [silent], "socket.connection.setup.timeout.ms is for the silent one alone");
}

#[test]
fn addresses_that_are_all_silent_are_each_tried_once_until_their_time_is_over() {
    let mut script = Script::new(|config| {
        let address = |number| milena_core::output::Endpoint { host: format!("first-{number}").into(), port: 9092 };
        config.bootstrap_servers = (0..3).map(address).collect();
    });
    script.want("t");
    script.pass(Duration::from_secs(9));
    assert_eq!(script.opening.len(), 3);
}

/// A partition waits out a throttle that is longer than `connections.max.idle.ms`.
#[test]
fn what_waits_for_a_throttled_broker_goes_out_when_its_idle_connection_was_closed() {
    let mut script = Script::ready(1, |config| {
        config.connections_max_idle = Some(Duration::from_secs(5));
        config.metadata_max_age = Duration::from_secs(3_600);
    });
    drop(script.send(0, "v"));
    script.connect_leader();
    let request = script.request_of(ApiKey::PRODUCE);
    let mut response = produce_response(&request, ErrorCode::NONE, 0);
    response.throttle_time_ms = 60_000;
    script.answer(&request, &response);
    let later = script.send(0, "later");
    script.pass(Duration::from_secs(6));
    assert!(script.closed.contains(&request.connection), "idle");
    script.open();
    script.answer_versions(13);
    let request = script.request_of(ApiKey::PRODUCE);
    script.answer_produce(&request, ErrorCode::NONE, 1);
    assert_eq!(offset(&later), Some(1));
}

/// With `acks=0` nobody answers: a peer that stops reading shows only in what the operating system does not take.
#[test]
fn with_acks_0_a_peer_that_stops_reading_is_noticed_at_request_timeout() {
    let mut script = Script::ready(1, |config| {
        config.acks = milena_core::config::Acks::None;
        config.idempotence = false;
        config.request_timeout = Duration::from_secs(5);
    });
    let delivery = script.send(0, "v");
    script.transmits = false;
    let connection = script.open();
    script.sender.handle_transmitted(connection, script.now); // ApiVersions
    script.answer_versions(13);
    script.pass(Duration::from_millis(4_900));
    assert!(script.closed.is_empty());
    script.pass(Duration::from_millis(200));
    assert_eq!(script.closed, [connection]);
    assert!(script.warned("nothing was read within request.timeout.ms = 5000"), "{:?}", script.notices);
    assert!(delivery.now().is_none(), "it is sent again");
}
