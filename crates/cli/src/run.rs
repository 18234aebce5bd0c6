//! A run: the threads that read, send, tell progress and keep dead letters, from their start to the report.

use crate::args::ProduceArgs;
use crate::console::Console;
use crate::dead_letter;
use crate::ending::{self, Ending};
use crate::exit::Exit;
use crate::feed::{Feed, Stop};
use crate::figures::records;
use crate::format::Format;
use crate::intake::{self, Event};
use crate::interrupt;
use crate::ledger::{Ledger, Place, Token};
use crate::progress::Progress;
use crate::source::Input;
use milena::blocking::Producer;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// A run under way.
pub(crate) struct Run<'a> {
    args: &'a ProduceArgs,
    console: Arc<Console>,
    names: Vec<Arc<str>>,
    format: Arc<Format>,
    producer: Producer,
    ledger: Arc<Ledger>,
    ending: Arc<Ending>,
    interrupted: Arc<AtomicBool>,
    events: Receiver<Event>,
    spare: Sender<Vec<u8>>,
    progress: Progress,
}

impl<'a> Run<'a> {
    /// Starts reading. The dead-letter file is open, and the producer knows no topic yet.
    ///
    /// # Errors
    /// When signals cannot be watched.
    pub(crate) fn start(
        args: &'a ProduceArgs,
        console: &Arc<Console>,
        inputs: Vec<Input>,
        format: Arc<Format>,
        dead_letters: Option<File>,
        producer: Producer,
    ) -> io::Result<Self> {
        let started = Instant::now();
        let names: Vec<_> = inputs.iter().map(Input::name).collect();
        let (cases, take_cases) = channel();
        let ledger =
            Arc::new(Ledger::new(names.clone(), dead_letters.is_some().then_some(cases), args.dead_letter_memory));
        let ending = Arc::new(Ending {
            topic: args.topic.clone(),
            json: args.json,
            quiet: args.quiet,
            started,
            dead_letter: args.dead_letter.clone(),
            ledger: Arc::clone(&ledger),
            console: Arc::clone(console),
            written: ending::Written::default(),
            told: AtomicBool::new(false),
        });
        if let Some(file) = dead_letters {
            let (format, names, ledger, ending) =
                (Arc::clone(&format), names.clone(), Arc::clone(&ledger), Arc::clone(&ending));
            std::thread::spawn(move || {
                ending.written.done(dead_letter::write_all(file, &take_cases, &format, &names, &ledger));
            });
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let intake = intake::start(inputs, args.max_line_bytes);
        watch_signals(args, console, &producer, &ending, &interrupted, intake.knock)?;
        let progress = Progress::start(args.topic.clone(), Arc::clone(&ledger), Arc::clone(console));
        let (events, spare) = (intake.events, intake.spare);
        let console = Arc::clone(console);
        Ok(Self { args, console, names, format, producer, ledger, ending, interrupted, events, spare, progress })
    }

    /// Sends the whole input, waits for its outcomes, and reports.
    pub(crate) fn go(self) -> Exit {
        let (fed, unreadable) = self.feed();
        if !self.interrupted.load(Ordering::SeqCst) {
            self.producer.flush();
        }
        // The signals' thread closes the producer by then, when there was a signal.
        self.ledger.wait_settled(self.args.interrupt_timeout.saturating_add(Duration::from_secs(1)));
        let _ = self.producer.close(Duration::from_secs(1));
        self.ledger.wait_settled(Duration::from_secs(1));
        self.progress.finish();
        let mut exit = if unreadable { Exit::BadInput } else { Exit::Acknowledged };
        if let ControlFlow::Break(stop) = fed {
            exit = exit.worse(tell(&self.console, &self.names, &stop, self.args.dead_letter.is_some()));
        }
        if self.interrupted.load(Ordering::SeqCst) {
            exit = exit.worse(Exit::Interrupted);
        }
        self.ending.report(exit, "no outcome was told before the end", Duration::MAX)
    }

    /// Sends the whole input. Says why it stopped early, and whether some input could not be read.
    fn feed(&self) -> (ControlFlow<Stop>, bool) {
        let hook_ledger = Arc::clone(&self.ledger);
        let mut feed = Feed {
            topic: &self.args.topic,
            format: &self.format,
            producer: &self.producer,
            ledger: &self.ledger,
            hook: Arc::new(move |token, outcome| hook_ledger.settle(Token::of_number(token), outcome)),
            line_max: self.args.max_line_bytes,
            fail_fast: self.args.fail_fast,
            refuse_rest: self.args.dead_letter.is_some(),
            interrupted: &self.interrupted,
            next: Place { file: 0, line: 1 },
            introduced: false,
            alone: false,
            unusable: None,
            missing: None,
        };
        let mut unreadable = false;
        for event in &self.events {
            match event {
                Event::Knock => {}
                Event::End => break,
                Event::Begin(file) => feed.next = Place { file, line: 1 },
                Event::Piece(piece) => {
                    let fed = feed.take(&piece);
                    if fed.is_break() {
                        return (fed, unreadable);
                    }
                    intake::give_back(&self.spare, piece);
                }
                Event::Unreadable(error) => {
                    let name = &self.names[feed.next.file];
                    self.console.error(format_args!("{name}: {error}, after line {}", feed.next.line - 1));
                    unreadable = true;
                }
            }
            if self.interrupted.load(Ordering::SeqCst) {
                return (ControlFlow::Break(Stop::Interrupted(feed.next)), unreadable);
            }
        }
        let unusable = feed.unusable.take().map(|(place, error)| Stop::Unusable(place, error));
        (unusable.map_or(ControlFlow::Continue(()), ControlFlow::Break), unreadable)
    }
}

/// Says where the input was left, and gives the exit status for it.
fn tell(console: &Console, names: &[Arc<str>], stop: &Stop, kept: bool) -> Exit {
    let at = |place: &Place| format!("{}:{}", names[place.file], place.line);
    match stop {
        Stop::Interrupted(place) => {
            console.note(format_args!("interrupted: nothing from {} on was sent", at(place)));
            Exit::Interrupted
        }
        Stop::FailFast(place) => {
            console.note(format_args!("stopped by --fail-fast: nothing from {} on was sent", at(place)));
            Exit::Acknowledged
        }
        Stop::Unusable(place, error) => {
            let rest = if kept { "is in the dead letters" } else { "was not sent" };
            console.error(format_args!("{error}; the input from {} on {rest}", at(place)));
            Exit::Unreachable
        }
    }
}

/// First signal: stop reading, and close within the deadline. Second: report and end at once.
fn watch_signals(
    args: &ProduceArgs,
    console: &Arc<Console>,
    producer: &Producer,
    ending: &Arc<Ending>,
    interrupted: &Arc<AtomicBool>,
    knock: intake::Knock,
) -> io::Result<()> {
    let (console, producer, ending, interrupted) =
        (Arc::clone(console), producer.clone(), Arc::clone(ending), Arc::clone(interrupted));
    let patience = args.interrupt_timeout;
    interrupt::watch(move |count| {
        if count > 1 {
            let exit = ending.report(Exit::Interrupted, "stopped before its outcome was known", AT_ONCE);
            std::process::exit(i32::from(exit.code()));
        }
        interrupted.store(true, Ordering::SeqCst);
        knock.knock();
        let (waiting, seconds) = (records(ending.ledger.glance().waiting), patience.as_secs_f64());
        console.note(format_args!(
            "interrupted: {waiting} not acknowledged yet, waiting for at most {seconds} s; Ctrl-C again stops at once"
        ));
        let producer = producer.clone();
        std::thread::spawn(move || producer.close(patience));
    })
}

/// How long a second Ctrl-C waits for the dead letters to be written.
const AT_ONCE: Duration = Duration::from_secs(2);
