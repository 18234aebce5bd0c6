//! A partition's place in the accumulator: at most one open batch, and whether the sender would take it.

use super::Limits;
use super::round_trip::{HELD_BACK_MAX, RoundTrip};
use crate::batch::{Batch, Meta};
use crate::budget::{BATCH_OVERHEAD, Budget};
use crate::delivery::{Claims, Delivery, Hook};
use crate::hooks::Hooked;
use crate::record::Record;
use crate::time::{Time, Timestamp};
use crate::topic::PartitionKey;
use milena_wire::record::{Header, RecordView};
use milena_wire::record_batch::BATCH_HEADER_LEN;

/// What the caller wants back for a record.
#[derive(Clone, Copy)]
pub enum Claim<'a> {
    /// Nothing: fire and forget.
    Nothing,
    /// A [`Delivery`].
    Delivery,
    /// This hook, run with this number after the record's outcome.
    Hook(&'a Hook, u64),
}

impl Claim<'_> {
    /// Whether it surely takes no more heap than these claims hold.
    #[inline]
    fn fits(&self, claims: &Claims) -> bool {
        match self {
            Self::Hook(hook, _) => claims.hooked.has_room(hook),
            Self::Nothing | Self::Delivery => true,
        }
    }

    /// Bytes of heap that it takes in these claims.
    fn growth(&self, claims: &Claims) -> usize {
        match self {
            Self::Hook(hook, _) => claims.hooked.growth(hook),
            Self::Nothing | Self::Delivery => 0,
        }
    }
}

/// A batch's buffer is this large at first, bytes: ten thousand partitions with a record each then hold 40 MB, not 160.
const BUFFER_MIN: usize = 4_096;

/// The record as the batch will hold it, its place aside.
#[inline]
pub(super) fn view<'a>(record: &Record<'a>) -> RecordView<'a, impl Iterator<Item = Header<'a>> + Clone> {
    let headers = record.headers.iter().map(|header| Header { key: header.key, value: header.value });
    RecordView { timestamp_delta: 0, offset_delta: 0, key: record.key, value: record.value, headers }
}

/// Bytes of `buffer.memory` that surely hold a batch of one record, given the record's
/// [upper bound](RecordView::upper_bound) and whatever its claim: who waits for memory waits for this much.
pub(super) fn charge_alone(upper_bound: usize) -> usize {
    upper_bound - BATCH_HEADER_LEN + BATCH_OVERHEAD + Hooked::FIRST
}

/// A partition's place.
///
/// ```text
///  empty ── first record ──► open ── full, or over and hungry ──► empty, the batch is handed over
///                             │
///                             └─ over, not hungry: ripe, keeps filling until hungry
/// ```
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) open: Option<Open>,
    /// Whether the sender would put a batch of this partition on the wire at once. A fresh slot is: nobody said otherwise.
    pub(super) hungry: bool,
    /// Bytes charged to batches of this partition that are not released, the open one included.
    pub(super) held: usize,
    /// Batches that are closed and that the driver has not taken yet: while there are any, `hungry` is old news.
    pub(super) untaken: u32,
    /// How fast its broker answers.
    pub(super) round_trip: RoundTrip,
    /// Since when callers are held back until it is hungry; `None` again with the next batch.
    held_back: Option<Time>,
    /// How long the last batch got, bytes. One that outgrew the first buffer is followed by one that starts with a whole
    /// buffer, or a larger one.
    last: usize,
}

/// An open batch.
#[derive(Debug)]
pub(super) struct Open {
    records: Vec<u8>,
    /// Bytes at which it is full while its partition is hungry.
    full: usize,
    pub(super) count: u32,
    pub(super) created: Time,
    base_timestamp: i64,
    max_timestamp: i64,
    claims: Claims,
    charge: usize,
    pub(super) generation: u64,
    /// Its number among all batches.
    pub(super) birth: u64,
    /// Its linger is over, or counts as over, and the sender was not hungry.
    pub(super) ripe: bool,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            open: None,
            hungry: true,
            held: 0,
            untaken: 0,
            round_trip: RoundTrip::default(),
            held_back: None,
            last: 0,
        }
    }
}

impl Slot {
    /// Bytes at which the open batch is full, its records not compressed.
    #[inline]
    pub(super) fn limit(&self, limits: &Limits) -> usize {
        let full = self.open.as_ref().map_or(limits.batch, |open| open.full);
        self.limit_of(full, limits)
    }

