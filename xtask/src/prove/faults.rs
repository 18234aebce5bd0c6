//! Real data while brokers die: leaders are killed twice and paused once, and nothing may show it but the time.

use super::flights::replicated;
use super::java;
use super::lines::flights;
use super::milena::{Milena, Summary};
use super::report::Report;
use crate::kafka::{Cluster, Life, Shape, Signal, create_topic, partitions};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many flights, at most three million; they are fed so slowly that every fault finds some on their way
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// compression.type
    #[arg(long, default_value = "lz4")]
    codec: String,
}

/// What the faults must outlast: with the default of 30 s, every pause would take a minute.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the feed pours, and how many turns the whole input would take: three minutes, while the faults take one.
const TURN: Duration = Duration::from_millis(20);
const TURNS: u64 = 9_000;

pub(crate) fn run(milena: &Milena, args: &Args) -> Result<()> {
    let lines = flights(args.records)?;
    let cluster = Cluster::start(Shape { name: "prove".into(), brokers: 3, ..Shape::default() }, Life::Scoped)?;
    let bootstrap = cluster.bootstrap();
    for topic in ["milena", "java"] {
        create_topic(&bootstrap, &replicated(topic))?;
    }
    java::send(&lines, &bootstrap, "java", &args.codec)?;

    let mut report = Report::begin("faults", &["faults", "records", "s"]);
    let mut seconds = f64::NAN;
    let verdict = prove(milena, &lines, args, &cluster, &mut seconds);
    report.row(&[&"kill -9 of a leader, twice; SIGSTOP of a leader", &args.records, &format!("{seconds:.1}")], verdict);
    report.end()
}

fn prove(milena: &Milena, lines: &Path, args: &Args, cluster: &Cluster, seconds: &mut f64) -> Result<()> {
    let bootstrap = cluster.bootstrap();
    let mut produce = milena.produce(&bootstrap, "milena");
    produce.args(["-X", &format!("compression.type={}", args.codec)]);
    produce.args(["-X", &format!("request.timeout.ms={}", REQUEST_TIMEOUT.as_millis()), "--verbose"]);
    produce.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut producing = produce.spawn().context("milena does not run")?;
    let feed = Feed::start(lines, producing.stdin.take().context("no way into milena")?)?;
    let output = thread::spawn(move || producing.wait_with_output());

    let faults = hurt(cluster);
    let in_time = !feed.is_over();
    let fed = feed.finish();
    let output: Output = output.join().expect("the thread only waits")?;
    faults?;
    // If milena ended early, what it said is more than that its input was closed.
    *seconds = Summary::of_whole(&output, args.records)?.seconds;
    fed.context("feeding milena")?;
    ensure!(in_time, "the input ended before the faults did");
    java::compare(lines, &bootstrap, "milena", Some("java"))
}

/// Everything that happens to the cluster, always to the broker that leads partition 0 at that moment.
fn hurt(cluster: &Cluster) -> Result<()> {
    let bootstrap = cluster.bootstrap();
    sleep(Duration::from_secs(3));
    for _ in 0..2 {
        let leader = leader(&bootstrap)?;
        eprintln!("kill -9 of broker {leader}");
        cluster.signal_node(leader, Signal::KILL)?;
        sleep(Duration::from_secs(5));
        cluster.start_node(leader)?;
        await_replicas(&bootstrap)?;
        eprintln!("broker {leader} is back");
        sleep(Duration::from_secs(2));
    }
    let leader = leader(&bootstrap)?;
    eprintln!("SIGSTOP of broker {leader}");
    cluster.signal_node(leader, Signal::STOP)?;
    sleep(2 * REQUEST_TIMEOUT);
    cluster.signal_node(leader, Signal::CONT)?;
    await_replicas(&bootstrap)?;
    eprintln!("broker {leader} goes on");
    sleep(Duration::from_secs(2));
    Ok(())
}

fn leader(bootstrap: &str) -> Result<u32> {
    let leader = partitions(bootstrap, "milena")?.first().and_then(|partition| partition.leader);
    leader.context("partition 0 has no leader")
}

/// Waits until every replica is in sync again: two brokers away at once would be another proof.
fn await_replicas(bootstrap: &str) -> Result<()> {
    let begun = Instant::now();
    while partitions(bootstrap, "milena")?.iter().any(|partition| partition.in_sync < 3) {
        ensure!(begun.elapsed() < Duration::from_secs(60), "a minute later, replicas are still not in sync");
    }
    Ok(())
}

/// The file on its way into milena, slowly at first, then as fast as milena takes it.
struct Feed {
    hurry: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<()>>,
}

impl Feed {
    fn start(lines: &Path, into: ChildStdin) -> Result<Self> {
        let file = File::open(lines)?;
        let bytes_per_turn = file.metadata()?.len() / TURNS;
        let hurry = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let hurry = Arc::clone(&hurry);
            move || feed(BufReader::new(file), into, bytes_per_turn, &hurry)
        });
        Ok(Self { hurry, thread })
    }

    fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    fn finish(self) -> io::Result<()> {
        self.hurry.store(true, Ordering::Relaxed);
        self.thread.join().expect("the thread only copies")
    }
}

fn feed(mut lines: impl Read, mut into: ChildStdin, bytes_per_turn: u64, hurry: &AtomicBool) -> io::Result<()> {
    while !hurry.load(Ordering::Relaxed) {
        if io::copy(&mut lines.by_ref().take(bytes_per_turn.max(1)), &mut into)? == 0 {
            return Ok(());
        }
        into.flush()?;
        sleep(TURN);
    }
    io::copy(&mut lines, &mut into)?;
    Ok(())
}
