//! Both machines, driven by any sequence of operations: they come to rest, every record has one result by its time, and
//! memory stays in proportion to what came.

use crate::memory::within;
use arbitrary::Arbitrary;
use milena_core::output::Endpoint;
use milena_core::{Accumulator, Claim, Config, ConnectionId, Delivery, Output, Record, Sender, Time, Timestamp};
use milena_wire::Encode;
use milena_wire::buf::{Reader, Writer};
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_wire::messages::produce::ProduceResponse;
use milena_wire::version::ApiKey;
use std::sync::Arc;
use std::time::Duration;

/// One input of the machines.
#[derive(Debug, Clone, Arbitrary)]
pub enum Step<'a> {
    /// A caller sends.
    Send {
        /// Where to; by the partitioner if nowhere.
        partition: Option<u8>,
        /// The record's value.
        value: &'a [u8],
    },
    /// A connection stands.
    Open(u8),
    /// A connection is gone.
    Cut(u8),
    /// A frame was written.
    Transmitted(u8),
    /// Bytes as they are.
    Bytes(u8, &'a [u8]),
    /// The answer to the oldest question of a connection, with this body.
    Answer(u8, &'a [u8]),
    /// The oldest question of a connection is answered as it should be; Produce by an answer that leaves all
    /// batches out.
    Honest(u8),
    /// As it should be, but for one byte of its body: which, and what it is instead.
    Nearly(u8, u16, u8),
    /// So many milliseconds pass.
    Pass(u16),
    /// A caller flushes.
    Flush,
}

const DELIVERY_TIMEOUT: Duration = Duration::from_secs(120);
/// Outputs between two inputs.
const STEPS_MAX: usize = 10_000;

#[derive(Clone, Copy)]
struct Question {
    connection: ConnectionId,
    api: ApiKey,
    version: i16,
    correlation_id: i32,
}

impl Question {
    /// The frame of an answer whose body `write` writes.
    fn answer(self, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        ResponseHeader { correlation_id: self.correlation_id }.encode(&mut writer, self.api, self.version);
        write(&mut writer);
        frame.end(&mut writer, 0).expect("a frame");
        writer.into_bytes()
    }

    fn honest(self) -> Vec<u8> {
        let version = self.version;
        self.answer(|writer| {
            let written = match self.api {
                ApiKey::API_VERSIONS => versions().encode(writer, version),
                ApiKey::METADATA => metadata().encode(writer, version),
                ApiKey::PRODUCE => ProduceResponse::default().encode(writer, version),
                _ => InitProducerIdResponse { producer_id: 77, ..Default::default() }.encode(writer, version),
            };
            written.expect("an answer in the version that was asked");
        })
    }
}

fn versions() -> ApiVersionsResponse {
    let offer = |api_key, max_version| ApiVersion { api_key, min_version: 0, max_version };
    let api_keys = vec![
        offer(ApiKey::PRODUCE, 12),
        offer(ApiKey::METADATA, 13),
        offer(ApiKey::API_VERSIONS, 4),
        offer(ApiKey::INIT_PRODUCER_ID, 5),
    ];
    ApiVersionsResponse { api_keys, ..Default::default() }
}

/// Topic `t` with four partitions, led by the one broker.
fn metadata() -> MetadataResponse {
    let broker = MetadataResponseBroker { node_id: 1, host: "first".into(), port: 9092, rack: None };
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id: 1,
        leader_epoch: 1,
        ..Default::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        partitions: (0..4).map(partition).collect(),
        ..Default::default()
    };
    MetadataResponse { brokers: vec![broker], topics: vec![topic], ..Default::default() }
}

struct Stage {
    now: Time,
    sender: Sender,
    accumulator: Accumulator,
    connections: Vec<ConnectionId>,
    questions: Vec<Question>,
    deliveries: Vec<Delivery>,
}

