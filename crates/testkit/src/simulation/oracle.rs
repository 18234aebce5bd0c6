//! What must hold, in prose and in code. The history is written while the schedule runs, by those who see: callers, the wire, the
//! cluster; the logs are judged when faults have stopped, everything is settled and the last zombie has arrived.
//!
//! The numbers are those of the list that the project is built on; I10 and I11 are about transactions and a spool, I12 about
//! fencing by transactional id: they have nothing to say about a producer that has neither.
//!
//! - **I1, nothing acknowledged is lost.** A record that was acknowledged at an offset is in the log at that offset, with
//!   its content. One that was acknowledged without an offset is in the log somewhere. *Unclean elections:* what a replica
//!   had when it was passed over counts as a log: the client cannot know that it is gone; and what is heard of later is not
//!   judged: the old leader goes on acknowledging until it hears of the new one. *Topics that were deleted:* their
//!   logs as they were at the end count too. With `acks=1`, only while no leader changed; with `acks=0` nothing is claimed.
//!   With `acks=0` nobody tells an offset.
//! - **I2, nothing is there twice.** With idempotence a record is at most once in a log, also one that failed as maybe
//!   written. Over all of a topic's lives where requests name it by id: by name alone a client cannot know that it writes
//!   into another. Not where a producer's state expired on the broker while it was needed: Kafka forgets by the
//!   records' own timestamps, and no answer says so.
//! - **I3, order.** The records of one caller are in each log in the order in which it sent them. Without idempotence only with
//!   one batch in flight and `acks=all`, and for the first copy of each record that was acknowledged: a copy that was given up
//!   may arrive later. So too what was sent under a producer id that came to epoch 32,767 in its partition: after that the
//!   next batch has another id, and nothing fences what was given up. And so too in a topic that was deleted where requests
//!   name it by name: what is on its way when it is created again may be the first that the new log takes, in any sequence.
//! - **I4, every send ends.** A record resolves exactly once, by `delivery.timeout.ms`; a caller in line is let in or goes away
//!   by `max.block.ms`, or when the producer closes, and does not wait while all memory is free; a flush ends; a close ends when
//!   the time is over that it was given; after the faults
//!   everything settles, and a record sent then is acknowledged. None is given up without need: for a refusal that passes, for
//!   its batch's size where it fits alone, for a request that we cannot write, or by a close that has time.
//! - **I5, memory.** Never more than `buffer.memory`; all of it is back when everything is settled.
//! - **I6, no spin, no storm.** Bounded outputs for an input, bounded requests in a second, bounded steps; connections that do
//!   not become ready slow down.
//! - **I7, honest errors.** A record that failed as not written, or was refused, is in no log, at no time. No alarm of lost or
//!   swapped records where nothing was lost.
//! - **I8, one number, one content.** A producer id, epoch and sequence of a partition never carry two records.
//! - **I9, bytes in their place.** A record is on the wire and in the log only for its own topic and partition, and whole:
//!   its key, its value, its headers, its timestamp.
//! - **Window.** No more batches of a partition in flight than `max.in.flight.requests.per.connection`; one, until a broker has
//!   acknowledged one under the same producer id and epoch.

mod judgement;

use super::calendar::Moment;
use super::caller::{Style, is_value};
use super::plan::Plan;
use super::trace::Trace;
use milena_core::config::Acks;
use milena_core::error::DeliveryFailure;
use milena_core::{Ack, DeliveryError, Written};
use milena_wire::error_code::ErrorCode;
use milena_wire::record::EncodedRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The name of every header that is sent.
pub(crate) const HEADER: &str = "h";

/// What a batch of one record has at most beside the padding of its value: the batch's header, twelve bytes of value, a key of
/// four, two headers, and the lengths of all of them.
const MOST_AROUND_A_VALUE: usize = 61 + 12 + 4 + 2 * 7 + 30;

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It waits to be accepted.
    Waiting,
    /// It was not accepted.
    Rejected,
    /// It was accepted, and nothing is known yet; or nobody asked.
    Accepted,
    Acknowledged(Option<i64>),
    Failed(Written),
}

