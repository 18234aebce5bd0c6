//! What became of every line: which records wait for their outcome, and what the others came to.
//!
//! The sending thread opens a block for up to 128 lines at a time; a line's token is its block and its place in it, so a
//! record costs one bit here, and a clock and a lock are taken once a block. Only when there is a dead-letter file a block
//! also keeps its lines, until the last of them has its outcome: those bytes are the budget of [`Ledger::open`].

use crate::tally::Tally;
use milena::{Ack, DeliveryError, Written};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one block: one bit each.
pub(crate) const BLOCK_LINES: usize = u128::BITS as usize;

/// How many failures are told one by one; the rest are counted.
const COMPLAINTS_MAX: usize = 10;

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index of the input.
    pub(crate) file: usize,
    /// From 1.
    pub(crate) line: u64,
}

/// One line whose record is not in the log, or may not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Place in the block.
    pub(crate) index: usize,
    /// What happened.
    pub(crate) error: Arc<str>,
    /// Whether it may be in the log all the same.
    pub(crate) written: Written,
    /// Whether the line is a record at all.
    pub(crate) is_record: bool,
}

/// Lines of one block that failed, with the block's text: what the dead letters are made of.
#[derive(Debug)]
pub(crate) struct Case {
    /// Where the block's first line stands.
    pub(crate) place: Place,
    /// The block's lines.
    pub(crate) source: Box<[u8]>,
    /// In order of time.
    pub(crate) failures: Vec<Failure>,
}

/// Shared by the sending thread, the producer's hooks and who reports.
pub(crate) struct Ledger {
    state: Mutex<State>,
    /// Something was settled, or memory was given back.
    changed: Condvar,
    /// Whether anything failed so far.
    failed: AtomicBool,
    inputs: Vec<Arc<str>>,
    /// Bytes of lines that may be kept for the dead letters.
    budget: usize,
}

struct State {
    /// Blocks by number, the oldest first; finished ones in the middle are empty.
    blocks: VecDeque<Block>,
    /// The number of the first.
    oldest: u32,
    /// Records that wait for their outcome.
    waiting: u64,
    /// Threads that wait for `changed`.
    watchers: usize,
    /// Bytes of lines kept, here and on the way to the dead-letter file.
    kept: usize,
    tally: Tally,
    run: Run,
    last_error: Option<(DeliveryError, Arc<str>)>,
    complaints: Vec<String>,
    complained: usize,
    dead_letters: Option<Sender<Case>>,
}

struct Block {
    place: Place,
    accepted: Instant,
    /// One bit a line that has no outcome.
    open: u128,
    /// Empty without dead letters.
    source: Box<[u8]>,
    failures: Vec<Failure>,
}

/// Acknowledgements at consecutive offsets come at one moment: one reading of the clock is enough for them.
struct Run {
    now: Instant,
    partition: i32,
    next_offset: Option<i64>,
    left: u32,
}

impl Ledger {
    /// An empty one. `dead_letters` takes what failed, and gives its bytes back with [`Ledger::release`].
    pub(crate) fn new(inputs: Vec<Arc<str>>, dead_letters: Option<Sender<Case>>, budget: usize) -> Self {
        let state = State {
            blocks: VecDeque::new(),
            oldest: 0,
            waiting: 0,
            watchers: 0,
            kept: 0,
            tally: Tally::new(),
            run: Run { now: Instant::now(), partition: -1, next_offset: None, left: 0 },
            last_error: None,
            complaints: Vec::new(),
            complained: 0,
            dead_letters,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), failed: AtomicBool::new(false), inputs, budget }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for `count` lines and gives their block's number. Waits while the lines kept for the dead letters are
    /// above the budget; a single block always has room.
    pub(crate) fn open(&self, place: Place, count: usize, source: &[u8]) -> u32 {
        debug_assert!((1..=BLOCK_LINES).contains(&count), "a block has a bit for each line");
        let mut state = self.lock();
        let mut kept = Box::default();
        if state.dead_letters.is_some() {
            let full = |state: &mut State| state.kept > 0 && state.kept + source.len() > self.budget;
            state.watchers += 1;
            state = self.changed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
            state.watchers -= 1;
            kept = Box::from(source);
            state.kept += source.len();
        }
        let accepted = Instant::now();
        let open = u128::MAX >> (BLOCK_LINES - count);
        let number = state.oldest.wrapping_add(u32::try_from(state.blocks.len()).unwrap_or(u32::MAX));
        state.blocks.push_back(Block { place, accepted, open, source: kept, failures: Vec::new() });
        state.waiting += count as u64;
        number
    }

