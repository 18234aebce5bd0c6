//! Both machines, a clock, and a cluster that is honest until the story says otherwise.

use crate::ALLOCATOR;
use crate::broker::{Age, Cluster, Question};
use milena_core::output::{Endpoint, Notice};
use milena_core::{
    Accumulator, Batch, Claim, Config, ConnectionId, Delivery, DeliveryError, Output, Record, Refusal, Sender, Time,
    Timestamp,
};
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::ResponseHeader;
use milena_wire::messages::produce::ProduceResponse;
use milena_wire::version::ApiKey;
use stats_alloc::Region;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What may be allocated in all for each byte that came, freed meanwhile or not.
const ALLOCATED_PER_BYTE: usize = 2;
/// What an answer may cost whatever its size: the producer's own state, requests, notices.
const ALLOCATED_AT_ONCE: usize = 64 << 10;
/// Outputs between two inputs.
const STEPS_MAX: usize = 2_000;

pub(crate) struct Stage {
    pub(crate) now: Time,
    pub(crate) sender: Sender,
    pub(crate) accumulator: Accumulator,
    pub(crate) cluster: Cluster,
    wait: Option<Time>,
    opening: VecDeque<(ConnectionId, Endpoint)>,
    /// Asked, and not answered yet.
    pub(crate) questions: VecDeque<(ConnectionId, Question)>,
    pub(crate) notices: Vec<Notice>,
    /// Nobody answers any more.
    pub(crate) silent: bool,
    /// Partitions of which an answer said that a batch is in the log.
    pub(crate) acknowledged: HashSet<i32>,
}

impl Stage {
    pub(crate) fn new(age: Age) -> Self {
        let config = Arc::new(Config {
            bootstrap_servers: vec![Endpoint { host: "first".into(), port: 9092 }],
            linger: Duration::ZERO,
            delivery_timeout: DELIVERY_TIMEOUT,
            ..Config::default()
        });
        Self {
            now: Time::ZERO,
            sender: Sender::new(Arc::clone(&config), 1),
            accumulator: Accumulator::new(config, 1),
            cluster: Cluster::new(age),
            wait: None,
            opening: VecDeque::new(),
            questions: VecDeque::new(),
            notices: Vec::new(),
            silent: false,
            acknowledged: HashSet::new(),
        }
    }

    /// A record for partition 0, unless the topic is not known.
    pub(crate) fn send(&mut self) -> Option<Delivery> {
        let record = Record::to("t").partition(0).value("value");
        let appended = self.accumulator.append(&record, Claim::Delivery, None, self.now, Timestamp(5));
        let delivery = match appended {
            Ok(appended) => appended.delivery,
            Err(Refusal::UnknownTopic | Refusal::UnknownPartition { .. } | Refusal::Never(_)) => {
                self.sender.want_topic(&"t".into(), self.now);
                None
            }
            Err(refusal) => panic!("{refusal:?}"),
        };
        self.turn();
        delivery
    }

    /// Answers honestly until `api` is asked: gives that question.
    pub(crate) fn until(&mut self, api: ApiKey) -> (ConnectionId, Question) {
        for _ in 0..50 {
            while let Some((connection, endpoint)) = self.opening.pop_front() {
                self.decide(connection, &endpoint);
            }
            let Some((connection, question)) = self.questions.pop_front() else {
                self.pass(Duration::from_millis(100), false);
                continue;
            };
            if question.api == api {
                return (connection, question);
            }
            self.answer(connection, &question);
        }
        panic!("{api} is not asked");
    }

    /// The conversation up to a question of this API; a record waits for it where one can.
    pub(crate) fn begin(age: Age, api: ApiKey) -> (Self, Option<Delivery>, ConnectionId, Question) {
        if api == ApiKey::LIST_OFFSETS {
            return Self::begin_probing(age);
        }
        let mut stage = Self::new(age);
        let mut delivery = stage.send();
        assert!(delivery.is_none(), "nothing is known yet");
        if api == ApiKey::PRODUCE || api == ApiKey::INIT_PRODUCER_ID {
            let (connection, question) = stage.until(ApiKey::METADATA);
            stage.answer(connection, &question);
            delivery = stage.send();
        }
        let (connection, question) = stage.until(api);
        (stage, delivery, connection, question)
    }

    /// Two batches are in the log behind one that was acknowledged, and the broker has forgotten whose they are: it is asked
    /// where the log ends. Gives the older one's delivery.
    fn begin_probing(age: Age) -> (Self, Option<Delivery>, ConnectionId, Question) {
        let (mut stage, _, connection, question) = Self::begin(age, ApiKey::PRODUCE);
        stage.answer(connection, &question);
        let older = stage.send();
        stage.send();
        stage.cluster.forgetful = true;
        let (connection, question) = stage.until(ApiKey::LIST_OFFSETS);
        stage.cluster.forgetful = false;
        (stage, older, connection, question)
    }

    fn answer(&mut self, connection: ConnectionId, question: &Question) {
        let bytes = self.cluster.answer(question);
        self.say(connection, question, &bytes, bytes.len());
    }

    /// Bytes that come as the answer to a question, in chunks of at most so many. Looks at the memory that they take.
    pub(crate) fn say(&mut self, connection: ConnectionId, question: &Question, bytes: &[u8], chunk: usize) {
        self.note_acknowledged(question, bytes);
        self.hear(connection, bytes, chunk);
    }