/// A record's life.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) client: usize,
    pub(crate) caller: usize,
    /// The caller's how manyth.
    pub(crate) number: u32,
    pub(crate) topic: usize,
    pub(crate) padding: usize,
    pub(crate) key: Option<u32>,
    /// Headers, each with the record's number.
    pub(crate) headers: usize,
    /// Where it was accepted for.
    pub(crate) partition: i32,
    pub(crate) accepted: Moment,
    /// What the wall clock showed then, milliseconds since 1970.
    timestamp: i64,
    pub(crate) fate: Fate,
    /// When its outcome was heard of.
    heard: Moment,
    style: Style,
    must: bool,
    /// Under which it was last sent; −1 if it was not, or without one.
    producer_id: i64,
}

/// One log of a partition, as it is or was.
#[derive(Debug, Clone)]
pub(crate) struct LogView {
    pub(crate) topic: usize,
    pub(crate) partition: i32,
    pub(crate) kind: LogKind,
    /// Offset and record.
    pub(crate) records: Vec<(i64, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    /// It is the partition's log, or was when its topic was deleted.
    Whole,
    /// A replica had this when it was passed over.
    PassedOver,
}

/// What a client promises.
#[derive(Debug, Clone, Copy)]
struct Promise {
    idempotent: bool,
    ordered: bool,
    acks: Acks,
    delivery_timeout: Moment,
    /// Whether batches may be given up after so many attempts.
    gives_up: bool,
    /// Until when it can close.
    closes: Option<Moment>,
}

/// A record as it is seen on the wire or in a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
}

/// What a broker says while something passes that will pass: nobody gives up for it.
const PASSING: &[ErrorCode] = &[
    ErrorCode::CORRUPT_MESSAGE,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::REQUEST_TIMED_OUT,
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode::KAFKA_STORAGE_ERROR,
    ErrorCode::FENCED_LEADER_EPOCH,
    ErrorCode::THROTTLING_QUOTA_EXCEEDED,
    ErrorCode::NETWORK_EXCEPTION,
];

/// All that is known.
#[derive(Debug)]
pub(crate) struct History {
    promises: Vec<Promise>,
    slack: Moment,
    /// By number.
    lives: Vec<Life>,
    accepted: Vec<Vec<u32>>,
    unresolved: usize,
    logs: Vec<LogView>,
    /// Partitions that lost what they had, and since when: alarms of them are true.
    pub(crate) lossy: BTreeMap<(usize, i32), Moment>,
    /// Topics that were deleted.
    pub(crate) deleted: BTreeSet<usize>,
    /// Whether a leader changed.
    pub(crate) led_elsewhere: bool,
    /// Whether a broker may have forgotten producers by their age.
    pub(crate) forgetful: bool,
    /// Whether all requests name topics by their ids.
    pub(crate) by_id: bool,
    /// Partitions and producer ids that came to their last epoch there: no next one fences what is given up under it, or was
    /// under the one before.
    used_up: BTreeSet<((usize, i32), i64)>,
    /// The lowest limit that brokers had for a batch, bytes; nothing where they were made to refuse batches for nothing.
    pub(crate) limit: usize,
    violations: Vec<Violation>,
}

impl History {
    pub(crate) fn new(plan: &Plan) -> Self {
        let promise = |config: &milena_core::Config| Promise {
            idempotent: config.idempotence,
            ordered: config.idempotence || config.max_in_flight == 1 && config.acks == Acks::All,
            acks: config.acks,
            delivery_timeout: Moment::try_from(config.delivery_timeout.as_micros()).unwrap_or(Moment::MAX),
            gives_up: config.retries < i32::MAX.cast_unsigned(),
            closes: None,
        };
        Self {
            promises: plan.configs.iter().map(promise).collect(),
            slack: plan.slack(),
            lives: Vec::new(),
            accepted: vec![Vec::new(); plan.configs.len()],
            unresolved: 0,
            logs: Vec::new(),
            lossy: BTreeMap::new(),
            deleted: BTreeSet::new(),
            led_elsewhere: false,
            forgetful: plan.forgetful,
            by_id: plan.by_id,
            used_up: BTreeSet::new(),
            limit: usize::MAX,
            violations: Vec::new(),
        }
    }

