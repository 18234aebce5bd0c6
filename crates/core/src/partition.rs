//! One partition's queue: what waits, what is numbered, what is in flight, and what an answer does to it. The nine
//! delivery rules live here.
//!
//! ```text
//!             push            take (numbered)           acknowledged
//!   accumulator ──► waiting ─────────────────► numbered ─────────────► gone, its records resolved
//!                                               │    ▲
//!                                    in flight  ▼    │  retried in order, the same number
//!                                              answer, or none
//! ```
//!
//! A numbered batch keeps its number (producer id, epoch, sequence) until it is acknowledged, or until the whole
//! partition is numbered again under the next epoch. That needs proof that none of its batches can be in the log:
//!
//! 1. An attempt that ended without a definite answer makes its batch *uncertain*. Only an acknowledgement, a probe or the
//!    loss of the topic clears that: the checks of size, time and in-sync replicas come before Kafka looks for
//!    duplicates, so a refusal says nothing about an earlier attempt.
//! 2. OUT_OF_ORDER_SEQUENCE_NUMBER never starts a new epoch by itself. To a batch behind others it means "later". To the oldest it
//!    means that the broker has forgotten, or never had: a restarted broker remembers one batch of a producer, its newest.
//!    So the newest is sent first, then the one before it: the first that is accepted proves all older ones written.
//! 3. A *hole* is a number that will not be filled: its batch failed. When nothing is uncertain any more the rest is
//!    numbered again from 0 under the next epoch, whose first batch fences whatever of the old one is still on its way.
//! 4. One batch in flight until the first acknowledgement under a leader ([`Pace`]): a broker without state for a producer
//!    takes any first sequence, so a second batch could be taken before a refused first (KAFKA-15591).
//! 5. At its deadline an uncertain batch is *reported* as maybe written, but keeps its place: giving its place up would
//!    leave a hole that only uncertainty could fill.
//! 6. Acknowledged offsets rise. One that does not is not an acknowledgement: the number was used before, by us or by
//!    another, or the log was cut.

use crate::backoff::Backoff;
use crate::batch::{Meta, Sealed};
use crate::config::Config;
use crate::delivery::RunResult;
use crate::error::{DeliveryError, DeliveryFailure, Written};
use crate::output::{Level, News, Notice, Output};
use crate::split::{cut, halves, runs_without};
use crate::time::{Time, Timestamp};
use crate::topic::PartitionKey;
use crate::verdict::{Attempt, Verdict, verdict};
use bytes::Bytes;
use fastrand::Rng;
use milena_wire::compression::{Compression, Compressor};
use milena_wire::error_code::ErrorCode;
use milena_wire::record_batch::BatchHeader;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A broker may have dropped what it knew of a producer that was idle for long (`producer.id.expiration.ms`, a day, by the
/// records' timestamps): after half of that the next batch goes alone again.
const LONG_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// Sweeps of probes, newest to oldest, all refused, before the broker is believed.
const SWEEPS: u32 = 3;

/// What a producer id is good for: epochs are counted by partition, for a broker's state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// Which attempt of which batch a request carries. Never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AttemptId(pub(crate) u64);

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
    pub(crate) stats: &'a mut crate::stats::Stats,
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

/// Where a batch that is not numbered yet stands.
#[derive(Debug)]
enum Waiting {
    /// It is being compressed. Its place is kept.
    Sealing(u64),
    Sealed(Sealed),
}

/// The number of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: ProducerIdentity,
    base_sequence: i32,
}

/// Where a numbered batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Queued,
    InFlight(AttemptId),
}

/// A batch that left the waiting line.
#[derive(Debug)]
struct Numbered {
    batch: Sealed,
    /// `None`: to be numbered when it is next sent.
    stamp: Option<Stamp>,
    /// The batch's header as it is sent, for as long as the stamp stays.
    header: [u8; 61],
    place: Place,
    /// Attempts that ended and were not acknowledged.
    attempts: u32,
    /// When the last attempt ended that may have written.
    uncertain: Option<Time>,
    /// Its records have their result already: maybe written.
    reported: bool,
    /// A newer batch of the same epoch was acknowledged.
    overtaken: bool,
    /// What held it up last.
    trouble: Option<Arc<str>>,
}

impl Numbered {
    fn new(batch: Sealed) -> Self {
        Self {
            batch,
            stamp: None,
            header: [0; 61],
            place: Place::Queued,
            attempts: 0,
            uncertain: None,
            reported: false,
            overtaken: false,
            trouble: None,
        }
    }

