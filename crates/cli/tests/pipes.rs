//! Pipes that break, trickle and never end.
#![cfg(unix)]

mod support;

use milena_testkit::{DevCluster, DevOptions, TopicOptions};
use std::io::Write as _;
use std::process::Stdio;
use support::{Scratch, cluster, eventually, milena, start, values};

#[test]
fn a_broken_pipe_is_not_a_panic() {
    let cluster = cluster();
    let servers = cluster.bootstrap_servers();
    let scratch = Scratch::new();
    let input = scratch.file("in.json", "{\"value\": 1}\noops\n");
    // Both ends of the pipes are closed before it writes.
    let mut command = milena(&["produce", "-b", &servers, "--input", "json", "orders", &input]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(values(&cluster, "orders"), ["1"]);
    for args in [&["--help"][..], &["config", "explain"], &["produce", "--help"]] {
        let mut child = milena(args).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_line_is_sent_when_it_comes_and_not_when_the_pipe_ends() {
    let cluster = cluster();
    let servers = cluster.bootstrap_servers();
    let mut running = start(milena(&["produce", "-b", &servers, "orders"]));
    running.stdin().write_all(b"first\nsec").unwrap();
    eventually(|| values(&cluster, "orders") == ["first"]);
    running.stdin().write_all(b"ond\n").unwrap();
    eventually(|| values(&cluster, "orders") == ["first", "second"]);
    running.finish().assert_code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded_whatever_the_input() {
    let mut options = DevOptions::brokers(1);
    // The cluster is in this process: it need not keep what it was sent.
    options.cluster.topic_defaults = TopicOptions { retention_bytes: Some(1 << 20), ..TopicOptions::partitions(1) };
    let cluster = DevCluster::start_blocking(options).unwrap();
    let servers = cluster.bootstrap_servers();
    let scratch = Scratch::new();
    let dead = scratch.path("dead.json");
    let limits = ["--dead-letter", &dead, "--dead-letter-memory", "4000000", "-X", "buffer.memory=8000000"];
    let mut running = start(milena(&[&["produce", "-b", &servers, "--json", "orders"][..], &limits].concat()));
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let megabyte = line.repeat(1000);
    let mut peak_kib = 0;
    for _ in 0..150 {
        running.stdin().write_all(&megabyte).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak_kib = peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
    }
    let ran = running.finish();
    ran.assert_code(0);
    assert_eq!(ran.count("acknowledged"), 150_000);
    // 8 MB of batches, 4 MB of lines, 1 MiB of chunks, the histogram, the binary itself.
    assert!(peak_kib < 48 * 1024, "{peak_kib} KiB");
}
