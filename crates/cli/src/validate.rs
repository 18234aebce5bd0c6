//! `milena produce --validate`: everything is read and encoded, and nothing sent.

use crate::args::ProduceArgs;
use crate::console::{Console, result};
use crate::exit::Exit;
use crate::figures::records;
use crate::format::{BadLine, Format};
use crate::intake::{self, Event};
use crate::source::{Input, Piece};
use memchr::memchr;

/// Mistakes that are told; all are counted.
const TOLD_MAX: u64 = 10;

struct Tally<'a> {
    console: &'a Console,
    format: &'a Format,
    line_max: usize,
    name: String,
    line: u64,
    good: u64,
    bad: u64,
}

/// Runs the whole input through the format.
pub(crate) fn run(args: &ProduceArgs, console: &Console, inputs: Vec<Input>, format: &Format) -> Exit {
    let names: Vec<_> = inputs.iter().map(Input::name).collect();
    let intake = intake::start(inputs, args.max_line_bytes);
    let mut tally =
        Tally { console, format, line_max: args.max_line_bytes, name: String::new(), line: 1, good: 0, bad: 0 };
    for event in &intake.events {
        match event {
            Event::Begin(file) => (tally.name, tally.line) = (names[file].to_string(), 1),
            Event::Piece(piece) => {
                tally.take(&piece);
                intake::give_back(&intake.spare, piece);
                if args.fail_fast && tally.bad > 0 {
                    break;
                }
            }
            Event::Unreadable(error) => tally.refuse(&error),
            Event::End => break,
            Event::Knock => {}
        }
    }
    result(format_args!("{} fit, {} do not; nothing was sent", records(tally.good), tally.bad));
    if tally.bad == 0 { Exit::Acknowledged } else { Exit::BadInput }
}

impl Tally<'_> {
    fn take(&mut self, piece: &Piece) {
        match piece {
            Piece::Lines { buffer, len } => {
                let mut text = &buffer[..*len];
                while !text.is_empty() {
                    let end = memchr(b'\n', text).unwrap_or(text.len());
                    self.line(&text[..end]);
                    text = text.get(end + 1..).unwrap_or_default();
                }
            }
            Piece::TooLong { len, .. } => {
                self.refuse(&BadLine::TooLong { len: *len, limit: self.line_max });
                self.line += 1;
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let parsed = if line.len() > self.line_max {
            Err(BadLine::TooLong { len: line.len() as u64, limit: self.line_max })
        } else {
            self.format.parse(line)
        };
        match parsed {
            Ok(Some(_)) => self.good += 1,
            Ok(None) => {}
            Err(bad) => self.refuse(&bad),
        }
        self.line += 1;
    }

    fn refuse(&mut self, error: &dyn std::fmt::Display) {
        self.bad += 1;
        if self.bad <= TOLD_MAX {
            self.console.error(format_args!("{}:{}: {error}", self.name, self.line));
        }
    }
}
