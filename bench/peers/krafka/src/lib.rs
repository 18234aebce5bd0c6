//! krafka behind the calls of the benchmark: records are enqueued, and their handles awaited.

use anyhow::Result;
use bytes::Bytes;
use krafka::producer::{DeliveryHandle, Producer};
use krafka::{Compression, Kafka, Record};
use milena_bench::arguments::Arguments;
use milena_bench::clients::Client;
use milena_bench::load::Load;
use milena_bench::tally::Tally;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A client for one run.
///
/// # Errors
/// What krafka says of its settings or of the broker.
pub fn open(arguments: &Arguments, tally: &Arc<Tally>) -> Result<Box<dyn Client>> {
    // The workers of an application: as many as there are cores for it, which is one.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let producer = runtime.block_on(connect(arguments))?;
    let values = Bytes::from(std::fs::read(&arguments.values)?);
    let keys = arguments.keys.as_ref().map(std::fs::read).transpose()?.map(Bytes::from);
    let handles = if arguments.pace > 0 || !arguments.window.is_zero() {
        Handles::Awaited(await_all(&runtime, tally))
    } else {
        Handles::Kept(VecDeque::new())
    };
    let (tally, topic, unacked) = (Arc::clone(tally), arguments.topic.clone(), arguments.unacked);
    Ok(Box::new(Krafka { runtime, producer, topic, values, keys, unacked, handles, next: 0, tally }))
}

async fn connect(arguments: &Arguments) -> Result<Producer> {
    let kafka = Kafka::builder(arguments.bootstrap.as_str()).connect().await?;
    let compression = match arguments.compression.as_str() {
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::None,
    };
    let mut producer = kafka.producer().compression(compression);
    if !arguments.defaults {
        producer = producer.batch_size(arguments.batch).linger(arguments.linger).buffer_memory(arguments.memory);
    }
    Ok(producer.build().await?)
}

struct Krafka {
    runtime: Runtime,
    producer: Producer,
    topic: String,
    /// krafka keeps slices of what it is given: all of them are slices of these.
    values: Bytes,
    keys: Option<Bytes>,
    unacked: usize,
    handles: Handles,
    next: u64,
    tally: Arc<Tally>,
}

/// What becomes of the handles.
enum Handles {
    /// The sender awaits the oldest once as many are under way as may be.
    Kept(VecDeque<DeliveryHandle>),
    /// A task awaits them as they come, so that each record is timed.
    Awaited(UnboundedSender<(u64, DeliveryHandle)>),
}

fn await_all(runtime: &Runtime, tally: &Arc<Tally>) -> UnboundedSender<(u64, DeliveryHandle)> {
    let (sender, mut handles) = unbounded_channel::<(u64, DeliveryHandle)>();
    let tally = Arc::clone(tally);
    runtime.spawn(async move {
        while let Some((number, handle)) = handles.recv().await {
            match handle.await {
                Ok(_) => tally.ack(number),
                Err(error) => tally.fail(&error),
            }
        }
    });
    sender
}

impl Client for Krafka {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        let Self { runtime, producer, topic, values, keys, unacked, handles, next, tally } = self;
        runtime.block_on(async {
            for outgoing in load.records(numbers) {
                // The same bytes, as a slice that shares them.
                let (at, size) = (usize::try_from(outgoing.number)?, outgoing.value.len());
                let start = at % (values.len() / size) * size;
                let mut record = Record::new(topic.as_str(), values.slice(start..start + size));
                if let (Some(keys), Some(key)) = (keys.as_ref(), outgoing.key) {
                    let start = at % (keys.len() / key.len()) * key.len();
                    record = record.key(keys.slice(start..start + key.len()));
                }
                if let Some(partition) = outgoing.partition {
                    record = record.partition(partition);
                }
                let handle = producer.enqueue(record).await?;
                match handles {
                    Handles::Awaited(sender) => sender.send((outgoing.number, handle))?,
                    Handles::Kept(kept) => {
                        kept.push_back(handle);
                        if kept.len() >= *unacked {
                            await_oldest(kept, next, tally).await;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<()> {
        let Self { runtime, producer, handles, next, tally, .. } = self;
        runtime.block_on(async {
            producer.flush().await?;
            match handles {
                Handles::Kept(kept) => {
                    while !kept.is_empty() {
                        await_oldest(kept, next, tally).await;
                    }
                }
                // All have their outcome; the task has them in a moment.
                Handles::Awaited(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            Ok(())
        })
    }
}

async fn await_oldest(kept: &mut VecDeque<DeliveryHandle>, next: &mut u64, tally: &Tally) {
    let Some(handle) = kept.pop_front() else { return };
    match handle.await {
        Ok(_) => tally.ack(*next),
        Err(error) => tally.fail(&error),
    }
    *next += 1;
}
