//! Ends that no answer brings: the deadline, the producer's close, another topic under the same name; and what every end
//! has in common.

use super::numbered::{Numbered, Waiting};
use super::{Choice, Mode, Partition, Rules, Turn};
use crate::batch::{Meta, Sealed};
use crate::delivery::RunResult;
use crate::error::{DeliveryError, DeliveryFailure, Written};
use crate::output::{News, Output};
use crate::time::Time;
use bytes::Bytes;
use std::sync::Arc;

impl Partition {
    /// Reports what is past its delivery timeout.
    pub(crate) fn expire(&mut self, turn: &mut Turn<'_>) {
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
    }

    /// Rule 5: when no batch that may be written has somebody who waits for it, all of them are given up, and with them the
    /// numbers that they hold.
    pub(super) fn give_up_reported(&mut self, turn: &mut Turn<'_>) {
        let owed = |numbered: &Numbered| numbered.may_be_written() && !numbered.reported;
        if self.in_flight() > 0 || self.numbered.iter().any(owed) {
            return;
        }
        for index in (0..self.numbered.len()).rev() {
            if self.numbered.get(index).is_some_and(|numbered| numbered.reported) {
                self.fail_at(index, &timed_out(turn.rules, None), turn);
                self.hole = turn.rules.idempotent;
            }
        }
    }

    /// What stands behind a batch that is still being compressed too: a deadline that stayed in the past would set the
    /// timer off without end.
    fn expire_waiting(&mut self, turn: &mut Turn<'_>) {
        let mut index = 0;
        while let Some(waiting) = self.waiting.get(index) {
            match waiting {
                Waiting::Sealing(_) => index += 1,
                Waiting::Sealed(batch) if turn.now < batch.meta.created + turn.rules.delivery_timeout => break,
                Waiting::Sealed(_) => {
                    let numbered = self.numbered.front().and_then(|numbered| numbered.trouble.clone());
                    let trouble = numbered.or_else(|| self.trouble.clone());
                    if let Some(Waiting::Sealed(batch)) = self.waiting.remove(index) {
                        let error = DeliveryError { kind: timed_out(turn.rules, trouble), written: Written::No };
                        drop_batch(batch, RunResult::Failed(error), turn);
                    }
                }
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

    /// The topic was deleted and created again: another log, another history. If requests may have named it `by_name`, one of
    /// before may be the first that the new log took, whatever its sequence: what stands before a batch that may be written
    /// would come behind it there, and fails with it.
    pub(crate) fn recreated(&mut self, by_name: bool, turn: &mut Turn<'_>) {
        let newest = self.numbered.iter().rposition(Numbered::may_be_written);
        for index in (0..newest.map_or(0, |newest| newest + 1)).rev() {
            if by_name || self.numbered.get(index).is_some_and(Numbered::may_be_written) {
                self.fail_at(index, &DeliveryFailure::TopicRecreated, turn);
            }
        }
        self.floor = None;
        self.hole = true;
        self.mode = Mode::Going;
        self.settle(turn);
    }

    /// Everything fails, now: the producer is closed, or can send nothing any more. But for what is being compressed: that
    /// fails when it comes back.
    pub(crate) fn fail_all(&mut self, failure: &DeliveryFailure, turn: &mut Turn<'_>) {
        self.hole |= turn.rules.idempotent && !self.numbered.is_empty();
        while !self.numbered.is_empty() {
            self.fail_at(0, failure, turn);
        }
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Sealed(batch) => {
                    let error = DeliveryError { kind: failure.clone(), written: Written::No };
                    drop_batch(batch, RunResult::Failed(error), turn);
                }
                sealing @ Waiting::Sealing(_) => self.waiting.push_back(sealing),
            }
        }
        // Nothing is left to rest for: what the accumulator still holds must be able to follow at once.
        self.mode = Mode::Going;
        self.settle(turn);
    }

    /// Takes the batch at `at` out, its records failed unless they have their result.
    pub(super) fn fail_at(&mut self, at: usize, failure: &DeliveryFailure, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.remove(at) else { return };
        let written = numbered.written();
        self.shadow |= written == Written::Maybe;
        let error = DeliveryError { kind: failure.clone(), written };
        if numbered.reported {
            release(numbered.batch, true, turn);
        } else {
            drop_batch(numbered.batch, RunResult::Failed(error), turn);
        }
    }
}

fn timed_out(rules: &Rules, last: Option<Arc<str>>) -> DeliveryFailure {
    let timeout_ms = u64::try_from(rules.delivery_timeout.as_millis()).unwrap_or(u64::MAX);
    DeliveryFailure::TimedOut { timeout_ms, last }
}

/// Gives all records of a batch their result.
pub(super) fn resolve(batch: &mut Sealed, result: RunResult, turn: &mut Turn<'_>) {
    let count = batch.meta.count;
    resolve_run(batch, 0, count, result, turn);
}

pub(super) fn resolve_run(batch: &mut Sealed, from: u32, count: u32, result: RunResult, turn: &mut Turn<'_>) {
    if let RunResult::Failed(error) = &result {
        turn.stats.failed(error, count);
    }
    let hooks = batch.claims.resolve(from, count, result);
    if !hooks.is_empty() {
        turn.out.push_back(Output::Hooks(hooks));
    }
}

/// Gives a batch's memory back; its records too, unless they were given back when they were reported.
pub(super) fn release(batch: Sealed, reported: bool, turn: &mut Turn<'_>) {
    let Sealed { meta, body, spare, .. } = batch;
    let count = if reported { 0 } else { meta.count };
    // A body that a connection still holds is freed when that lets go of it: it is never used again while it can be read.
    let buffer = spare.or_else(|| emptied(body));
    give_back(meta, count, meta.charge, buffer, turn);
}

/// The buffer of a body that nobody else holds, emptied first, so that nothing is copied. By way of `BytesMut`: `Bytes` that
/// are cut to nothing let go of their buffer.
fn emptied(body: Bytes) -> Option<Vec<u8>> {
    let mut body = body.try_into_mut().ok()?;
    body.clear();
    Some(body.into())
}

pub(super) fn give_back(meta: Meta, count: u32, charge: usize, buffer: Option<Vec<u8>>, turn: &mut Turn<'_>) {
    let release = Meta { count, charge, ..meta }.release(buffer);
    turn.out.push_back(Output::News(News::Released(release)));
}

/// A batch is done: its records get `result`, its memory goes back.
pub(super) fn drop_batch(mut batch: Sealed, result: RunResult, turn: &mut Turn<'_>) {
    resolve(&mut batch, result, turn);
    release(batch, false, turn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_nobody_else_holds_gives_its_buffer_back_whole() {
        for len in [0, 1, 4_096] {
            let mut records = Vec::with_capacity(4_096);
            records.resize(len, 7);
            let place = records.as_ptr();
            let body = Bytes::from(records);
            let piece = body.clone();
            assert!(emptied(body.clone()).is_none(), "a socket may still read it");
            drop(piece);
            let buffer = emptied(body).expect("nobody else holds it");
            assert_eq!((buffer.as_ptr(), buffer.len(), buffer.capacity()), (place, 0, 4_096), "of {len} bytes");
        }
    }
}
