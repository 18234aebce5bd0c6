//! The test kit's broker beside a real one: the same random operations to both, and every answer compared.

mod author;
mod batch;
mod operation;
mod side;

use super::report::Report;
use crate::kafka::{Cluster, Life, Shape};
use anyhow::{Result, ensure};
use author::Author;
use milena_testkit::{DevCluster, DevOptions};
use operation::Operation;
use side::Side;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Draws the operations
    #[arg(long)]
    seed: Option<u64>,
    /// How many
    #[arg(long, default_value_t = 20_000)]
    operations: usize,
    /// The brokers are stopped or killed, and started again, once in so many operations
    #[arg(long, default_value_t = 1_000)]
    restart_every: usize,
    /// Prints every operation and what Kafka answers
    #[arg(long)]
    verbose: bool,
}

/// Differences that are shown: a first one often has more in its wake.
const SHOWN: usize = 12;
/// Later starts of the broker would otherwise know fewer producers than we do.
const SETTINGS: [&str; 1] = ["producer.id.expiration.ms=86400000"];

pub(crate) fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let settings = SETTINGS.map(str::to_owned).to_vec();
    let kafka = Cluster::start(Shape { name: "differential".into(), settings, ..Shape::default() }, Life::Scoped)?;
    let mut options = DevOptions::brokers(1);
    options.cluster.auto_create_topics = false;
    let model = DevCluster::start_blocking(options)?;
    let mut sides = [Side::new(kafka.bootstrap()), Side::new(model.bootstrap_servers())];
    let mut author = Author::new(seed, args.restart_every);
    let mut report = Report::begin("differential", &["seed", "operations", "answers compared", "refusals among them"]);
    let (mut compared, mut refusals, mut differences) = (0, 0, Vec::new());
    for number in 0..args.operations {
        let operation = author.next();
        if let Operation::Restart { killed } = operation {
            restart(&kafka, &model, killed)?;
        }
        let now_ms = now_ms()?;
        let [real, ours] = sides.each_mut().map(|side| side.perform(&operation, now_ms));
        let (real, ours) = (real?, ours?);
        if args.verbose {
            eprintln!("{number} {operation:?}\n    {real}");
        }
        author.learn(&operation, &real);
        if matches!(operation, Operation::Restart { killed: true }) {
            catch_up(&mut sides, &author)?;
        }
        compared += 1;
        refusals += usize::from(real.is_refusal());
        if real != ours {
            differences.push(format!("operation {number}, {operation:?}:\n    Kafka  {real}\n    model  {ours}"));
        }
        if differences.len() == SHOWN {
            break;
        }
    }
    differences.iter().for_each(|difference| eprintln!("{difference}"));
    let verdict = judge(&differences);
    report.row(&[&seed, &args.operations, &compared, &refusals], verdict);
    report.end()
}

/// Kafka writes down once a minute where its logs start; one that was killed may know of earlier starts only. The model knows
/// the last.
fn catch_up([real, ours]: &mut [Side; 2], author: &Author) -> Result<()> {
    for (topic, partition) in author.places() {
        let start = ours.start_of(&topic, partition)?;
        if real.start_of(&topic, partition)? < start {
            real.delete_before(&topic, partition, start)?;
        }
    }
    Ok(())
}

fn judge(differences: &[String]) -> Result<()> {
    ensure!(differences.is_empty(), "{} answers differ", differences.len());
    Ok(())
}

fn restart(kafka: &Cluster, model: &DevCluster, killed: bool) -> Result<()> {
    if killed {
        kafka.kill_node(1)?;
        model.with(|cluster| cluster.kill(1));
    } else {
        kafka.stop_node(1)?;
        model.with(|cluster| cluster.stop(1));
    }
    kafka.start_node(1)?;
    model.with(|cluster| cluster.start(1));
    Ok(())
}

fn now_ms() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
