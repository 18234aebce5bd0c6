//! librdkafka through the rdkafka crate, in its three ways.

use super::Client;
use crate::arguments::Arguments;
use crate::load::{Load, Outgoing};
use crate::tally::Tally;
use anyhow::{Result, bail};
use futures::executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, FutureProducer, FutureRecord, Producer, ProducerContext, ThreadedProducer,
};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A BaseProducer is polled after so many records, as its documentation advises: "at regular intervals".
const POLL_EVERY: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn open(arguments: &Arguments, tally: &Arc<Tally>) -> Result<Box<dyn Client>> {
    let config = config(arguments);
    let topic = arguments.topic.clone();
    let counting = Counting(Arc::clone(tally));
    Ok(match arguments.mode.as_str() {
        "base" => Box::new(Base { producer: config.create_with_context(counting)?, topic }),
        "threaded" => Box::new(Threaded { producer: config.create_with_context(counting)?, topic }),
        "future" => Box::new(Futures {
            producer: config.create()?,
            topic: topic.as_str().into(),
            unacked: arguments.unacked,
            deliveries: VecDeque::new(),
            next: 0,
            tally: Arc::clone(tally),
        }),
        other => bail!("rdkafka has no mode {other:?}"),
    })
}

fn config(arguments: &Arguments) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &arguments.bootstrap);
    config.set("compression.type", &arguments.compression);
    config.set("acks", "all").set("enable.idempotence", "true");
    if !arguments.defaults {
        config.set("batch.size", arguments.batch.to_string());
        config.set("linger.ms", arguments.linger.as_millis().to_string());
        config.set("queue.buffering.max.messages", arguments.unacked.to_string());
        // Its limit of records in a batch is 10,000 by default, which is enough for 128 KiB of 100 bytes.
        config.set("max.in.flight.requests.per.connection", "5");
    }
    if arguments.keys.is_some() {
        config.set("partitioner", "murmur2_random");
    }
    config
}

#[derive(Clone)]
struct Counting(Arc<Tally>);

impl ClientContext for Counting {}

impl ProducerContext for Counting {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        match result {
            Ok(_) => self.0.ack(number as u64),
            Err((error, _)) => self.0.fail(error),
        }
    }
}

fn is_full(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull)
}

fn record<'a>(topic: &'a str, outgoing: Outgoing<'a>) -> BaseRecord<'a, [u8], [u8], usize> {
    let number = usize::try_from(outgoing.number).unwrap_or(usize::MAX);
    let mut record = BaseRecord::with_opaque_to(topic, number).payload(outgoing.value);
    if let Some(key) = outgoing.key {
        record = record.key(key);
    }
    if let Some(partition) = outgoing.partition {
        record = record.partition(partition);
    }
    record
}

struct Base {
    producer: BaseProducer<Counting>,
    topic: String,
}

impl Client for Base {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        for outgoing in load.records(numbers) {
            let mut unsent = record(&self.topic, outgoing);
            while let Err((error, again)) = self.producer.send(unsent) {
                if !is_full(&error) {
                    return Err(error.into());
                }
                self.producer.poll(Duration::from_millis(1));
                unsent = again;
            }
            if outgoing.number % POLL_EVERY == 0 {
                self.producer.poll(Duration::ZERO);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.producer.flush(PATIENCE)?)
    }
}

/// Polls in a thread of its own.
struct Threaded {
    producer: ThreadedProducer<Counting>,
    topic: String,
}

impl Client for Threaded {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        for outgoing in load.records(numbers) {
            let mut unsent = record(&self.topic, outgoing);
            while let Err((error, again)) = self.producer.send(unsent) {
                if !is_full(&error) {
                    return Err(error.into());
                }
                std::thread::sleep(Duration::from_millis(1));
                unsent = again;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.producer.flush(PATIENCE)?)
    }
}

/// A future for each record, awaited once as many are under way as may be.
struct Futures {
    producer: FutureProducer,
    topic: Arc<str>,
    unacked: usize,
    deliveries: VecDeque<DeliveryFuture>,
    next: u64,
    tally: Arc<Tally>,
}

impl Futures {
    fn await_oldest(&mut self) -> Result<()> {
        let Some(delivery) = self.deliveries.pop_front() else { return Ok(()) };
        match block_on(delivery)? {
            Ok(_) => self.tally.ack(self.next),
            Err((error, _)) => self.tally.fail(&error),
        }
        self.next += 1;
        Ok(())
    }
}

impl Client for Futures {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        let topic = Arc::clone(&self.topic);
        for outgoing in load.records(numbers) {
            if self.deliveries.len() >= self.unacked {
                self.await_oldest()?;
            }
            let mut unsent =
                FutureRecord { partition: outgoing.partition, key: outgoing.key, ..FutureRecord::to(&topic) }
                    .payload(outgoing.value);
            loop {
                match self.producer.send_result(unsent) {
                    Ok(delivery) => break self.deliveries.push_back(delivery),
                    Err((error, again)) if is_full(&error) => {
                        self.await_oldest()?;
                        unsent = again;
                    }
                    Err((error, _)) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        while !self.deliveries.is_empty() {
            self.await_oldest()?;
        }
        Ok(())
    }
}
