//! Which partition a record goes to: its own, its key's by murmur2 as Java's client, or the sticky one.

use crate::record::Record;
use crate::topic::TopicLayout;
use fastrand::Rng;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Chooses partitions in the place of the rules below. Called on the sender's thread, under no lock.
pub trait Partitioner: Send + Sync {
    /// The partition for `record`, from 0 to below [`TopicLayout::partition_count`]. Only asked when the record names none.
    fn partition(&self, record: &Record<'_>, layout: &TopicLayout) -> i32;
}

/// The partition of a key among `count`: what Java's client computes, so that both put a key into the same one.
///
/// All partitions count, with a leader or without: a key must not move because a broker is away.
pub fn partition_of_key(key: &[u8], count: usize) -> i32 {
    let count = u32::try_from(count).unwrap_or(u32::MAX).clamp(1, i32::MAX.cast_unsigned());
    ((murmur2(key) & 0x7fff_ffff) % count).cast_signed()
}

/// MurmurHash2 of 32 bits with Kafka's seed, the words read little-endian.
pub fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    #[expect(clippy::cast_possible_truncation, reason = "a key is no longer than i32::MAX; Java's length is an int")]
    let mut hash = SEED ^ key.len() as u32;
    let (words, tail) = key.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    if !tail.is_empty() {
        let rest = tail.iter().rev().fold(0u32, |rest, byte| rest << 8 | u32::from(*byte));
        hash = (hash ^ rest).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Where a topic's keyless records go (KIP-480, KIP-794): to one partition until a batch's worth of bytes is written to
/// it, then to another, drawn so that partitions with shorter queues come up more often.
#[derive(Debug)]
pub(crate) struct Sticky {
    /// Where records go now; `None` before the first.
    partition: Option<i32>,
    /// Bytes that went there since it was chosen.
    produced: usize,
    /// Draws so far, for the round-robin rule.
    drawn: usize,
    partitions: usize,
    /// The partitions with a leader, when there are some but not all; else empty, and all are drawn from.
    available: Vec<i32>,
    lengths: Lengths,
}

/// After this many draws that lost against their weight, the shortest queue seen is taken: the work stays bounded when one
/// queue is short and thousands are long.
const DRAWS_MAX: usize = 32;

impl Sticky {
    pub(crate) fn new(layout: &TopicLayout) -> Self {
        let mut sticky = Self {
            partition: None,
            produced: 0,
            drawn: 0,
            partitions: 0,
            available: Vec::new(),
            lengths: Lengths::default(),
        };
        sticky.learn(layout);
        sticky
    }

    /// Another layout: what was chosen stays as long as it exists and has a leader.
    pub(crate) fn learn(&mut self, layout: &TopicLayout) {
        self.partitions = layout.partition_count();
        let led = || (0..).zip(&layout.available).filter(|(_, available)| **available).map(|(partition, _)| partition);
        let count = led().count();
        self.available = Vec::new();
        if count < self.partitions {
            self.available.reserve_exact(count);
            self.available.extend(led());
        }
        let all = if count == 0 { self.partitions } else { count };
        let counts = |partition| counts(&self.available, self.partitions, partition);
        self.lengths.restrict(all, counts);
        let gone = |partition: &i32| {
            let led = usize::try_from(*partition).ok().and_then(|at| layout.available.get(at));
            led.is_none_or(|led| !led && !self.available.is_empty())
        };
        self.partition = self.partition.filter(|partition| !gone(partition));
    }

    /// The sticky partition, and the bytes that went there.
    pub(crate) fn current(&self) -> Option<(i32, usize)> {
        self.partition.map(|partition| (partition, self.produced))
    }

    /// `bytes` more went to the sticky partition.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.produced += bytes;
    }

    /// Moves on to another partition, which may be the same.
    pub(crate) fn switch(&mut self, adaptive: bool, rng: &mut Rng) -> i32 {
        let partition = if adaptive { self.draw_weighted(rng) } else { self.draw(rng) };
        self.partition = Some(partition);
        self.produced = 0;
        partition
    }

    /// The next in turn, over those with a leader.
    pub(crate) fn in_turn(&self) -> i32 {
        self.candidate(self.drawn % self.candidates())
    }

    /// The one in turn was used.
    pub(crate) fn turn(&mut self) {
        self.drawn = self.drawn.wrapping_add(1);
    }

    /// The partition's queue is now this many batches long.
    pub(crate) fn set_length(&mut self, partition: i32, length: usize) {
        let counts = counts(&self.available, self.partitions, partition);
        self.lengths.set(partition, length, counts);
    }

    fn candidates(&self) -> usize {
        if self.available.is_empty() { self.partitions.max(1) } else { self.available.len() }
    }

    fn candidate(&self, at: usize) -> i32 {
        let numbered = || i32::try_from(at).unwrap_or(0);
        if self.available.is_empty() { numbered() } else { self.available.get(at).copied().unwrap_or_else(numbered) }
    }

    fn draw(&self, rng: &mut Rng) -> i32 {
        self.candidate(rng.usize(..self.candidates()))
    }

    /// A partition of queue length `q` has the weight `longest + 1 − q`, as in Java. Java sums the weights of all partitions
    /// each time around its loop; drawing evenly and keeping a draw with a chance in proportion to its weight gives the
    /// same distribution, and its cost does not grow with the number of partitions.
    fn draw_weighted(&self, rng: &mut Rng) -> i32 {
        let heaviest = self.lengths.longest - self.lengths.shortest + 1;
        let mut best = self.draw(rng);
        for _ in 0..DRAWS_MAX {
            let drawn = self.draw(rng);
            let weight = self.lengths.longest + 1 - self.lengths.of(drawn).min(self.lengths.longest);
            if rng.usize(..heaviest) < weight {
                return drawn;
            }
            if self.lengths.of(drawn) < self.lengths.of(best) {
                best = drawn;
            }
        }
        best
    }
}

/// Whether a partition is one of those that are drawn from.
fn counts(available: &[i32], partitions: usize, partition: i32) -> bool {
    let exists = usize::try_from(partition).is_ok_and(|at| at < partitions);
    exists && (available.is_empty() || available.binary_search(&partition).is_ok())
}

/// The queue lengths of the partitions that are drawn from, and how many have each, so that the shortest and the longest
/// are known without a walk over the partitions.
#[derive(Debug, Default)]
struct Lengths {
    /// Those that are not 0, also of partitions that do not count.
    lengths: HashMap<i32, u16, FixedState>,
    /// How many of those that count have each length.
    histogram: Vec<u32>,
    shortest: usize,
    longest: usize,
}

/// Lengths above are taken for this: 4 MiB of waiting batches of 16 KiB weigh as little as 8 MiB.
const LENGTH_MAX: usize = 255;

impl Lengths {
    fn of(&self, partition: i32) -> usize {
        self.lengths.get(&partition).map_or(0, |length| usize::from(*length))
    }