    /// Bytes at which a batch is full that would be at `full` bytes if it could go at once.
    #[inline]
    fn limit_of(&self, full: usize, limits: &Limits) -> usize {
        if self.is_behind() { limits.behind.min(self.round_trip.behind()).max(full) } else { full }
    }

    /// Whether a caller shall wait rather than close the open batch, which has no room for `len` bytes more. The wait of all begins
    /// with the first who is told so.
    pub(super) fn holds_back(&mut self, len: usize, limits: &Limits, now: Time) -> bool {
        let full = self.open.as_ref().is_some_and(|open| open.size() + len > self.limit(limits));
        full && self.is_behind()
            && self.round_trip.is_fast()
            && now < *self.held_back.get_or_insert(now) + HELD_BACK_MAX
    }

    /// Whether it takes at least `len` bytes at once, memory aside.
    pub(super) fn takes(&self, len: usize, limits: &Limits) -> bool {
        let room = || self.open.as_ref().is_none_or(|open| open.size() + len <= self.limit(limits));
        self.hungry && (self.untaken == 0 || room())
    }

    /// Whether the next batch would wait in line: the sender has said so, or has not seen the last one yet.
    #[inline]
    fn is_behind(&self) -> bool {
        !self.hungry || self.untaken > 0
    }

    /// Until when callers are held back, if they are.
    pub(super) fn held_back_until(&self) -> Option<Time> {
        self.held_back.map(|since| since + HELD_BACK_MAX)
    }

    /// Whether the open batch shall go as soon as the partition is hungry, however long it is open.
    pub(super) fn is_awaited(&self) -> bool {
        self.held_back.is_some() || self.open.as_ref().is_some_and(|open| open.ripe || open.is_full())
    }

    /// Whether `len` bytes more and the claim fit into the open batch as it is. Says no too often rather than look twice:
    /// then [`make_room`](Self::make_room) decides.
    #[inline(always)]
    pub(super) fn has_room(&self, len: usize, claim: &Claim<'_>, limits: &Limits) -> bool {
        let Some(open) = &self.open else { return false };
        let end = open.records.len() + len;
        end + BATCH_HEADER_LEN <= self.limit(limits) && end <= open.records.capacity() && claim.fits(&open.claims)
    }

    /// Whether the partition has no batch that could still take records of a sticky run.
    pub(super) fn has_no_room(&self) -> bool {
        self.open.as_ref().is_none_or(Open::is_full)
    }

    /// Opens a batch with room for `len` bytes, where the budget has them. It will be full at `full` bytes.
    pub(super) fn open(
        &mut self,
        len: usize,
        full: usize,
        claim: &Claim<'_>,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Option<&mut Open> {
        let fixed = BATCH_OVERHEAD + claim.growth(&Claims::default());
        let start = self.start(full, limits, budget);
        let sizes = [start.max(len), BUFFER_MIN.min(start).max(len), len];
        let reserve = |budget: &mut Budget| sizes.into_iter().find(|capacity| budget.reserve(capacity + fixed));
        let capacity = budget.charge_as(!self.hungry, reserve)?;
        let records = budget.buffer(capacity);
        debug_assert!(records.capacity() == capacity, "a buffer is charged as large as it is");
        self.held += capacity + fixed;
        Some(self.open.insert(Open::new(records, full, capacity + fixed)))
    }

    /// Whether the open batch may be longer by `len` bytes, and is one that the sender would not take anyway: closing it for
    /// want of memory would free none, and only make it short.
    pub(super) fn may_wait(&self, len: usize, limits: &Limits) -> bool {
        !self.hungry && self.open.as_ref().is_some_and(|open| open.size() + len <= self.limit(limits))
    }

