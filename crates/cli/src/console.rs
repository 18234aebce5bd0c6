//! What the person at the terminal sees on standard error, one line of progress among it. A broken pipe is no error: there
//! is nobody left to tell.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// Standard error.
#[derive(Debug)]
pub(crate) struct Console {
    quiet: bool,
    terminal: bool,
    progress: Mutex<Line>,
}

/// The line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Not there.
    Absent,
    /// There: to be wiped before other text.
    Shown,
    /// Not there, and not coming back.
    Finished,
}

impl Console {
    /// `quiet` leaves only errors.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, terminal: io::stderr().is_terminal(), progress: Mutex::new(Line::Absent) }
    }

    /// Something to know, unless quiet.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// Something that went wrong.
    pub(crate) fn error(&self, text: impl Display) {
        self.line(format_args!("error: {text}"));
    }

    /// Whether progress is shown: never when standard error is not a terminal.
    pub(crate) fn shows_progress(&self) -> bool {
        self.terminal && !self.quiet
    }

    /// Replaces the line of progress.
    pub(crate) fn progress(&self, text: impl Display) {
        let mut line = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if *line != Line::Finished {
            // One write: a line that comes in pieces flickers.
            let _ = io::stderr().lock().write_all(format!("\r{text}\x1b[K").as_bytes());
            *line = Line::Shown;
        }
    }

    /// Wipes the line of progress for good.
    pub(crate) fn finish_progress(&self) {
        self.write("");
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Line::Finished;
    }

    fn line(&self, text: impl Display) {
        self.write(&(visible(&text.to_string()) + "\n"));
    }

    fn write(&self, text: &str) {
        let mut line = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let wipe = if *line == Line::Shown { "\r\x1b[K" } else { "" };
        let _ = io::stderr().lock().write_all(format!("{wipe}{text}").as_bytes());
        if *line == Line::Shown {
            *line = Line::Absent;
        }
    }
}

/// Control characters are shown, not obeyed: an error may carry the words of a broker.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The command's result, on standard output. A reader that has gone wanted no more; a full disk is told.
pub(crate) fn result(text: impl Display) {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "error: standard output: {error}");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_cannot_write_to_the_terminal() {
        assert_eq!(
            visible("it's\u{1b}[2J \u{fc}ber\nerror: all is well"),
            "it's\\u{1b}[2J \u{fc}ber\\nerror: all is well"
        );
    }
}