    fn may_be_written(&self) -> bool {
        self.uncertain.is_some() || matches!(self.place, Place::InFlight(_))
    }

    fn written(&self) -> Written {
        if self.may_be_written() { Written::Maybe } else { Written::No }
    }
}

/// How many batches may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// One: nothing was acknowledged under this leader and epoch yet, or something just failed.
    First,
    /// As many as the window holds.
    Open,
}

/// What the partition does about trouble.
///
/// ```text
///              failed                     OUT_OF_ORDER to the oldest
///   Going ───────────────► BackingOff ─────────────────────────────► Probing
///     ▲                        │ time                                   │ accepted: older ones are written
///     └────────────────────────┴────────────────────────────────────────┘ all refused, three sweeps: they are not
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Going,
    BackingOff {
        until: Time,
    },
    /// The batch at `at` is asked about next.
    Probing {
        at: usize,
        sweeps: u32,
        until: Time,
    },
}

/// What can be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Nothing, until something happens.
    Nothing,
    /// Nothing before this time.
    After(Time),
    /// The numbered batch at this index.
    Again(usize),
    /// The oldest that waits.
    Fresh,
}

/// One batch as a request carries it.
pub(crate) struct Outgoing {
    pub(crate) header: [u8; 61],
    pub(crate) body: Bytes,
}

/// One partition's queue.
#[derive(Debug)]
pub(crate) struct Partition {
    key: PartitionKey,
    topic: Arc<str>,
    /// In the order in which they were closed.
    waiting: VecDeque<Waiting>,
    /// In the order of their sequences, oldest first; never more than the window.
    numbered: VecDeque<Numbered>,
    /// Under which the next batch is numbered.
    identity: Option<ProducerIdentity>,
    /// The next batch's base sequence under `identity`.
    next_sequence: i32,
    /// A producer id that this partition must not use again: its epochs are used up, or it was fenced.
    spent: Option<i64>,
    pace: Pace,
    mode: Mode,
    /// Failures since the last acknowledgement, counted once a round.
    failures: u32,
    /// A sequence before the oldest numbered batch, or between two, will not be filled.
    hole: bool,
    /// The lowest offset that the next acknowledgement can have.
    floor: Option<i64>,
    /// When something was last acknowledged.
    acknowledged: Time,
    /// What stands between it and its leader.
    trouble: Option<Arc<str>>,
    /// Whether the accumulator was last told that it is hungry.
    pub(crate) told_hungry: bool,
    /// Whether it stands in its broker's ready line.
    pub(crate) enlisted: bool,
}

impl Partition {
    pub(crate) fn new(key: PartitionKey, topic: Arc<str>) -> Self {
        Self {
            key,
            topic,
            waiting: VecDeque::new(),
            numbered: VecDeque::new(),
            identity: None,
            next_sequence: 0,
            spent: None,
            pace: Pace::First,
            mode: Mode::Going,
            failures: 0,
            hole: false,
            floor: None,
            acknowledged: Time::ZERO,
            trouble: None,
            told_hungry: true,
            enlisted: false,
        }
    }

    /// A batch joins the line.
    pub(crate) fn push(&mut self, batch: Sealed) {
        self.waiting.push_back(Waiting::Sealed(batch));
    }

    /// A batch that is being compressed takes its place in the line.
    pub(crate) fn push_sealing(&mut self, id: u64) {
        self.waiting.push_back(Waiting::Sealing(id));
    }

    /// It was compressed.
    pub(crate) fn sealed(&mut self, id: u64, batch: Sealed) {
        let place = self.waiting.iter_mut().find(|waiting| matches!(waiting, Waiting::Sealing(other) if *other == id));
        match place {
            Some(place) => *place = Waiting::Sealed(batch),
            // Its place is gone only with the whole line: it then joins what is left.
            None => self.push(batch),
        }
    }

    /// Whether a batch would go on the wire at once, were its leader's connection free.
    pub(crate) fn is_hungry(&self, rules: &Rules) -> bool {
        self.waiting.is_empty()
            && self.mode == Mode::Going
            && self.numbered.len() < self.limit(rules)
            && self.numbered.iter().all(|numbered| numbered.place != Place::Queued)
    }

