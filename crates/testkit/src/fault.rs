//! Scripted faults: the next requests that match are refused, lost, delayed or left without an answer.

use milena_wire::error_code::ErrorCode;
use milena_wire::version::ApiKey;
use std::time::Duration;

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Answered with this code; nothing is done.
    Refuse(ErrorCode),
    /// Done (a record is in the log), yet answered with this code.
    DoAndRefuse(ErrorCode),
    /// The connection is closed; nothing is done.
    Drop,
    /// Done, then the connection is closed instead of an answer.
    DoAndDrop,
    /// Nothing is done, and no answer ever comes: the request was lost.
    Ignore,
    /// Done, and no answer ever comes.
    DoAndIgnore,
    /// Done; the answer comes this much later.
    Delay(Duration),
    /// Done and answered with this `throttle_time_ms`; the connection is not read for as long.
    Throttle(Duration),
}

/// A fault that waits for its requests: once, unless [`times`](Self::times) or [`always`](Self::always) says otherwise.
///
/// ```
/// use milena_testkit::{ApiKey, Effect, ErrorCode, Fault};
///
/// // Broker 2 writes the next two batches of partition 0, then forgets to say so.
/// let fault = Fault::on(ApiKey::PRODUCE, Effect::DoAndDrop).broker(2).partition("orders", 0).times(2);
/// assert_eq!(Fault::on(ApiKey::METADATA, Effect::Refuse(ErrorCode::LEADER_NOT_AVAILABLE)).remaining(), Some(1));
/// # let _ = fault;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    api_key: ApiKey,
    effect: Effect,
    broker: Option<i32>,
    topic: Option<String>,
    partition: Option<i32>,
    /// Requests that match and are spared first.
    skip: u32,
    /// Requests left; `None` for all.
    left: Option<u32>,
}

impl Fault {
    /// The next request of this API meets `effect`.
    pub fn on(api_key: ApiKey, effect: Effect) -> Self {
        Self { api_key, effect, broker: None, topic: None, partition: None, skip: 0, left: Some(1) }
    }

    /// What is done.
    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// Only on this broker.
    #[must_use]
    pub fn broker(mut self, broker: i32) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Only requests that name this topic. A refusal is then for this topic only, the rest of the request goes on.
    #[must_use]
    pub fn topic(mut self, topic: &str) -> Self {
        self.topic = Some(topic.to_owned());
        self
    }

    /// Only requests that name this partition; a refusal is for it only.
    #[must_use]
    pub fn partition(mut self, topic: &str, partition: i32) -> Self {
        self.partition = Some(partition);
        self.topic(topic)
    }

    /// Not the first `skip` requests that match.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// This many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Every request, until the faults are cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    /// How many requests it still waits for; `None`: all.
    pub fn remaining(&self) -> Option<u32> {
        self.left
    }

    fn names(&self, topic: &str, partition: i32) -> bool {
        self.topic.as_deref().is_none_or(|wanted| wanted == topic)
            && self.partition.is_none_or(|wanted| wanted == partition)
    }
}

/// What met a request, and which of its partitions it is for.
#[derive(Debug, Clone)]
pub(crate) struct Hit(Fault);

impl Hit {
    pub(crate) fn effect(&self) -> Effect {
        self.0.effect
    }

    /// The code that a partition is refused with before anything is done.
    pub(crate) fn refusal(&self, topic: &str, partition: i32) -> Option<ErrorCode> {
        match self.0.effect {
            Effect::Refuse(code) if self.0.names(topic, partition) => Some(code),
            _ => None,
        }
    }

    /// The code that a partition is refused with after everything was done.
    pub(crate) fn late_refusal(&self, topic: &str, partition: i32) -> Option<ErrorCode> {
        match self.0.effect {
            Effect::DoAndRefuse(code) if self.0.names(topic, partition) => Some(code),
            _ => None,
        }
    }
}

/// The faults that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.0
    }

    /// The first fault that matches a request naming these partitions (none: a request without any).
    pub(crate) fn hit<'a>(
        &mut self,
        broker: i32,
        api_key: ApiKey,
        named: impl Iterator<Item = (&'a str, i32)> + Clone,
    ) -> Option<Hit> {
        let matches = |fault: &Fault| {
            fault.api_key == api_key
                && fault.broker.is_none_or(|wanted| wanted == broker)
                && (fault.topic.is_none() || named.clone().any(|(topic, partition)| fault.names(topic, partition)))
        };
        for at in 0..self.0.len() {
            let fault = self.0.get_mut(at).filter(|fault| matches(fault));
            let Some(fault) = fault else { continue };
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let hit = Hit(fault.clone());
            if let Some(left) = &mut fault.left {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    self.0.remove(at);
                }
            }
            return Some(hit);
        }
        None
    }
}
