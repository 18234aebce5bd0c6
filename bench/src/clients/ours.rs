//! milena, in the ways in which people use it.

use super::Client;
use crate::arguments::Arguments;
use crate::load::{Load, Outgoing};
use crate::tally::Tally;
use anyhow::{Result, bail};
use futures::executor::block_on;
use milena::{Delivery, Hook, Producer, Record, Topic, TopicRecord, blocking};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// The client in the way that `mode` names.
pub(super) fn open(arguments: &Arguments, tally: &Arc<Tally>) -> Result<Box<dyn Client>> {
    let producer = connect(arguments)?;
    let topic = arguments.topic.clone();
    let counted = Arc::clone(tally);
    let hook = producer.hook(move |number, result| match result {
        Ok(_) => counted.ack(number),
        Err(error) => counted.fail(&error),
    });
    Ok(match arguments.mode.as_str() {
        "hook" => Box::new(Hooks { producer, topic, hook }),
        "topic" => Box::new(Prepared { topic: producer.topic(topic), hook }),
        "all" => Box::new(All { producer, topic, hook }),
        "blocking" => Box::new(Blocking { producer: producer.into(), topic, hook }),
        "future" => Box::new(Futures {
            producer,
            topic,
            unacked: arguments.unacked,
            deliveries: VecDeque::new(),
            next: 0,
            tally: Arc::clone(tally),
        }),
        other => bail!("milena has no mode {other:?}"),
    })
}

fn connect(arguments: &Arguments) -> Result<Producer> {
    let mut builder = Producer::builder()
        .set("bootstrap.servers", arguments.bootstrap.as_str())
        .set("compression.type", arguments.compression.as_str());
    if !arguments.defaults {
        builder = builder
            .set("batch.size", arguments.batch.to_string().as_str())
            .set("linger.ms", arguments.linger.as_millis().to_string().as_str())
            .set("buffer.memory", arguments.memory.to_string().as_str());
    }
    Ok(builder.build()?)
}

#[inline]
fn record<'a>(topic: &'a str, outgoing: Outgoing<'a>) -> Record<'a> {
    let mut record = Record::to(topic).value(outgoing.value);
    if let Some(key) = outgoing.key {
        record = record.key(key);
    }
    if let Some(partition) = outgoing.partition {
        record = record.partition(partition);
    }
    record
}

/// `send_with`: a hook called for each record.
struct Hooks {
    producer: Producer,
    topic: String,
    hook: Hook,
}

impl Client for Hooks {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        block_on(async {
            for outgoing in load.records(numbers) {
                self.producer.send_with(record(&self.topic, outgoing), &self.hook, outgoing.number).await?;
            }
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<()> {
        block_on(self.producer.flush());
        Ok(())
    }
}

/// `Topic::send_with`: the same, the topic's name looked up once.
struct Prepared {
    topic: Topic,
    hook: Hook,
}

impl Client for Prepared {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        block_on(async {
            for outgoing in load.records(numbers) {
                let mut record = TopicRecord::new();
                if let Some(partition) = outgoing.partition {
                    record = record.partition(partition);
                }
                let record = record.value(outgoing.value);
                match outgoing.key {
                    Some(key) => self.topic.send_with(record.key(key), &self.hook, outgoing.number).await?,
                    None => self.topic.send_with(record, &self.hook, outgoing.number).await?,
                }
            }
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<()> {
        block_on(self.topic.producer().flush());
        Ok(())
    }
}

/// `send_all_with`: the same, many records in one call.
struct All {
    producer: Producer,
    topic: String,
    hook: Hook,
}

impl Client for All {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        let first = numbers.start;
        let records = load.records(numbers).map(|outgoing| record(&self.topic, outgoing));
        block_on(self.producer.send_all_with(records, &self.hook, first))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        block_on(self.producer.flush());
        Ok(())
    }
}

/// `blocking::Producer::send_with`.
struct Blocking {
    producer: blocking::Producer,
    topic: String,
    hook: Hook,
}

impl Client for Blocking {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        for outgoing in load.records(numbers) {
            self.producer.send_with(record(&self.topic, outgoing), &self.hook, outgoing.number)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.producer.flush();
        Ok(())
    }
}

/// `send`: a future for each record, awaited once as many are under way as may be.
struct Futures {
    producer: Producer,
    topic: String,
    unacked: usize,
    deliveries: VecDeque<Delivery>,
    next: u64,
    tally: Arc<Tally>,
}

impl Futures {
    async fn await_oldest(&mut self) {
        let Some(delivery) = self.deliveries.pop_front() else { return };
        match delivery.await {
            Ok(_) => self.tally.ack(self.next),
            Err(error) => self.tally.fail(&error),
        }
        self.next += 1;
    }
}

impl Client for Futures {
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()> {
        block_on(async {
            for outgoing in load.records(numbers) {
                let delivery = self.producer.send(record(&self.topic, outgoing)).await?;
                self.deliveries.push_back(delivery);
                if self.deliveries.len() >= self.unacked {
                    self.await_oldest().await;
                }
            }
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<()> {
        block_on(async {
            while !self.deliveries.is_empty() {
                self.await_oldest().await;
            }
        });
        Ok(())
    }
}
