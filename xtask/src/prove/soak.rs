//! The long run: three brokers, a client at full rate, a proxy that cuts connections before every broker, and brokers that are
//! restarted, killed and put to sleep in turn. Kafka's own consumer then compares the whole log with what the client was told.

pub(super) mod client;
mod fates;
mod proxy;
mod storm;

use super::java::output;
use super::python;
use super::report::Report;
use crate::kafka::{Cluster, CreateTopic, Life, Shape, create_topic, java_program};
use crate::workspace::target;
use anyhow::{Context, Result, ensure};
use proxy::Proxy;
use serde::Deserialize;
use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use storm::{Blows, REQUEST_TIMEOUT, Storm};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each client is hurt
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Whose producer
    #[arg(long, value_enum, default_value = "milena")]
    client: Choice,
    /// Replicas of each partition. With one, a broker that comes back leads again, and remembers one batch of each producer
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=3))]
    replicas: u32,
    /// Bytes of a record's value: small, so that ten minutes fit on the disk
    #[arg(long, default_value_t = 16)]
    value: usize,
    /// Gigabytes that the logs of three brokers may take: a client that reaches them is stopped, and its run is no proof
    #[arg(long, default_value_t = 30)]
    disk: usize,
    /// Draws the faults
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Choice {
    Milena,
    Java,
    Librdkafka,
    All,
}

const TOPIC: &str = "soak";
const PARTITIONS: u32 = 6;
/// Of a record in the log besides its value, with its share of a batch's header.
const OVERHEAD: usize = 12;
/// What rivals are told besides: the time for an answer that ours has too, and their best promise.
const JAVA: [&str; 3] = ["acks=all", "enable.idempotence=true", "request.timeout.ms="];
const LIBRDKAFKA: [&str; 4] =
    ["acks=all", "enable.idempotence=true", "message.timeout.ms=120000", "socket.timeout.ms="];

/// What a client prints at its end.
#[derive(Debug, Deserialize)]
struct Sent {
    records: u64,
    acknowledged: u64,
    seconds: f64,
}

/// What SoakRead prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    records: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    lied: u64,
    failed: u64,
    failed_written: u64,
    foreign: u64,
    examples: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let columns = [
        "client",
        "replicas",
        "records",
        "a second",
        "faults",
        "failed (of these written)",
        "lost",
        "duplicated",
        "reordered",
    ];
    let mut report = Report::begin("soak", &columns);
    let clients = match args.client {
        Choice::All => vec![Choice::Milena, Choice::Java, Choice::Librdkafka],
        one => vec![one],
    };
    for client in clients {
        let (sent, found, blows) = soak(args, client).with_context(|| format!("{client:?}"))?;
        let Blows { restarts, kills, pauses, cuts } = blows;
        let rate = format!("{:.0}", sent.records as f64 / sent.seconds);
        let faults = format!("{restarts} clean restarts, {kills} kill -9, {pauses} SIGSTOP, {cuts} cuts");
        let failed = format!("{} ({})", found.failed, found.failed_written);
        let name = format!("{client:?}");
        let cells: [&dyn std::fmt::Display; 9] = [
            &name,
            &args.replicas,
            &sent.records,
            &rate,
            &faults,
            &failed,
            &found.lost,
            &found.duplicated,
            &found.reordered,
        ];
        if client == Choice::Milena {
            report.row(&cells, judge(&sent, &found));
        } else {
            report.beside(&cells);
        }
        eprintln!("{} records in the log; {}", found.records, found.examples.join("; "));
    }
    report.end()
}

/// Ours, by the promise: no loss, no copy, no disorder, and no "not written" of what is there.
fn judge(sent: &Sent, found: &Found) -> Result<()> {
    let wrong = found.lost + found.duplicated + found.reordered + found.lied + found.foreign;
    ensure!(wrong == 0, "{found:?}");
    ensure!(sent.acknowledged + found.failed == sent.records, "{sent:?}, and {} failed", found.failed);
    Ok(())
}

fn soak(args: &Args, client: Choice) -> Result<(Sent, Found, Blows)> {
    let (proxies, listeners): (Vec<_>, Vec<_>) =
        (0..3).map(|_| Proxy::bind()).collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let told: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
    let shape =
        Shape { name: format!("soak-{}", args.replicas), brokers: 3, proxies: told.clone(), ..Shape::default() };
    let cluster = Cluster::start(shape, Life::Scoped)?;
    for ((id, proxy), listener) in (1..).zip(&proxies).zip(listeners) {
        proxy.serve(listener, cluster.behind_proxy(id)?);
    }
    let config = vec![format!("min.insync.replicas={}", args.replicas.min(2))];
    let topic = CreateTopic { topic: TOPIC.into(), partitions: PARTITIONS, replication_factor: args.replicas, config };
    create_topic(&cluster.bootstrap(), &topic)?;

    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let folder = target().join("proofs/soak");
    fs::create_dir_all(&folder)?;
    let fates = folder.join(format!("{client:?}-{}.txt", args.replicas).to_lowercase());
    eprintln!("{client:?}, seed {seed}");
    let bootstrap = told.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
    let mut sending = sender(args, client, &bootstrap, &fates)?;
    // Clients complain about every cut.
    sending.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(fates.with_extension("log"))?);
    let mut sending = sending.spawn().context("the client does not run")?;
    let end = Instant::now() + Duration::from_secs_f64(args.minutes * 60.0);
    let blows =
        Storm { cluster: &cluster, proxies: &proxies, topic: TOPIC, replicas: args.replicas as usize, seed }.rage(end);
    let early = sending.try_wait()?;
    // Its input ends, and with it the sending.
    let output = sending.wait_with_output()?;
    ensure!(
        early.is_none() && output.status.success(),
        "the client ended early ({early:?}), or with {}",
        output.status
    );
    let lost: u64 = proxies.iter().map(Proxy::lost).sum();
    eprintln!("{lost} bytes of answers were lost; reading");
    let sent = serde_json::from_slice(&output.stdout).context("what the client printed")?;
    let found = read(&cluster.bootstrap(), &fates)?;
    Ok((sent, found, blows?))
}

/// The client, as a command.
fn sender(args: &Args, client: Choice, bootstrap: &str, fates: &Path) -> Result<Command> {
    let records = args.disk * 1_000_000_000 / 3 / (args.value + OVERHEAD);
    let timeout = REQUEST_TIMEOUT.as_millis();
    let (mut command, settings) = match client {
        Choice::Java => (java_program("SoakSend")?, &JAVA[..]),
        Choice::Librdkafka => (python::program("soak_send.py")?, &LIBRDKAFKA[..]),
        Choice::Milena | Choice::All => {
            let mut ours = Command::new(env::current_exe()?);
            ours.args(["prove", "soak-client"]);
            (ours, &[][..])
        }
    };
    command.args([bootstrap, TOPIC, &PARTITIONS.to_string(), &args.value.to_string(), &records.to_string()]).arg(fates);
    let whole =
        |setting: &&str| if setting.ends_with('=') { format!("{setting}{timeout}") } else { (*setting).to_owned() };
    command.args(settings.iter().map(whole));
    Ok(command)
}

fn read(bootstrap: &str, fates: &Path) -> Result<Found> {
    let mut program = java_program("SoakRead")?;
    let text = output(program.args([bootstrap, TOPIC]).arg(fates)).context("reading the log")?;
    serde_json::from_str(&text).with_context(|| format!("SoakRead printed {text}"))
}
