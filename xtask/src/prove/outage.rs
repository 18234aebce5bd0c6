//! A cluster that is away for minutes while records are offered: what it costs in memory, patience, connections and processor.

mod callers;
mod process;

use super::report::Report;
use crate::kafka::{Cluster, CreateTopic, Life, Shape, Signal, create_topic};
use anyhow::{Context, Result, ensure};
use callers::{Callers, MAX_BLOCK};
use milena::blocking::Producer;
use milena::metrics::Stats;
use process::Sample;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long the cluster is away
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Records offered in a second
    #[arg(long, default_value_t = 100_000)]
    rate: u32,
    /// delivery.timeout.ms, in seconds: what is never delivered is given up after this, and others take its memory
    #[arg(long, default_value_t = 120)]
    delivery_timeout: u64,
    /// In which way it is away; both, one after the other, unless given
    #[arg(long, value_enum)]
    how: Option<How>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// kill -9: nobody listens
    Killed,
    /// SIGSTOP: connections are made and nothing is answered
    Asleep,
}

const TOPIC: &str = "outage";
const BROKERS: u32 = 3;
/// The producer's, which names its threads.
pub(super) const CLIENT_ID: &str = "outage";
/// `buffer.memory` by default.
const BUFFER_MEMORY: u64 = 32 << 20;
/// With the cluster there, before anything is measured.
const WARM_UP: Duration = Duration::from_secs(15);
/// From the outage's beginning until the first sample: memory is full, and reconnecting is at its slowest.
const SETTLING: Duration = Duration::from_secs(20);
/// Between two samples.
const EVERY: Duration = Duration::from_secs(10);
/// `request.timeout.ms` by default.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Delivery may take two minutes, and closing has to wait for that.
const CLOSING: Duration = Duration::from_secs(150);

/// What was seen of one outage.
struct Seen {
    /// Resident memory before the first record, bytes.
    before: u64,
    /// From when the buffer was full until the end.
    samples: Vec<Sample>,
    opened: u64,
    /// Between the samples.
    seconds: f64,
    longest_block: Duration,
    accepted: u64,
    refused: u64,
    /// Acknowledged, surely not written, maybe written.
    outcomes: [u64; 3],
    /// From the brokers' return to the first acknowledgement.
    recovered: Duration,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let columns = [
        "away",
        "s",
        "accepted, refused",
        "resident MiB: before, full, half-way, at the end",
        "longest block, ms",
        "connections a second and broker",
        "driver, % of a core",
        "back after, s",
        "acknowledged, not written, maybe",
    ];
    let mut report = Report::begin("outage", &columns);
    for how in args.how.map_or_else(|| vec![How::Killed, How::Asleep], |how| vec![how]) {
        let seen = outage(args, how)?;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let [acknowledged, no, maybe] = seen.outcomes;
        report.row(
            &[
                &format!("{how:?}"),
                &format!("{:.0}", args.minutes * 60.0),
                &format!("{}, {}", seen.accepted, seen.refused),
                &format!(
                    "{:.1}, {:.1}, {:.1}, {:.1}",
                    mib(seen.before),
                    mib(seen.first()),
                    mib(seen.middle()),
                    mib(seen.last())
                ),
                &seen.longest_block.as_millis(),
                &format!("{:.2}", seen.connections()),
                &format!("{:.2}", seen.driver()),
                &format!("{:.1}", seen.recovered.as_secs_f64()),
                &format!("{acknowledged}, {no}, {maybe}"),
            ],
            seen.judge(),
        );
    }
    report.end()
}

impl Seen {
    /// Asked for, of a broker, in a second.
    fn connections(&self) -> f64 {
        self.opened as f64 / self.seconds / f64::from(BROKERS)
    }

    /// Per cent of a core.
    fn driver(&self) -> f64 {
        let ran = |sample: Option<&Sample>| sample.map_or(Duration::ZERO, |sample| sample.driver);
        100.0 * (ran(self.samples.last()) - ran(self.samples.first())).as_secs_f64() / self.seconds
    }

    fn first(&self) -> u64 {
        self.resident(0)
    }

    fn middle(&self) -> u64 {
        self.resident(self.samples.len() / 2)
    }

    fn last(&self) -> u64 {
        self.resident(self.samples.len() - 1)
    }

    fn resident(&self, at: usize) -> u64 {
        self.samples.get(at).map_or(0, |sample| sample.resident)
    }