    /// Makes room for `len` bytes and the claim in the open batch: within the limit, and where the budget has them.
    pub(super) fn make_room(&mut self, len: usize, claim: &Claim<'_>, limits: &Limits, budget: &mut Budget) -> bool {
        let limit = self.limit(limits);
        let Some(open) = &mut self.open else { return false };
        if open.size() + len > limit {
            return false;
        }
        let needed = open.records.len() + len;
        let capacity = open.records.capacity();
        let claimed = claim.growth(&open.claims);
        // By doubling; where memory is short, by what there is.
        let reserve = |budget: &mut Budget| {
            let room = capacity + budget.free().saturating_sub(claimed);
            let target = if needed <= capacity { capacity } else { (2 * capacity).min(limit).min(room).max(needed) };
            let growth = target - capacity + claimed;
            budget.reserve(growth).then_some((target, growth))
        };
        let Some((target, growth)) = budget.charge_as(!self.hungry, reserve) else { return false };
        if target > capacity {
            budget.grow(&mut open.records, target);
        }
        open.charge += growth;
        self.held += growth;
        self.last = self.last.max(BUFFER_MIN + 1);
        true
    }

    /// The capacity that the next batch starts with. A batch that is behind is likely to get as long as the last one did,
    /// and spares itself the growing where a buffer of that size lies ready.
    fn start(&self, full: usize, limits: &Limits, budget: &Budget) -> usize {
        if self.last <= BUFFER_MIN {
            return BUFFER_MIN.min(limits.batch);
        }
        let limit = self.limit_of(full, limits);
        let ready = || budget.kept(self.last..=limit);
        if self.last > limits.batch { ready().unwrap_or(limits.batch) } else { limits.batch }
    }

    /// Closes the open batch.
    pub(super) fn close(&mut self, key: PartitionKey) -> Option<Batch> {
        let open = self.open.take()?;
        assert!(open.count > 0, "a batch has a record");
        self.last = open.records.len();
        self.held_back = None;
        self.untaken += 1;
        let meta = Meta {
            key,
            created: open.created,
            sent: None,
            count: open.count,
            base_timestamp: Timestamp(open.base_timestamp),
            max_timestamp: Timestamp(open.max_timestamp),
            charge: open.charge,
            generation: open.generation,
            id: 0,
        };
        Some(Batch { meta, records: open.records, claims: open.claims })
    }
}

impl Open {
    fn new(records: Vec<u8>, full: usize, charge: usize) -> Self {
        Self {
            records,
            full,
            count: 0,
            created: Time::ZERO,
            base_timestamp: 0,
            max_timestamp: 0,
            claims: Claims::default(),
            charge,
            generation: 0,
            birth: 0,
            ripe: false,
        }
    }

    /// Bytes of the batch as it stands, its header included, compression not counted.
    #[inline]
    pub(super) fn size(&self) -> usize {
        BATCH_HEADER_LEN + self.records.len()
    }

    /// Whether it is full, for a partition that is hungry.
    pub(super) fn is_full(&self) -> bool {
        self.size() >= self.full
    }

    /// Bytes that the record takes as the next one.
    pub(super) fn encoded_len(&self, record: &Record<'_>, timestamp: Timestamp) -> usize {
        let timestamp_delta = if self.count == 0 { 0 } else { timestamp.0.wrapping_sub(self.base_timestamp) };
        RecordView { timestamp_delta, offset_delta: self.count.cast_signed(), ..view(record) }.encoded_len()
    }

    /// Takes the record in, whose content is so many bytes. There is room. Its index in the batch.
    #[inline]
    pub(super) fn push(&mut self, record: &Record<'_>, content: usize, timestamp: Timestamp) -> u32 {
        let index = self.count;
        if index == 0 {
            self.base_timestamp = timestamp.0;
            self.max_timestamp = timestamp.0;
        }
        // Wraps only for a wall clock before 1970 beside a timestamp beyond the year 292 million; readers wrap back.
        let timestamp_delta = timestamp.0.wrapping_sub(self.base_timestamp);
        RecordView { timestamp_delta, offset_delta: index.cast_signed(), ..view(record) }
            .encode_measured(content, &mut self.records);
        self.max_timestamp = self.max_timestamp.max(timestamp.0);
        self.count += 1;
        index
    }

    /// Remembers the claim on the record that was taken in last.
    #[inline(always)] // What it returns goes through memory otherwise, and waits there longer than the record takes.
    pub(super) fn claim(&mut self, claim: Claim<'_>, index: u32, timestamp: Timestamp) -> Option<Delivery> {
        match claim {
            Claim::Nothing => None,
            Claim::Delivery => Some(self.claims.delivery(index, timestamp)),
            Claim::Hook(hook, token) => {
                self.claims.hooked.push(index, timestamp, token, hook);
                None
            }
        }
    }
}
