//! Ctrl-C: once to finish, twice to stop at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod support;

use milena_testkit::{ApiKey, DevCluster, Effect, Fault};
use std::io::Write as _;
use std::time::Duration;
use support::{Running, Scratch, cluster, eventually, milena, run, start, values};

/// A run that reads from an open pipe and has sent these lines.
fn sending(cluster: &DevCluster, args: &[&str], lines: &str) -> Running {
    let servers = cluster.bootstrap_servers();
    let mut running = start(milena(&[&["produce", "-b", &servers, "--json", "orders"], args].concat()));
    running.stdin().write_all(lines.as_bytes()).unwrap();
    running
}

/// Produce requests are met like this, and one was.
fn faulty(cluster: &DevCluster, effect: Effect) -> impl Fn() -> bool {
    cluster.with(|cluster| cluster.inject(Fault::on(ApiKey::PRODUCE, effect).times(1000)));
    || cluster.with(|cluster| cluster.faults().iter().any(|fault| fault.remaining() < Some(1000)))
}

#[test]
fn the_first_ctrl_c_ends_the_reading_and_waits_for_acknowledgements() {
    let cluster = cluster();
    let is_met = faulty(&cluster, Effect::Delay(Duration::from_millis(700)));
    let running = sending(&cluster, &[], "a\nb\n");
    eventually(is_met);
    running.signal("INT");
    running.wait_for("interrupted: 2 records not acknowledged yet, waiting for at most 10 s");
    let ran = running.finish_with_open_input();
    ran.assert_code(130);
    ran.assert_says("nothing from -:3 on was sent");
    assert_eq!([ran.count("acknowledged"), ran.count("unknown")], [2, 0]);
    assert_eq!(values(&cluster, "orders"), ["a", "b"]);
}

#[test]
fn the_first_ctrl_c_gives_up_at_its_deadline_and_says_what_is_unknown() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    let is_met = faulty(&cluster, Effect::DoAndIgnore);
    let running = sending(&cluster, &["--interrupt-timeout", "0.3", "--dead-letter", &dead], "a\nb\n");
    eventually(is_met);
    running.signal("TERM");
    let ran = running.finish_with_open_input();
    ran.assert_code(130);
    assert_eq!([ran.count("records"), ran.count("acknowledged"), ran.count("unknown")], [2, 0, 2]);
    let letters = scratch.letters("dead.json");
    assert_eq!(letters.iter().map(|letter| &letter["written"]).collect::<Vec<_>>(), ["maybe", "maybe"]);
}

#[test]
fn the_second_ctrl_c_stops_at_once_and_says_what_is_unknown() {
    let (cluster, scratch) = (cluster(), Scratch::new());
    let dead = scratch.path("dead.json");
    let is_met = faulty(&cluster, Effect::Ignore);
    let running = sending(&cluster, &["--interrupt-timeout", "100", "--dead-letter", &dead], "a\nb\nc\n");
    eventually(is_met);
    running.signal("INT");
    running.wait_for("Ctrl-C again stops at once");
    running.signal("INT");
    let ran = running.finish_with_open_input();
    ran.assert_code(130);
    ran.assert_says("stopped before its outcome was known (may be written all the same)");
    assert_eq!([ran.count("records"), ran.count("unknown")], [3, 3]);
    assert_eq!(scratch.letters("dead.json").len(), 3);
}

#[test]
fn ctrl_c_ends_a_wait_for_a_cluster_that_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let args = ["produce", "-b", &closed, "-X", "max.block.ms=100000", "--json", "orders"];
    let mut running = start(milena(&args));
    running.stdin().write_all(b"a\n").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    running.signal("INT");
    let ran = running.finish_with_open_input();
    ran.assert_code(130);
    ran.assert_says("nothing from -:1 on was sent");
    assert_eq!(ran.count("records"), 0);
}

#[test]
fn a_development_cluster_serves_until_ctrl_c() {
    let running = start(milena(&["dev", "--brokers", "3", "--port", "0"]));
    running.wait_for("Ctrl-C ends it");
    // Its address comes first, on standard output, for scripts; it is read when it has ended.
    running.signal("INT");
    let ran = running.finish_with_open_input();
    ran.assert_code(0);
    assert_eq!(ran.stdout.trim().split(',').count(), 3, "{ran:?}");
}

#[test]
fn a_development_cluster_takes_records_at_its_port() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let running = start(milena(&["dev", "--port", &port]));
    running.wait_for("Ctrl-C ends it");
    run(&["produce", "-b", &format!("127.0.0.1:{port}"), "orders"], "a\n").assert_code(0);
    let taken = run(&["dev", "--port", &port], "");
    taken.assert_code(2);
    taken.assert_says("Address already in use");
    running.signal("INT");
    running.finish().assert_code(0);
}