    /// Batches in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.numbered.iter().filter(|numbered| matches!(numbered.place, Place::InFlight(_))).count()
    }

    fn limit(&self, rules: &Rules) -> usize {
        match self.pace {
            Pace::First if rules.idempotent => 1,
            _ => rules.window,
        }
    }

    /// What can be sent now.
    pub(crate) fn choice(&self, now: Time, rules: &Rules) -> Choice {
        let in_flight = self.in_flight();
        match self.mode {
            Mode::BackingOff { until } | Mode::Probing { until, .. } if now < until => return Choice::After(until),
            Mode::Probing { at, .. } if in_flight == 0 && at < self.numbered.len() => return Choice::Again(at),
            Mode::Probing { .. } => return Choice::Nothing,
            Mode::Going | Mode::BackingOff { .. } => {}
        }
        if in_flight >= self.limit(rules) {
            return Choice::Nothing;
        }
        if let Some(at) = self.numbered.iter().position(|numbered| numbered.place == Place::Queued) {
            // Batches behind it that are still in flight decide first: sent again now, it would arrive after them.
            let behind = self.numbered.iter().skip(at).any(|numbered| numbered.place != Place::Queued);
            return if behind { Choice::Nothing } else { Choice::Again(at) };
        }
        match self.waiting.front() {
            Some(Waiting::Sealed(_)) if self.numbered.len() < rules.window => Choice::Fresh,
            _ => Choice::Nothing,
        }
    }

    /// The producer id that it can be numbered with now, or whether it lacks one.
    pub(crate) fn identity_wanted(&self, producer: Option<ProducerIdentity>) -> bool {
        self.identity.is_none() && self.usable(producer).is_none()
    }

    fn usable(&self, producer: Option<ProducerIdentity>) -> Option<ProducerIdentity> {
        producer.filter(|identity| Some(identity.producer_id) != self.spent)
    }

    /// The producer id that this partition can no longer use.
    pub(crate) fn spent(&self) -> Option<i64> {
        self.spent
    }

    /// Takes what [`choice`](Self::choice) chose, as attempt `attempt`. `None` when nothing can be sent, or a producer id
    /// is missing.
    pub(crate) fn take(
        &mut self,
        attempt: AttemptId,
        producer: Option<ProducerIdentity>,
        now: Time,
        rules: &Rules,
    ) -> Option<Outgoing> {
        let choice = self.choice(now, rules);
        if rules.idempotent && self.identity.is_none() && matches!(choice, Choice::Again(_) | Choice::Fresh) {
            self.identity = Some(self.usable(producer)?);
            self.next_sequence = 0;
        }
        let at = match choice {
            Choice::Nothing | Choice::After(_) => return None,
            Choice::Again(at) => at,
            Choice::Fresh => {
                if self.numbered.is_empty() && now.since(self.acknowledged) > LONG_IDLE {
                    self.pace = Pace::First;
                }
                let Some(Waiting::Sealed(batch)) = self.waiting.pop_front() else { return None };
                self.numbered.push_back(Numbered::new(batch));
                self.numbered.len() - 1
            }
        };
        let identity = self.identity;
        let numbered = self.numbered.get_mut(at)?;
        if numbered.stamp.is_none() {
            let identity = identity.unwrap_or(ProducerIdentity { producer_id: -1, epoch: -1 });
            let base_sequence = if rules.idempotent { self.next_sequence } else { -1 };
            numbered.stamp = Some(Stamp { identity, base_sequence });
            numbered.header = header(&numbered.batch, identity, base_sequence);
            self.next_sequence = sequence_after(self.next_sequence, numbered.batch.meta.count);
        }
        numbered.place = Place::InFlight(attempt);
        Some(Outgoing { header: numbered.header, body: numbered.batch.body.clone() })
    }

    /// The bytes that the next batch adds to a request.
    pub(crate) fn next_size(&self, choice: Choice) -> usize {
        let body = match choice {
            Choice::Again(at) => self.numbered.get(at).map(|numbered| numbered.batch.body.len()),
            Choice::Fresh => match self.waiting.front() {
                Some(Waiting::Sealed(batch)) => Some(batch.body.len()),
                _ => None,
            },
            Choice::Nothing | Choice::After(_) => None,
        };
        61 + body.unwrap_or(0)
    }

    /// The broker answered an attempt. Says what the sender must do besides.
    pub(crate) fn answered(&mut self, attempt: AttemptId, answer: &Answer, turn: &mut Turn<'_>) -> Verdict {
        let verdict = verdict(answer.code, turn.rules.idempotent);
        let Some(at) = self.position(attempt) else { return verdict };
        if let Some(numbered) = self.numbered.get_mut(at) {
            numbered.place = Place::Queued;
        }
        match verdict {
            Verdict::Acknowledge => self.acknowledge(at, answer, turn),
            Verdict::Retry(proof) | Verdict::SeekLeader(proof) => {
                self.again(at, proof, describe(answer).into(), turn);
            }
            Verdict::Split => self.too_large(at, answer, turn),
            Verdict::OutOfOrder => self.out_of_order(at, answer, turn),
            Verdict::Forgotten => self.forgotten(at, answer, turn),
            Verdict::Fenced => self.fenced(answer, turn),
            Verdict::Refuse(proof) => self.refuse(at, proof, answer, turn),
            Verdict::Forbidden => self.refuse(at, Attempt::Refused, answer, turn),
        }
        self.settle(turn);
        verdict
    }

    /// An attempt ended without an answer: its connection is gone, or it took too long.
    pub(crate) fn lost(&mut self, attempt: AttemptId, why: &Arc<str>, turn: &mut Turn<'_>) {
        if let Some(at) = self.position(attempt) {
            self.again(at, Attempt::Unknown, Arc::clone(why), turn);
            self.settle(turn);
        }
    }

    /// With `acks=0`: the operating system has it, and nobody will answer.
    pub(crate) fn transmitted(&mut self, attempt: AttemptId, turn: &mut Turn<'_>) {
        if let Some(at) = self.position(attempt) {
            let answer = Answer {
                code: ErrorCode::NONE,
                base_offset: -1,
                append_time: None,
                message: None,
                record_errors: Vec::new(),
            };
            self.acknowledge(at, &answer, turn);
        }
    }

    /// Its leader cannot be reached, or is not known, for this reason.
    pub(crate) fn hindered(&mut self, trouble: Arc<str>) {
        self.trouble = Some(trouble);
    }

    /// Another broker leads: one batch alone there first, at once.
    pub(crate) fn leader_changed(&mut self) {
        self.pace = Pace::First;
        if let Mode::BackingOff { .. } = self.mode {
            self.mode = Mode::Going;
        }
    }

    /// The topic was deleted and created again: another log, another history.
    pub(crate) fn recreated(&mut self, turn: &mut Turn<'_>) {
        for index in (0..self.numbered.len()).rev() {
            if self.numbered.get(index).is_some_and(Numbered::may_be_written) {
                self.fail_at(index, &DeliveryFailure::TopicRecreated, turn);
            }
        }
        self.floor = None;
        self.hole = true;
        self.mode = Mode::Going;
        self.settle(turn);
    }

    /// Reports what is past its delivery timeout. Says when to look again.
    pub(crate) fn expire(&mut self, turn: &mut Turn<'_>) -> Option<Time> {
        self.expire_waiting(turn);
        let mut index = 0;
        while let Some(numbered) = self.numbered.get_mut(index) {
            let overdue = turn.now >= numbered.batch.meta.created + turn.rules.delivery_timeout;
            if overdue && !numbered.may_be_written() {
                let failure = timed_out(turn.rules, numbered.trouble.clone());
                self.fail_at(index, &failure, turn);
                self.hole = turn.rules.idempotent;
                continue;
            }
            if overdue && !numbered.reported {
                // It keeps its place: see rule 5 above.
                let failure = timed_out(turn.rules, numbered.trouble.clone());
                let error = DeliveryError { kind: failure, written: Written::Maybe };
                numbered.reported = true;
                resolve(&mut numbered.batch, RunResult::Failed(error), turn);
                let count = numbered.batch.meta.count;
                give_back(numbered.batch.meta, count, 0, None, turn);
            }
            index += 1;
        }
        self.settle(turn);
        self.deadline(turn.rules)
    }

    fn expire_waiting(&mut self, turn: &mut Turn<'_>) {
        while let Some(Waiting::Sealed(batch)) = self.waiting.front() {
            if turn.now < batch.meta.created + turn.rules.delivery_timeout {
                break;
            }
            let trouble =
                self.numbered.front().and_then(|numbered| numbered.trouble.clone()).or_else(|| self.trouble.clone());
            if let Some(Waiting::Sealed(batch)) = self.waiting.pop_front() {
                let error = DeliveryError { kind: timed_out(turn.rules, trouble), written: Written::No };
                drop_batch(batch, RunResult::Failed(error), turn);
            }
        }
    }

    /// When the oldest batch that is not reported yet will be overdue.
    fn deadline(&self, rules: &Rules) -> Option<Time> {
        let numbered =
            self.numbered.iter().filter(|numbered| !numbered.reported).map(|numbered| numbered.batch.meta.created);
        let waiting = self.waiting.iter().find_map(|waiting| match waiting {
            Waiting::Sealed(batch) => Some(batch.meta.created),
            Waiting::Sealing(_) => None,
        });
        numbered.chain(waiting).min().map(|created| created + rules.delivery_timeout)
    }

    /// When [`expire`](Self::expire) or [`choice`](Self::choice) must be looked at again, whatever else happens.
    pub(crate) fn next_look(&self, now: Time, rules: &Rules) -> Option<Time> {
        let retry = match self.choice(now, rules) {
            Choice::After(until) => Some(until),
            _ => None,
        };
        [retry, self.deadline(rules)].into_iter().flatten().min()
    }

    /// Everything fails, now: the producer is closed, or can send nothing any more.
    pub(crate) fn fail_all(&mut self, failure: &DeliveryFailure, turn: &mut Turn<'_>) {
        while !self.numbered.is_empty() {
            self.fail_at(0, failure, turn);
        }
        self.fail_waiting(failure, turn);
        self.hole = turn.rules.idempotent;
        self.settle(turn);
    }

    /// What was never numbered fails.
    pub(crate) fn fail_waiting(&mut self, failure: &DeliveryFailure, turn: &mut Turn<'_>) {
        let line = std::mem::take(&mut self.waiting);
        for waiting in line {
            match waiting {
                Waiting::Sealed(batch) => {
                    let error = DeliveryError { kind: failure.clone(), written: Written::No };
                    drop_batch(batch, RunResult::Failed(error), turn);
                }
                sealing @ Waiting::Sealing(_) => self.waiting.push_back(sealing),
            }
        }
    }

    fn position(&self, attempt: AttemptId) -> Option<usize> {
        self.numbered.iter().position(|numbered| numbered.place == Place::InFlight(attempt))
    }

    fn acknowledge(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let probing = matches!(self.mode, Mode::Probing { .. });
        let mut at = at;
        if probing {
            // The first that is accepted proves that all older ones are in the log; where, the broker has forgotten.
            for _ in 0..at {
                self.acknowledge_unplaced(0, turn);
            }
            at = 0;
        } else {
            self.numbered.iter_mut().take(at).for_each(|older| older.overtaken = true);
        }
        let Some(Numbered { mut batch, reported, overtaken, .. }) = self.numbered.remove(at) else { return };
        let offset = Some(answer.base_offset).filter(|offset| *offset >= 0);
        let found_below = self.floor.zip(offset).filter(|(floor, offset)| offset < floor && !overtaken);
        let result = match found_below {
            Some((expected, found)) => {
                self.notice(
                    turn,
                    Level::Error,
                    &format!("acknowledged at offset {found}, expected {expected} or higher"),
                );
                let kind = DeliveryFailure::Integrity { expected, found };
                RunResult::Failed(DeliveryError { kind, written: Written::Maybe })
            }
            None => RunResult::Acknowledged {
                partition: self.key.partition,
                base_offset: offset,
                append_time: answer.append_time,
            },
        };
        if let Some(offset) = offset.filter(|_| !overtaken) {
            self.floor = Some(offset.saturating_add(batch.meta.count.into()));
        }
        turn.stats.acknowledged(&batch.meta, batch.body.len(), turn.now);
        if !reported {
            resolve(&mut batch, result, turn);
        }
        release(batch, reported, turn);
        self.went_well(turn.now);
    }

    /// The batch at `at` is in the log, at an offset that nobody remembers.
    fn acknowledge_unplaced(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(Numbered { mut batch, reported, .. }) = self.numbered.remove(at) else { return };
        let result = RunResult::Acknowledged { partition: self.key.partition, base_offset: None, append_time: None };
        turn.stats.acknowledged(&batch.meta, batch.body.len(), turn.now);
        if !reported {
            resolve(&mut batch, result, turn);
        }
        release(batch, reported, turn);
    }

    fn went_well(&mut self, now: Time) {
        self.pace = Pace::Open;
        self.mode = Mode::Going;
        self.failures = 0;
        self.acknowledged = now;
        self.trouble = None;
    }

    /// The batch at `at` goes back into its place and is sent again, unless `retries` is used up.
    fn again(&mut self, at: usize, proof: Attempt, trouble: Arc<str>, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        turn.stats.retries += 1;
        numbered.place = Place::Queued;
        numbered.attempts += 1;
        numbered.trouble = Some(Arc::clone(&trouble));
        if proof == Attempt::Unknown {
            numbered.uncertain = Some(turn.now);
        }
        if numbered.attempts > turn.rules.retries {
            self.fail_at(at, &DeliveryFailure::RetriesExhausted { last: trouble }, turn);
            self.hole = turn.rules.idempotent;
        }
        self.back_off(turn);
    }

    /// One failed round: slower, and not at once.
    fn back_off(&mut self, turn: &mut Turn<'_>) {
        self.pace = Pace::First;
        let resting = matches!(self.mode, Mode::BackingOff { until } | Mode::Probing { until, .. } if until > turn.now);
        if resting {
            return;
        }
        self.failures += 1;
        let wake = turn.now + turn.rules.backoff.after(self.failures, turn.chance);
        self.mode = match self.mode {
            Mode::Probing { at, sweeps, .. } => Mode::Probing { at, sweeps, until: wake },
            Mode::Going | Mode::BackingOff { .. } => Mode::BackingOff { until: wake },
        };
    }

    /// Too large for the broker. Split it, unless an earlier attempt may be in the log: the parts would be written
    /// beside it.
    fn too_large(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get(at) else { return };
        let parts = match numbered.uncertain {
            None => halves(&numbered.batch),
            Some(_) => None,
        };
        match parts {
            Some(parts) => self.replace(at, &parts, true, turn),
            None => self.refuse(at, Attempt::Refused, answer, turn),
        }
    }

    /// Puts parts of the batch at `at` in its place. Parts that together are the whole keep their records' sequences, so
    /// nothing else changes; where records are missing there is a hole.
    fn replace(&mut self, at: usize, parts: &[std::ops::Range<u32>], whole: bool, turn: &mut Turn<'_>) {
        let Some(old) = self.numbered.remove(at) else { return };
        let Numbered { batch, stamp, attempts, .. } = old;
        let cut = match cut(batch, parts, turn.rules.compression, turn.compressor) {
            Ok(cut) => cut,
            Err(batch) => {
                // Our own batch does not read back: nothing that could be done is safe.
                let message = Some("batch could not be read back to split it".into());
                let kind = DeliveryFailure::Rejected { code: ErrorCode::CORRUPT_MESSAGE, message };
                drop_batch(*batch, RunResult::Failed(DeliveryError { kind, written: Written::No }), turn);
                self.hole = turn.rules.idempotent;
                return;
            }
        };
        turn.stats.splits += 1;
        for (place, (part, range)) in (at..).zip(cut.into_iter().zip(parts)) {
            let mut numbered = Numbered::new(part);
            numbered.attempts = attempts;
            if let Some(stamp) = stamp.filter(|_| whole && turn.rules.idempotent) {
                let base_sequence = sequence_after(stamp.base_sequence, range.start);
                numbered.header = header(&numbered.batch, stamp.identity, base_sequence);
                numbered.stamp = Some(Stamp { base_sequence, ..stamp });
            }
            self.numbered.insert(place, numbered);
        }
        if !whole {
            self.hole = turn.rules.idempotent;
        }
        self.pace = Pace::First;
    }

    /// OUT_OF_ORDER_SEQUENCE_NUMBER: rule 2 above.
    fn out_of_order(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let newest = self.numbered.len().saturating_sub(1);
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        numbered.trouble = Some(describe(answer).into());
        self.pace = Pace::First;
        if numbered.overtaken {
            // A newer batch is in the log under the same epoch, so this one is, if it ever was on its way.
            if numbered.uncertain.is_some() {
                self.acknowledge_unplaced(at, turn);
            } else {
                self.refuse(at, Attempt::Refused, answer, turn);
            }
            return;
        }
        match self.mode {
            Mode::Probing { at: probed, sweeps, .. } if probed == at => self.probe_refused(at, sweeps, turn),
            Mode::Going | Mode::BackingOff { .. } if at == 0 => {
                self.notice(turn, Level::Warn, "out of order to the oldest batch: probing from the newest");
                self.mode = Mode::Probing { at: newest, sweeps: 0, until: turn.now };
            }
            // An older one decides.
            _ => {}
        }
    }

    fn probe_refused(&mut self, at: usize, sweeps: u32, turn: &mut Turn<'_>) {
        if let Some(at) = at.checked_sub(1) {
            self.mode = Mode::Probing { at, sweeps, until: turn.now };
            return;
        }
        let last_uncertain = self.numbered.iter().filter_map(|numbered| numbered.uncertain).max();
        // A request of ours may still lie in a broker that hangs: it is given the time that a request may take.
        let quiet = last_uncertain.is_none_or(|at| turn.now >= at + turn.rules.request_timeout);
        if sweeps + 1 >= SWEEPS && quiet {
            self.not_in_the_log(turn);
            return;
        }
        let newest = self.numbered.len().saturating_sub(1);
        self.failures += 1;
        let until = turn.now + turn.rules.backoff.after(self.failures, turn.chance);
        self.mode = Mode::Probing { at: newest, sweeps: sweeps + 1, until };
    }

    /// Every probe was refused: none of the numbered batches is in the log.
    fn not_in_the_log(&mut self, turn: &mut Turn<'_>) {
        self.mode = Mode::Going;
        if self.hole {
            // That is because of the hole. They are numbered again, but for what was given up on already.
            self.numbered.iter_mut().for_each(|numbered| numbered.uncertain = None);
            for index in (0..self.numbered.len()).rev() {
                if self.numbered.get(index).is_some_and(|numbered| numbered.reported) {
                    self.fail_at(index, &DeliveryFailure::Closed, turn);
                }
            }
            return;
        }
        let acknowledged = self.floor.map_or(-1, |floor| floor - 1);
        self.notice(
            turn,
            Level::Error,
            &format!("the broker lost records that it had acknowledged, up to offset {acknowledged}"),
        );
        turn.stats.data_losses += 1;
        while !self.numbered.is_empty() {
            self.fail_at(0, &DeliveryFailure::DataLoss { acknowledged }, turn);
        }
        self.floor = None;
        self.hole = true;
    }

    /// UNKNOWN_PRODUCER_ID, of brokers before 2.4: state absent, which is not "not written". A batch that was never
    /// uncertain starts again under the next epoch.
    fn forgotten(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        numbered.trouble = Some(describe(answer).into());
        if numbered.uncertain.is_some() {
            let failure = DeliveryFailure::Rejected { code: answer.code, message: answer.message.clone() };
            self.fail_at(at, &failure, turn);
        }
        self.hole = true;
        self.back_off(turn);
    }

    /// Somebody else wrote with our producer id under a higher epoch. What was never sent goes on under another id.
    fn fenced(&mut self, answer: &Answer, turn: &mut Turn<'_>) {
        self.notice(turn, Level::Error, &format!("fenced: {}", describe(answer)));
        let failure = DeliveryFailure::Rejected { code: answer.code, message: answer.message.clone() };
        while !self.numbered.is_empty() {
            self.fail_at(0, &failure, turn);
        }
        self.spent = self.identity.take().map(|identity| identity.producer_id);
        self.hole = false;
        self.mode = Mode::Going;
        self.pace = Pace::First;
    }

    /// The batch at `at` fails for what it is. If the broker names records, only they do.
    fn refuse(&mut self, at: usize, proof: Attempt, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        if proof == Attempt::Unknown {
            numbered.uncertain = Some(turn.now);
        }
        let named = !answer.record_errors.is_empty() && numbered.uncertain.is_none() && !numbered.reported;
        if named && let Some(parts) = runs_without(&numbered.batch, &answer.record_errors) {
            let batch = &mut numbered.batch;
            for (index, text) in &answer.record_errors {
                let message = text.clone().or_else(|| answer.message.clone());
                let kind = DeliveryFailure::Rejected { code: answer.code, message };
                let error = RunResult::Failed(DeliveryError { kind, written: Written::No });
                resolve_run(batch, *index, 1, error, turn);
                give_back(batch.meta, 1, 0, None, turn);
            }
            self.replace(at, &parts, false, turn);
        } else {
            let named = || answer.record_errors.first().and_then(|(_, text)| text.clone());
            let message = answer.message.clone().or_else(named);
            self.fail_at(at, &DeliveryFailure::Rejected { code: answer.code, message }, turn);
        }
        self.hole = turn.rules.idempotent;
        self.pace = Pace::First;
    }

    /// Takes the batch at `at` out, its records failed unless they have their result.
    fn fail_at(&mut self, at: usize, failure: &DeliveryFailure, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.remove(at) else { return };
        let written = numbered.written();
        let error = DeliveryError { kind: failure.clone(), written };
        if numbered.reported {
            release(numbered.batch, true, turn);
        } else {
            drop_batch(numbered.batch, RunResult::Failed(error), turn);
        }
    }

    /// After everything that could change it: fills a hole by a new epoch, once nothing can be in the log any more.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        if !self.hole || self.numbered.iter().any(Numbered::may_be_written) {
            self.probe_within_bounds();
            return;
        }
        self.hole = false;
        self.pace = Pace::First;
        if !matches!(self.mode, Mode::BackingOff { .. }) {
            self.mode = Mode::Going;
        }
        self.next_sequence = 0;
        self.numbered.iter_mut().for_each(|numbered| {
            numbered.stamp = None;
            numbered.overtaken = false;
        });
        let Some(identity) = self.identity else { return };
        match identity.epoch.checked_add(1) {
            Some(epoch) => {
                self.identity = Some(ProducerIdentity { epoch, ..identity });
                self.notice(turn, Level::Info, &format!("next producer epoch: {epoch}"));
            }
            None => {
                self.spent = Some(identity.producer_id);
                self.identity = None;
            }
        }
        turn.stats.epochs += 1;
    }

    /// The queue may have become shorter while it is probed.
    fn probe_within_bounds(&mut self) {
        if let Mode::Probing { at, sweeps, until } = self.mode {
            self.mode = match self.numbered.len().checked_sub(1) {
                Some(newest) => Mode::Probing { at: at.min(newest), sweeps, until },
                None => Mode::Going,
            };
        }
    }

    fn notice(&self, turn: &mut Turn<'_>, level: Level, text: &str) {
        let text = format!("{}-{}: {text}", self.topic.escape_debug(), self.key.partition);
        turn.out.push_back(Output::Notice(Notice { level, text }));
    }
}

