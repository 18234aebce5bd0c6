//! What the broker has seen: records and sequences of every partition.

use std::collections::HashMap;
use std::sync::Arc;

/// What all partitions have seen together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Produce requests.
    pub requests: u64,
    /// Batches.
    pub batches: u64,
    /// Records, duplicates left out.
    pub records: u64,
    /// Bytes of batches.
    pub bytes: u64,
    /// Batches whose first sequence was not the next one.
    pub gaps: u64,
    /// Batches that were there already.
    pub duplicates: u64,
}

/// The counts of every topic.
#[derive(Debug, Default)]
pub struct Counts {
    seen: Seen,
    partitions: HashMap<Arc<str>, Vec<Partition>>,
    next_producer_id: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Partition {
    next_offset: i64,
    /// The producer that wrote last, and the sequence that it must write next.
    producer: Option<(i64, i32)>,
}

/// What a batch's header says that is counted here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) producer_id: i64,
    pub(super) base_sequence: i32,
    pub(super) records: i32,
    pub(super) bytes: usize,
}

impl Counts {
    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    pub(super) fn request(&mut self) {
        self.seen.requests += 1;
    }

    pub(super) fn new_producer_id(&mut self) -> i64 {
        self.next_producer_id += 1;
        self.next_producer_id
    }

    /// Counts a batch. Its first offset.
    pub(super) fn append(&mut self, topic: &str, partition: i32, batch: Batch) -> i64 {
        if !self.partitions.contains_key(topic) {
            let partitions = vec![Partition::default(); partition_count(topic)];
            self.partitions.insert(topic.into(), partitions);
        }
        let at = usize::try_from(partition).unwrap_or(usize::MAX);
        let Some(place) = self.partitions.get_mut(topic).and_then(|partitions| partitions.get_mut(at)) else {
            return -1;
        };
        self.seen.batches += 1;
        self.seen.bytes += batch.bytes as u64;
        if batch.producer_id >= 0 {
            let expected = place.producer.filter(|(id, _)| *id == batch.producer_id).map_or(0, |(_, next)| next);
            if batch.base_sequence < expected {
                self.seen.duplicates += 1;
                return place.next_offset;
            }
            self.seen.gaps += u64::from(batch.base_sequence > expected);
            // Sequences go on at 0 after the highest.
            let next = batch.base_sequence.wrapping_add(batch.records) & i32::MAX;
            place.producer = Some((batch.producer_id, next));
        }
        let base_offset = place.next_offset;
        place.next_offset += i64::from(batch.records);
        self.seen.records += batch.records.unsigned_abs() as u64;
        base_offset
    }
}

/// A topic has as many partitions as the number after its name's last `-` says; else one.
pub(super) fn partition_count(topic: &str) -> usize {
    topic.rsplit('-').next().and_then(|count| count.parse().ok()).filter(|count| *count <= 100_000).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(base_sequence: i32, records: i32) -> Batch {
        Batch { producer_id: 7, base_sequence, records, bytes: 100 }
    }

    #[test]
    fn records_in_order_have_no_gap_and_no_duplicate() {
        let mut counts = Counts::default();
        assert_eq!(counts.append("t-6", 3, batch(0, 10)), 0);
        assert_eq!(counts.append("t-6", 3, batch(10, 5)), 10);
        assert_eq!(counts.append("t-6", 4, batch(0, 5)), 0);
        let seen = counts.seen();
        assert_eq!((seen.records, seen.batches, seen.gaps, seen.duplicates), (20, 3, 0, 0));
    }

    #[test]
    fn a_lost_batch_is_a_gap_and_a_repeated_one_a_duplicate() {
        let mut counts = Counts::default();
        counts.append("t-6", 0, batch(0, 10));
        counts.append("t-6", 0, batch(0, 10));
        counts.append("t-6", 0, batch(20, 10));
        let seen = counts.seen();
        assert_eq!((seen.records, seen.gaps, seen.duplicates), (20, 1, 1));
    }

    #[test]
    fn a_topic_says_how_many_partitions_it_has() {
        assert_eq!([partition_count("bench-1000"), partition_count("plain")], [1000, 1]);
    }
}
