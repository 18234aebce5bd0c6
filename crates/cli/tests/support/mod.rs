//! The real binary against an in-process cluster.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, as it should")]

use milena_testkit::{Cluster, DevCluster, DevOptions, ReadRecord, TopicOptions};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The object that `--json` printed.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One of its numbers.
    pub(crate) fn count(&self, field: &str) -> u64 {
        self.summary()[field].as_u64().unwrap_or_else(|| panic!("{field}: {self:?}"))
    }

    /// It ended so, and without a panic.
    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }

    /// Standard error says this.
    #[track_caller]
    pub(crate) fn assert_says(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is not in {self:?}");
    }
}

/// A cluster of one broker, with topics of one partition, so that order can be seen.
pub(crate) fn cluster() -> DevCluster {
    let mut options = DevOptions::brokers(1);
    options.cluster.topic_defaults = TopicOptions::partitions(1);
    DevCluster::start_blocking(options).unwrap()
}

/// The values of the first partition, in order.
pub(crate) fn values(cluster: &DevCluster, topic: &str) -> Vec<String> {
    records(cluster, topic).into_iter().map(|record| text(record.value)).collect()
}

/// The records of the first partition, in order.
pub(crate) fn records(cluster: &DevCluster, topic: &str) -> Vec<ReadRecord> {
    cluster.with(|cluster: &mut Cluster| match cluster.topic(topic) {
        Some(_) => cluster.records(topic, 0),
        None => Vec::new(),
    })
}

/// Bytes as a test reads them.
pub(crate) fn text(bytes: Option<Vec<u8>>) -> String {
    bytes.map_or_else(|| "<null>".into(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The binary.
pub(crate) fn milena(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milena"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end with this standard input.
pub(crate) fn run(args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let mut running = start(milena(args));
    // It may end before it has read all.
    let _ = running.stdin().write_all(stdin.as_ref());
    running.finish()
}

/// Runs `milena produce -b CLUSTER --json …`.
pub(crate) fn produce(cluster: &DevCluster, args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let servers = cluster.bootstrap_servers();
    run(&[&["produce", "-b", &servers, "--json"], args].concat(), stdin)
}

/// The binary under way.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    lines: std::sync::mpsc::Receiver<String>,
}

/// Starts it.
pub(crate) fn start(mut command: Command) -> Running {
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let stdout = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    let (told, lines) = std::sync::mpsc::channel();
    let err = BufReader::new(child.stderr.take().unwrap());
    let stderr = std::thread::spawn(move || {
        let mut text = String::new();
        for line in err.lines() {
            let line = line.unwrap();
            text.push_str(&line);
            text.push('\n');
            let _ = told.send(line);
        }
        text
    });
    Running { stdin: child.stdin.take(), child, stdout, stderr, lines }
}

impl Running {
    /// Its standard input, open until [`Running::finish`].
    pub(crate) fn stdin(&mut self) -> &mut ChildStdin {
        self.stdin.as_mut().unwrap()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until standard error says this.
    pub(crate) fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("never said: {text}"));
            if line.contains(text) {
                return;
            }
        }
    }

    /// Ends its input and waits for its end.
    pub(crate) fn finish(mut self) -> Ran {
        drop(self.stdin.take());
        self.finish_with_open_input()
    }

    /// Waits for its end, its input open.
    pub(crate) fn finish_with_open_input(mut self) -> Ran {
        let status = self.child.wait().unwrap();
        drop(self.stdin);
        let (stdout, stderr) = (self.stdout.join().unwrap(), self.stderr.join().unwrap());
        Ran { code: status.code().unwrap_or(-1), stdout, stderr }
    }
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never was so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A directory of the test's own, gone with it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("milena-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The name of a file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A file's lines, each a JSON object.
    pub(crate) fn letters(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(Path::new(&self.path(name))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
