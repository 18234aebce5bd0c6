//! The hooks of a batch's records: kept as rows, and run after the outcome.
//!
//! Most records come in rows: the same hook, the same millisecond, tokens that count up. A row is one entry however long it
//! is; where tokens do not count up, it lists them. So a record with a hook costs nothing to keep, or eight bytes.

use crate::delivery::{Ack, RunResult};
use crate::error::DeliveryError;
use crate::time::Timestamp;
use std::fmt;
use std::sync::Arc;

/// What runs after a record's outcome, with the number that the caller gave with the record. Shared by many records, so
/// that a record costs no allocation.
pub type Hook = Arc<dyn Fn(u64, Result<Ack, DeliveryError>) + Send + Sync>;

/// Consecutive records with the same hook and the same timestamp.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Index in the outcome of the first record.
    index: u32,
    count: u32,
    /// Which of the batch's hooks.
    hook: u32,
    /// The records' own.
    timestamp: Timestamp,
    tokens: Tokens,
}

/// What is given back to the hook.
#[derive(Debug, Clone, Copy)]
enum Tokens {
    /// Counted up from this one.
    From(u64),
    /// In the list, from this place on.
    Listed(usize),
}

/// Room that is made at first, and doubled: with the hook itself 304 bytes.
const ROWS_MIN: usize = 4;
const TOKENS_MIN: usize = 16;

/// The hooks of a batch. Records in a row with the same hook share one reference to it: an atomic increment a record costs
/// as much as a quarter of the append.
#[derive(Default)]
pub(crate) struct Hooked {
    /// In order of index.
    rows: Vec<Row>,
    listed: Vec<u64>,
    /// What rows point into.
    hooks: Vec<Hook>,
}

impl Hooked {
    /// Bytes that the first hook of a batch takes.
    pub(crate) const FIRST: usize = ROWS_MIN * size_of::<Row>() + TOKENS_MIN * size_of::<u64>() + size_of::<Hook>();

    /// Whether [`push`](Self::push) surely takes no more heap than is held.
    #[inline]
    pub(crate) fn has_room(&self, hook: &Hook) -> bool {
        !self.is_short_of_rows() && !self.is_short_of_tokens() && self.is_last(hook)
    }

    /// Bytes of heap that [`push`](Self::push) will take beyond what is held.
    pub(crate) fn growth(&self, hook: &Hook) -> usize {
        let rows = if self.is_short_of_rows() { self.rows.capacity().max(ROWS_MIN) } else { 0 };
        let tokens = if self.is_short_of_tokens() { self.listed.capacity().max(TOKENS_MIN) } else { 0 };
        let full = self.hooks.len() == self.hooks.capacity() && !self.is_last(hook);
        let hooks = if full { self.hooks.capacity().max(1) } else { 0 };
        rows * size_of::<Row>() + tokens * size_of::<u64>() + hooks * size_of::<Hook>()
    }

    /// Runs `hook` with `token` after the outcome of the record at `index`, higher than any before.
    #[inline]
    pub(crate) fn push(&mut self, index: u32, timestamp: Timestamp, token: u64, hook: &Hook) {
        if !self.has_room(hook) {
            self.make_room(hook);
        }
        #[expect(clippy::cast_possible_truncation, reason = "no more hooks than records, and those are counted in u32")]
        let last = self.hooks.len() as u32 - 1;
        if let Some(row) = self.rows.last_mut()
            && row.goes_on(index, last, timestamp)
            && row.take(token, &mut self.listed)
        {
            return;
        }
        self.rows.push(Row { index, count: 1, hook: last, timestamp, tokens: Tokens::From(token) });
    }

    #[cold]
    fn make_room(&mut self, hook: &Hook) {
        if self.is_short_of_rows() {
            self.rows.reserve_exact(self.rows.capacity().max(ROWS_MIN));
        }
        if self.is_short_of_tokens() {
            let more = self.listed.capacity().max(TOKENS_MIN);
            self.listed.reserve_exact(self.listed.capacity() + more - self.listed.len());
        }
        if !self.is_last(hook) {
            if self.hooks.len() == self.hooks.capacity() {
                self.hooks.reserve_exact(self.hooks.capacity().max(1));
            }
            self.hooks.push(Arc::clone(hook));
        }
    }

    fn is_short_of_rows(&self) -> bool {
        self.rows.len() == self.rows.capacity()
    }

