//! A Kafka cluster you can lie to.
//!
//! **This is a test double.** It keeps records in memory, forgets them at the end, and has no security, no consumer
//! groups and no transactions. What it has, it does as Kafka does: which requests are refused and in which order that is
//! found out, what is remembered of producers, what a restart forgets, who leads when. Clients that nobody here wrote
//! (Kafka's own, librdkafka) write to it and read from it; `clients/run.sh` is the proof.
//!
//! There are two ways to it.
//!
//! # Over TCP, in a test of your own
//!
//! [`DevCluster`] serves a cluster on loopback ports, from a thread of its own.
//!
//! ```
//! use milena_testkit::{ApiKey, DevCluster, DevOptions, Effect, ErrorCode, Fault, TopicOptions};
//!
//! let kafka = DevCluster::start_blocking(DevOptions::default())?;
//! let bootstrap_servers = kafka.bootstrap_servers(); // give this to your producer
//!
//! kafka.with(|cluster| {
//!     cluster.create_topic("orders", TopicOptions::partitions(1)).expect("there is none yet");
//!     // The next batch is written, and the answer says that it is not.
//!     let lie = Effect::DoAndRefuse(ErrorCode::NOT_LEADER_OR_FOLLOWER);
//!     cluster.inject(Fault::on(ApiKey::PRODUCE, lie).topic("orders"));
//! });
//!
//! // ... let your application send, then look at what is in the log:
//! let records = kafka.with(|cluster| cluster.records("orders", 0));
//! assert!(records.is_empty(), "nobody has sent anything in this example");
//! kafka.shutdown();
//! # let _ = bootstrap_servers;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # As a value, on virtual time
//!
//! [`Cluster`] is the same thing without sockets, clocks and threads: requests go in as bytes with the time, answers come
//! out as bytes. The same calls give the same answers, byte for byte. Making one and passing it a request costs
//! microseconds, so that thousands of histories can be played in a second.
//!
//! ```
//! use milena_testkit::{Cluster, ClusterOptions, Output, Time};
//!
//! let mut cluster = Cluster::new(ClusterOptions::default());
//! let connection = cluster.open(1).expect("broker 1 runs");
//! // ApiVersions, version 0, correlation id 7, no client id.
//! let request = [0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff].to_vec();
//! cluster.handle_request(connection, request.into(), Time::from_millis(5));
//! let Output::Answer(to, frame) = cluster.poll_output() else { panic!("an answer") };
//! assert_eq!((to, &frame[4..8]), (connection, &[0, 0, 0, 7][..]));
//! assert_eq!(cluster.poll_output(), Output::Wait(None));
//! ```
//!
//! # What can be done to it
//!
//! - Brokers: [`kill`](Cluster::kill), [`stop`](Cluster::stop), [`start`](Cluster::start), [`pause`](Cluster::pause),
//!   [`resume`](Cluster::resume).
//! - Replicas: [`set_fetching`](Cluster::set_fetching), [`shrink_isr`](Cluster::shrink_isr), [`elect`](Cluster::elect)
//!   (clean or not), [`lose`](Cluster::lose) (power is gone before the disk had it).
//! - Topics: created, deleted and created again, given partitions, their settings changed under way.
//! - Requests: refused before or after they are done, lost, left without an answer, delayed, throttled ([`Fault`]).
//! - Rights: [`deny`](Cluster::deny).
//! - Releases: each broker can take itself for a Kafka from 2.1 to 4.5 ([`Release`]).
//!
//! # Where it departs from Kafka
//!
//! - Batches whose offset deltas have gaps or repeats are refused with `INVALID_RECORD`; Kafka stores them.
//! - A compressed batch that becomes more than 128 MiB is refused; Kafka decompresses as it reads.
//! - Fetch gives whole batches; Kafka fills `max_bytes` with the beginning of the next.
//! - InitProducerId has ids from the start; Kafka's first answers are often `COORDINATOR_LOAD_IN_PROGRESS`.
//! - The controller never fails, and topics come and go for all brokers at once. What can be late or stale is who leads
//!   and who is in sync (`metadata_delay`, paused brokers).
//! - A follower takes everything that its leader has in one go.
//! - A killed broker knows afterwards where its logs begin; Kafka writes that down once a minute, and may go back to it.
//! - A topic that is created again begins with the settings that it is given; Kafka 4.3.1 gives it those of its former lives back
//!   when it starts anew.
//! - A killed broker's port still accepts, and closes at once, where Kafka's would refuse.

mod broker;
mod cluster;
mod connection;
mod controller;
mod fault;
mod log;
mod options;
mod outage;
mod partition;
mod producer_state;
mod readback;
mod release;
mod server;
pub mod simulation;
mod time;
mod topic;

pub use cluster::{Broker, Cluster, Liveness, Operation};
pub use connection::{ConnectionId, Output};
pub use fault::{Effect, Fault};
pub use log::{Expiry, Log, StoredBatch};
pub use milena_wire::buf::Uuid;
pub use milena_wire::compression::Codec;
pub use milena_wire::error_code::ErrorCode;
pub use milena_wire::record_batch::TimestampType;
pub use milena_wire::version::ApiKey;
pub use options::ClusterOptions;
pub use partition::{Leadership, Partition, Replica};
pub use producer_state::{Admission, Authorship, FirstSequence, Producer, ProducerState, Remembered, Snapshot};
pub use readback::ReadRecord;
pub use release::Release;
pub use server::{DevCluster, DevOptions};
pub use time::Time;
pub use topic::{Topic, TopicOptions};
