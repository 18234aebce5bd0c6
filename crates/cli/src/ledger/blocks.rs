//! Which lines wait for their outcome: blocks of up to 128, a bit a line.

use super::{Case, Failure, Place};
use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::time::Instant;

/// Lines of one block: one bit each.
pub(crate) const BLOCK_LINES: usize = u128::BITS as usize;

/// A line by its block and its place in it: the number that goes with a record, and comes back with its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) block: u32,
    pub(crate) index: usize,
}

impl Token {
    /// As the producer carries it. Lines that follow one another in a block have numbers that do.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.block) << 32 | self.index as u64
    }

    /// Back from the producer.
    pub(crate) fn of_number(number: u64) -> Self {
        let (block, index) = ((number >> 32) as u32, (number & 0xffff_ffff) as usize);
        Self { block, index }
    }
}

/// The blocks with lines that wait, and those behind them.
pub(super) struct Blocks {
    /// The oldest first; finished ones in the middle are empty.
    blocks: VecDeque<Block>,
    /// The number of the first.
    oldest: u32,
    /// Lines that wait for their outcome.
    waiting: u64,
    /// Bytes of lines kept, here and on the way to the dead-letter file.
    kept: usize,
    /// Takes finished blocks with failures; `None` without a dead-letter file, and at the end.
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

impl Blocks {
    pub(super) fn new(dead_letters: Option<Sender<Case>>) -> Self {
        Self { blocks: VecDeque::new(), oldest: 0, waiting: 0, kept: 0, dead_letters }
    }

    /// Lines that wait for their outcome.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether so many bytes more are too many. Where nothing is kept, anything fits.
    pub(super) fn is_full(&self, bytes: usize, budget: usize) -> bool {
        self.dead_letters.is_some() && self.kept > 0 && self.kept + bytes > budget
    }

    /// A new block of `count` lines; gives its number.
    pub(super) fn open(&mut self, place: Place, count: usize, source: &[u8], accepted: Instant) -> u32 {
        debug_assert!((1..=BLOCK_LINES).contains(&count), "a block has a bit for each line");
        let source: Box<[u8]> = if self.dead_letters.is_some() { Box::from(source) } else { Box::default() };
        self.kept += source.len();
        self.waiting += count as u64;
        let open = u128::MAX >> (BLOCK_LINES - count);
        let number = self.number(self.blocks.len());
        self.blocks.push_back(Block { place, accepted, open, source, failures: Vec::new() });
        number
    }

    /// Where a line stands, while its block waits.
    pub(super) fn place(&self, token: Token) -> Option<Place> {
        let Place { file, line } = self.blocks.get(self.position(token.block))?.place;
        Some(Place { file, line: line + token.index as u64 })
    }

    /// A line has its outcome. Gives when its block was accepted, or `None` if the line had its outcome before.
    pub(super) fn close(&mut self, token: Token) -> Option<Instant> {
        self.close_with(token, None)
    }

    /// A line has failed. Says whether it waited.
    pub(super) fn fail(&mut self, token: Token, failure: Failure) -> bool {
        self.close_with(token, Some(failure)).is_some()
    }

    /// Every line that waits.
    pub(super) fn waiting_lines(&self) -> Vec<Token> {
        let lines = |(at, block): (usize, &Block)| {
            let (number, open) = (self.number(at), block.open);
            (0..BLOCK_LINES)
                .filter(move |index| open >> index & 1 == 1)
                .map(move |index| Token { block: number, index })
        };
        self.blocks.iter().enumerate().flat_map(lines).collect()
    }

    /// Bytes of a case are in the dead-letter file, or given up.
    pub(super) fn release(&mut self, bytes: usize) {
        self.kept -= bytes;
    }

    /// No more cases: whoever takes them sees the end.
    pub(super) fn finish_dead_letters(&mut self) {
        self.dead_letters = None;
    }

    fn close_with(&mut self, token: Token, failure: Option<Failure>) -> Option<Instant> {
        let keep = self.dead_letters.is_some();
        let bit = 1_u128.checked_shl(u32::try_from(token.index).ok()?)?;
        let position = self.position(token.block);
        let block = self.blocks.get_mut(position)?;
        if block.open & bit == 0 {
            return None;
        }
        block.open &= !bit;
        block.failures.extend(failure.filter(|_| keep));
        let accepted = block.accepted;
        if block.open == 0 {
            let (source, failures) = (std::mem::take(&mut block.source), std::mem::take(&mut block.failures));
            let case = Case { place: block.place, source, failures };
            self.finish(case);
        }
        self.waiting -= 1;
        Some(accepted)
    }

    /// A block is done: its failures go to the dead letters, or its text goes away.
    fn finish(&mut self, case: Case) {
        let bytes = case.source.len();
        let sent = match &self.dead_letters {
            Some(dead_letters) if !case.failures.is_empty() => dead_letters.send(case).is_ok(),
            _ => false,
        };
        if !sent {
            self.kept -= bytes;
        }
        while self.blocks.front().is_some_and(|block| block.open == 0) {
            self.blocks.pop_front();
            self.oldest = self.oldest.wrapping_add(1);
        }
    }

    fn position(&self, number: u32) -> usize {
        number.wrapping_sub(self.oldest) as usize
    }

    #[expect(clippy::cast_possible_truncation, reason = "numbers go around: 2³² blocks do not wait at once")]
    fn number(&self, position: usize) -> u32 {
        self.oldest.wrapping_add(position as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Place {
        Place { file: 0, line }
    }

    #[test]
    fn a_block_that_ends_late_holds_no_other_block_back() {
        let mut blocks = Blocks::new(Some(std::sync::mpsc::channel().0));
        let now = Instant::now();
        let numbers: Vec<_> = (1..=3).map(|line| blocks.open(place(line), 1, b"a\n", now)).collect();
        assert!(blocks.close(Token { block: numbers[1], index: 0 }).is_some());
        // Its text is gone though the block before it waits.
        assert_eq!((blocks.waiting, blocks.kept, blocks.blocks.len()), (2, 4, 3));
        assert!(blocks.close(Token { block: numbers[0], index: 0 }).is_some());
        assert_eq!((blocks.waiting, blocks.kept, blocks.blocks.len()), (1, 2, 1));
        assert_eq!(blocks.place(Token { block: numbers[2], index: 0 }), Some(place(3)));
    }

    #[test]
    fn numbers_go_around() {
        let mut blocks = Blocks::new(None);
        blocks.oldest = u32::MAX;
        let now = Instant::now();
        let numbers: Vec<_> = (1..=2).map(|line| blocks.open(place(line), 128, b"", now)).collect();
        assert_eq!(numbers, [u32::MAX, 0]);
        for index in 0..128 {
            let token = Token::of_number(Token { block: 0, index }.number());
            assert!(blocks.close(token).is_some());
            assert!(blocks.close(token).is_none(), "once");
        }
        assert_eq!(blocks.waiting_lines().len(), 128);
    }
}
