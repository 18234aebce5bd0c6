//! The Apache Kafka producer: accepted, acknowledged, in order.
//!
//! ```no_run
//! use milena::{Producer, Record};
//! use std::time::Duration;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let producer = Producer::builder().bootstrap_servers("localhost:9092").build()?;
//! let delivery = producer.send(Record::to("orders").key("42").value("hello")).await?; // accepted
//! let ack = delivery.await?; // acknowledged
//! println!("partition {}, offset {:?}", ack.partition, ack.offset);
//! producer.close(Duration::from_secs(10)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The two steps
//! A record is *accepted* when it has its place in the producer's memory and in the order of its partition; a
//! [`SendError`] says that it was not, and that nothing of it will be written. It is *acknowledged* when it is in the log as
//! `acks` says; a [`DeliveryError`] says that it was not, and whether it may be in the log all the same ([`Written`]).
//!
//! # Ways to send
//! | | waits to be accepted | never waits |
//! |---|---|---|
//! | the outcome is awaited | [`Producer::send`], [`Producer::send_all`] | [`Producer::try_send`] |
//! | the outcome goes to a function | [`Producer::send_with`], [`Producer::send_then`], [`Producer::send_all_with`] | [`Producer::try_send_with`] |
//! | fire and forget | [`Producer::post`], [`Producer::post_all`] | [`Producer::try_post`] |
//!
//! [`blocking::Producer`] is the same without `async`. A [`Topic`] has the same ways for the records of one topic, whose keys
//! and values are what its [`serializers`] write.
//!
//! # How it works
//! Callers put records into open batches behind one short lock; one thread per producer, named after `client.id`, takes
//! batches to brokers and outcomes back. Any executor can await what it gives, or none.

mod append;
pub mod blocking;
mod builder;
mod clock;
mod compressor;
mod config_error;
mod connections;
mod driver;
mod glance;
mod inbox;
pub mod knobs;
mod life;
pub mod metrics;
mod park;
mod producer;
pub mod properties;
pub mod send;
mod send_all;
mod serialize_error;
pub mod serializer;
mod serializer_names;
pub mod serializers;
mod shared;
mod socket;
mod timer;
pub mod topic;
mod woken;

pub use builder::Builder;
pub use config_error::ConfigError;
pub use metrics::Metrics;
pub use milena_core::Partitioner;
pub use milena_core::config::Acks;
pub use milena_core::{Ack, Delivery, DeliveryError, Header, Hook, Record, SendError, Timestamp, TopicLayout, Written};
pub use milena_wire::compression::Codec;
pub use producer::Producer;
pub use serialize_error::SerializeError;
pub use serializer::Serializer;
pub use topic::{Topic, TopicRecord};

pub mod error {
    //! The errors in full, by the stage at which they happen.

    pub use crate::config_error::{ConfigError, Mistake};
    pub use crate::producer::CloseError;
    pub use crate::send_all::SendAllError;
    pub use crate::serialize_error::SerializeError;
    pub use crate::serializer::BindError;
    pub use crate::topic::{TopicBindError, TopicError};
    pub use milena_core::error::{DeliveryError, DeliveryFailure, SendError, Written};
    pub use milena_wire::error_code::ErrorCode;
}
