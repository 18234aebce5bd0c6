//! Files and pipes, read by big chunks that hold whole lines: memory is bounded whatever the input.

use memchr::{memchr, memrchr};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of one chunk: four pipe buffers of Linux, and small enough to stay in the second-level cache.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;

/// How much of a line that is too long is kept, so that a person can recognise it.
const HEAD_BYTES: usize = 1024;

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// `-`.
    Stdin,
    /// A file, or anything that can be opened as one.
    File(PathBuf),
}

impl Input {
    /// From an argument.
    pub(crate) fn from_argument(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::File(argument) }
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> Arc<str> {
        match self {
            Self::Stdin => "-".into(),
            Self::File(path) => path.to_string_lossy().into(),
        }
    }

    /// Says whether it can be opened, before anything is sent. A pipe is not touched: to open and close it would kill who
    /// writes into it.
    pub(crate) fn check(&self) -> io::Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        let kind = path.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::Error::new(ErrorKind::IsADirectory, "is a directory"));
        }
        if kind.is_file() {
            File::open(path)?;
        }
        Ok(())
    }

    /// Whether a person types it.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self, Self::Stdin) && io::stdin().is_terminal()
    }

    /// Opens it.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }
}

/// What the reader found next.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Whole lines: the first `len` bytes of `buffer`. Only the last line of a file may lack its line feed.
    Lines {
        /// A buffer to give back.
        buffer: Vec<u8>,
        /// Bytes of it that are input.
        len: usize,
    },
    /// One line that is longer than the limit, passed over.
    TooLong {
        /// Its first bytes.
        head: Vec<u8>,
        /// How long it was, without its line feed.
        len: u64,
    },
}

/// Reads `input` to its end and gives every piece to `emit`, in order, until that says stop (`false`).
///
/// `buffer` gives a buffer of [`CHUNK_BYTES`] bytes. A line may be `line_max` bytes long without its line feed; only for a
/// line longer than a chunk a buffer grows, and only up to that.
pub(crate) fn read_pieces(
    input: &mut dyn Read,
    line_max: usize,
    mut buffer: impl FnMut() -> Vec<u8>,
    mut emit: impl FnMut(Piece) -> bool,
) -> io::Result<()> {
    let mut current = buffer();
    // Bytes known to be the start of one line, and bytes behind them that were not searched yet.
    let (mut started, mut fresh) = (0, 0);
    loop {
        let end = started + fresh;
        if let Some(feed) = memrchr(b'\n', &current[started..end]) {
            let cut = started + feed + 1;
            let mut next = buffer();
            started = end - cut;
            grow(&mut next, started);
            next[..started].copy_from_slice(&current[cut..end]);
            if !emit(Piece::Lines { buffer: std::mem::replace(&mut current, next), len: cut }) {
                return Ok(());
            }
        } else {
            started = end;
        }
        if started > line_max {
            let Some(rest) = pass_over(input, &current[..started], &mut emit)? else { return Ok(()) };
            (started, fresh) = (0, rest.len());
            grow(&mut current, fresh);
            current[..fresh].copy_from_slice(&rest);
            continue;
        }
        grow(&mut current, started + 1);
        fresh = read(input, &mut current[started..])?;
        if fresh == 0 {
            if started > 0 {
                emit(Piece::Lines { buffer: current, len: started });
            }
            return Ok(());
        }
    }
}

/// Skips the rest of a line that began with `start`; gives what was read behind it, or `None` at the end.
fn pass_over(input: &mut dyn Read, start: &[u8], emit: &mut impl FnMut(Piece) -> bool) -> io::Result<Option<Vec<u8>>> {
    let head = start[..start.len().min(HEAD_BYTES)].to_vec();
    let mut len = start.len() as u64;
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let count = read(input, &mut bytes)?;
        if count == 0 {
            emit(Piece::TooLong { head, len });
            return Ok(None);
        }
        if let Some(feed) = memchr(b'\n', &bytes[..count]) {
            len += feed as u64;
            bytes.truncate(count);
            bytes.drain(..=feed);
            return Ok(emit(Piece::TooLong { head, len }).then_some(bytes));
        }
        len += count as u64;
    }
}

fn grow(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len.next_power_of_two().max(CHUNK_BYTES), 0);
    }
}

fn read(input: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most `step` bytes a read, as a pipe does.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(bytes.len());
            bytes[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn pieces(text: &[u8], step: usize, line_max: usize) -> Vec<String> {
        let mut found = Vec::new();
        let emit = |piece| {
            found.push(match piece {
                Piece::Lines { buffer, len } => String::from_utf8_lossy(&buffer[..len]).into_owned(),
                Piece::TooLong { head, len } => format!("<{len}: {}>", String::from_utf8_lossy(&head)),
            });
            true
        };
        read_pieces(&mut Dripping(text, step), line_max, || vec![0; 8], emit).unwrap();
        found
    }

    #[test]
    fn a_line_is_never_cut_whatever_the_reads_give() {
        let text = b"one\ntwo\n\nthree is longer than a buffer\nfour";
        for step in 1..text.len() + 1 {
            let found = pieces(text, step, 100);
            assert_eq!(found.concat().as_bytes(), text, "step {step}");
            assert!(found.iter().rev().skip(1).all(|piece| piece.ends_with('\n')), "step {step}: {found:?}");
        }
    }

    #[test]
    fn a_line_above_the_limit_is_passed_over_and_the_next_one_is_read() {
        let text = b"one\n0123456789abcdef\ntwo\nthree";
        for step in [1, 3, 7] {
            let found = pieces(text, step, 10);
            let long: Vec<_> = found.iter().filter(|piece| piece.starts_with('<')).collect();
            assert_eq!(long.len(), 1, "step {step}: {found:?}");
            assert!(long[0].starts_with("<16: 0123456789"), "{long:?}");
            let rest: String = found.iter().filter(|piece| !piece.starts_with('<')).map(String::as_str).collect();
            assert_eq!(rest, "one\ntwo\nthree", "step {step}");
        }
    }

    #[test]
    fn an_endless_line_does_not_grow_memory() {
        let mut largest = 0;
        let mut endless = io::repeat(b'x').take(50_000_000);
        let emit = |piece| {
            if let Piece::TooLong { head, len } = piece {
                assert_eq!(len, 50_000_000);
                largest = largest.max(head.len());
            }
            true
        };
        read_pieces(&mut endless, 100_000, || vec![0; CHUNK_BYTES], emit).unwrap();
        assert_eq!(largest, HEAD_BYTES);
    }
}
