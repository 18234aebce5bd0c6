//! Both machines, and a cluster in memory that answers: what a driver does between them, without sockets.

use bytes::Bytes;
use milena_core::config::Config;
use milena_core::output::Endpoint;
use milena_core::{Accumulator, Batch, ConnectionId, Frame, Output, Sender, Time};
use milena_testkit::{self as testkit, Cluster, ClusterOptions, TopicOptions};
use milena_wire::compression::{Compression, Compressor};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const TOPIC: &str = "orders";
/// The clock stands still.
pub(crate) const NOW: Time = Time(1_000_000);
/// The cluster's own wall clock, by default.
pub(crate) const WALL_MS: i64 = 1_704_067_200_000;

pub(crate) struct Stage {
    pub(crate) accumulator: Accumulator,
    sender: Sender,
    compression: Compression,
    compressor: Compressor,
    cluster: Cluster,
    connections: HashMap<ConnectionId, testkit::ConnectionId>,
    /// Requests that the cluster has not seen.
    frames: Vec<(ConnectionId, Frame)>,
    /// Which connection the last answer is for.
    answered: Option<ConnectionId>,
    due: Vec<Batch>,
}

impl Stage {
    /// The topic is known and the leader connected when this returns.
    pub(crate) fn new(compression: Compression) -> Self {
        let mut cluster = Cluster::new(ClusterOptions { brokers: 1, ..ClusterOptions::default() });
        cluster.set_address(1, "broker", 9092);
        let topic = TopicOptions { retention_bytes: Some(1 << 20), ..TopicOptions::partitions(6) };
        cluster.create_topic(TOPIC, topic).unwrap();
        let config = Arc::new(Config {
            bootstrap_servers: vec![Endpoint { host: "broker".into(), port: 9092 }],
            batch_size: 131_072,
            linger: Duration::ZERO,
            compression,
            ..Config::default()
        });
        let mut stage = Self {
            accumulator: Accumulator::new(Arc::clone(&config), 1),
            sender: Sender::new(config, 1),
            compression,
            compressor: Compressor::default(),
            cluster,
            connections: HashMap::new(),
            frames: Vec::new(),
            answered: None,
            due: Vec::new(),
        };
        stage.sender.want_topic(&TOPIC.into(), NOW);
        stage.settle();
        stage
    }

    /// Takes what is due to the sender, and drains it.
    pub(crate) fn exchange(&mut self) {
        self.accumulator.take_due(NOW, &mut self.due);
        for batch in self.due.drain(..) {
            self.sender.push(batch, NOW);
        }
        self.drain();
    }

    /// What the cluster answers to the requests so far; empty when nothing was asked.
    pub(crate) fn answer(&mut self) -> Vec<u8> {
        let mut answers = Vec::new();
        for (id, frame) in self.frames.drain(..) {
            let mut bytes = Bytes::from(frame.pieces.concat());
            let to = *self.connections.get(&id).unwrap();
            self.cluster.handle_request(to, bytes.split_off(4), testkit::Time::ZERO);
            self.sender.handle_transmitted(id, NOW);
            self.answered = Some(id);
            while let testkit::Output::Answer(_, answer) = self.cluster.poll_output() {
                answers.extend(answer);
            }
        }
        answers
    }

    /// Gives the sender the cluster's answer.
    pub(crate) fn hear(&mut self, answer: &[u8]) {
        if let Some(id) = self.answered.take() {
            self.sender.handle_bytes(id, answer, NOW);
        }
        self.drain();
    }

    /// Everything that was sent is acknowledged, and released.
    pub(crate) fn ends_idle(&mut self) {
        self.settle();
        assert_eq!(self.accumulator.buffered().records, 0);
    }

    fn settle(&mut self) {
        self.exchange();
        while !self.frames.is_empty() {
            let answer = self.answer();
            self.hear(&answer);
        }
    }

    fn drain(&mut self) {
        loop {
            match self.sender.poll_output(NOW) {
                Output::Open(id, _) => {
                    self.connections.insert(id, self.cluster.open(1).unwrap());
                    self.sender.handle_opened(id, NOW);
                }
                Output::Transmit(id, frame) => self.frames.push((id, frame)),
                Output::Compress(batch) => {
                    let sealed = super::seal(batch, self.compression, &mut self.compressor);
                    self.sender.handle_sealed(sealed, NOW);
                }
                Output::News(news) => self.accumulator.hear(news, NOW),
                Output::Hooks(hooks) => hooks.run(|hook, token, result| hook(token, result)),
                Output::Close(_) => panic!("nothing breaks here"),
                Output::Notice(_) => {}
                Output::Wait(_) => return,
            }
        }
    }
}
