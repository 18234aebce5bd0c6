//! The records that every client sends, and the way a run goes: warm up, measure, check.

use crate::arguments::Arguments;
use crate::clients::Client;
use crate::measure::{Moment, resident_kib};
use crate::tally::{Schedule, Tally};
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a key.
const KEY: usize = 16;
/// Paced records are due together this often.
const TICK: Duration = Duration::from_millis(1);
/// Of a run that lasts by time, what is not measured yet.
const LEAD_IN: Duration = Duration::from_secs(1);

/// Keys and values, made before the run.
#[derive(Debug)]
pub struct Load {
    values: Vec<u8>,
    value: usize,
    keys: Vec<u8>,
    partitions: Option<i32>,
}

/// What a client is to send as one record.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its number, to be given to the tally.
    pub number: u64,
    /// Its key, 16 bytes.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: &'a [u8],
    /// Where it goes, if the client must say so.
    pub partition: Option<i32>,
}

impl Load {
    /// # Errors
    /// Files that cannot be read, or hold nothing.
    pub fn read(arguments: &Arguments) -> Result<Self> {
        let read = |path: &std::path::Path| std::fs::read(path).with_context(|| format!("{}", path.display()));
        let values = read(&arguments.values)?;
        let keys = arguments.keys.as_deref().map_or_else(|| Ok(Vec::new()), read)?;
        ensure!(values.len() >= arguments.value && arguments.value > 0, "no value in the file");
        Ok(Self {
            values,
            value: arguments.value,
            keys,
            partitions: arguments.round_robin.then_some(arguments.partitions),
        })
    }

    /// The records with these numbers.
    pub fn records(&self, numbers: Range<u64>) -> impl Iterator<Item = Outgoing<'_>> {
        let at = usize::try_from(numbers.start).unwrap_or(0);
        let mut values = self.values.chunks_exact(self.value).cycle().skip(at % (self.values.len() / self.value));
        let key_count = (self.keys.len() / KEY).max(1);
        let mut keys = self.keys.chunks_exact(KEY).cycle().skip(at % key_count);
        let count = self.partitions.unwrap_or(1);
        let mut next = i32::try_from(numbers.start % count.unsigned_abs() as u64).unwrap_or(0);
        numbers.map(move |number| {
            let partition = self.partitions.map(|_| next);
            next = if next + 1 == count { 0 } else { next + 1 };
            Outgoing { number, key: keys.next(), value: values.next().unwrap_or_default(), partition }
        })
    }
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// Records measured.
    pub records: u64,
    /// Records acknowledged in all, warm-up included.
    pub acked: u64,
    /// Processor time of the whole process.
    pub cpu: Duration,
    /// Wall time.
    pub wall: Duration,
    /// Memory held at the end.
    pub resident_kib: u64,
    /// Median latency, microseconds; 0 unless paced.
    pub p50_us: u64,
    /// Latency of all but a hundredth.
    pub p99_us: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, acked, cpu, wall, resident_kib, p50_us, p99_us } = self;
        let (cpu_ns, wall_ns) = (cpu.as_nanos(), wall.as_nanos());
        write!(f, "records={records} acked={acked} cpu_ns={cpu_ns} wall_ns={wall_ns} ")?;
        write!(f, "rss_kib={resident_kib} p50_us={p50_us} p99_us={p99_us}")
    }
}

/// One run of one client.
///
/// # Errors
/// What the client says, and records that were not acknowledged.
pub fn run(arguments: &Arguments, load: &Load, client: &mut dyn Client, tally: &Arc<Tally>) -> Result<Report> {
    if !arguments.window.is_zero() {
        return run_for_a_while(arguments, load, client, tally);
    }
    let Arguments { warmup, records, pace, .. } = *arguments;
    client.send(load, 0..warmup)?;
    client.flush()?;
    let begun = Moment::now();
    if pace == 0 {
        client.send(load, warmup..warmup + records)?;
    } else {
        paced(pace, warmup..warmup + records, load, client, tally)?;
    }
    client.flush()?;
    let (wall, cpu) = begun.elapsed();
    let acked = tally.acked();
    ensure!(acked == warmup + records, "{acked} of {} acknowledged, {} failed", warmup + records, tally.failed());
    Ok(report(records, acked, wall, cpu, tally))
}

/// Records as they fall due, however late the client is with those before.
fn paced(pace: u64, numbers: Range<u64>, load: &Load, client: &mut dyn Client, tally: &Tally) -> Result<()> {
    let per_tick = (pace / 1_000).max(1);
    let tick = if pace >= 1_000 { TICK } else { Duration::from_secs(1) / u32::try_from(pace)? };
    let start = Instant::now() + tick;
    tally.pace(Schedule { start, first: numbers.start, per_tick, tick });
    let mut due = start;
    let mut next = numbers.start;
    while next < numbers.end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let end = (next + per_tick).min(numbers.end);
        client.send(load, next..end)?;
        client.end_of_tick()?;
        (next, due) = (end, due + tick);
    }
    Ok(())
}

/// As many as go in a time. Ends the process: what is unacknowledged then is nobody's concern.
fn run_for_a_while(arguments: &Arguments, load: &Load, client: &mut dyn Client, tally: &Arc<Tally>) -> Result<Report> {
    let (window, watched) = (arguments.window, Arc::clone(tally));
    thread::spawn(move || {
        thread::sleep(LEAD_IN);
        let (begun, before) = (Moment::now(), watched.acked());
        thread::sleep(window);
        let (wall, cpu) = begun.elapsed();
        let acked = watched.acked();
        println!("{}", report(acked - before, acked, wall, cpu, &watched));
        std::process::exit(0);
    });
    for chunk in 0.. {
        client.send(load, chunk * 64..(chunk + 1) * 64)?;
    }
    unreachable!("the process ends before")
}

fn report(records: u64, acked: u64, wall: Duration, cpu: Duration, tally: &Tally) -> Report {
    let (p50_us, p99_us) = (tally.latency(0.5), tally.latency(0.99));
    Report { records, acked, cpu, wall, resident_kib: resident_kib(), p50_us, p99_us }
}
