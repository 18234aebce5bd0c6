//! What a partition is given with each event: the knobs, the time, and what a broker said.

use crate::backoff::Backoff;
use crate::config::Config;
use crate::output::Output;
use crate::stats::Stats;
use crate::time::{Time, Timestamp};
use fastrand::Rng;
use milena_wire::compression::{Compression, Compressor};
use milena_wire::error_code::ErrorCode;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The knobs that a partition needs.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) idempotent: bool,
    /// Batches in flight, and batches numbered and not resolved: at most five with idempotence, for a broker remembers
    /// five.
    pub(crate) window: usize,
    pub(crate) retries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) request_timeout: Duration,
    pub(crate) delivery_timeout: Duration,
    pub(crate) compression: Compression,
    /// Where sequences begin under a new producer id: 0, but in tests of where they end.
    pub(crate) first_sequence: i32,
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            idempotent: config.idempotence,
            window: config.max_in_flight.max(1),
            retries: config.retries,
            backoff: Backoff { initial: config.retry_backoff, max: config.retry_backoff_max },
            request_timeout: config.request_timeout,
            delivery_timeout: config.delivery_timeout,
            compression: config.compression,
            first_sequence: 0,
        }
    }
}

/// What a partition's methods need from the sender, and where they put what comes of it.
pub(crate) struct Turn<'a> {
    pub(crate) now: Time,
    pub(crate) rules: &'a Rules,
    pub(crate) chance: &'a mut Rng,
    pub(crate) compressor: &'a mut Compressor,
    pub(crate) out: &'a mut VecDeque<Output>,
    pub(crate) stats: &'a mut Stats,
}

/// What a broker said of one batch.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: ErrorCode,
    /// −1 where the broker does not say.
    pub(crate) base_offset: i64,
    /// The broker's append time where the topic uses it.
    pub(crate) append_time: Option<Timestamp>,
    pub(crate) message: Option<Arc<str>>,
    /// The records that the batch was refused for, by index, with the broker's text (KIP-467).
    pub(crate) record_errors: Vec<(u32, Option<Arc<str>>)>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {}", self.code, message.escape_debug()),
            None => write!(f, "{}", self.code),
        }
    }
}
