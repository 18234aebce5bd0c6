//! Many records for one topic: serialized some at a time under no lock, and accepted many under one.

use super::Topic;
use super::error::TopicError;
use super::record::{Part, TopicRecord};
use super::scratch::{Content, Scratch};
use crate::append::Run;
use crate::send_all::{LOCKS_PER_TURN, RECORDS_PER_LOCK, let_others_run};
use crate::serializer::SerializedHeaders;
use milena_core::accumulator::{Appended, Claim};
use milena_core::{Header, Record, Timestamp};
use std::future::poll_fn;
use std::ops::Range;

/// Bytes that serializers write before they are handed over: with large records, fewer share a lock.
const BYTES_PER_LOCK: usize = 128 * 1024;

/// Appends all records in order, waiting where it must. How many were accepted, and why not more. `claim` and `accepted`
/// are called under the accumulator's lock; the iterator and the serializers, which are the user's code, are not.
pub(super) async fn append_all<'a, 'c, K, V, P: Part<'a, K>, Q: Part<'a, V>>(
    topic: &Topic<K, V>,
    records: impl IntoIterator<Item = TopicRecord<'a, P, Q>>,
    claim: impl Fn(usize) -> Claim<'c>,
    mut accepted: impl FnMut(Appended),
) -> (usize, Result<(), TopicError>) {
    let mut records = records.into_iter();
    let mut place = topic.place();
    let mut chunk = Chunk::default();
    let mut total = 0;
    for lock in 1.. {
        let filled = chunk.fill(topic, &mut records);
        let headers = chunk.headers();
        let mut as_bytes = chunk.as_bytes(topic.name(), &headers);
        let mut done = 0;
        let result = poll_fn(|context| {
            let mut run = Run { records: &mut as_bytes, done: &mut done };
            place.poll_append(&mut run, |index| claim(total + index), &mut accepted, context)
        });
        let result = result.await;
        total += done;
        match result.map_err(TopicError::from).and(filled) {
            Ok(Filled::More) => {}
            Ok(Filled::Last) => return (total, Ok(())),
            Err(error) => return (total, Err(error)),
        }
        if lock % LOCKS_PER_TURN == 0 {
            let_others_run().await;
        }
    }
    (total, Ok(()))
}

/// Whether there may be more records.
enum Filled {
    More,
    Last,
}

/// Records that are accepted under one lock.
#[derive(Default)]
struct Chunk<'a> {
    scratch: Scratch,
    /// The headers that serializers added, record after record.
    added: SerializedHeaders,
    records: Vec<Serialized<'a>>,
}

/// A record whose serializers have run.
struct Serialized<'a> {
    key: Content<'a>,
    value: Content<'a>,
    own: &'a [Header<'a>],
    /// Where among the chunk's its added headers are.
    added: Range<usize>,
    partition: Option<i32>,
    timestamp: Option<Timestamp>,
}

impl<'a> Chunk<'a> {
    /// Serializes the next records. On an error, those before it are there.
    fn fill<K, V, P: Part<'a, K>, Q: Part<'a, V>>(
        &mut self,
        topic: &Topic<K, V>,
        records: &mut impl Iterator<Item = TopicRecord<'a, P, Q>>,
    ) -> Result<Filled, TopicError> {
        self.records.clear();
        self.added.clear();
        self.scratch.clear();
        while self.records.len() < RECORDS_PER_LOCK && self.scratch.bytes.len() < BYTES_PER_LOCK {
            let Some(record) = records.next() else { return Ok(Filled::Last) };
            let (key, value) = self.scratch.write(topic, &record)?;
            let first = self.added.len();
            self.added.append(&mut self.scratch.headers);
            let added = first..self.added.len();
            let TopicRecord { headers: own, partition, timestamp, .. } = record;
            self.records.push(Serialized { key, value, own, added, partition, timestamp });
        }
        Ok(Filled::More)
    }

    /// All headers, own and added, of the records that have added ones.
    fn headers(&self) -> Vec<Header<'_>> {
        let with_added = self.records.iter().filter(|record| !record.added.is_empty());
        with_added
            .flat_map(|record| {
                let added = self.added.iter().skip(record.added.start).take(record.added.len());
                record.own.iter().copied().chain(added.map(|(key, value)| Header { key, value }))
            })
            .collect()
    }

    /// The records, with their [headers](Self::headers).
    fn as_bytes<'c>(&'c self, topic: &'c str, mut headers: &'c [Header<'c>]) -> Vec<Record<'c>> {
        let one = |record: &'c Serialized<'a>| {
            let mut own: &'c [Header<'c>] = record.own;
            if !record.added.is_empty() {
                (own, headers) = headers.split_at(record.own.len() + record.added.len());
            }
            let (key, value) = (record.key.bytes(&self.scratch.bytes), record.value.bytes(&self.scratch.bytes));
            let (partition, timestamp) = (record.partition, record.timestamp);
            Record { topic, key, value, headers: own, partition, timestamp }
        };
        self.records.iter().map(one).collect()
    }
}