    /// A row that turns to listing its tokens lists two at once.
    fn is_short_of_tokens(&self) -> bool {
        self.listed.len() + 2 > self.listed.capacity()
    }

    fn is_last(&self, hook: &Hook) -> bool {
        self.hooks.last().is_some_and(|last| Arc::ptr_eq(last, hook))
    }

    /// The hooks of the records from `index` on; `self` keeps those before.
    pub(crate) fn split_off(&mut self, index: u32) -> Self {
        let cut = self.rows.partition_point(|row| row.index < index);
        let mut rows = self.rows.split_off(cut);
        if let Some(row) = self.rows.last_mut().filter(|row| row.index + row.count > index) {
            rows.insert(0, row.split_off(index));
        }
        let listing = rows.iter().find_map(|row| if let Tokens::Listed(at) = row.tokens { Some(at) } else { None });
        let listed = listing.map_or_else(Vec::new, |at| self.listed.split_off(at));
        for row in &mut rows {
            if let (Tokens::Listed(at), Some(first)) = (&mut row.tokens, listing) {
                *at -= first;
            }
        }
        Self { rows, listed, hooks: self.hooks.clone() }
    }

    /// Takes out the hooks of `count` records from `index` on.
    pub(crate) fn take(&mut self, index: u32, count: u32) -> Self {
        let whole = |row: &Row| index <= row.index && row.index + row.count <= index + count;
        if self.rows.iter().all(whole) {
            return std::mem::take(self);
        }
        let mut taken = self.split_off(index);
        let mut rest = taken.split_off(index + count);
        for row in &mut rest.rows {
            if let Tokens::Listed(at) = &mut row.tokens {
                *at += self.listed.len();
            }
        }
        self.rows.append(&mut rest.rows);
        self.listed.append(&mut rest.listed);
        taken
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rows).finish()
    }
}

impl Row {
    /// Whether the record at `index` comes next and has the same hook and timestamp.
    #[inline]
    fn goes_on(&self, index: u32, hook: u32, timestamp: Timestamp) -> bool {
        self.index + self.count == index && self.hook == hook && self.timestamp == timestamp
    }

    /// Takes the token of the record that comes next, if it fits the row.
    #[inline]
    fn take(&mut self, token: u64, listed: &mut Vec<u64>) -> bool {
        match self.tokens {
            Tokens::From(first) if first.wrapping_add(self.count.into()) == token => {}
            Tokens::From(first) if self.count == 1 => {
                self.tokens = Tokens::Listed(listed.len());
                listed.extend([first, token]);
            }
            Tokens::From(_) => return false,
            Tokens::Listed(_) => listed.push(token),
        }
        self.count += 1;
        true
    }

    /// The part from `index` on, which lies within.
    fn split_off(&mut self, index: u32) -> Self {
        let kept = index - self.index;
        let tokens = match self.tokens {
            Tokens::From(first) => Tokens::From(first.wrapping_add(kept.into())),
            Tokens::Listed(at) => Tokens::Listed(at + kept as usize),
        };
        let rest = Self { index, count: self.count - kept, tokens, ..*self };
        self.count = kept;
        rest
    }
}

/// Hooks whose records have their result. They are the user's code, so the driver runs them, under no lock.
pub struct Hooks {
    /// Index of the run's first record.
    first: u32,
    /// The result of the run.
    result: RunResult,
    hooked: Hooked,
}

impl Hooks {
    pub(crate) fn new(first: u32, result: RunResult, hooked: Hooked) -> Self {
        Self { first, result, hooked }
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.hooked.rows.is_empty()
    }

