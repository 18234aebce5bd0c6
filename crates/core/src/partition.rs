//! One partition's queue: what waits, what is numbered, what is in flight, and what an answer does to it. The delivery
//! rules live here.
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
//!    So the newest is sent first, then the one before it: the first that is accepted *as a duplicate* proves all older ones
//!    written. A first copy proves nothing: a broker that has lost its state since takes any sequence. Which it is tells the
//!    offset: a duplicate's lies below the end that the log had before the first probe (`log_end`), with room for the older
//!    ones since the last acknowledgement. Behind a first copy the older ones are *overtaken*, and asked for one by one;
//!    what the broker does not know of them, nobody will ever tell: they fail as maybe written.
//! 3. A *hole* is a number that will not be filled: its batch failed. When nothing is uncertain any more the rest is
//!    numbered again from 0 under the next epoch, whose first batch fences whatever of the old one is still on its way.
//!    A hole explains why every probe of what follows is refused. Not so in the *shadow* of a batch that was given up and may be
//!    written: if it is in the log, the broker may have forgotten the older ones for it; if a late request of it is still on its
//!    way, those of newer ones may follow it in, until the next epoch fences them. What is uncertain then stays so.
//! 4. One batch in flight until the first acknowledgement under a leader ([`Pace`]): a broker without state for a producer
//!    takes any first sequence, so a second batch could be taken before a refused first (KAFKA-15591). What the leader before
//!    acknowledges says nothing of this one.
//! 5. At its deadline an uncertain batch is *reported* as maybe written, but keeps its place while another that may be
//!    written has no result yet: giving it up would leave a hole that only uncertainty could fill. When nobody waits for any
//!    of them any more they are given up together, at the latest `delivery.timeout.ms` after the youngest of them was
//!    opened plus what a request may take. What follows was never written, or is proven not to be: it goes on under the
//!    next epoch. Order holds, and nothing is there twice: a late request of what was given up arrives before the first
//!    batch of that epoch, and so in its place, or after it, and is refused (INVALID_PRODUCER_EPOCH).
//! 6. Acknowledged offsets rise. One that does not is not an acknowledgement, and proves nothing of older batches: the number
//!    was used before, by us or by another, or the log was cut, or is another.

mod acknowledged;
mod ending;
mod log_end;
mod numbered;
mod probe;
mod refused;
mod turn;

pub(crate) use turn::{Answer, Rules, Turn};

use crate::batch::Sealed;
use crate::output::{Level, Notice, Output};
use crate::time::Time;
use crate::topic::PartitionKey;
use crate::verdict::{Attempt, Verdict, verdict};
use bytes::Bytes;
use log_end::LogEnd;
use milena_wire::error_code::ErrorCode;
use numbered::{Numbered, Place, Stamp, Waiting, header, sequence_after};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A broker may have dropped what it knew of a producer that was idle for long (`producer.id.expiration.ms`, a day, by the
/// records' timestamps): after half of that the next batch goes alone again.
const LONG_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// What a producer id is good for: epochs are counted by partition, for a broker's state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// Which attempt of which batch a request carries. Never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AttemptId(pub(crate) u64);

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
///     ▲                        │ time                                   │ /     └────────────────────────┴────────────────────────────────────────┘ all refused, three sweeps: they are not
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
    /// The question where the leader's log ends.
    LogEnd,
    /// The numbered batch at this index.
    Again(usize),
    /// The oldest that waits.
    Fresh,
}

