//! Every knob that the machines and the driver read, typed, with Java's default. Their names, ranges, trade-offs and
//! cross-checks stand in one table, in the `milena` crate.

use crate::output::Endpoint;
use milena_wire::compression::Compression;
use std::sync::Arc;
use std::time::Duration;

/// The knobs of one producer, checked: what is in here fits together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `bootstrap.servers`: the first addresses, in the order given.
    pub bootstrap_servers: Vec<Endpoint>,
    /// `client.id`: in every request; names the driver's thread.
    pub client_id: Arc<str>,

    /// `batch.size`: a batch is closed when its records reach this, bytes, or will when they are compressed.
    pub batch_size: usize,
    /// `linger.ms`: how long an open batch may wait for company.
    pub linger: Duration,
    /// `buffer.memory`: heap for batches and their deliveries, bytes.
    pub buffer_memory: usize,
    /// `max.request.size`: limit of one record, and of one request, bytes.
    pub max_request_size: usize,
    /// `max.block.ms`: how long a send may wait for memory and for metadata, together.
    pub max_block: Duration,
    /// `compression.type` with its level.
    pub compression: Compression,
    /// `milena.fill.behind`: a partition that is behind keeps filling its open batch past `batch_size`, up to
    /// `max_request_size`.
    pub fill_behind: bool,
    /// `milena.memory.behind.percent`: how much of `buffer_memory` partitions that are behind may hold together, percent.
    pub memory_behind_percent: usize,
    /// `partitioner.ignore.keys`: keyed records go to the sticky partition too.
    pub partitioner_ignore_keys: bool,
    /// `partitioner.adaptive.partitioning.enable`: partitions with shorter queues are chosen more often.
    pub partitioner_adaptive: bool,
    /// `partitioner.class` = RoundRobinPartitioner.
    pub partitioner_round_robin: bool,

    /// `acks`.
    pub acks: Acks,
    /// `enable.idempotence`, after the cross-checks: whether batches carry a producer id and sequences.
    pub idempotence: bool,
    /// `retries`: how often a batch may be sent again.
    pub retries: u32,
    /// `retry.backoff.ms`: the first wait before a retry.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`: the longest.
    pub retry_backoff_max: Duration,
    /// `request.timeout.ms`: how long an answer may take.
    pub request_timeout: Duration,
    /// `delivery.timeout.ms`: a record's patience, from the moment its batch was opened.
    pub delivery_timeout: Duration,
    /// `max.in.flight.requests.per.connection`: how many batches of one partition may be in flight, and how many requests
    /// of a connection before a new one waits for company.
    pub max_in_flight: usize,
    /// `milena.connections.per.broker`: each partition is pinned to one of them.
    pub connections_per_broker: usize,

    /// `metadata.max.age.ms`: metadata older than this is asked for again.
    pub metadata_max_age: Duration,
    /// `metadata.max.idle.ms`: a topic not sent to for this long is no longer asked for.
    pub metadata_max_idle: Duration,
    /// `metadata.recovery.strategy` = rebootstrap.
    pub rebootstrap: bool,
    /// `metadata.recovery.rebootstrap.trigger.ms`: metadata that fails for this long starts over at the first addresses.
    pub rebootstrap_trigger: Duration,

    /// `reconnect.backoff.ms`: the first wait before a broker is connected to again.
    pub reconnect_backoff: Duration,
    /// `reconnect.backoff.max.ms`: the longest.
    pub reconnect_backoff_max: Duration,
    /// `socket.connection.setup.timeout.ms`: how long connecting may take, first attempt.
    pub connection_setup_timeout: Duration,
    /// `socket.connection.setup.timeout.max.ms`: later attempts.
    pub connection_setup_timeout_max: Duration,
    /// `connections.max.idle.ms`: an idle connection is closed after this; `None` never.
    pub connections_max_idle: Option<Duration>,
    /// `send.buffer.bytes`: SO_SNDBUF; `None` leaves it to the system.
    pub send_buffer: Option<usize>,
    /// `receive.buffer.bytes`: SO_RCVBUF; `None` leaves it to the system.
    pub receive_buffer: Option<usize>,
}

/// How many replicas must have a batch before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acks {
    /// `0`: nobody answers; a batch is done when the operating system has it.
    None,
    /// `1`: the leader.
    Leader,
    /// `all`: every replica in sync.
    All,
}

impl Acks {
    /// As the protocol writes it.
    pub fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

impl Default for Config {
    /// Java 4.3's defaults, no bootstrap server yet.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            bootstrap_servers: Vec::new(),
            client_id: "milena".into(),
            batch_size: 16_384,
            linger: ms(5),
            buffer_memory: 33_554_432,
            max_request_size: 1_048_576,
            max_block: ms(60_000),
            compression: Compression::NONE,
            fill_behind: true,
            memory_behind_percent: 80,
            partitioner_ignore_keys: false,
            partitioner_adaptive: true,
            partitioner_round_robin: false,
            acks: Acks::All,
            idempotence: true,
            retries: 2_147_483_647,
            retry_backoff: ms(100),
            retry_backoff_max: ms(1_000),
            request_timeout: ms(30_000),
            delivery_timeout: ms(120_000),
            max_in_flight: 5,
            connections_per_broker: 1,
            metadata_max_age: ms(300_000),
            metadata_max_idle: ms(300_000),
            rebootstrap: true,
            rebootstrap_trigger: ms(300_000),
            reconnect_backoff: ms(50),
            reconnect_backoff_max: ms(1_000),
            connection_setup_timeout: ms(10_000),
            connection_setup_timeout_max: ms(30_000),
            connections_max_idle: Some(ms(540_000)),
            send_buffer: Some(131_072),
            receive_buffer: Some(32_768),
        }
    }
}
