//! What became of every line: which records wait for their outcome, and what the others came to.
//!
//! The sending thread opens a block for up to 128 lines at a time; a line's token is its block and its place in it, so a
//! record costs one bit here, and a clock and a lock are taken once a block. Only when there is a dead-letter file a block
//! also keeps its lines, until the last of them has its outcome: those bytes are the budget of [`Ledger::open`].

mod blocks;
mod complaints;
mod run;

pub(crate) use blocks::{BLOCK_LINES, Token};

use crate::tally::Tally;
use blocks::Blocks;
use complaints::Complaints;
use milena::{Ack, DeliveryError, Written};
use run::Run;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// What the progress line shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) acknowledged: u64,
    pub(crate) failed: u64,
    pub(crate) waiting: u64,
}

/// Shared by the sending thread, the producer's hooks and who reports.
pub(crate) struct Ledger {
    state: Mutex<State>,
    /// Something has its outcome, or memory was given back.
    changed: Condvar,
    /// Whether anything failed so far.
    failed: AtomicBool,
    inputs: Vec<Arc<str>>,
    /// Bytes of lines that may be kept for the dead letters.
    budget: usize,
}

struct State {
    blocks: Blocks,
    tally: Tally,
    run: Run,
    complaints: Complaints,
    /// Threads that wait for `changed`: to notify costs a system call even when nobody listens.
    watchers: usize,
}

impl Ledger {
    /// An empty one. `dead_letters` takes what failed, and gives its bytes back with [`Ledger::release`].
    pub(crate) fn new(inputs: Vec<Arc<str>>, dead_letters: Option<Sender<Case>>, budget: usize) -> Self {
        let state = State {
            blocks: Blocks::new(dead_letters),
            tally: Tally::new(),
            run: Run::new(Instant::now()),
            complaints: Complaints::default(),
            watchers: 0,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), failed: AtomicBool::new(false), inputs, budget }
    }

    /// Makes room for `count` lines and gives their block's number. Waits while the lines kept for the dead letters are
    /// above the budget; a single block always has room.
    pub(crate) fn open(&self, place: Place, count: usize, source: &[u8]) -> u32 {
        let full = |state: &mut State| state.blocks.is_full(source.len(), self.budget);
        let mut state = self.wait_while(self.lock(), Duration::MAX, full);
        state.blocks.open(place, count, source, Instant::now())
    }

    /// The producer's hook: an accepted record has its outcome.
    pub(crate) fn settle(&self, token: Token, outcome: Result<Ack, DeliveryError>) {
        let mut state = self.lock();
        match outcome {
            Ok(ack) => state.acknowledge(token, &ack),
            Err(error) => {
                let text = state.complaints.text_of(&error);
                let failure = Failure { index: token.index, error: text, written: error.written, is_record: true };
                self.fail(&mut state, token, failure);
            }
        }
        self.notify(&state);
    }

    /// A record that was not accepted, or a line that is no record: nothing of it was written.
    pub(crate) fn refuse(&self, token: Token, error: Arc<str>, is_record: bool) {
        let mut state = self.lock();
        let failure = Failure { index: token.index, error, written: Written::No, is_record };
        self.fail(&mut state, token, failure);
        self.notify(&state);
    }

    /// `lines` of a block are not records, or were not sent because the run stops: they do not count.
    pub(crate) fn withdraw(&self, block: u32, lines: impl Iterator<Item = usize>) {
        let mut state = self.lock();
        for index in lines {
            state.blocks.close(Token { block, index });
        }
        self.notify(&state);
    }

    /// Counts bytes of records that were accepted.
    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.lock().tally.bytes += bytes as u64;
    }

    /// The dead-letter file has a case: its bytes are free again.
    pub(crate) fn release(&self, bytes: usize) {
        self.lock().blocks.release(bytes);
        self.changed.notify_all();
    }

    /// Waits until every record has its outcome, for at most `timeout`. Says whether that is so.
    pub(crate) fn wait_settled(&self, timeout: Duration) -> bool {
        let state = self.wait_while(self.lock(), timeout, |state| state.blocks.waiting() > 0);
        state.blocks.waiting() == 0
    }

    /// Gives up on every record that has no outcome: it may be written, or not. An outcome that comes later is not heard.
    pub(crate) fn abandon(&self, error: &Arc<str>) {
        let mut state = self.lock();
        for token in state.blocks.waiting_lines() {
            let error = Arc::clone(error);
            let failure = Failure { index: token.index, error, written: Written::Maybe, is_record: true };
            self.fail(&mut state, token, failure);
        }
        self.notify(&state);
    }

    /// No more cases: whoever takes them sees the end.
    pub(crate) fn finish_dead_letters(&self) {
        self.lock().blocks.finish_dead_letters();
    }

    /// What it all came to, so far.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }

    /// How far the run is.
    pub(crate) fn glance(&self) -> Glance {
        let state = self.lock();
        let Tally { acknowledged, failed, unknown, bytes, .. } = state.tally;
        let waiting = state.blocks.waiting();
        let records = acknowledged + failed + unknown + waiting;
        Glance { records, bytes, acknowledged, failed: failed + unknown, waiting }
    }

    /// The first failures, each told once.
    pub(crate) fn take_complaints(&self) -> Vec<String> {
        self.lock().complaints.take()
    }

    /// Whether anything failed so far.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        timeout: Duration,
        is_so: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        state.watchers += 1;
        let waited = self.changed.wait_timeout_while(state, timeout, is_so);
        (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.watchers -= 1;
        state
    }

    fn notify(&self, state: &State) {
        if state.watchers > 0 {
            self.changed.notify_all();
        }
    }

    /// Counts a failure and tells it.
    fn fail(&self, state: &mut State, token: Token, failure: Failure) {
        let Some(place) = state.blocks.place(token) else { return };
        let (written, is_record) = (failure.written, failure.is_record);
        if state.blocks.fail(token, failure.clone()) {
            self.failed.store(true, Ordering::Relaxed);
            state.tally.fail(written, is_record);
            state.complaints.add(self.inputs.get(place.file).map_or("?", |name| name), place.line, &failure);
        }
    }
}

