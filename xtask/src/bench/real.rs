//! Real brokers for the second table: three and a controller, all of them on one core, so that the other is the client's.

use crate::kafka::{Cluster, CreateTopic, Life, Shape, create_topic};
use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};

const CORE: &str = "0";
/// What the scenarios call their topic; its partitions are the number at its end.
const TOPIC: &str = "bench-6";
/// Beside what tests want of brokers: patience with a core that is busy, and room on the disk for some runs.
const SETTINGS: [&str; 4] = [
    "broker.session.timeout.ms=30000",
    "broker.heartbeat.interval.ms=2000",
    "replica.lag.time.max.ms=30000",
    "log.retention.check.interval.ms=5000",
];
const JVM: [&str; 3] = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC"];

/// Starts them. They end when this is dropped.
pub(super) fn start() -> Result<Cluster> {
    let own = |options: &[&str]| options.iter().map(|&option| option.to_owned()).collect();
    let shape =
        Shape { name: "bench".into(), brokers: 3, settings: own(&SETTINGS), jvm: own(&JVM), ..Shape::default() };
    let cluster = Cluster::start(shape, Life::Scoped)?;
    let config = own(&["min.insync.replicas=2", "retention.bytes=67108864", "segment.bytes=33554432"]);
    let topic = CreateTopic { topic: TOPIC.into(), partitions: 6, replication_factor: 3, config };
    create_topic(&cluster.bootstrap(), &topic)?;
    for process in cluster.processes() {
        let mut pin = Command::new("taskset");
        pin.args(["--all-tasks", "--cpu-list", "--pid", CORE, &process.to_string()]).stdout(Stdio::null());
        ensure!(pin.status().context("taskset (util-linux) must be on the path")?.success(), "{process} is not pinned");
    }
    Ok(cluster)
}
