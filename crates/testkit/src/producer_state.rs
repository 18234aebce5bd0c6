//! What a partition remembers of each producer id, as a value: Kafka's rules for epochs, sequences and duplicates.
//!
//! The last five batches of a producer are remembered, so that a batch sent again is answered with the offset it already
//! has. Everything below was watched on real brokers, 3.7 to 4.4 (`tests/cluster/producer_state_vectors.rs` has the runs).
//! `DUPLICATE_SEQUENCE_NUMBER` and `UNKNOWN_PRODUCER_ID` are not among the answers: no broker gives them any more.

use milena_wire::error_code::ErrorCode;
use std::collections::{BTreeMap, VecDeque};

/// Batches remembered per producer (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
pub(crate) const BATCHES_REMEMBERED: usize = 5;

/// No producer id in a batch: it is not checked and not remembered. Nor is any below.
pub(crate) const NO_PRODUCER_ID: i64 = -1;

/// No epoch: as good as no state, for the sequence of the next batch.
const NO_EPOCH: i16 = -1;

/// Who wrote a batch, and which of his records are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorship {
    /// The producer id; not −1.
    pub producer_id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The first record's sequence.
    pub first_sequence: i32,
    /// The last record's sequence: below the first if they wrap at 2^31.
    pub last_sequence: i32,
}

/// A batch that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The last record's sequence.
    pub last_sequence: i32,
    /// The last record's offset.
    pub last_offset: i64,
    /// Records in it, less one.
    pub offset_delta: i32,
    /// The latest timestamp of its records, milliseconds since 1970.
    pub timestamp: i64,
}

impl Remembered {
    /// The first record's offset.
    pub fn first_offset(&self) -> i64 {
        self.last_offset - i64::from(self.offset_delta)
    }

    /// The first record's sequence.
    pub fn first_sequence(&self) -> i32 {
        if self.last_sequence >= self.offset_delta {
            self.last_sequence - self.offset_delta
        } else {
            // Written across the wrap: … 2^31-2, 2^31-1, 0, 1 …
            i32::MAX - (self.offset_delta - self.last_sequence) + 1
        }
    }
}

/// The sequence of the record `delta` places after the one with `first`: 0 follows 2^31-1.
pub(crate) fn sequence_after(first: i32, delta: i32) -> i32 {
    if first > i32::MAX - delta { delta - (i32::MAX - first) - 1 } else { first + delta }
}

/// What may be done with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is the next one.
    Append,
    /// It was written before: here. Content is not compared, only epoch and sequences.
    Duplicate(Remembered),
}

/// Which first sequence a producer that is not known may begin with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FirstSequence {
    /// Any: brokers up to 4.4.
    #[default]
    Any,
    /// Only 0: brokers from 4.5 on (KAFKA-15591), on a partition that was never written.
    Zero,
}

/// What is remembered of one producer id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    epoch: i16,
    /// Oldest first, all of `epoch`, one to [`BATCHES_REMEMBERED`].
    batches: VecDeque<Remembered>,
}

impl Entry {
    fn last(&self) -> Option<&Remembered> {
        self.batches.back()
    }

    fn expired(&self, now_ms: i64, expiration_ms: i64) -> bool {
        // The record's own time counts, not the broker's clock: old records are forgotten at the next check, records of
        // the future later.
        self.last().is_none_or(|last| now_ms.saturating_sub(last.timestamp) >= expiration_ms)
    }
}

/// A producer as one line of DescribeProducers (KIP-664).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Producer {
    /// The producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence of its last record.
    pub last_sequence: i32,
    /// The timestamp of its last batch, milliseconds since 1970.
    pub last_timestamp: i64,
}

/// What a partition remembers of all its producers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProducerState {
    entries: BTreeMap<i64, Entry>,
}

/// What a snapshot file holds: the **one** newest batch of each producer. Hence every start of a broker, clean or not,
/// forgets all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot(ProducerState);

impl ProducerState {
    /// Whether a client's batch may be written. Changes nothing: a refused batch leaves no trace.
    ///
    /// # Errors
    /// `INVALID_PRODUCER_EPOCH` for an epoch below the known one, written before or not; `OUT_OF_ORDER_SEQUENCE_NUMBER`
    /// for a gap, for a repeat of anything but one of the last five batches exactly as it was, and for a new epoch that
    /// does not begin with 0.
    pub fn admit(&self, batch: Authorship, unknown: FirstSequence) -> Result<Admission, ErrorCode> {
        let Some(entry) = self.entries.get(&batch.producer_id) else {
            return match unknown {
                FirstSequence::Zero if batch.first_sequence != 0 => Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
                _ => Ok(Admission::Append),
            };
        };
        if let Some(written) = entry.duplicate_of(batch) {
            return Ok(Admission::Duplicate(written));
        }
        if batch.epoch < entry.epoch {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        let follows = match entry.last() {
            _ if entry.epoch == NO_EPOCH => true,
            Some(last) if batch.epoch == entry.epoch => batch.first_sequence == sequence_after(last.last_sequence, 1),
            _ => batch.first_sequence == 0,
        };
        if follows { Ok(Admission::Append) } else { Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER) }
    }

    /// Remembers a batch that was written, on a leader after [`admit`](Self::admit), on a follower without.
    pub fn remember(&mut self, batch: Authorship, written: Remembered) {
        let entry = self
            .entries
            .entry(batch.producer_id)
            .or_insert_with(|| Entry { epoch: batch.epoch, batches: VecDeque::new() });
        if entry.epoch != batch.epoch {
            entry.epoch = batch.epoch;
            entry.batches.clear();
        }
        if entry.batches.len() == BATCHES_REMEMBERED {
            entry.batches.pop_front();
        }
        entry.batches.push_back(written);
    }