    /// Bytes that come, in chunks of at most so many.
    pub(crate) fn hear(&mut self, connection: ConnectionId, bytes: &[u8], chunk: usize) {
        let region = Region::new(ALLOCATOR);
        for bytes in bytes.chunks(chunk.max(1)) {
            self.sender.handle_bytes(connection, bytes, self.now);
            self.turn();
        }
        let allocated = region.change().bytes_allocated;
        let allowed = ALLOCATED_PER_BYTE * bytes.len() + ALLOCATED_AT_ONCE;
        assert!(allocated <= allowed, "{allocated} bytes allocated for {} that came", bytes.len());
    }

    /// What another reader makes of an answer: whose batches it says are in the log.
    fn note_acknowledged(&mut self, question: &Question, bytes: &[u8]) {
        if question.api != ApiKey::PRODUCE || bytes.len() < 4 {
            return;
        }
        let mut reader = Reader::new(&bytes[4..]);
        if ResponseHeader::decode(&mut reader, question.api, question.version).is_err() {
            return;
        }
        let Ok(response) = ProduceResponse::decode(&mut reader, question.version) else { return };
        let written = [ErrorCode::NONE, ErrorCode::DUPLICATE_SEQUENCE_NUMBER];
        let partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
        self.acknowledged.extend(partitions.filter(|each| written.contains(&each.error_code)).map(|each| each.index));
    }

    /// Time passes. The cluster answers, unless it is silent.
    pub(crate) fn pass(&mut self, duration: Duration, answering: bool) {
        let end = self.now + duration;
        for _ in 0..100_000 {
            self.react(answering);
            let next = [self.wait, self.accumulator.next_due()].into_iter().flatten().min();
            let next = next.map_or(end, |next| next.max(self.now + Duration::from_micros(1)));
            self.now = next.min(end);
            self.sender.handle_timeout(self.now);
            self.accumulator.handle_timeout(self.now);
            self.turn();
            if self.now == end {
                self.react(answering);
                return;
            }
        }
        panic!("time stands still");
    }

    fn react(&mut self, answering: bool) {
        for _ in 0..10_000 {
            if let Some((connection, endpoint)) = self.opening.pop_front() {
                self.decide(connection, &endpoint);
            } else if let Some((connection, question)) = answering.then(|| self.questions.pop_front()).flatten() {
                if !self.silent {
                    self.answer(connection, &question);
                }
            } else {
                return;
            }
        }
        panic!("questions without end");
    }

    /// Connections to the cluster stand; others are refused.
    fn decide(&mut self, connection: ConnectionId, endpoint: &Endpoint) {
        let known = ["first", "broker-1", "broker-2"].contains(&&*endpoint.host) && endpoint.port == 9092;
        if known {
            self.sender.handle_opened(connection, self.now);
        } else {
            self.sender.handle_closed(connection, "connection refused", self.now);
        }
        self.turn();
    }

    /// Hands due batches over and drains, until there is neither.
    pub(crate) fn turn(&mut self) {
        let mut due: Vec<Batch> = Vec::new();
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
                Output::Open(connection, endpoint) => self.opening.push_back((connection, endpoint)),
                Output::Transmit(connection, frame) => {
                    self.questions.push_back((connection, Question::read(&frame.pieces.concat())));
                    self.sender.handle_transmitted(connection, self.now);
                }
                Output::Close(connection) => {
                    self.opening.retain(|(other, _)| *other != connection);
                    self.questions.retain(|(other, _)| *other != connection);
                }
                Output::Compress(_) => panic!("no codec is set"),
                Output::News(news) => self.accumulator.hear(news, self.now),
                Output::Hooks(hooks) => hooks.run(|hook, token, result| hook(token, result)),
                Output::Notice(notice) => self.notices.push(notice),
                Output::Wait(until) => {
                    self.wait = until;
                    return;
                }
            }
        }
        panic!("it does not come to rest");
    }

    pub(crate) fn warned(&self, fragment: &str) -> bool {
        self.notices.iter().any(|notice| notice.text.contains(fragment))
    }

    /// After a lie: what must hold of the record that was on its way.
    pub(crate) fn is_believed_only_if_said(&self, delivery: Option<&Delivery>) {
        if let Some(Ok(ack)) = delivery.and_then(Delivery::now) {
            assert!(self.acknowledged.contains(&ack.partition), "acknowledged, and no answer said so");
        }
    }

    /// After a lie: time passes until every record must have its result.
    pub(crate) fn resolves(&mut self, delivery: Option<&Delivery>) -> Option<Result<(), DeliveryError>> {
        self.pass(DELIVERY_TIMEOUT, true);
        let result = delivery.map(|delivery| delivery.now().expect("resolved by its delivery timeout"));
        self.is_believed_only_if_said(delivery);
        result.map(|result| result.map(drop))
    }

    /// The broker is honest again: a record arrives, within half an hour.
    pub(crate) fn recovers(&mut self) {
        self.silent = false;
        for _ in 0..60 {
            let delivery = self.send();
            self.pass(Duration::from_secs(30), true);
            if delivery.and_then(|delivery| delivery.now()).is_some_and(|result| result.is_ok()) {
                return;
            }
            // A broker that says that it has no idempotence, or is of another cluster, is not told from one that lies: that
            // is said, and waits for people.
            if self.warned("the producer has failed") || self.warned("another cluster answers") {
                return;
            }
        }
        panic!("nothing is delivered any more: {:#?}", self.notices.iter().rev().take(5).collect::<Vec<_>>());
    }
}

/// `delivery.timeout.ms`, with room for one request that times out.
pub(crate) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(45);