    /// The number that goes with a record, and comes back with its outcome.
    pub(crate) fn token(block: u32, index: usize) -> u64 {
        u64::from(block) << 32 | index as u64
    }

    /// The producer's hook: an accepted record has its outcome.
    pub(crate) fn settle(&self, token: u64, outcome: Result<Ack, DeliveryError>) {
        let mut state = self.lock();
        match outcome {
            Ok(ack) => state.acknowledge(token, &ack),
            Err(error) => {
                let text = state.text_of(&error);
                let failure = Failure { index: index_of(token), error: text, written: error.written, is_record: true };
                self.fail(&mut state, token, failure);
            }
        }
        self.closed(&mut state);
    }

    /// A record that was not accepted, or a line that is no record: nothing of it was written.
    pub(crate) fn refuse(&self, token: u64, error: Arc<str>, is_record: bool) {
        let mut state = self.lock();
        let failure = Failure { index: index_of(token), error, written: Written::No, is_record };
        self.fail(&mut state, token, failure);
        self.closed(&mut state);
    }

    /// `lines` of a block are not records, or were not sent because the run stops: they do not count.
    pub(crate) fn withdraw(&self, block: u32, lines: impl Iterator<Item = usize>) {
        let mut state = self.lock();
        for index in lines {
            state.close(Self::token(block, index));
        }
        self.closed(&mut state);
    }

    /// Counts bytes of records that were accepted.
    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.lock().tally.bytes += bytes as u64;
    }

    /// The dead-letter file has a case: its bytes are free again.
    pub(crate) fn release(&self, bytes: usize) {
        self.lock().kept -= bytes;
        self.changed.notify_all();
    }

    /// Waits until every record has its outcome, for at most `timeout`. Says whether that is so.
    pub(crate) fn wait_settled(&self, timeout: Duration) -> bool {
        let mut state = self.lock();
        state.watchers += 1;
        let waited = self.changed.wait_timeout_while(state, timeout, |state| state.waiting > 0);
        (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.watchers -= 1;
        state.waiting == 0
    }

    /// Gives up on every record that has no outcome: it may be written, or not. Then nothing comes any more.
    pub(crate) fn abandon(&self, error: &Arc<str>) {
        let mut state = self.lock();
        for at in 0..state.blocks.len() {
            let number = state.oldest.wrapping_add(u32::try_from(at).unwrap_or(u32::MAX));
            let mut open = state.blocks[at].open;
            while open != 0 {
                let index = open.trailing_zeros() as usize;
                open &= open - 1;
                let failure = Failure { index, error: Arc::clone(error), written: Written::Maybe, is_record: true };
                self.fail(&mut state, Self::token(number, index), failure);
            }
        }
        self.closed(&mut state);
    }

    /// No more cases: whoever takes them sees the end.
    pub(crate) fn finish_dead_letters(&self) {
        self.lock().dead_letters = None;
    }

    /// What it all came to, so far.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }

    /// How far the run is.
    pub(crate) fn glance(&self) -> Glance {
        let state = self.lock();
        let Tally { acknowledged, failed, unknown, bytes, .. } = state.tally;
        let records = acknowledged + failed + unknown + state.waiting;
        Glance { records, bytes, acknowledged, failed: failed + unknown, waiting: state.waiting }
    }

    /// The first failures, each told once.
    pub(crate) fn take_complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().complaints)
    }

    /// Whether anything failed so far.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Counts a failure and tells it.
    fn fail(&self, state: &mut State, token: u64, failure: Failure) {
        self.failed.store(true, Ordering::Relaxed);
        let index = failure.index as u64;
        if let Some(block) = state.block_mut(token) {
            let place = Place { line: block.place.line + index, ..block.place };
            let name = self.inputs.get(place.file).map_or("?", |name| name);
            state.complain(name, place.line, &failure);
        }
        state.fail(token, failure);
    }

    /// After lines had their outcome.
    fn closed(&self, state: &mut State) {
        while state.blocks.front().is_some_and(|block| block.open == 0) {
            state.blocks.pop_front();
            state.oldest = state.oldest.wrapping_add(1);
        }
        // To notify costs a system call even when nobody listens.
        if state.watchers > 0 {
            self.changed.notify_all();
        }
    }
}

