//! From lines to records in the producer's memory: the sending thread's work.

use crate::format::{BadLine, Format, OwnedHeader, Parsed};
use crate::ledger::{BLOCK_LINES, Ledger, Place, Token};
use crate::source::Piece;
use memchr::memchr_iter;
use milena::blocking::Producer;
use milena::{Header, Hook, Record, SendError, Timestamp};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why the rest of the input was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A signal.
    Interrupted(Place),
    /// `--fail-fast`, and something failed.
    FailFast(Place),
    /// The cluster or the topic cannot be used.
    Unusable(Place, Arc<str>),
}

/// Sends lines.
pub(crate) struct Feed<'a> {
    pub(crate) topic: &'a str,
    pub(crate) format: &'a Format,
    pub(crate) producer: &'a Producer,
    pub(crate) ledger: &'a Ledger,
    pub(crate) hook: Hook,
    pub(crate) line_max: usize,
    pub(crate) fail_fast: bool,
    /// When the cluster cannot be used: whether the rest is refused, line by line, so that it goes to the dead letters.
    pub(crate) refuse_rest: bool,
    pub(crate) interrupted: &'a AtomicBool,
    /// Where the next line stands.
    pub(crate) next: Place,
    /// Whether the next record found no memory though no other held any.
    pub(crate) alone: bool,
    /// Whether the topic was asked for.
    pub(crate) introduced: bool,
    /// Why nothing can be sent any more.
    pub(crate) unusable: Option<(Place, Arc<str>)>,
    /// The lowest partition that is known not to be there, with the error: its next record need not wait for it again.
    pub(crate) missing: Option<(i32, Arc<str>)>,
}

/// A block that is being sent.
struct Block<'a> {
    number: u32,
    first: Place,
    /// Lines that are good and follow one another, from `run_start` on.
    run: Vec<Parsed<'a>>,
    run_start: usize,
    count: usize,
}