fn describe(answer: &Answer) -> String {
    match &answer.message {
        Some(message) => format!("{}: {}", answer.code, message.escape_debug()),
        None => answer.code.to_string(),
    }
}

fn timed_out(rules: &Rules, last: Option<Arc<str>>) -> DeliveryFailure {
    let timeout_ms = u64::try_from(rules.delivery_timeout.as_millis()).unwrap_or(u64::MAX);
    DeliveryFailure::TimedOut { timeout_ms, last }
}

/// The sequence `count` records after `sequence`: it wraps from 2^31 − 1 to 0.
fn sequence_after(sequence: i32, count: u32) -> i32 {
    let next = (i64::from(sequence) + i64::from(count)) & i64::from(i32::MAX);
    i32::try_from(next).unwrap_or(0)
}

fn header(batch: &Sealed, identity: ProducerIdentity, base_sequence: i32) -> [u8; 61] {
    let Meta { count, base_timestamp, max_timestamp, .. } = batch.meta;
    let header = BatchHeader {
        codec: batch.codec,
        last_offset_delta: i32::try_from(count).unwrap_or(i32::MAX) - 1,
        base_timestamp: base_timestamp.0,
        max_timestamp: max_timestamp.0,
        producer_id: identity.producer_id,
        producer_epoch: identity.epoch,
        base_sequence,
        record_count: i32::try_from(count).unwrap_or(i32::MAX),
        ..BatchHeader::default()
    };
    header.encode(&batch.body)
}