/// What the progress line shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) acknowledged: u64,
    pub(crate) failed: u64,
    pub(crate) waiting: u64,
}

fn index_of(token: u64) -> usize {
    (token & 0xffff_ffff) as usize
}

impl State {
    fn block_mut(&mut self, token: u64) -> Option<&mut Block> {
        let number = u32::try_from(token >> 32).ok()?;
        self.blocks.get_mut(number.wrapping_sub(self.oldest) as usize)
    }

    fn acknowledge(&mut self, token: u64, ack: &Ack) {
        let run = &mut self.run;
        if run.left == 0 || run.partition != ack.partition || run.next_offset != ack.offset {
            (run.now, run.partition, run.left) = (Instant::now(), ack.partition, 256);
        }
        run.left -= 1;
        run.next_offset = ack.offset.map(|offset| offset + 1);
        let now = run.now;
        let Some(accepted) = self.close(token) else { return };
        self.tally.acknowledge(ack, now.saturating_duration_since(accepted), now);
    }

    fn fail(&mut self, token: u64, failure: Failure) {
        let keep = self.dead_letters.is_some();
        let Some(block) = self.block_mut(token) else { return };
        let (written, is_record) = (failure.written, failure.is_record);
        if keep {
            block.failures.push(failure);
        }
        if self.close(token).is_some() {
            self.tally.fail(written, is_record);
        }
    }

    /// Takes a line's bit away; gives when its block was accepted, or `None` if the line had its outcome before.
    fn close(&mut self, token: u64) -> Option<Instant> {
        let bit = 1_u128.checked_shl(u32::try_from(index_of(token)).ok()?)?;
        let block = self.block_mut(token)?;
        if block.open & bit == 0 {
            return None;
        }
        block.open &= !bit;
        let accepted = block.accepted;
        if block.open == 0 {
            let (place, source, failures) =
                (block.place, std::mem::take(&mut block.source), std::mem::take(&mut block.failures));
            self.file(Case { place, source, failures });
        }
        self.waiting -= 1;
        Some(accepted)
    }

    /// A block is done: its failures go to the dead letters, or its text goes away.
    fn file(&mut self, case: Case) {
        let bytes = case.source.len();
        let sent = match &self.dead_letters {
            Some(dead_letters) if !case.failures.is_empty() => dead_letters.send(case).is_ok(),
            _ => false,
        };
        if !sent {
            self.kept -= bytes;
        }
    }

    fn complain(&mut self, input: &str, line: u64, failure: &Failure) {
        self.complained += 1;
        if self.complained > COMPLAINTS_MAX {
            if self.complained == COMPLAINTS_MAX + 1 {
                self.complaints.push("more failures follow; they are counted, not told".into());
            }
            return;
        }
        let written = if failure.written == Written::Maybe { " (may be written all the same)" } else { "" };
        self.complaints.push(format!("{input}:{line}: {}{written}", failure.error));
    }

