//! What this process takes, from /proc.

use super::CLIENT_ID;
use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// This process at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Resident memory, bytes.
    pub(super) resident: u64,
    /// What the producer's own thread has run so far.
    pub(super) driver: Duration,
}

impl Sample {
    pub(super) fn take() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status").context("/proc is needed")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(Self { resident: kilobytes << 10, driver: driver()? })
    }
}

/// Time on a processor of the thread that is named for the producer.
fn driver() -> Result<Duration> {
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == CLIENT_ID) {
            // Nanoseconds that it ran, that it waited, and how often.
            let times = fs::read_to_string(task.join("schedstat"))?;
            let ran = times.split(' ').next().context("schedstat is empty")?;
            return Ok(Duration::from_nanos(ran.parse()?));
        }
    }
    anyhow::bail!("the producer has no thread {CLIENT_ID}")
}
