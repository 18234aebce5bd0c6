//! Lines to the standard input of a program that makes records of them: how fast they go, and what it costs.

use crate::figures::Figures;
use crate::measure::children_cpu_time;
use crate::process;
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// One run, from before the program starts until it has ended.
#[derive(Debug)]
pub struct Run {
    /// So long it took.
    pub wall: Duration,
    cpu: Duration,
    /// Most memory that was resident, KiB.
    peak_kib: u64,
}

impl Run {
    /// As a table shows them.
    pub fn figures(&self, lines: u64) -> Figures {
        Figures {
            cpu_ns: self.cpu.as_nanos() as f64 / lines as f64,
            rate: lines as f64 / self.wall.as_secs_f64(),
            resident_mib: self.peak_kib as f64 / 1024.0,
            ..Figures::NONE
        }
    }
}

/// Runs `command` with so many lines on its input: values of `value` bytes each, from the start again after the last.
///
/// # Errors
/// A program that does not start, fails, or does not end in time.
pub fn run(command: &[String], values: &[u8], value: usize, lines: u64, patience: Duration) -> Result<Run> {
    let block: Vec<u8> = values.chunks_exact(value).flat_map(|value| [value, b"\n"].concat()).collect();
    let (program, arguments) = command.split_first().context("a program")?;
    let cpu = children_cpu_time();
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| program.clone())?;
    let mut input = child.stdin.take().context("its input is piped")?;
    let bytes = usize::try_from(lines)? * (value + 1);
    // Ends with the last line, or when the program no longer reads: its status says which.
    let feeder = thread::spawn(move || {
        let mut left = bytes;
        while left > 0 {
            let piece = &block[..left.min(block.len())];
            if input.write_all(piece).is_err() {
                return;
            }
            left -= piece.len();
        }
    });
    let mut peak_kib = 0;
    let status = process::wait(&mut child, patience, |id| peak_kib = peak_kib.max(peak(id)));
    let wall = begun.elapsed();
    let status = status?;
    let _ = feeder.join();
    ensure!(status.success(), "{}", process::last_words(&mut child, status));
    Ok(Run { wall, cpu: children_cpu_time() - cpu, peak_kib })
}

/// The most that the process has held so far, KiB; 0 when it is gone.
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_arrives_and_a_failure_tells_its_reason() {
        let shell = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
        let patience = Duration::from_secs(60);
        let whole = shell("test $(wc -l) -eq 5");
        assert!(run(&whole, b"aabbcc", 2, 5, patience).is_ok());
        let error = run(&shell("echo no broker >&2; exit 2"), b"aa", 2, 5, patience).expect_err("it fails");
        assert_eq!(error.to_string(), "exit status: 2: no broker");
    }
}