/// Gives all records of a batch their result.
fn resolve(batch: &mut Sealed, result: RunResult, turn: &mut Turn<'_>) {
    let count = batch.meta.count;
    resolve_run(batch, 0, count, result, turn);
}

fn resolve_run(batch: &mut Sealed, from: u32, count: u32, result: RunResult, turn: &mut Turn<'_>) {
    if let RunResult::Failed(error) = &result {
        turn.stats.failed(error, count);
    }
    let hooks = batch.claims.resolve(from, count, result);
    if !hooks.is_empty() {
        turn.out.push_back(Output::Hooks(hooks));
    }
}

/// Gives a batch's memory back; its records too, unless they were given back when they were reported.
fn release(batch: Sealed, reported: bool, turn: &mut Turn<'_>) {
    let Sealed { meta, body, spare, .. } = batch;
    let count = if reported { 0 } else { meta.count };
    // A body that a connection still holds is freed when that lets go of it: it is never used again while it can be read.
    let buffer = spare.or_else(|| body.is_unique().then(|| emptied(body)));
    give_back(meta, count, meta.charge, buffer, turn);
}

/// The buffer of a body that nobody else holds. Cut to nothing first, so that nothing is copied.
fn emptied(mut body: Bytes) -> Vec<u8> {
    body.truncate(0);
    body.into()
}

fn give_back(meta: Meta, count: u32, charge: usize, buffer: Option<Vec<u8>>, turn: &mut Turn<'_>) {
    let release = Meta { count, charge, ..meta }.release(buffer);
    turn.out.push_back(Output::News(News::Released(release)));
}

/// A batch is done: its records get `result`, its memory goes back.
fn drop_batch(mut batch: Sealed, result: RunResult, turn: &mut Turn<'_>) {
    resolve(&mut batch, result, turn);
    release(batch, false, turn);
}

#[cfg(test)]
mod tests;