/// Where a partition stands that has something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Nowhere,
    /// It needs a producer id first, or a leader.
    Waiting,
    /// In the ready line of one of its leader's links, in the place with this number. It may have left places in other lines,
    /// of leaders before: those are skipped.
    InLine(u32),
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
    /// In the order of their sequences, oldest first; more than the window only after a split.
    numbered: VecDeque<Numbered>,
    /// Under which the next batch is numbered.
    identity: Option<ProducerIdentity>,
    /// The next batch's base sequence under `identity`.
    next_sequence: i32,
    /// A producer id that this partition must not use again: its epochs are used up, or it was fenced.
    spent: Option<i64>,
    pace: Pace,
    /// The newest attempt.
    newest: AttemptId,
    /// The newest attempt that went to another leader than the present one.
    former: AttemptId,
    mode: Mode,
    /// Where the log ended before the probes.
    log_end: LogEnd,
    /// Failures since the last acknowledgement, counted once a round.
    failures: u32,
    /// A sequence before the oldest numbered batch, or between two, will not be filled.
    hole: bool,
    /// A batch of this epoch was given up that may be in the log, or on its way there.
    shadow: bool,
    /// The lowest offset that the next acknowledgement can have.
    floor: Option<i64>,
    /// When something was last acknowledged.
    acknowledged: Time,
    /// What stands between it and its leader.
    trouble: Option<Arc<str>>,
    /// Whether the accumulator was last told that it is hungry.
    pub(crate) told_hungry: bool,
    pub(crate) standing: Standing,
    /// Places in ready lines that it was given so far.
    places: u32,
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
            newest: AttemptId(0),
            former: AttemptId(0),
            mode: Mode::Going,
            log_end: LogEnd::Wanted(0),
            failures: 0,
            hole: false,
            shadow: false,
            floor: None,
            acknowledged: Time::ZERO,
            trouble: None,
            told_hungry: true,
            standing: Standing::Nowhere,
            places: 0,
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

    /// Whether a batch would go on the wire at once, were its leader's connection free. A backoff that is over is none, also
    /// when nothing is left to be sent again: what was refused, or failed at its deadline, ends no backoff.
    pub(crate) fn is_hungry(&self, now: Time, rules: &Rules) -> bool {
        let going = match self.mode {
            Mode::Going => true,
            Mode::BackingOff { until } => now >= until,
            Mode::Probing { .. } => false,
        };
        self.waiting.is_empty()
            && going
            && self.numbered.len() < self.limit(rules)
            && self.numbered.iter().all(|numbered| numbered.place != Place::Queued)
    }

    /// Whether nothing is in it, and nobody expects anything of it.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.numbered.is_empty() && self.standing == Standing::Nowhere && self.told_hungry
    }

    /// The producer id that it numbers with.
    pub(crate) fn producer_id(&self) -> Option<i64> {
        self.identity.map(|identity| identity.producer_id)
    }

    /// Gets a place in a ready line: its number.
    pub(crate) fn line_up(&mut self) -> u32 {
        self.places = self.places.wrapping_add(1);
        self.standing = Standing::InLine(self.places);
        self.places
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
            Mode::Probing { .. } if in_flight > 0 || self.awaits_log_end() => return Choice::Nothing,
            Mode::Probing { .. } if self.wants_log_end() => return Choice::LogEnd,
            Mode::Probing { at, .. } if at < self.numbered.len() => return Choice::Again(at),
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
            self.next_sequence = rules.first_sequence;
        }
        let at = match choice {
            Choice::Nothing | Choice::After(_) | Choice::LogEnd => return None,
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
        if let Mode::Probing { .. } = self.mode {
            numbered.bound = self.log_end.bound(numbered.bound);
        }
        numbered.place = Place::InFlight(attempt);
        numbered.batch.meta.sent = Some(now);
        self.newest = attempt;
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
            Choice::Nothing | Choice::After(_) | Choice::LogEnd => None,
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
            Verdict::Acknowledge => self.acknowledge(at, attempt, answer, turn),
            Verdict::Retry(proof) | Verdict::SeekLeader(proof) => {
                self.again(at, proof, answer.to_string().into(), turn);
            }
            Verdict::Split => self.too_large(at, answer, turn),
            Verdict::OutOfOrder => self.out_of_order(at, answer, turn),
            Verdict::Forgotten => self.forgotten(at, answer, turn),
            Verdict::Fenced => self.fenced(answer, turn),
            Verdict::Refuse(proof) => self.refuse(at, proof, answer, turn),
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
            self.acknowledge(at, attempt, &answer, turn);
        }
    }

    /// Its leader cannot be reached, or is not known, for this reason.
    pub(crate) fn hindered(&mut self, trouble: Arc<str>) {
        self.trouble = Some(trouble);
    }

    /// Another broker leads: one batch alone there first, at once.
    pub(crate) fn leader_changed(&mut self) {
        self.pace = Pace::First;
        self.former = self.newest;
        self.log_end = LogEnd::Wanted(0);
        if let Mode::BackingOff { .. } = self.mode {
            self.mode = Mode::Going;
        }
    }

    /// Records in the batch that an attempt carries.
    pub(crate) fn records_in(&self, attempt: AttemptId) -> u32 {
        let carried = self.position(attempt).and_then(|at| self.numbered.get(at));
        carried.map_or(0, |numbered| numbered.batch.meta.count)
    }

    fn position(&self, attempt: AttemptId) -> Option<usize> {
        self.numbered.iter().position(|numbered| numbered.place == Place::InFlight(attempt))
    }

    /// After everything that could change it: fills a hole by a new epoch, once nothing can be in the log any more that
    /// somebody still waits for.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        self.give_up_reported(turn);
        if !self.hole || self.numbered.iter().any(Numbered::may_be_written) {
            self.probe_within_bounds();
            return;
        }
        (self.hole, self.shadow) = (false, false);
        self.pace = Pace::First;
        if !matches!(self.mode, Mode::BackingOff { .. }) {
            self.mode = Mode::Going;
        }
        self.next_sequence = 0;
        self.numbered.iter_mut().for_each(|numbered| {
            numbered.stamp = None;
            (numbered.overtaken, numbered.bound) = (None, None);
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

    fn notice(&self, turn: &mut Turn<'_>, level: Level, text: &str) {
        let text = format!("{}-{}: {text}", self.topic.escape_debug(), self.key.partition);
        turn.out.push_back(Output::Notice(Notice { level, text }));
    }
}

#[cfg(test)]
mod tests;
