//! rskafka behind the calls of the benchmark: it sends batches that its caller has made, one partition at a time, and keeps
//! no order between them, nor does it know idempotence.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use milena_bench::arguments::Arguments;
use milena_bench::clients::Client;
use milena_bench::load::{Load, Outgoing};
use milena_bench::tally::Tally;
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::record::Record;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// Batches of all partitions under way: as many as five requests of the others hold.
const BATCHES: usize = 30;
/// Bytes of a record beside its value and key.
const AROUND: usize = 10;

/// A client for one run.
///
/// # Errors
/// What rskafka says of the broker.
pub fn open(arguments: &Arguments, tally: &Arc<Tally>) -> Result<Box<dyn Client>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let compression = match arguments.compression.as_str() {
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::NoCompression,
    };
    let partitions = runtime.block_on(connect(arguments))?;
    let share = arguments.unacked * (arguments.value + AROUND) / 5 / partitions.len().max(1);
    Ok(Box::new(Rskafka {
        runtime,
        open: partitions.iter().map(|_| Open::default()).collect(),
        partitions,
        compression,
        batch: arguments.batch.min(share),
        current: 0,
        under_way: Arc::new(Semaphore::new(BATCHES)),
        now: DateTime::from_timestamp_millis(1_700_000_000_000).context("a time")?,
        tally: Arc::clone(tally),
    }))
}

async fn connect(arguments: &Arguments) -> Result<Vec<Arc<PartitionClient>>> {
    let client = ClientBuilder::new(vec![arguments.bootstrap.clone()]).build().await?;
    let mut partitions = Vec::new();
    for partition in 0..arguments.partitions {
        let topic = arguments.topic.as_str();
        partitions.push(Arc::new(client.partition_client(topic, partition, UnknownTopicHandling::Error).await?));
    }
    Ok(partitions)
}

#[derive(Default)]
struct Open {
    records: Vec<Record>,
    numbers: Vec<u64>,
    bytes: usize,
}

struct Rskafka {
    runtime: Runtime,
    open: Vec<Open>,
    partitions: Vec<Arc<PartitionClient>>,
    compression: Compression,
    batch: usize,
    /// Where records without a key go until the batch is full.
    current: usize,
    under_way: Arc<Semaphore>,
    now: DateTime<Utc>,
    tally: Arc<Tally>,
}

impl Rskafka {
    fn append(&mut self, outgoing: Outgoing<'_>) -> Result<()> {
        let keyed = outgoing.key.map(|key| key.iter().fold(0, |hash: usize, byte| hash * 31 + usize::from(*byte)));
        let named = outgoing.partition.and_then(|partition| usize::try_from(partition).ok());
        let at = named.or(keyed.map(|hash| hash % self.open.len())).unwrap_or(self.current);
        let open = &mut self.open[at];
        open.records.push(Record {
            key: outgoing.key.map(<[u8]>::to_vec),
            value: Some(outgoing.value.to_vec()),
            headers: BTreeMap::new(),
            timestamp: self.now,
        });
        open.numbers.push(outgoing.number);
        open.bytes += outgoing.value.len() + outgoing.key.map_or(0, <[u8]>::len) + AROUND;
        if open.bytes + outgoing.value.len() + AROUND > self.batch {
            self.current = (self.current + 1) % self.open.len();
            self.produce(at)?;
        }
        Ok(())
    }

    /// Sends a batch in a task of its own, once there are not too many.
    fn produce(&mut self, at: usize) -> Result<()> {
        let Open { records, numbers, .. } = std::mem::take(&mut self.open[at]);
        if records.is_empty() {
            return Ok(());
        }
        let permit = self.runtime.block_on(Arc::clone(&self.under_way).acquire_owned())?;
        let (client, compression, tally) =
            (Arc::clone(&self.partitions[at]), self.compression, Arc::clone(&self.tally));
        self.runtime.spawn(async move {
            match client.produce(records, compression).await {
                Ok(_) => numbers.into_iter().for_each(|number| tally.ack(number)),
                Err(error) => tally.fail(&error),
            }
            drop(permit);
        });
        Ok(())
    }
}

impl Client for Rskafka {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        load.records(numbers).try_for_each(|outgoing| self.append(outgoing))
    }

    fn flush(&mut self) -> Result<()> {
        self.end_of_tick()?;
        let all = u32::try_from(BATCHES)?;
        drop(self.runtime.block_on(self.under_way.acquire_many(all))?);
        Ok(())
    }

    fn end_of_tick(&mut self) -> Result<()> {
        (0..self.open.len()).try_for_each(|at| self.produce(at))
    }
}
