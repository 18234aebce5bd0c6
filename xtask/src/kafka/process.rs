//! A process that outlives the command that started it: known by its id and by a mark on its command line.

use anyhow::{Context, Result};
use rustix::process::{Pid, kill_process};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) use rustix::process::Signal;

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    Running,
    /// Stopped by SIGSTOP.
    Paused,
    /// Ended, or its id belongs to another program by now.
    Gone,
}

impl Activity {
    /// The word in `status`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Gone => "stopped",
        }
    }
}

/// What the process `id` is doing, if `mark` stands on its command line.
///
/// Ids are used again by the system: without the mark, a stale id would send a signal to a stranger.
pub(crate) fn activity(id: u32, mark: &str) -> Activity {
    match state_and_command(id) {
        Some((_, command)) if !command.contains(mark) => Activity::Gone,
        Some((state, _)) if state.starts_with(['T', 't']) => Activity::Paused,
        Some((state, _)) if state.starts_with('Z') => Activity::Gone,
        Some(_) => Activity::Running,
        None => Activity::Gone,
    }
}

/// Sends a signal to `id`; one that has ended meanwhile is not an error.
pub(crate) fn signal(id: u32, signal: Signal) -> Result<()> {
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        outcome => outcome.with_context(|| format!("signal {signal:?} to process {id}")),
    }
}

/// Whether the process ended within `patience`.
pub(crate) fn ended(id: u32, mark: &str, patience: Duration) -> bool {
    let begun = Instant::now();
    while activity(id, mark) != Activity::Gone {
        if begun.elapsed() > patience {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}

/// From /proc where there is one (slim images have no `ps`), from `ps` elsewhere.
fn state_and_command(id: u32) -> Option<(String, String)> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The second field is the program's name in parentheses, and may hold anything.
        let state = stat.rsplit(')').next()?.trim_start().to_owned();
        let command = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        return Some((state, String::from_utf8_lossy(&command).into_owned()));
    }
    let output = Command::new("ps").args(["-o", "state=,command=", "-p", &id.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    line.split_once(' ').map(|(state, command)| (state.to_owned(), command.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_running_paused_and_gone() {
        let mut child = Command::new("sleep").arg("61.37").spawn().unwrap();
        let id = child.id();
        // Until the child has become `sleep`, it still has this test's own command line.
        while activity(id, "61.37") == Activity::Gone {
            sleep(Duration::from_millis(1));
        }
        assert_eq!(activity(id, "61.37"), Activity::Running);
        assert_eq!(activity(id, "another program"), Activity::Gone);
        signal(id, Signal::STOP).unwrap();
        while activity(id, "61.37") == Activity::Running {
            sleep(Duration::from_millis(1));
        }
        assert_eq!(activity(id, "61.37"), Activity::Paused);
        signal(id, Signal::KILL).unwrap();
        assert!(ended(id, "61.37", Duration::from_secs(10)));
        child.wait().unwrap();
        signal(id, Signal::KILL).unwrap();
    }
}
