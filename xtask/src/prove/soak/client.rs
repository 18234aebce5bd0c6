//! Our own client of the soak: sends numbered records as fast as it can until its input ends, and writes what became of them.

use super::fates::Fates;
use super::storm::REQUEST_TIMEOUT;
use anyhow::{Context, Result};
use milena::{Record, SendError, blocking};
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Every client of the soak is told the same, in this order.
#[derive(clap::Args)]
pub(crate) struct Args {
    pub(crate) bootstrap: String,
    pub(crate) topic: String,
    pub(crate) partitions: usize,
    /// Bytes of a value: partition, number, and the rest.
    pub(crate) value: usize,
    /// At most so many records.
    pub(crate) records: usize,
    /// Where the outcomes are written.
    pub(crate) fates: PathBuf,
}

/// Records that are handed over at once.
const CHUNK: usize = 200;
/// Delivery may take two minutes, and closing has to wait for that.
const CLOSING: Duration = Duration::from_secs(150);

pub(crate) fn run(args: &Args) -> Result<()> {
    let builder = milena::Producer::builder().bootstrap_servers(&args.bootstrap).request_timeout(REQUEST_TIMEOUT);
    let producer: blocking::Producer = builder.build()?.into();
    let fates = Arc::new(Fates::new(args.partitions, args.records));
    let hook = milena::Producer::from(producer.clone()).hook({
        let fates = Arc::clone(&fates);
        move |number, outcome| fates.tell(number, outcome.map(drop).map_err(|error| error.written))
    });
    let stop = input_ended();
    let begun = Instant::now();
    let (mut sent, mut values) = (0, vec![0; CHUNK * args.value]);
    while sent < args.records && !stop.load(Ordering::Relaxed) {
        let count = CHUNK.min(args.records - sent);
        fill(&mut values, args, sent);
        let records = values
            .chunks_exact(args.value)
            .zip(sent..sent + count)
            .map(|(value, number)| Record::to(&args.topic).partition(partition(args, number)).value(value));
        sent += match producer.send_all_with(records, &hook, sent as u64) {
            Ok(accepted) => accepted,
            // It waited for max.block.ms; what was not accepted is sent again.
            Err(stopped) if matches!(stopped.error, SendError::Full { .. } | SendError::UnknownTopic { .. }) => {
                stopped.accepted
            }
            Err(stopped) => return Err(stopped.error).context("sending"),
        };
    }
    let seconds = begun.elapsed().as_secs_f64();
    producer.close(CLOSING).context("closing").ok();
    fs::write(&args.fates, fates.lines(sent))?;
    println!("{{\"records\":{sent},\"acknowledged\":{},\"seconds\":{seconds:.1}}}", fates.acknowledged(sent));
    Ok(())
}

fn partition(args: &Args, number: usize) -> i32 {
    i32::try_from(number % args.partitions).unwrap_or_default()
}

/// The values of records from `first` on: partition, number within it, and nothing.
fn fill(values: &mut [u8], args: &Args, first: usize) {
    for (value, number) in values.chunks_exact_mut(args.value).zip(first..) {
        let head =
            [&partition(args, number).to_be_bytes()[..], &((number / args.partitions) as u64).to_be_bytes()].concat();
        value.iter_mut().zip(head).for_each(|(to, from)| *to = from);
    }
}

fn input_ended() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            std::io::stdin().read_to_end(&mut Vec::new()).ok();
            ended.store(true, Ordering::Relaxed);
        }
    });
    ended
}
