//! A batch was not acknowledged: it is sent again, cut, numbered anew, or fails.

use super::ending::{drop_batch, give_back, resolve_run};
use super::numbered::{Numbered, Place, Stamp, header, sequence_after};
use super::{Answer, Mode, Pace, Partition, Turn};
use crate::delivery::RunResult;
use crate::error::{DeliveryError, DeliveryFailure, Written};
use crate::output::Level;
use crate::split::{cut, halves, runs_without};
use crate::verdict::Attempt;
use milena_wire::error_code::ErrorCode;
use std::ops::Range;
use std::sync::Arc;

impl Partition {
    /// The batch at `at` goes back into its place and is sent again, unless `retries` is used up.
    pub(super) fn again(&mut self, at: usize, proof: Attempt, trouble: Arc<str>, turn: &mut Turn<'_>) {
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
    pub(super) fn back_off(&mut self, turn: &mut Turn<'_>) {
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
    pub(super) fn too_large(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get(at) else { return };
        // Nor one whose records have their result already: nobody waits for the parts.
        let parts = match numbered.uncertain {
            None if !numbered.reported => halves(&numbered.batch),
            _ => None,
        };
        match parts {
            Some(parts) => self.replace(at, &parts, true, turn),
            None => self.refuse(at, Attempt::Refused, answer, turn),
        }
    }

    /// Puts parts of the batch at `at` in its place. Parts that together are the whole keep their records' sequences, so
    /// nothing else changes; where records are missing there is a hole.
    fn replace(&mut self, at: usize, parts: &[Range<u32>], whole: bool, turn: &mut Turn<'_>) {
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

    /// UNKNOWN_PRODUCER_ID, of brokers before 2.4: state absent, which is not "not written". A batch that was never
    /// uncertain starts again under the next epoch.
    pub(super) fn forgotten(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        numbered.trouble = Some(answer.to_string().into());
        if numbered.uncertain.is_some() {
            let failure = DeliveryFailure::Rejected { code: answer.code, message: answer.message.clone() };
            self.fail_at(at, &failure, turn);
        }
        self.hole = true;
        self.back_off(turn);
    }

    /// Somebody else wrote with our producer id under a higher epoch. What was never sent goes on under another id.
    pub(super) fn fenced(&mut self, answer: &Answer, turn: &mut Turn<'_>) {
        self.notice(turn, Level::Error, &format!("fenced: {}", answer));
        let failure = DeliveryFailure::Rejected { code: answer.code, message: answer.message.clone() };
        while !self.numbered.is_empty() {
            self.fail_at(0, &failure, turn);
        }
        self.spent = self.identity.take().map(|identity| identity.producer_id);
        (self.hole, self.shadow) = (false, false);
        self.mode = Mode::Going;
        self.pace = Pace::First;
    }

    /// The batch at `at` fails for what it is. If the broker names records, only they do.
    pub(super) fn refuse(&mut self, at: usize, proof: Attempt, answer: &Answer, turn: &mut Turn<'_>) {
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
}