    pub(crate) fn violate(&mut self, invariant: &'static str, what: String) {
        // The first few say it all, and a broken rule is often broken for every record.
        if self.violations.len() < 8 {
            self.violations.push(Violation { invariant, what });
        }
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    #[expect(clippy::too_many_arguments, reason = "one of each, and all are needed")]
    pub(crate) fn new_record(
        &mut self,
        client: usize,
        caller: usize,
        number: u32,
        topic: usize,
        padding: usize,
        key: Option<u32>,
        headers: usize,
        must: bool,
    ) -> u32 {
        let record = u32::try_from(self.lives.len()).expect("a schedule is small");
        self.lives.push(Life {
            client,
            caller,
            number,
            topic,
            padding,
            key,
            headers,
            partition: -1,
            accepted: 0,
            timestamp: 0,
            fate: Fate::Waiting,
            heard: 0,
            style: Style::Forgets,
            must,
            producer_id: -1,
        });
        record
    }

    pub(crate) fn record(&self, record: u32) -> &Life {
        self.lives.get(record as usize).expect("records are not removed")
    }

    fn record_mut(&mut self, record: u32) -> &mut Life {
        self.lives.get_mut(record as usize).expect("records are not removed")
    }

    pub(crate) fn accepted(&mut self, record: u32, partition: i32, now: Moment, wall_ms: i64, style: Style) {
        let life = self.record_mut(record);
        (life.partition, life.accepted, life.timestamp, life.style) = (partition, now, wall_ms, style);
        life.fate = Fate::Accepted;
        let client = life.client;
        if let Some(accepted) = self.accepted.get_mut(client) {
            accepted.push(record);
        }
        self.unresolved += usize::from(style != Style::Forgets);
    }

    pub(crate) fn rejected(&mut self, record: u32) {
        self.record_mut(record).fate = Fate::Rejected;
    }

    /// A client is closed, and given time until then.
    pub(crate) fn closes(&mut self, client: usize, until: Moment) {
        if let Some(promise) = self.promises.get_mut(client) {
            promise.closes.get_or_insert(until);
        }
    }

    /// Records whose outcome somebody wants and that have none.
    pub(crate) fn unresolved(&self) -> usize {
        self.unresolved
    }

    /// How many records and how many acknowledged, failed.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let count = |pick: fn(&Fate) -> bool| self.lives.iter().filter(|life| pick(&life.fate)).count() as u64;
        let acknowledged = count(|fate| matches!(fate, Fate::Acknowledged(_)));
        (self.lives.len() as u64, acknowledged, count(|fate| matches!(fate, Fate::Failed(_))))
    }

    /// A hook ran.
    pub(crate) fn resolve(&mut self, token: u64, result: &Result<Ack, DeliveryError>, now: Moment, trace: &mut Trace) {
        self.heard(token, result, now, true, trace);
    }

    /// Somebody heard what became of a record; `promptly`: at once.
    pub(crate) fn heard(
        &mut self,
        token: u64,
        result: &Result<Ack, DeliveryError>,
        now: Moment,
        promptly: bool,
        trace: &mut Trace,
    ) {
        let record = u32::try_from(token).unwrap_or(u32::MAX);
        let life = self.record(record).clone();
        let promise = *self.promises.get(life.client).expect("clients are known");
        trace.number(token);
        trace.number(result.as_ref().map_or(u64::MAX, |ack| ack.offset.unwrap_or(-1).cast_unsigned()));
        trace.tell(now, || format!("  record {record} ({}-{}): {result:?}", life.topic, life.partition));
        if life.fate != Fate::Accepted {
            self.violate("I4", format!("record {record} resolves again: {:?}, then {result:?}", life.fate));
            return;
        }
        self.unresolved -= 1;
        self.record_mut(record).heard = now;
        if promptly && now > life.accepted + promise.delivery_timeout + self.slack {
            let took = now - life.accepted;
            self.violate("I4", format!("record {record} resolves {took} µs after it was accepted: {result:?}"));
        }
        self.record_mut(record).fate = match result {
            Ok(ack) => {
                if ack.partition != life.partition {
                    self.violate("I9", format!("record {record} is acknowledged for partition {}", ack.partition));
                }
                Fate::Acknowledged(ack.offset)
            }
            Err(error) => {
                self.check_alarm(record, &life, &error.kind, promise);
                self.check_need(record, &life, error, promise, now);
                Fate::Failed(error.written)
            }
        };
    }

    /// An alarm where nothing is wrong is a lie too.
    fn check_alarm(&mut self, record: u32, life: &Life, kind: &DeliveryFailure, promise: Promise) {
        let alarm = match kind {
            DeliveryFailure::DataLoss { .. } | DeliveryFailure::Integrity { .. } => true,
            DeliveryFailure::TopicRecreated => !self.deleted.contains(&life.topic),
            _ => false,
        };
        let reason = self.lossy.contains_key(&(life.topic, life.partition))
            || self.deleted.contains(&life.topic)
            || self.forgetful
            || promise.acks != Acks::All;
        if alarm && !reason {
            self.violate("I7", format!("a false alarm for record {record}: {kind}"));
        }
    }