    fn judge(&self) -> Result<()> {
        let peak = (0..self.samples.len()).map(|at| self.resident(at)).max().unwrap_or_default();
        ensure!(
            peak <= self.before + BUFFER_MEMORY * 5 / 4 + (16 << 20),
            "{peak} bytes are more than the buffer explains"
        );
        // What is given up is freed by one thread and taken by others, so the heap moves by a few MiB; it does not climb.
        let (early, late) = self.samples.split_at(self.samples.len() / 2);
        ensure!(mean(late) <= mean(early) + mean(early) / 10, "memory still grows");
        // Whoever waits is woken in time; a machine that runs other things beside lets it run a little later.
        ensure!(self.longest_block <= MAX_BLOCK + Duration::from_millis(250), "max.block.ms is {MAX_BLOCK:?}");
        ensure!(self.connections() <= 1.0, "a broker is connected to more than once a second");
        ensure!(self.driver() < 5.0, "the driver was busy");
        ensure!(self.refused > 0, "memory was never full");
        ensure!(self.outcomes.iter().sum::<u64>() == self.accepted, "not every accepted record has an outcome");
        Ok(())
    }
}

fn outage(args: &Args, how: How) -> Result<Seen> {
    let cluster = Cluster::start(Shape { name: "outage".into(), brokers: BROKERS, ..Shape::default() }, Life::Scoped)?;
    let topic = CreateTopic { topic: TOPIC.into(), partitions: 6, replication_factor: 3, config: Vec::new() };
    create_topic(&cluster.bootstrap(), &topic)?;
    let builder = milena::Producer::builder().bootstrap_servers(cluster.bootstrap());
    let delivery_timeout = Duration::from_secs(args.delivery_timeout);
    let builder = builder.delivery_timeout(delivery_timeout).request_timeout(delivery_timeout.min(REQUEST_TIMEOUT));
    let builder = builder.linger(Duration::ZERO).client_id(CLIENT_ID).max_block(MAX_BLOCK);
    let producer: Producer = builder.build()?.into();
    producer.partitions_for(TOPIC)?;
    let before = Sample::take()?.resident;
    let callers = Callers::start(&producer, TOPIC, args.rate);
    sleep(WARM_UP);
    ensure!(callers.outcomes()[0] > 0, "nothing is acknowledged while the cluster is there");

    eprintln!("away: {how:?}");
    let away = Duration::from_secs_f64(args.minutes * 60.0);
    let signals = match how {
        How::Killed => (Signal::KILL, None),
        How::Asleep => (Signal::STOP, Some(Signal::CONT)),
    };
    (1..=BROKERS).try_for_each(|broker| cluster.signal_node(broker, signals.0))?;
    callers.forget_longest_block();
    sleep(SETTLING);
    let (begun, opened) = (Instant::now(), stats(&producer).connections_opened);
    let samples =
        watch(away.checked_sub(SETTLING).context("--minutes must be longer than it takes to fill the memory")?)?;
    let (seconds, opened) = (begun.elapsed().as_secs_f64(), stats(&producer).connections_opened - opened);
    let longest_block = callers.longest_block();

    let acknowledged = callers.outcomes()[0];
    let back = Instant::now();
    match signals.1 {
        Some(signal) => (1..=BROKERS).try_for_each(|broker| cluster.signal_node(broker, signal))?,
        None => (1..=BROKERS).try_for_each(|broker| cluster.start_node(broker))?,
    }
    while callers.outcomes()[0] == acknowledged {
        ensure!(back.elapsed() < Duration::from_secs(120), "two minutes later nothing is acknowledged");
        sleep(Duration::from_millis(10));
    }
    let recovered = back.elapsed();
    let (accepted, refused) = callers.stop();
    producer.close(CLOSING).context("closing")?;
    let outcomes = callers.outcomes();
    Ok(Seen { before, samples, opened, seconds, longest_block, accepted, refused, outcomes, recovered })
}

/// Of resident memory, bytes.
fn mean(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| sample.resident).sum::<u64>() / samples.len().max(1) as u64
}

/// A sample now, every few seconds, and at the end.
fn watch(time: Duration) -> Result<Vec<Sample>> {
    let begun = Instant::now();
    let mut samples = vec![Sample::take()?];
    while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        sleep(left.min(EVERY));
        samples.push(Sample::take()?);
    }
    let resident: Vec<String> = samples.iter().map(|sample| (sample.resident >> 10).to_string()).collect();
    eprintln!("resident KiB, every {} s: {}", EVERY.as_secs(), resident.join(" "));
    Ok(samples)
}

fn stats(producer: &Producer) -> Stats {
    producer.metrics().sender
}
