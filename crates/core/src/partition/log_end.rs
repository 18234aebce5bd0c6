//! Where the leader's log ended before it was probed: what is acknowledged below that was there before, so it is a
//! duplicate; what is acknowledged at or above it may be a first copy, and proves nothing of older batches.
//!
//! ```text
//!            asked               the leader says
//!   Wanted ─────────► Asked ───────────────────────► Known
//!      ▲                │  no answer, or a refusal
//!      └── backoff ─────┴──────── too often ───────► Untold
//! ```
//!
//! An answer can be trusted for that since Kafka 2.2 (KIP-207): a new leader says nothing before its high watermark has
//! reached what it found in its log. Where a broker does not say, nothing is taken for a duplicate.

use super::numbered::Numbered;
use super::{Answer, AttemptId, Mode, Partition, Turn};
use milena_wire::error_code::ErrorCode;
use std::sync::Arc;

/// Answers in a row that tell nothing before it is done without.
const TRIES: u32 = 10;

/// What is known of the log's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogEnd {
    /// To be asked for, after so many attempts that told nothing.
    Wanted(u32),
    /// By this question: what an older one brings comes from another leader.
    Asked(u32, AttemptId),
    /// Every offset below is taken.
    Known(i64),
    /// Nobody says.
    Untold,
}

impl LogEnd {
    /// Below which an acknowledgement of a batch is one of a copy that was there before this probe, and before all earlier
    /// ones (`bound`) of that batch.
    pub(super) fn bound(self, bound: Option<i64>) -> Option<i64> {
        let now = match self {
            Self::Known(end) => end,
            // No offset is below 0.
            Self::Wanted(_) | Self::Asked(..) | Self::Untold => 0,
        };
        Some(bound.map_or(now, |before| before.min(now)))
    }
}

impl Partition {
    /// The question is on its way.
    pub(crate) fn log_end_asked(&mut self, question: AttemptId) {
        if let LogEnd::Wanted(failures) = self.log_end {
            self.log_end = LogEnd::Asked(failures, question);
        }
    }

    /// The leader answered.
    pub(crate) fn log_end_told(&mut self, question: AttemptId, code: ErrorCode, offset: i64, turn: &mut Turn<'_>) {
        match self.log_end {
            LogEnd::Asked(_, asked) if asked == question && code == ErrorCode::NONE && offset >= 0 => {
                self.log_end = LogEnd::Known(offset);
            }
            _ => self.log_end_not_told(question, &code.to_string().into(), turn),
        }
    }

    /// No answer, or none of use: asked again, but not for ever.
    pub(crate) fn log_end_not_told(&mut self, question: AttemptId, trouble: &Arc<str>, turn: &mut Turn<'_>) {
        let LogEnd::Asked(failures, asked) = self.log_end else { return };
        if asked != question {
            return;
        }
        self.trouble = Some(Arc::clone(trouble));
        let failures = failures + 1;
        self.log_end = if failures < TRIES { LogEnd::Wanted(failures) } else { LogEnd::Untold };
        self.back_off(turn);
    }

    /// The broker does not know the question.
    pub(crate) fn log_end_unknown(&mut self) {
        self.log_end = LogEnd::Untold;
    }

    /// Whether the next probe needs to know where the log ends: not when there is nothing older that it could prove.
    pub(super) fn wants_log_end(&self) -> bool {
        matches!((self.mode, self.log_end), (Mode::Probing { at: 1.., .. }, LogEnd::Wanted(_)))
    }

    pub(super) fn awaits_log_end(&self) -> bool {
        matches!((self.mode, self.log_end), (Mode::Probing { at: 1.., .. }, LogEnd::Asked(..)))
    }

    /// Whether the acknowledgement of the batch at `at` proves that all older ones are in the log. It does if the
    /// batch was there before it was probed, for it was then taken behind them, in sequence; and if they fit between what
    /// was acknowledged last and this one.
    pub(super) fn proves_older(&self, at: usize, answer: &Answer) -> bool {
        let Some(numbered) = self.numbered.get(at) else { return false };
        // No broker of today says so; it says just this.
        if answer.code == ErrorCode::DUPLICATE_SEQUENCE_NUMBER {
            return matches!(self.mode, Mode::Probing { .. });
        }
        // What was overtaken before this one was numbered may stand below the floor.
        let counts = |older: &&Numbered| older.overtaken.is_none() || numbered.overtaken.is_some();
        let older = self.numbered.iter().take(at).filter(counts);
        let records: i64 = older.map(|older| i64::from(older.batch.meta.count)).sum();
        let floor = numbered.overtaken.or(self.floor).unwrap_or(0);
        let room = answer.base_offset >= floor.saturating_add(records);
        room && answer.base_offset >= 0 && numbered.bound.is_some_and(|bound| answer.base_offset < bound)
    }
}
