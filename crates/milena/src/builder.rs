//! From settings to a running producer.

use crate::config_error::ConfigError;
use crate::driver::Driver;
use crate::knobs::{Checked, Draft, Value};
use crate::producer::Producer;
use crate::shared::Shared;
use milena_core::Partitioner;
use milena_core::config::Acks;
use milena_wire::compression::Codec;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;

/// Settings of a producer to be: Java's defaults until they are set. Each method is one knob of the
/// [table](crate::knobs), where ranges and trade-offs are written down in full. A value that is not allowed is reported by
/// [`Builder::build`].
#[derive(Default)]
pub struct Builder {
    draft: Draft,
    partitioner: Option<Box<dyn Partitioner>>,
    runtime: Option<Handle>,
}

impl Builder {
    /// Starts the producer. Connects and resolves nothing yet: that a broker is not there is a matter of sends.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake in the settings; or when the system has no thread to give.
    pub fn build(self) -> Result<Producer, ConfigError> {
        let Checked { config, warnings, .. } = self.draft.build()?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let seed = RandomState::new();
        let shared = Arc::new(Shared::new(Arc::new(config), seed.hash_one("accumulator"), self.partitioner));
        let driver = Driver::new(Arc::clone(&shared), seed.hash_one("sender"));
        match self.runtime {
            Some(runtime) => drop(runtime.spawn(driver)),
            None => run_on_thread(&shared.config.client_id, driver)
                .map_err(|error| ConfigError::new("client.id", None, format!("no thread for the driver: {error}")))?,
        }
        Ok(Producer::new(shared))
    }

    /// Sets a knob by its name in a Java producer's properties; a later value replaces an earlier one.
    #[must_use]
    pub fn set(self, name: &str, value: impl Into<Value>) -> Self {
        self.with(name, value)
    }

    /// Chooses partitions with your own partitioner, for records that name none. It runs on the thread that polls
    /// the send, under no lock. A partition that the topic does not have, or a panic, is that record's error.
    #[must_use]
    pub fn partitioner(mut self, partitioner: impl Partitioner + 'static) -> Self {
        self.partitioner = Some(Box::new(partitioner));
        self
    }

    /// Runs the driver as a task on this tokio runtime, which needs its I/O and time drivers, instead of a thread of its
    /// own. The producer then shares the runtime's fate: it stands still while the runtime is busy, and when the runtime is
    /// shut down, everything that is not delivered fails as closed.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// `bootstrap.servers`: the first addresses, `host:port` with commas between them. Must be set.
    #[must_use]
    pub fn bootstrap_servers(self, value: impl Into<String>) -> Self {
        self.with("bootstrap.servers", value.into())
    }

    /// `client.id`: the name in every request, in the brokers' logs, metrics and quotas; names the driver's thread. Default
    /// `producer-` with a number.
    #[must_use]
    pub fn client_id(self, value: impl Into<String>) -> Self {
        self.with("client.id", value.into())
    }

    /// `client.dns.lookup`. Default `use_all_dns_ips`: every address of a name is tried.
    #[must_use]
    pub fn dns_lookup(self, value: impl Into<String>) -> Self {
        self.with("client.dns.lookup", value.into())
    }

    /// `batch.size`, bytes: a batch is closed when its records reach this, before compression. Default 16,384. Larger costs
    /// less per record, and more memory with many partitions.
    #[must_use]
    pub fn batch_size(self, value: usize) -> Self {
        self.with("batch.size", value)
    }

    /// `linger.ms`: how long an open batch waits for company. Default 5 ms. It is the latency that a quiet partition adds.
    #[must_use]
    pub fn linger(self, time: Duration) -> Self {
        self.with("linger.ms", time)
    }

    /// `buffer.memory`, bytes: heap for everything between a send and its acknowledgement. Default 32 MiB. When it is used
    /// up, sends wait.
    #[must_use]
    pub fn buffer_memory(self, value: usize) -> Self {
        self.with("buffer.memory", value)
    }

    /// `max.block.ms`: how long a send may wait for metadata and for memory, together. Default 60 s.
    #[must_use]
    pub fn max_block(self, time: Duration) -> Self {
        self.with("max.block.ms", time)
    }

