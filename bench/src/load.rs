//! The records that every client sends, and the way a run goes: warm up, measure, check.

use crate::arguments::Arguments;
use crate::clients::Client;
use crate::measure::{Heap, Moment, heap, resident_kib};
use crate::tally::{Schedule, Tally};
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a key.
const KEY: usize = 16;
/// Paced records are due together this often.
const TICK: Duration = Duration::from_millis(1);
/// Of a run that lasts by time, what is not measured yet.
const LEAD_IN: Duration = Duration::from_secs(1);

/// Records that are sent before it is looked around, in a run that lasts by time.
const CHUNK: u64 = 64;

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
    /// How late all but a hundredth were handed over; 0 unless paced.
    pub late_us: u64,
    /// Records that were handed over in a run that lasts by time; 0 in others.
    pub sent: u64,
    /// The heap at the end, and the requests to the allocator while it was measured, if somebody counts.
    pub heap: Option<Heap>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, acked, cpu, wall, resident_kib, p50_us, p99_us, late_us, sent, heap } = self;
        let (cpu_ns, wall_ns) = (cpu.as_nanos(), wall.as_nanos());
        write!(f, "records={records} acked={acked} cpu_ns={cpu_ns} wall_ns={wall_ns} ")?;
        write!(f, "rss_kib={resident_kib} p50_us={p50_us} p99_us={p99_us} late_us={late_us} sent={sent}")?;
        if let Some(Heap { requests, bytes }) = heap {
            write!(f, " heap_kib={} allocations={requests}", bytes / 1024)?;
        }
        Ok(())
    }
}

/// One run of the client that `open` makes of its arguments: reads `line`, prints what was measured.
///
/// # Errors
/// As [`run`]; and arguments that are missing.
pub fn measure(
    line: impl IntoIterator<Item = String>,
    open: impl FnOnce(&Arguments, &Arc<Tally>) -> Result<Box<dyn Client>>,
) -> Result<()> {
    let arguments = Arguments::from_line(line)?;
    let load = Load::read(&arguments)?;
    let tally = Arc::new(Tally::default());
    let mut client = open(&arguments, &tally)?;
    let report = run(&arguments, &load, &mut *client, &tally)?;
    println!("{report}");
    Ok(())
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
    let (begun, before) = (Moment::now(), heap());
    let mut late_us = 0;
    if pace == 0 {
        client.send(load, warmup..warmup + records)?;
    } else {
        late_us = paced(pace, warmup..warmup + records, load, client, tally)?;
    }
    client.flush()?;
    let ((wall, cpu), after) = (begun.elapsed(), heap());
    let acked = tally.acked();
    ensure!(acked == warmup + records, "{acked} of {} acknowledged, {} failed", warmup + records, tally.failed());
    let heap =
        before.zip(after).map(|(Heap { requests, .. }, after)| Heap { requests: after.requests - requests, ..after });
    Ok(Report { late_us, heap, ..report(records, acked, wall, cpu, tally) })
}

/// Records as they fall due, however late the client is with those before. How late all but a hundredth were handed over,
/// microseconds: by a machine that does not wake in time, or a client that keeps its caller.
fn paced(pace: u64, numbers: Range<u64>, load: &Load, client: &mut dyn Client, tally: &Tally) -> Result<u64> {
    let per_tick = (pace / 1_000).max(1);
    let tick = if pace >= 1_000 { TICK } else { Duration::from_secs(1) / u32::try_from(pace)? };
    let start = Instant::now() + tick;
    tally.pace(Schedule { start, first: numbers.start, per_tick, tick });
    let mut late = Histogram::<u64>::new(3)?;
    let mut due = start;
    let mut next = numbers.start;
    while next < numbers.end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        late.saturating_record(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        let end = (next + per_tick).min(numbers.end);
        client.send(load, next..end)?;
        client.end_of_tick()?;
        (next, due) = (end, due + tick);
    }
    Ok(late.value_at_quantile(0.99))
}

/// As many as go in a time. Ends the process: what is unacknowledged then is nobody's concern.
fn run_for_a_while(arguments: &Arguments, load: &Load, client: &mut dyn Client, tally: &Arc<Tally>) -> Result<Report> {
    let (window, watched) = (arguments.window, Arc::clone(tally));
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    thread::spawn(move || {
        thread::sleep(LEAD_IN);
        let (begun, before) = (Moment::now(), watched.acked());
        thread::sleep(window);
        let (wall, cpu) = begun.elapsed();
        let acked = watched.acked();
        let report = report(acked - before, acked, wall, cpu, &watched);
        println!("{}", Report { sent: counted.load(Ordering::Relaxed), ..report });
        std::process::exit(0);
    });
    for chunk in 0.. {
        client.send(load, chunk * CHUNK..(chunk + 1) * CHUNK)?;
        sent.store((chunk + 1) * CHUNK, Ordering::Relaxed);
    }
    unreachable!("the process ends before")
}

fn report(records: u64, acked: u64, wall: Duration, cpu: Duration, tally: &Tally) -> Report {
    let (p50_us, p99_us) = (tally.latency(0.5), tally.latency(0.99));
    let (resident_kib, heap) = (resident_kib(), heap());
    Report { records, acked, cpu, wall, resident_kib, p50_us, p99_us, late_us: 0, sent: 0, heap }
}