    /// Giving up without need is a lie too.
    fn check_need(&mut self, record: u32, life: &Life, error: &DeliveryError, promise: Promise, now: Moment) {
        let alone = MOST_AROUND_A_VALUE + life.padding;
        let needless = match &error.kind {
            DeliveryFailure::Rejected { code: ErrorCode::MESSAGE_TOO_LARGE, .. } => {
                error.written == Written::No && alone <= self.limit && self.limit < usize::MAX
            }
            // No broker says so here: it is what we say ourselves of a request that cannot be written.
            DeliveryFailure::Rejected { code: ErrorCode::INVALID_REQUEST, .. } => true,
            DeliveryFailure::Rejected { code, .. } => PASSING.contains(code),
            DeliveryFailure::RetriesExhausted { .. } => !promise.gives_up,
            DeliveryFailure::Closed => promise.closes.is_none_or(|until| now < until),
            _ => false,
        };
        if needless {
            self.violate("I4", format!("record {record} is given up without need: {error}"));
        }
    }

    /// Records of a client that were accepted so far.
    pub(crate) fn accepted_of(&self, client: usize) -> u64 {
        self.accepted.get(client).map_or(0, |accepted| accepted.len() as u64)
    }

    /// A flush ended that covers a client's first `upto` records.
    pub(crate) fn flushed(&mut self, client: usize, upto: u64) {
        let covered = self.accepted.get(client).into_iter().flatten().take(usize::try_from(upto).unwrap_or(usize::MAX));
        let open = covered.copied().find(|record| {
            let life = self.record(*record);
            life.style == Style::Hooks && life.fate == Fate::Accepted
        });
        if let Some(record) = open {
            self.violate("I4", format!("a flush ended before record {record}, which was accepted before it"));
        }
    }

    /// Knows a record again by its bytes, where it belongs. Its number.
    pub(crate) fn recognize(&mut self, place: (usize, i32), seen: Seen<'_>) -> Option<u32> {
        let Seen { key, value: bytes } = seen;
        let number = bytes.and_then(|bytes| bytes.first_chunk::<4>()).map(|number| u32::from_be_bytes(*number));
        let life = number.and_then(|number| self.lives.get(number as usize));
        let Some((number, life)) = number.zip(life) else {
            self.violate("I9", format!("{place:?} has a record that nobody sent"));
            return None;
        };
        let same_key = key == life.key.map(u32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice);
        if !bytes.is_some_and(|bytes| is_value(bytes, number, life.caller, life.number, life.padding)) || !same_key {
            self.violate("I9", format!("record {number} is not what was sent"));
        } else if (life.topic, life.partition) != place {
            let own = (life.topic, life.partition);
            self.violate("I9", format!("record {number} of {own:?} is in {place:?}"));
        } else if matches!(life.fate, Fate::Waiting | Fate::Rejected) {
            self.violate("I7", format!("record {number} was not accepted and is on its way, or written"));
        }
        Some(number)
    }

    /// A record is sent under a producer id and an epoch.
    pub(crate) fn numbered(&mut self, number: u32, producer_id: i64, epoch: i16) {
        let life = self.record_mut(number);
        life.producer_id = producer_id;
        let place = (life.topic, life.partition);
        if epoch == i16::MAX {
            self.used_up.insert((place, producer_id));
        }
    }

    /// A record on the wire, with its timestamp: it has what belongs to it beside key and value.
    pub(crate) fn check_attributes(&mut self, number: u32, record: &EncodedRecord<'_>, timestamp: i64) {
        let life = self.record(number);
        let header = number.to_be_bytes();
        let own = |found: &milena_wire::record::Header<'_>| found.key == HEADER && found.value == Some(&header[..]);
        let (expected, accepted) = (life.headers, life.timestamp);
        let headers = record.headers();
        if headers.count() != expected || !record.headers().all(|found| found.is_ok_and(|found| own(&found))) {
            self.violate("I9", format!("record {number} has not the {expected} headers that it was sent with"));
        }
        if timestamp != accepted {
            self.violate("I9", format!("record {number} was sent at {accepted} and has the timestamp {timestamp}"));
        }
    }

    /// A log to judge by.
    pub(crate) fn keep_log(&mut self, log: LogView) {
        self.logs.push(log);
    }
}

#[cfg(test)]
mod tests;