    /// One text for all records of a batch that failed together.
    fn text_of(&mut self, error: &DeliveryError) -> Arc<str> {
        match &self.last_error {
            Some((last, text)) if last == error => Arc::clone(text),
            _ => {
                let text: Arc<str> = error.kind.to_string().into();
                self.last_error = Some((error.clone(), Arc::clone(&text)));
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use milena::{Timestamp, error::DeliveryFailure};
    use std::sync::mpsc::{Receiver, channel};

    fn ledger(budget: usize) -> (Arc<Ledger>, Receiver<Case>) {
        let (sender, receiver) = channel();
        (Arc::new(Ledger::new(vec!["a.txt".into()], Some(sender), budget)), receiver)
    }

    fn place(line: u64) -> Place {
        Place { file: 0, line }
    }

    fn ack(partition: i32, offset: i64) -> Result<Ack, DeliveryError> {
        Ok(Ack { partition, offset: Some(offset), timestamp: Timestamp(0) })
    }

    fn failed(written: Written) -> Result<Ack, DeliveryError> {
        Err(DeliveryError { kind: DeliveryFailure::Closed, written })
    }

    #[test]
    fn every_line_is_counted_once() {
        let (ledger, cases) = ledger(1000);
        let block = ledger.open(place(1), 5, b"a\nb\nc\nd\n\n");
        ledger.withdraw(block, std::iter::once(4));
        ledger.refuse(Ledger::token(block, 1), "no".into(), false);
        ledger.settle(Ledger::token(block, 0), ack(2, 7));
        ledger.settle(Ledger::token(block, 0), ack(2, 8));
        ledger.settle(Ledger::token(block, 2), failed(Written::Maybe));
        assert!(!ledger.wait_settled(Duration::ZERO));
        assert!(cases.try_recv().is_err());
        ledger.settle(Ledger::token(block, 3), failed(Written::No));
        assert!(ledger.wait_settled(Duration::ZERO));
        let tally = ledger.tally();
        assert_eq!((tally.acknowledged, tally.failed, tally.unknown, tally.bad_lines), (1, 2, 1, 1));
        let case = cases.recv().unwrap();
        let found: Vec<_> = case.failures.iter().map(|failure| (failure.index, failure.written)).collect();
        assert_eq!(found, [(1, Written::No), (2, Written::Maybe), (3, Written::No)]);
        let first = ledger.take_complaints();
        assert_eq!(first[0], "a.txt:2: no");
        assert!(first[1].ends_with("(may be written all the same)"));
    }

    #[test]
    fn a_block_that_ends_late_holds_no_other_block_back() {
        let (ledger, _cases) = ledger(4);
        let first = ledger.open(place(1), 1, b"a\n");
        let second = ledger.open(place(2), 1, b"b\n");
        ledger.settle(Ledger::token(second, 0), ack(0, 0));
        let third = ledger.open(place(3), 1, b"c\n");
        ledger.settle(Ledger::token(first, 0), ack(0, 1));
        ledger.settle(Ledger::token(third, 0), ack(0, 2));
        assert_eq!(ledger.tally().acknowledged, 3);
        assert_eq!(ledger.lock().kept, 0);
        assert!(ledger.lock().blocks.is_empty());
    }

    #[test]
    fn lines_kept_for_the_dead_letters_are_bounded() {
        let (ledger, cases) = ledger(4);
        let block = ledger.open(place(1), 1, b"a\n");
        ledger.open(place(2), 1, b"b\n");
        let opener = {
            let ledger = Arc::clone(&ledger);
            std::thread::spawn(move || ledger.open(place(3), 1, b"c\n"))
        };
        ledger.refuse(Ledger::token(block, 0), "no".into(), true);
        // Failed, but not in the file yet: still kept.
        assert_eq!(ledger.lock().kept, 4);
        ledger.release(cases.recv().unwrap().source.len());
        opener.join().unwrap();
        assert_eq!(ledger.lock().kept, 4);
    }

    #[test]
    fn what_is_abandoned_may_be_written() {
        let (ledger, cases) = ledger(1000);
        let block = ledger.open(place(1), 3, b"a\nb\nc\n");
        ledger.open(place(4), 2, b"d\ne\n");
        ledger.settle(Ledger::token(block, 1), ack(0, 0));
        ledger.abandon(&"stopped".into());
        ledger.settle(Ledger::token(block, 2), ack(0, 1));
        let tally = ledger.tally();
        assert_eq!((tally.acknowledged, tally.unknown), (1, 4));
        let lost = |case: Case| case.failures.iter().map(|failure| failure.index).collect::<Vec<_>>();
        assert_eq!(lost(cases.recv().unwrap()), [0, 2]);
        assert_eq!(lost(cases.recv().unwrap()), [0, 1]);
    }

    #[test]
    fn only_the_first_failures_are_told() {
        let (ledger, _cases) = ledger(1000);
        let block = ledger.open(place(1), 100, &[b'\n'; 100]);
        (0..100).for_each(|index| ledger.refuse(Ledger::token(block, index), "no".into(), false));
        assert_eq!(ledger.take_complaints().len(), COMPLAINTS_MAX + 1);
        assert_eq!(ledger.tally().failed, 100);
    }
}
