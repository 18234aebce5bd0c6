//! The Kafka producer as a value.
//!
//! ```text
//!    callers                     core (pure: no I/O, no clock, no threads, no async)                 driver
//!                     ┌──────────────────────┐  Batch   ┌──────────────────────────────┐  Output
//!   Record, now ────► │     Accumulator      │ ───────► │            Sender            │ ───────────► sockets, timers,
//!                     │ partitioner, open    │          │ metadata, connections,       │              compression pool
//!   Delivery ◄─────── │ batches, budget      │ ◄─────── │ queues, identity             │ ◄───────────
//!                     └──────────────────────┘  News    └──────────────────────────────┘  bytes, opened, closed,
//!                          behind one Mutex                   owned by the driver          sealed batch, now
//! ```
//!
//! The rule of the house: bytes, time, randomness and finished compressions come in as arguments; bytes to write,
//! sockets to open, batches to compress and the next deadline go out as values ([`Output`]).

pub mod accumulator;
mod backoff;
pub mod batch;
mod broker;
mod budget;
mod call;
pub mod config;
mod connection;
pub mod delivery;
mod directory;
pub mod error;
mod hooks;
mod identity;
mod metadata;
pub mod output;
mod partition;
pub mod partitioner;
pub mod record;
pub mod sender;
mod split;
pub mod stats;
pub mod time;
mod timers;
pub mod topic;
pub mod verdict;

pub use accumulator::{Accumulator, Appended, Buffered, Claim, Flush, Parked, Refusal, Ticket};
pub use batch::{Batch, Sealed};
pub use config::Config;
pub use delivery::{Ack, Delivery, Hook, Outcome};
pub use error::{DeliveryError, SendError, Written};
pub use output::{ConnectionId, Frame, Output};
pub use partitioner::Partitioner;
pub use record::{Header, Record};
pub use sender::Sender;
pub use stats::Stats;
pub use time::{Time, Timestamp};
pub use topic::{PartitionKey, TopicIndex, TopicLayout};