    /// `max.request.size`, bytes: the largest record, and the size at which a request is full. Default 1 MiB. A topic's
    /// `max.message.bytes` limits it too.
    #[must_use]
    pub fn max_request_size(self, value: usize) -> Self {
        self.with("max.request.size", value)
    }

    /// `milena.fill.behind`: a partition that is behind keeps filling its open batch past `batch.size`. Default true. Off,
    /// a slow link carries more, smaller batches.
    #[must_use]
    pub fn fill_behind(self, value: bool) -> Self {
        self.with("milena.fill.behind", value)
    }

    /// `milena.memory.behind.percent`: how much of `buffer.memory` partitions that are behind may hold together, so that a
    /// dead broker does not stop sends to the others. Default 80.
    #[must_use]
    pub fn memory_behind_percent(self, value: usize) -> Self {
        self.with("milena.memory.behind.percent", value)
    }

    /// `compression.type`: CPU here and in every consumer for bytes on the network and on disks. Default none.
    #[must_use]
    pub fn compression(self, value: Codec) -> Self {
        self.with("compression.type", value)
    }

    /// `compression.gzip.level`, 1 (fastest) to 9 (smallest). Default −1, which is 6.
    #[must_use]
    pub fn compression_gzip_level(self, value: i32) -> Self {
        self.with("compression.gzip.level", value)
    }

    /// `compression.lz4.level`, 1 to 17. Default 9, the fast compressor.
    #[must_use]
    pub fn compression_lz4_level(self, value: i32) -> Self {
        self.with("compression.lz4.level", value)
    }

    /// `compression.zstd.level`, −131,072 to 22. Default 3.
    #[must_use]
    pub fn compression_zstd_level(self, value: i32) -> Self {
        self.with("compression.zstd.level", value)
    }

    /// `partitioner.class`: the name of one of Java's. For your own, [`Builder::partitioner`].
    #[must_use]
    pub fn partitioner_class(self, value: impl Into<String>) -> Self {
        self.with("partitioner.class", value.into())
    }

    /// `partitioner.ignore.keys`: records with a key go to any partition too. Default false. Gives up the order per key.
    #[must_use]
    pub fn partitioner_ignore_keys(self, value: bool) -> Self {
        self.with("partitioner.ignore.keys", value)
    }

    /// `partitioner.adaptive.partitioning.enable`: partitions with shorter queues are chosen more often. Default true.
    #[must_use]
    pub fn partitioner_adaptive(self, value: bool) -> Self {
        self.with("partitioner.adaptive.partitioning.enable", value)
    }

    /// `acks`: who must have a batch before it is acknowledged. Default all. Fewer is sooner, and can lose what was
    /// acknowledged.
    #[must_use]
    pub fn acks(self, value: Acks) -> Self {
        self.with("acks", value)
    }

    /// `enable.idempotence`: retries write once, in order. Default true.
    #[must_use]
    pub fn enable_idempotence(self, value: bool) -> Self {
        self.with("enable.idempotence", value)
    }

    /// `delivery.timeout.ms`: a record's patience, from accepted to acknowledged or failed. Default 2 minutes.
    #[must_use]
    pub fn delivery_timeout(self, time: Duration) -> Self {
        self.with("delivery.timeout.ms", time)
    }

    /// `request.timeout.ms`: how long one answer may take. Default 30 s.
    #[must_use]
    pub fn request_timeout(self, time: Duration) -> Self {
        self.with("request.timeout.ms", time)
    }

    /// `retries`: how often a batch may be sent again. Default 2,147,483,647: bound the time instead.
    #[must_use]
    pub fn retries(self, value: u32) -> Self {
        self.with("retries", value)
    }

    /// `retry.backoff.ms`: the wait before the first retry; it doubles with each. Default 100 ms.
    #[must_use]
    pub fn retry_backoff(self, time: Duration) -> Self {
        self.with("retry.backoff.ms", time)
    }

    /// `retry.backoff.max.ms`: the longest wait before a retry. Default 1 s.
    #[must_use]
    pub fn retry_backoff_max(self, time: Duration) -> Self {
        self.with("retry.backoff.max.ms", time)
    }