    /// Forgets the producers whose last batch has a timestamp `expiration_ms` ago or more.
    pub fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        self.entries.retain(|_, entry| !entry.expired(now_ms, expiration_ms));
    }

    /// What a snapshot of this would hold.
    pub fn snapshot(&self) -> Snapshot {
        let newest = |entry: &Entry| Entry { epoch: entry.epoch, batches: entry.last().copied().into_iter().collect() };
        Snapshot(Self { entries: self.entries.iter().map(|(id, entry)| (*id, newest(entry))).collect() })
    }

    /// The state that a snapshot is loaded as: what has expired meanwhile is left out.
    pub fn load(snapshot: &Snapshot, now_ms: i64, expiration_ms: i64) -> Self {
        let mut state = snapshot.0.clone();
        state.expire(now_ms, expiration_ms);
        state
    }

    /// The producers that are remembered, by id.
    pub fn producers(&self) -> impl Iterator<Item = Producer> + '_ {
        self.entries.iter().filter_map(|(producer_id, entry)| {
            entry.last().map(|last| Producer {
                producer_id: *producer_id,
                epoch: entry.epoch,
                last_sequence: last.last_sequence,
                last_timestamp: last.timestamp,
            })
        })
    }

    /// The batches remembered of one producer, oldest first.
    pub fn remembered(&self, producer_id: i64) -> impl Iterator<Item = &Remembered> + '_ {
        self.entries.get(&producer_id).into_iter().flat_map(|entry| entry.batches.iter())
    }
}

impl Entry {
    fn duplicate_of(&self, batch: Authorship) -> Option<Remembered> {
        let same = |written: &&Remembered| {
            written.first_sequence() == batch.first_sequence && written.last_sequence == batch.last_sequence
        };
        if batch.epoch == self.epoch { self.batches.iter().find(same).copied() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn batch(epoch: i16, first_sequence: i32) -> Authorship {
        Authorship { producer_id: 7, epoch, first_sequence, last_sequence: sequence_after(first_sequence, 9) }
    }

    fn write(state: &mut ProducerState, batch: Authorship, first_offset: i64) {
        let written = Remembered {
            last_sequence: batch.last_sequence,
            last_offset: first_offset + 9,
            offset_delta: 9,
            timestamp: 0,
        };
        state.remember(batch, written);
    }

    fn filled(count: i32) -> ProducerState {
        let mut state = ProducerState::default();
        (0..count).for_each(|i| write(&mut state, batch(0, 10 * i), 10 * i64::from(i)));
        state
    }

    fn first_offset(state: &ProducerState, batch: Authorship) -> Result<Option<i64>, ErrorCode> {
        Ok(match state.admit(batch, FirstSequence::Any)? {
            Admission::Append => None,
            Admission::Duplicate(written) => Some(written.first_offset()),
        })
    }

    #[test]
    fn five_batches_are_remembered_and_answered_with_their_offsets() {
        let state = filled(7);
        for i in 0..2 {
            assert_eq!(first_offset(&state, batch(0, 10 * i)), Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
        }
        for i in 2..7 {
            assert_eq!(first_offset(&state, batch(0, 10 * i)), Ok(Some(10 * i64::from(i))));
        }
        assert_eq!(first_offset(&state, batch(0, 70)), Ok(None));
    }

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(2_147_483_643, 9), 4);
        let written = Remembered { last_sequence: 4, last_offset: 9, offset_delta: 9, timestamp: 0 };
        assert_eq!(written.first_sequence(), 2_147_483_643);
    }

    #[test]
    fn a_replayed_log_after_a_snapshot_remembers_the_snapshots_batch_and_the_replayed_ones() {
        // Vector 13c's class by itself: snapshot after b2, then b3 and b4 from the log.
        let mut state = ProducerState::load(&filled(3).snapshot(), 0, DAY);
        write(&mut state, batch(0, 30), 30);
        write(&mut state, batch(0, 40), 40);
        let offsets: Vec<_> = state.remembered(7).map(Remembered::first_offset).collect();
        assert_eq!(offsets, [20, 30, 40]);
    }

    #[test]
    fn an_epoch_of_minus_one_is_no_state_for_the_next_sequence() {
        let mut state = ProducerState::default();
        write(&mut state, batch(-1, 0), 0);
        assert_eq!(first_offset(&state, batch(-1, 500)), Ok(None));
        assert_eq!(first_offset(&state, batch(3, 500)), Ok(None));
        assert_eq!(first_offset(&state, batch(-1, 0)), Ok(Some(0)));
    }

    #[test]
    fn a_newer_broker_wants_an_unknown_producer_to_begin_with_zero() {
        let state = ProducerState::default();
        assert_eq!(state.admit(batch(0, 30), FirstSequence::Zero), Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
        assert_eq!(state.admit(batch(0, 0), FirstSequence::Zero), Ok(Admission::Append));
    }

    #[test]
    fn expiry_counts_from_the_last_batchs_record_time() {
        let mut state = filled(1);
        state.expire(DAY - 1, DAY);
        assert_eq!(state.producers().count(), 1);
        state.expire(DAY, DAY);
        assert_eq!(state.producers().count(), 0);
    }
}