impl State {
    fn acknowledge(&mut self, token: Token, ack: &Ack) {
        let now = self.run.moment(ack, Instant::now);
        if let Some(accepted) = self.blocks.close(token) {
            self.tally.acknowledge(ack, now.saturating_duration_since(accepted), now);
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
        ledger.refuse(Token { block, index: 1 }, "no".into(), false);
        ledger.settle(Token { block, index: 0 }, ack(2, 7));
        ledger.settle(Token { block, index: 0 }, ack(2, 8));
        ledger.settle(Token { block, index: 2 }, failed(Written::Maybe));
        assert!(!ledger.wait_settled(Duration::ZERO));
        assert!(cases.try_recv().is_err());
        ledger.settle(Token { block, index: 3 }, failed(Written::No));
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

    /// Whether not even one byte more would fit.
    fn is_full(ledger: &Ledger) -> bool {
        ledger.lock().blocks.is_full(1, ledger.budget)
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
        ledger.refuse(Token { block, index: 0 }, "no".into(), true);
        // Failed, but not in the file yet: still kept.
        assert!(is_full(&ledger));
        ledger.release(cases.recv().unwrap().source.len());
        opener.join().unwrap();
        assert!(is_full(&ledger));
    }

    #[test]
    fn what_is_abandoned_may_be_written() {
        let (ledger, cases) = ledger(1000);
        let block = ledger.open(place(1), 3, b"a\nb\nc\n");
        ledger.open(place(4), 2, b"d\ne\n");
        ledger.settle(Token { block, index: 1 }, ack(0, 0));
        ledger.abandon(&"stopped".into());
        ledger.settle(Token { block, index: 2 }, ack(0, 1));
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
        (0..100).for_each(|index| ledger.refuse(Token { block, index }, "no".into(), false));
        assert_eq!(ledger.take_complaints().len(), 11);
        assert_eq!(ledger.tally().failed, 100);
    }
}