    /// `max.in.flight.requests.per.connection`: batches of one partition under way at once, at most 5 with idempotence.
    /// Default 5.
    #[must_use]
    pub fn max_in_flight(self, value: usize) -> Self {
        self.with("max.in.flight.requests.per.connection", value)
    }

    /// `milena.connections.per.broker`: each partition is pinned to one of them, so order is kept. Default 1. More let a
    /// broker work on several requests of this producer at once.
    #[must_use]
    pub fn connections_per_broker(self, value: usize) -> Self {
        self.with("milena.connections.per.broker", value)
    }

    /// `metadata.max.age.ms`: metadata older than this is asked for again. Default 5 minutes.
    #[must_use]
    pub fn metadata_max_age(self, time: Duration) -> Self {
        self.with("metadata.max.age.ms", time)
    }

    /// `metadata.max.idle.ms`: a topic not sent to for this long is no longer asked for. Default 5 minutes.
    #[must_use]
    pub fn metadata_max_idle(self, time: Duration) -> Self {
        self.with("metadata.max.idle.ms", time)
    }

    /// `metadata.recovery.strategy`: `rebootstrap` (the default) or `none`.
    #[must_use]
    pub fn metadata_recovery_strategy(self, value: impl Into<String>) -> Self {
        self.with("metadata.recovery.strategy", value.into())
    }

    /// `metadata.recovery.rebootstrap.trigger.ms`: metadata that fails for this long starts over at the first addresses.
    /// Default 5 minutes.
    #[must_use]
    pub fn metadata_recovery_rebootstrap_trigger(self, time: Duration) -> Self {
        self.with("metadata.recovery.rebootstrap.trigger.ms", time)
    }

    /// `reconnect.backoff.ms`: the wait before a broker is connected to again; it doubles with each failure. Default 50 ms.
    #[must_use]
    pub fn reconnect_backoff(self, time: Duration) -> Self {
        self.with("reconnect.backoff.ms", time)
    }

    /// `reconnect.backoff.max.ms`: the longest such wait. Default 1 s.
    #[must_use]
    pub fn reconnect_backoff_max(self, time: Duration) -> Self {
        self.with("reconnect.backoff.max.ms", time)
    }

    /// `socket.connection.setup.timeout.ms`: how long connecting may take at first. Default 10 s.
    #[must_use]
    pub fn connection_setup_timeout(self, time: Duration) -> Self {
        self.with("socket.connection.setup.timeout.ms", time)
    }

    /// `socket.connection.setup.timeout.max.ms`: how long it may take later. Default 30 s.
    #[must_use]
    pub fn connection_setup_timeout_max(self, time: Duration) -> Self {
        self.with("socket.connection.setup.timeout.max.ms", time)
    }

    /// `connections.max.idle.ms`: an idle connection is closed after this. Default 9 minutes.
    #[must_use]
    pub fn connections_max_idle(self, time: Duration) -> Self {
        self.with("connections.max.idle.ms", time)
    }

    /// `send.buffer.bytes`: SO_SNDBUF. Default 128 KiB. It limits what one connection has under way: rate times round trip.
    #[must_use]
    pub fn send_buffer(self, value: usize) -> Self {
        self.with("send.buffer.bytes", value)
    }

    /// `receive.buffer.bytes`: SO_RCVBUF. Default 32 KiB. Answers to a producer are small.
    #[must_use]
    pub fn receive_buffer(self, value: usize) -> Self {
        self.with("receive.buffer.bytes", value)
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.draft.keep(name, value);
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("draft", &self.draft).finish_non_exhaustive()
    }
}

/// A thread with a runtime of its own, which ends with the driver.
fn run_on_thread(client_id: &str, driver: Driver) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    // A thread's name cannot hold a NUL.
    let name = client_id.replace('\0', "");
    thread::Builder::new().name(name).spawn(move || {
        runtime.block_on(driver);
        // A name look-up cannot be cancelled: it must not hold up the end.
        runtime.shutdown_background();
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::knobs;

    #[test]
    fn every_setter_of_the_table_is_a_method() {
        let this = include_str!("builder.rs");
        for setter in knobs::all().filter_map(|knob| knob.setter) {
            assert!(this.contains(&format!("    pub fn {setter}(")), "{setter}");
        }
    }
}