    fn set(&mut self, partition: i32, length: usize, counts: bool) {
        #[expect(clippy::cast_possible_truncation, reason = "at most LENGTH_MAX")]
        let new = length.min(LENGTH_MAX) as u16;
        let old = if new == 0 { self.lengths.remove(&partition) } else { self.lengths.insert(partition, new) };
        let old = old.unwrap_or(0);
        if old == new || !counts {
            return;
        }
        self.count(new, 1);
        if let Some(count) = self.histogram.get_mut(usize::from(old)) {
            *count -= 1;
        }
        self.find_ends();
    }

    /// Counts `all` partitions, those for which `counts` says so.
    fn restrict(&mut self, all: usize, counts: impl Fn(i32) -> bool) {
        self.histogram.clear();
        (self.shortest, self.longest) = (0, 0);
        let lengths = std::mem::take(&mut self.lengths);
        let mut idle = all;
        for (_, length) in lengths.iter().filter(|(partition, _)| counts(**partition)) {
            self.count(*length, 1);
            idle -= 1;
        }
        self.lengths = lengths;
        self.count(0, u32::try_from(idle).unwrap_or(u32::MAX));
        self.find_ends();
    }

    fn count(&mut self, length: u16, partitions: u32) {
        let length = usize::from(length);
        if self.histogram.len() <= length {
            self.histogram.resize(length + 1, 0);
        }
        if let Some(count) = self.histogram.get_mut(length) {
            *count += partitions;
        }
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
    }

    /// Moves the ends inwards to lengths that somebody has. `count` has moved them outwards.
    fn find_ends(&mut self) {
        let empty = |at: usize| self.histogram.get(at) == Some(&0);
        while empty(self.shortest) && self.shortest < self.longest {
            self.shortest += 1;
        }
        while empty(self.longest) && self.longest > self.shortest {
            self.longest -= 1;
        }
    }
}