impl Stage {
    fn new() -> Self {
        let config = Arc::new(Config {
            bootstrap_servers: vec![Endpoint { host: "first".into(), port: 9092 }],
            delivery_timeout: DELIVERY_TIMEOUT,
            ..Config::default()
        });
        Self {
            now: Time::ZERO,
            sender: Sender::new(Arc::clone(&config), 1),
            accumulator: Accumulator::new(config, 1),
            connections: Vec::new(),
            questions: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    fn connection(&self, number: u8) -> Option<ConnectionId> {
        let count = self.connections.len();
        (count > 0).then(|| self.connections[usize::from(number) % count])
    }

    fn oldest(&mut self, number: u8) -> Option<Question> {
        let connection = self.connection(number)?;
        let at = self.questions.iter().position(|question| question.connection == connection)?;
        Some(self.questions.remove(at))
    }

    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Send { partition, value } => {
                let mut record = Record::to("t").value(value);
                if let Some(partition) = partition {
                    record = record.partition(i32::from(partition % 4));
                }
                match self.accumulator.append(&record, Claim::Delivery, None, self.now, Timestamp(5)) {
                    Ok(appended) => self.deliveries.extend(appended.delivery),
                    Err(_) => self.sender.want_topic(&"t".into(), self.now),
                }
            }
            Step::Open(number) => {
                let Some(connection) = self.connection(number) else { return };
                self.sender.handle_opened(connection, self.now);
            }
            Step::Cut(number) => {
                let Some(connection) = self.connection(number) else { return };
                self.sender.handle_closed(connection, "cut", self.now);
            }
            Step::Transmitted(number) => {
                let Some(connection) = self.connection(number) else { return };
                self.sender.handle_transmitted(connection, self.now);
            }
            Step::Bytes(number, bytes) => {
                let Some(connection) = self.connection(number) else { return };
                self.sender.handle_bytes(connection, bytes, self.now);
            }
            Step::Answer(number, body) => {
                let Some(question) = self.oldest(number) else { return };
                let frame = question.answer(|writer| writer.raw(body));
                self.sender.handle_bytes(question.connection, &frame, self.now);
            }
            Step::Honest(number) => {
                let Some(question) = self.oldest(number) else { return };
                self.sender.handle_bytes(question.connection, &question.honest(), self.now);
            }
            Step::Nearly(number, at, byte) => {
                let Some(question) = self.oldest(number) else { return };
                let mut frame = question.honest();
                // Behind the length and whose answer it is.
                let body = frame.len().saturating_sub(8).max(1);
                let at = (8 + usize::from(at) % body).min(frame.len() - 1);
                frame[at] = byte;
                self.sender.handle_bytes(question.connection, &frame, self.now);
            }
            Step::Pass(ms) => self.pass(Duration::from_millis(ms.into())),
            Step::Flush => drop(self.accumulator.flush(self.now)),
        }
        self.turn();
    }

    fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
        self.sender.handle_timeout(self.now);
        self.accumulator.handle_timeout(self.now);
        self.turn();
    }

    fn turn(&mut self) {
        let mut due = Vec::new();
        for _ in 0..STEPS_MAX {
            self.accumulator.take_due(self.now, &mut due);
            let idle = due.is_empty();
            due.drain(..).for_each(|batch| self.sender.push(batch, self.now));
            self.drain();
            if idle {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn drain(&mut self) {
        for _ in 0..STEPS_MAX {
            match self.sender.poll_output(self.now) {
                Output::Open(connection, _) => self.connections.push(connection),
                Output::Transmit(connection, frame) => {
                    let bytes = frame.pieces.concat();
                    let header = RequestHeader::decode(&mut Reader::new(&bytes[4..])).expect("our own header");
                    let RequestHeader { api_key: api, api_version: version, correlation_id, .. } = header;
                    self.questions.push(Question { connection, api, version, correlation_id });
                }
                Output::Close(connection) => {
                    self.connections.retain(|other| *other != connection);
                    self.questions.retain(|question| question.connection != connection);
                }
                Output::Compress(_) => panic!("no codec is set"),
                Output::News(news) => self.accumulator.hear(news, self.now),
                Output::Hooks(hooks) => hooks.run(|hook, token, result| hook(token, result)),
                Output::Notice(_) => {}
                Output::Wait(_) => return,
            }
        }
        panic!("it does not come to rest");
    }
}

/// Takes the steps, and then waits until every record must have its result.
pub fn run(steps: Vec<Step<'_>>) {
    let bytes: usize = steps.iter().map(size).sum();
    let mut stage = Stage::new();
    // Beside what came: requests, batches (4 KiB each at first), notices.
    let allowed = 64 * bytes + 16_384 * (steps.len() + 8);
    within(allowed, || {
        for step in steps {
            stage.step(step);
        }
        stage.pass(DELIVERY_TIMEOUT);
        stage.pass(DELIVERY_TIMEOUT);
    });
    assert!(stage.deliveries.iter().all(|delivery| delivery.now().is_some()), "every record resolves by its time");
}

fn size(step: &Step<'_>) -> usize {
    match step {
        Step::Send { value, .. } => value.len(),
        Step::Bytes(_, bytes) | Step::Answer(_, bytes) => bytes.len(),
        _ => 0,
    }
}
