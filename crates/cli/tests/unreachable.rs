//! What is not a Kafka broker, and a topic that is not there: told in words, soon, and with a status of its own.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena_testkit::{DevCluster, DevOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use support::{Ran, Scratch, run};

/// Answers whatever it is sent with these bytes, and hangs up.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer);
            });
        }
    });
    address.to_string()
}

fn produce_to(server: &str, args: &[&str]) -> Ran {
    let first = ["produce", "-b", server, "-X", "max.block.ms=1500", "orders"];
    run(&[&first, args].concat(), "a\nb\n")
}

#[test]
fn a_port_that_nobody_listens_at() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string();
    let ran = produce_to(&closed, &[]);
    ran.assert_code(4);
    ran.assert_says(&closed);
    ran.assert_says("refused");
    ran.assert_says("the input from -:1 on was not sent");
}

#[test]
fn a_port_that_speaks_http() {
    let server = answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let ran = produce_to(&server, &[]);
    ran.assert_code(4);
    ran.assert_says(&server);
    ran.assert_says("HTTP");
}

#[test]
fn a_port_that_speaks_tls() {
    // An alert: unexpected message.
    let server = answering(&[0x15, 0x03, 0x03, 0, 2, 2, 10]);
    let ran = produce_to(&server, &[]);
    ran.assert_code(4);
    ran.assert_says("TLS");
    ran.assert_says("security.protocol");
}

#[test]
fn a_topic_that_is_not_there_and_not_made() {
    let mut options = DevOptions::brokers(1);
    options.cluster.auto_create_topics = false;
    let cluster = DevCluster::start_blocking(options).unwrap();
    let ran = produce_to(&cluster.bootstrap_servers(), &[]);
    ran.assert_code(4);
    ran.assert_says("topic orders not present in metadata");
}

#[test]
fn a_name_that_no_topic_can_have() {
    let cluster = DevCluster::start_blocking(DevOptions::brokers(1)).unwrap();
    let servers = cluster.bootstrap_servers();
    let ran = run(&["produce", "-b", &servers, "-X", "max.block.ms=1500", "or ders"], "a\n");
    ran.assert_code(4);
    ran.assert_says("or ders");
}

#[test]
fn with_dead_letters_nothing_of_a_pipe_is_lost() {
    let scratch = Scratch::new();
    let dead = scratch.path("dead.json");
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string();
    let ran = produce_to(&closed, &["--dead-letter", &dead]);
    ran.assert_code(4);
    ran.assert_says("the input from -:1 on is in the dead letters");
    let values: Vec<_> = scratch.letters("dead.json").iter().map(|letter| letter["value"].to_string()).collect();
    assert_eq!(values, ["\"a\"", "\"b\""]);
}
