//! A batch is in the log.

use super::ending::{release, resolve};
use super::numbered::{Numbered, Place};
use super::{Answer, AttemptId, Mode, Pace, Partition, Turn};
use crate::delivery::RunResult;
use crate::error::{DeliveryError, DeliveryFailure, Written};
use crate::output::Level;
use crate::time::Time;

impl Partition {
    pub(super) fn acknowledge(&mut self, at: usize, attempt: AttemptId, answer: &Answer, turn: &mut Turn<'_>) {
        let overtaken = self.numbered.get(at).is_some_and(|numbered| numbered.overtaken.is_some());
        let offset = Some(answer.base_offset).filter(|offset| *offset >= 0);
        let found_below = self.floor.zip(offset).filter(|(floor, offset)| offset < floor && !overtaken);
        let mut at = at;
        if let Some((expected, found)) = found_below {
            // It proves nothing of the older ones, and nobody will: they may be in another log than it is.
            for index in (0..at).rev() {
                if self.numbered.get(index).is_some_and(|older| older.place == Place::Queued) {
                    self.fail_at(index, &DeliveryFailure::Integrity { expected, found }, turn);
                    at -= 1;
                }
            }
        } else if self.proves_older(at, answer) {
            // They are in the log; where, the broker has forgotten.
            for _ in 0..at {
                self.acknowledge_unplaced(0, turn);
            }
            at = 0;
        } else {
            let floor = self.floor.unwrap_or(0);
            self.numbered.iter_mut().take(at).for_each(|older| _ = older.overtaken.get_or_insert(floor));
        }
        let Some(Numbered { mut batch, reported, .. }) = self.numbered.remove(at) else { return };
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
        self.went_well(at, attempt, turn.now);
    }

    /// The batch at `at` is in the log, at an offset that nobody remembers.
    pub(super) fn acknowledge_unplaced(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(Numbered { mut batch, reported, .. }) = self.numbered.remove(at) else { return };
        let result = RunResult::Acknowledged { partition: self.key.partition, base_offset: None, append_time: None };
        turn.stats.acknowledged(&batch.meta, batch.body.len(), turn.now);
        if !reported {
            resolve(&mut batch, result, turn);
        }
        release(batch, reported, turn);
    }

    /// The batch that was acknowledged stood at `at`.
    fn went_well(&mut self, at: usize, attempt: AttemptId, now: Time) {
        if attempt > self.former {
            self.pace = Pace::Open;
        }
        self.mode = match (self.mode, at.checked_sub(1)) {
            // Those before it are asked for one by one.
            (Mode::Probing { sweeps, .. }, Some(at)) => Mode::Probing { at, sweeps, until: now },
            _ => Mode::Going,
        };
        self.failures = 0;
        self.acknowledged = now;
        self.trouble = None;
    }
}
