//! The producer id: asked for once, good for every partition, asked for again when one has used it up.
//!
//! ```text
//!            wanted, a broker is ready        answered
//!   Absent ─────────────────────────► Asked ──────────► Known ───┐
//!     ▲                                 │ failed                  │ a partition has used it up
//!     └───────── backoff ───────────────┘ ◄───────────────────────┘
//! ```

use crate::partition::ProducerIdentity;
use crate::time::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not to be asked for before this time.
    Absent(Time),
    Asked,
    Known(ProducerIdentity),
}

/// Where the producer id stands.
#[derive(Debug)]
pub(crate) struct Identity {
    state: State,
    pub(crate) failures: u32,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Self { state: State::Absent(Time::ZERO), failures: 0 }
    }

    pub(crate) fn known(&self) -> Option<ProducerIdentity> {
        match self.state {
            State::Known(identity) => Some(identity),
            State::Absent(_) | State::Asked => None,
        }
    }

    /// When it may be asked for; `None` while that is not needed.
    pub(crate) fn due(&self) -> Option<Time> {
        match self.state {
            State::Absent(from) => Some(from),
            State::Asked | State::Known(_) => None,
        }
    }

    pub(crate) fn asked(&mut self) {
        self.state = State::Asked;
    }

    /// It was given. Epochs are the partitions' own; a broker gives a fresh id with epoch 0.
    pub(crate) fn given(&mut self, identity: ProducerIdentity) {
        self.state = State::Known(identity);
        self.failures = 0;
    }

    /// It was not given; not again before `retry`.
    pub(crate) fn failed(&mut self, retry: Time) {
        self.state = State::Absent(retry);
        self.failures += 1;
    }

    /// A partition cannot use `producer_id` any more: if that is the present one, the next comer needs another.
    pub(crate) fn spent(&mut self, producer_id: i64, now: Time) {
        if self.known().is_some_and(|identity| identity.producer_id == producer_id) {
            self.state = State::Absent(now);
        }
    }
}