    /// Runs them in the order in which the records were sent, through `call`, which may guard against panics.
    pub fn run(self, mut call: impl FnMut(&Hook, u64, Result<Ack, DeliveryError>)) {
        let Hooked { rows, listed, hooks } = self.hooked;
        for row in rows {
            let Some(hook) = hooks.get(row.hook as usize) else { continue };
            let first = row.index - self.first;
            for nth in 0..row.count {
                let token = match row.tokens {
                    Tokens::From(first) => first.wrapping_add(nth.into()),
                    Tokens::Listed(at) => listed.get(at + nth as usize).copied().unwrap_or_default(),
                };
                call(hook, token, self.result.of(first + nth, row.timestamp));
            }
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("hooked", &self.hooked).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What was run: token, offset, timestamp.
    type Seen = Arc<Mutex<Vec<(u64, i64, i64)>>>;

    fn hook(seen: &Seen) -> Hook {
        let seen = Arc::clone(seen);
        Arc::new(move |token, result| {
            let ack = result.unwrap();
            seen.lock().unwrap().push((token, ack.offset.unwrap(), ack.timestamp.0));
        })
    }

    fn run(first: u32, hooked: Hooked) {
        let result = RunResult::Acknowledged { partition: 0, base_offset: Some(first.into()), append_time: None };
        Hooks::new(first, result, hooked).run(|hook, token, result| hook(token, result));
    }

    /// Tokens and timestamps of a batch that has rows of every kind.
    fn records() -> Vec<(u64, i64)> {
        let counting = (100..110).map(|token| (token, 1));
        let listed = [7, 3, 9, 9, 1_000, u64::MAX].map(|token| (token, 1));
        let later = [(50, 2), (60, 2), (61, 2), (62, 2)];
        let alone = [(u64::MAX, 3), (0, 3), (5, 4)];
        counting.chain(listed).chain(later).chain(alone).collect()
    }

    fn hooked(hooks: &[Hook]) -> Hooked {
        let mut hooked = Hooked::default();
        for ((token, timestamp), index) in records().into_iter().zip(0..) {
            let hook = &hooks[index as usize / 4 % hooks.len()];
            hooked.push(index, Timestamp(timestamp), token, hook);
        }
        hooked
    }

    fn expected() -> Vec<(u64, i64, i64)> {
        records().into_iter().zip(0..).map(|((token, timestamp), offset)| (token, offset, timestamp)).collect()
    }

    #[test]
    fn hooks_run_in_order_with_their_tokens_wherever_the_batch_is_cut() {
        let count = u32::try_from(records().len()).unwrap();
        for cut in 0..=count {
            for hooks in 1..=2 {
                let seen = Seen::default();
                let hooks: Vec<_> = (0..hooks).map(|_| hook(&seen)).collect();
                let mut head = hooked(&hooks);
                let tail = head.split_off(cut);
                run(0, head);
                run(cut, tail);
                assert_eq!(*seen.lock().unwrap(), expected(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn any_part_can_be_taken_out() {
        let count = u32::try_from(records().len()).unwrap();
        for from in 0..count {
            for to in from + 1..=count {
                let seen = Seen::default();
                let mut all = hooked(&[hook(&seen)]);
                run(from, all.take(from, to - from));
                assert_eq!(*seen.lock().unwrap(), expected()[from as usize..to as usize]);
                seen.lock().unwrap().clear();
                run(0, all);
                let mut rest = expected();
                rest.drain(from as usize..to as usize);
                assert_eq!(*seen.lock().unwrap(), rest, "without {from}..{to}");
            }
        }
    }

    #[test]
    fn a_row_is_one_entry_however_long() {
        let hook: Hook = Arc::new(|_, _| {});
        let mut hooked = Hooked::default();
        (0..1_000).for_each(|index| hooked.push(index, Timestamp(0), 5 + u64::from(index), &hook));
        assert_eq!((hooked.rows.len(), hooked.listed.len()), (1, 0));
        (1_000..2_000).for_each(|index| hooked.push(index, Timestamp(0), u64::from(index) * 3, &hook));
        assert_eq!((hooked.rows.len(), hooked.listed.len()), (2, 1_000));
    }

    #[test]
    fn growth_is_what_a_hook_takes() {
        let hooks: [Hook; 2] = std::array::from_fn(|_| -> Hook { Arc::new(|_, _| {}) });
        let mut hooked = Hooked::default();
        let heap = |hooked: &Hooked| {
            hooked.rows.capacity() * size_of::<Row>()
                + hooked.listed.capacity() * size_of::<u64>()
                + hooked.hooks.capacity() * size_of::<Hook>()
        };
        assert_eq!(hooked.growth(&hooks[0]), Hooked::FIRST);
        for index in 0..300 {
            let hook = &hooks[usize::from(index % 100 > 90)];
            let (before, growth) = (heap(&hooked), hooked.growth(hook));
            assert!(growth == 0 || !hooked.has_room(hook), "what is said to have room takes none");
            hooked.push(index, Timestamp(i64::from(index / 30)), u64::from(index * index), hook);
            assert_eq!(heap(&hooked) - before, growth);
        }
    }
}
