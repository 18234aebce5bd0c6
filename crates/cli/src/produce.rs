//! `milena produce`: from the arguments to the exit status.

use crate::args::{InputForm, ProduceArgs};
use crate::console::Console;
use crate::dead_letter;
use crate::dev;
use crate::ending::{self, Ending};
use crate::exit::Exit;
use crate::feed::{Feed, Stop};
use crate::figures::records;
use crate::format::{Format, Shape};
use crate::intake::{self, Event};
use crate::interrupt;
use crate::ledger::{Ledger, Place};
use crate::lines::Lines;
use crate::log;
use crate::progress::Progress;
use crate::settings::Given;
use crate::source::Input;
use memchr::memmem::Finder;
use milena::blocking::Producer;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Runs `milena produce`.
pub(crate) fn run(args: &ProduceArgs) -> Exit {
    let console = Arc::new(Console::new(args.quiet));
    log::start(&console, args.verbose);
    let ended = Prepared::new(args).and_then(|prepared| prepared.run(args, &console));
    ended.unwrap_or_else(|(exit, text)| {
        text.lines().for_each(|line| console.error(line));
        exit
    })
}

/// Everything that can be found wrong before anything is started or sent.
struct Prepared {
    inputs: Vec<Input>,
    settings: Given,
    format: Arc<Format>,
    warnings: Vec<String>,
    dead_letters: Option<File>,
}

type Refused = (Exit, String);

impl Prepared {
    fn new(args: &ProduceArgs) -> Result<Self, Refused> {
        let usage = |text| (Exit::Usage, text);
        let mut settings = given(args).map_err(usage)?;
        let started_inside = !settings.has_bootstrap_servers();
        if started_inside {
            // Only for the check: the address is known when the cluster is up.
            settings.set("bootstrap.servers", "127.0.0.1:1", "");
        }
        let checked = settings.check().map_err(usage)?;
        if started_inside {
            settings.remove("bootstrap.servers");
        }
        let shape = shape(args).map_err(usage)?;
        let format = Arc::new(Format { shape, key: checked.key_serializer, value: checked.value_serializer });
        let mut inputs: Vec<_> = args.inputs.iter().cloned().map(Input::from_argument).collect();
        if inputs.is_empty() {
            inputs.push(Input::Stdin);
        }
        for input in &inputs {
            input.check().map_err(|error| (Exit::BadInput, format!("{}: {error}", input.name())))?;
        }
        let dead_letters = open_dead_letters(args, &inputs).map_err(usage)?;
        Ok(Self { inputs, settings, format, warnings: checked.warnings, dead_letters })
    }

    fn run(self, args: &ProduceArgs, console: &Arc<Console>) -> Result<Exit, Refused> {
        let Self { inputs, mut settings, format, warnings, dead_letters } = self;
        warnings.iter().for_each(|warning| console.note(format_args!("warning: {warning}")));
        let cluster = if settings.has_bootstrap_servers() {
            None
        } else {
            let cluster = dev::start(1, 0).map_err(|text| (Exit::Unreachable, text))?;
            settings.set("bootstrap.servers", &cluster.bootstrap_servers(), "");
            let address = cluster.bootstrap_servers();
            console.note(format_args!(
                "no bootstrap server given: a cluster for development runs inside this process, at {address}, and ends with it"
            ));
            Some(cluster)
        };
        let producer: Producer = milena::Producer::from_properties(settings.pairs())
            .map_err(|error| (Exit::Usage, error.to_string()))?
            .into();
        let exit = Run::start(args, console, inputs, format, dead_letters, producer)?.go();
        drop(cluster);
        Ok(exit)
    }
}

fn given(args: &ProduceArgs) -> Result<Given, String> {
    let mut settings = Given::default();
    if let Some(path) = &args.config {
        settings.read_file(path)?;
    }
    args.properties.iter().try_for_each(|property| settings.read_property(property))?;
    if let Some(servers) = &args.bootstrap_server {
        settings.set("bootstrap.servers", servers, "--bootstrap-server");
    }
    Ok(settings)
}

fn shape(args: &ProduceArgs) -> Result<Shape, String> {
    let lines_only = [
        ("--key-separator", args.key_separator.is_some()),
        ("--null-marker", args.null_marker.is_some()),
        ("--crlf", args.crlf),
        ("--skip-empty", args.skip_empty),
    ];
    match args.input {
        InputForm::Lines => Ok(Shape::Lines(Box::new(Lines {
            key_separator: args.key_separator.as_ref().map(|separator| Finder::new(&separator.0).into_owned()),
            null_marker: args.null_marker.as_ref().map(|marker| marker.0.clone()),
            crlf: args.crlf,
            skip_empty: args.skip_empty,
        }))),
        InputForm::Json => match lines_only.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(format!("{flag} is for --input lines: JSON lines name keys and nulls themselves")),
            None => Ok(Shape::Json),
        },
    }
}

fn open_dead_letters(args: &ProduceArgs, inputs: &[Input]) -> Result<Option<File>, String> {
    let Some(path) = &args.dead_letter else { return Ok(None) };
    let name = path.display();
    let file = dead_letter::open(path).map_err(|error| format!("--dead-letter {name}: {error}"))?;
    let same = |input: &Input| matches!(input, Input::File(other) if is_same_file(other, path));
    if inputs.iter().any(same) {
        return Err(format!("--dead-letter {name} is also an input: it would be read while it grows"));
    }
    Ok(Some(file))
}

fn is_same_file(one: &std::path::Path, other: &std::path::Path) -> bool {
    let is_file = one.metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && one.canonicalize().ok() == other.canonicalize().ok()
}

/// A run under way.
struct Run<'a> {
    args: &'a ProduceArgs,
    console: Arc<Console>,
    names: Vec<Arc<str>>,
    format: Arc<Format>,
    producer: Producer,
    ledger: Arc<Ledger>,
    ending: Arc<Ending>,
    interrupted: Arc<AtomicBool>,
    events: Receiver<Event>,
    spare: std::sync::mpsc::Sender<Vec<u8>>,
    progress: Progress,
}

impl<'a> Run<'a> {
    fn start(
        args: &'a ProduceArgs,
        console: &Arc<Console>,
        inputs: Vec<Input>,
        format: Arc<Format>,
        dead_letters: Option<File>,
        producer: Producer,
    ) -> Result<Self, Refused> {
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
        watch_signals(args, console, &producer, &ending, &interrupted, intake.knock)
            .map_err(|error| (Exit::Usage, format!("signals cannot be watched: {error}")))?;
        let progress = Progress::start(args.topic.clone(), Arc::clone(&ledger), Arc::clone(console));
        let (events, spare) = (intake.events, intake.spare);
        let console = Arc::clone(console);
        Ok(Self { args, console, names, format, producer, ledger, ending, interrupted, events, spare, progress })
    }

    fn go(self) -> Exit {
        let (fed, unreadable) = self.feed();
        if !self.interrupted.load(Ordering::SeqCst) {
            self.producer.flush();
        }
        // The signals' thread closes the producer by then, when there was a signal.
        self.ledger.wait_settled(self.args.interrupt_timeout + Duration::from_secs(1));
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
            hook: Arc::new(move |token, outcome| hook_ledger.settle(token, outcome)),
            line_max: self.args.max_line_bytes,
            fail_fast: self.args.fail_fast,
            refuse_rest: self.args.dead_letter.is_some(),
            interrupted: &self.interrupted,
            next: Place { file: 0, line: 1 },
            introduced: false,
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
) -> std::io::Result<()> {
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
