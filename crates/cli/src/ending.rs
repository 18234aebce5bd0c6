//! The end of a run, which comes once: by the sending thread, or by a second Ctrl-C.

use crate::console::{Console, result};
use crate::exit::Exit;
use crate::figures::records;
use crate::ledger::Ledger;
use crate::summary::Summary;
use crate::tally::Tally;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many dead letters were lost, and to what; `None` while they are being written.
type DeadLetters = Option<Result<(), (u64, io::Error)>>;

/// What the report is made of.
pub(crate) struct Ending {
    pub(crate) topic: String,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) started: Instant,
    /// The file's name, for errors.
    pub(crate) dead_letter: Option<PathBuf>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) console: Arc<Console>,
    pub(crate) written: Written,
    pub(crate) told: AtomicBool,
}

/// Whether the dead letters are in their file.
#[derive(Debug, Default)]
pub(crate) struct Written {
    state: Mutex<DeadLetters>,
    changed: Condvar,
}

impl Written {
    /// The last one was written, or could not be.
    pub(crate) fn done(&self, outcome: Result<(), (u64, io::Error)>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.changed.notify_all();
    }

    /// Waits for that; `None` when it takes longer.
    fn wait(&self, patience: Duration) -> DeadLetters {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

impl Ending {
    /// Ends the run as far as it came: what has no outcome now is unknown. Waits for the dead letters, but not longer than
    /// `patience`. `exit` is what is known of the end besides the counts.
    ///
    /// Only the first call reports; another never returns, because the first one ends the process.
    pub(crate) fn report(&self, exit: Exit, unknown: &str, patience: Duration) -> Exit {
        if self.told.swap(true, Ordering::SeqCst) {
            std::thread::sleep(patience);
            std::process::exit(i32::from(exit.code()));
        }
        self.ledger.abandon(&unknown.into());
        self.ledger.finish_dead_letters();
        let written = self.dead_letter.as_ref().and_then(|_| self.written.wait(patience));
        self.console.finish_progress();
        self.ledger.take_complaints().into_iter().for_each(|complaint| self.console.error(complaint));
        let tally = self.ledger.tally();
        let exit = exit.worse(of_counts(&tally)).worse(self.tell_dead_letters(written, &tally));
        let summary = Summary::new(&self.topic, &tally, self.started, Instant::now());
        if self.json {
            result(summary.to_json());
        } else if !self.quiet {
            result(summary);
        }
        exit
    }

    fn tell_dead_letters(&self, written: DeadLetters, tally: &Tally) -> Exit {
        let Some(path) = &self.dead_letter else { return Exit::Acknowledged };
        let failed = tally.failed + tally.unknown;
        let (lost, error) = match written {
            Some(Ok(())) => {
                if failed > 0 {
                    self.console.note(format_args!("{} in {}", records(failed), path.display()));
                }
                return Exit::Acknowledged;
            }
            Some(Err((lost, error))) => (lost, error.to_string()),
            None => (failed, "writing takes too long".to_owned()),
        };
        self.console.error(format_args!(
            "--dead-letter {}: {error}; {} that failed may not be in it",
            path.display(),
            records(lost)
        ));
        if lost > 0 { Exit::DeadLettersLost } else { Exit::Acknowledged }
    }
}

fn of_counts(tally: &Tally) -> Exit {
    if tally.unknown > 0 || tally.failed > tally.bad_lines {
        Exit::Failed
    } else if tally.bad_lines > 0 {
        Exit::BadInput
    } else {
        Exit::Acknowledged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use milena::Written as Is;

    #[test]
    fn the_counts_say_how_it_ended() {
        let mut tally = Tally::new();
        assert_eq!(of_counts(&tally), Exit::Acknowledged);
        tally.fail(Is::No, false);
        assert_eq!(of_counts(&tally), Exit::BadInput);
        tally.fail(Is::No, true);
        assert_eq!(of_counts(&tally), Exit::Failed);
        let mut tally = Tally::new();
        tally.fail(Is::Maybe, true);
        assert_eq!(of_counts(&tally), Exit::Failed);
    }
}