impl Feed<'_> {
    /// Sends the lines of one piece.
    pub(crate) fn take(&mut self, piece: &Piece) -> ControlFlow<Stop> {
        self.introduce()?;
        match piece {
            Piece::Lines { buffer, len } => self.lines(&buffer[..*len]),
            Piece::TooLong { head, len } => {
                let block = self.ledger.open(self.next, 1, head);
                let error = BadLine::TooLong { len: *len, limit: self.line_max };
                self.ledger.refuse(Token { block, index: 0 }, error.to_string().into(), false);
                self.next.line += 1;
                self.between_blocks()
            }
        }
    }

    /// Waits for the topic's metadata before the first record, so that the wait is no part of any latency.
    fn introduce(&mut self) -> ControlFlow<Stop> {
        if !self.introduced {
            self.introduced = true;
            if let Err(error) = self.producer.partitions_for(self.topic) {
                self.unusable = Some((self.next, error.to_string().into()));
            }
        }
        self.between_blocks()
    }

    fn lines(&mut self, mut text: &[u8]) -> ControlFlow<Stop> {
        let mut ends = [0; BLOCK_LINES];
        while !text.is_empty() {
            self.between_blocks()?;
            let mut count = 0;
            for feed in memchr_iter(b'\n', text).take(BLOCK_LINES) {
                ends[count] = feed;
                count += 1;
            }
            let mut len = count.checked_sub(1).map_or(0, |last| ends[last] + 1);
            if count < BLOCK_LINES && len < text.len() {
                // The last line of a file, without a line feed.
                ends[count] = text.len();
                (count, len) = (count + 1, text.len());
            }
            let (source, rest) = text.split_at(len);
            self.block(source, &ends[..count])?;
            text = rest;
        }
        ControlFlow::Continue(())
    }

    fn between_blocks(&self) -> ControlFlow<Stop> {
        if self.interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(Stop::Interrupted(self.next));
        }
        if self.fail_fast && self.ledger.has_failed() {
            return ControlFlow::Break(Stop::FailFast(self.next));
        }
        match &self.unusable {
            Some((place, error)) if !self.refuse_rest => ControlFlow::Break(Stop::Unusable(*place, Arc::clone(error))),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Sends up to 128 lines; `ends` holds where each ends in `source`.
    fn block(&mut self, source: &[u8], ends: &[usize]) -> ControlFlow<Stop> {
        let number = self.ledger.open(self.next, ends.len(), source);
        let run = Vec::with_capacity(ends.len());
        let mut block = Block { number, first: self.next, run, run_start: 0, count: ends.len() };
        self.next.line += ends.len() as u64;
        let mut start = 0;
        for (index, &end) in ends.iter().enumerate() {
            let line = &source[start..end];
            start = end + 1;
            match self.parse(line) {
                Ok(Some(parsed)) => block.run.push(parsed),
                bad_or_nothing => {
                    self.run(&mut block)?;
                    block.run_start = index + 1;
                    match bad_or_nothing {
                        Err(bad) => self.refuse(&block, index, bad.to_string().into(), false)?,
                        Ok(_) => self.ledger.withdraw(number, std::iter::once(index)),
                    }
                }
            }
        }
        self.run(&mut block)
    }

    fn parse<'l>(&self, line: &'l [u8]) -> Result<Option<Parsed<'l>>, BadLine> {
        if line.len() > self.line_max {
            return Err(BadLine::TooLong { len: line.len() as u64, limit: self.line_max });
        }
        self.format.parse(line)
    }

    /// Sends the run of good lines, and empties it.
    fn run(&mut self, block: &mut Block<'_>) -> ControlFlow<Stop> {
        let mut done = 0;
        while done < block.run.len() {
            if self.unusable.is_some() || self.is_missing(&block.run[done]) {
                self.refuse_known(block, done)?;
                done += 1;
                continue;
            }
            let until = self.reachable(&block.run[done..]) + done;
            let first = Token { block: block.number, index: block.run_start + done };
            let sent = send_run(self.producer, self.topic, &block.run[done..until], &self.hook, first);
            let accepted = sent.as_ref().map_or_else(|(accepted, _)| *accepted, |()| until - done);
            self.ledger.count_bytes(block.run[done..done + accepted].iter().map(Parsed::size).sum());
            done += accepted;
            self.alone &= accepted == 0;
            if let Err((_, error)) = sent
                && self.judge(block, done, error)?.is_some()
            {
                done += 1;
            }
        }
        block.run_start += block.run.len();
        block.run.clear();
        ControlFlow::Continue(())
    }

    /// What a record's refusal means. `Some`: the record has failed, go on with the next; `None`: try it again.
    fn judge(&mut self, block: &Block<'_>, at: usize, error: SendError) -> ControlFlow<Stop, Option<()>> {
        let index = block.run_start + at;
        let place = Place { line: block.first.line + index as u64, ..block.first };
        let text: Arc<str> = error.to_string().into();
        if self.interrupted.load(Ordering::Relaxed) {
            self.ledger.withdraw(block.number, index..block.count);
            return ControlFlow::Break(Stop::Interrupted(place));
        }
        match error {
            // Memory comes back as records are acknowledged or fail: a pipe waits for it. Only when all of it was free and
            // the record waited in vain once more, it is too much for it.
            SendError::Full { .. } => {
                let was_alone = self.alone;
                self.alone = self.producer.metrics().buffered.records == 0;
                if !(was_alone && self.alone) {
                    return ControlFlow::Continue(None);
                }
            }
            SendError::UnknownTopic { .. }
            | SendError::TopicRefused { .. }
            | SendError::Closed
            | SendError::Fatal(_) => {
                self.unusable = Some((place, Arc::clone(&text)));
                if !self.refuse_rest {
                    self.ledger.refuse(Token { block: block.number, index }, Arc::clone(&text), true);
                    self.ledger.withdraw(block.number, index + 1..block.count);
                    return ControlFlow::Break(Stop::Unusable(place, text));
                }
                return ControlFlow::Continue(None);
            }
            SendError::UnknownPartition { count, .. } => {
                let lowest = i32::try_from(count).unwrap_or(i32::MAX);
                self.missing = Some((lowest, Arc::clone(&text)));
            }
            _ => {}
        }
        self.refuse(block, index, text, true)?;
        ControlFlow::Continue(Some(()))
    }

    fn refuse(&self, block: &Block<'_>, index: usize, error: Arc<str>, is_record: bool) -> ControlFlow<Stop> {
        self.ledger.refuse(Token { block: block.number, index }, error, is_record);
        if !self.fail_fast {
            return ControlFlow::Continue(());
        }
        self.ledger.withdraw(block.number, index + 1..block.count);
        ControlFlow::Break(Stop::FailFast(Place { line: block.first.line + index as u64 + 1, ..block.first }))
    }

    /// Refuses a record for a reason that an earlier one found.
    fn refuse_known(&self, block: &Block<'_>, at: usize) -> ControlFlow<Stop> {
        let unusable = self.unusable.as_ref().map(|(_, error)| error);
        let error = unusable.or_else(|| self.missing.as_ref().map(|(_, error)| error));
        self.refuse(block, block.run_start + at, error.cloned().unwrap_or_default(), true)
    }

    fn is_missing(&self, parsed: &Parsed<'_>) -> bool {
        match (&self.missing, parsed.partition) {
            (Some((lowest, _)), Some(partition)) => partition >= *lowest,
            _ => false,
        }
    }

    /// How many records at the front of a run are not known to be for a missing partition.
    fn reachable(&self, run: &[Parsed<'_>]) -> usize {
        if self.missing.is_none() {
            return run.len();
        }
        run.iter().position(|parsed| self.is_missing(parsed)).unwrap_or(run.len())
    }
}

/// Sends records in order under as few locks as possible. The error comes with how many were accepted before it.
fn send_run(
    producer: &Producer,
    topic: &str,
    run: &[Parsed<'_>],
    hook: &Hook,
    first: Token,
) -> Result<(), (usize, SendError)> {
    let headers: Vec<Header<'_>> = run.iter().flat_map(|parsed| parsed.headers.iter().map(header)).collect();
    let mut rest = &headers[..];
    let records = run.iter().map(|parsed| {
        let (headers, others) = rest.split_at(parsed.headers.len());
        rest = others;
        Record {
            topic,
            key: parsed.key.as_deref(),
            value: parsed.value.as_deref(),
            headers,
            partition: parsed.partition,
            timestamp: parsed.timestamp.map(Timestamp),
        }
    });
    match producer.send_all_with(records, hook, first.number()) {
        Ok(_) => Ok(()),
        Err(stopped) => Err((stopped.accepted, stopped.error)),
    }
}

fn header(header: &OwnedHeader) -> Header<'_> {
    Header { key: &header.name, value: header.value.as_deref() }
}
