//! Runs schedules of the simulator: many on all cores, or one with its story.

use milena_testkit::simulation::{self, Report, Workload};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const USAGE: &str = "\
simulate --schedules N [--workload W,…] [--from SEED] [--threads T] [--first]
                                 run N schedules; all workloads in turn without --workload; with --first, up to a violation
simulate --seed S --workload W   run one and tell its story
simulate --workloads             name the workloads";

/// How often it is looked whether schedules still come to an end.
const GLANCE: Duration = Duration::from_millis(20);

/// Glances without any that began: ten seconds, where schedules take some milliseconds.
const GLANCES_MAX: u32 = 500;

/// What the command line asks for.
#[derive(Debug, Default)]
struct Wanted {
    schedules: Option<u64>,
    /// Those named; all when none is.
    workloads: Vec<Workload>,
    from: u64,
    threads: Option<usize>,
    seed: Option<u64>,
    names: bool,
    /// The first violation is enough.
    first: bool,
}

/// Sums over all schedules.
#[derive(Debug, Default)]
struct Sum {
    schedules: u64,
    records: u64,
    virtual_time: Duration,
    /// How long threads were on a core, where the system tells.
    worked: Duration,
    violated: Vec<(Workload, u64)>,
}

fn main() -> ExitCode {
    let wanted = match read(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("{why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A panic is a violation, and is reported as one.
    std::panic::set_hook(Box::new(|_| {}));
    match (wanted.names, wanted.schedules, wanted.seed, &wanted.workloads[..]) {
        (true, ..) => {
            Workload::ALL.iter().for_each(|workload| println!("{}", workload.name()));
            ExitCode::SUCCESS
        }
        (_, Some(schedules), ..) => run(schedules, &wanted),
        (_, _, Some(seed), [workload]) => tell(*workload, seed),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--workloads" => wanted.names = true,
            "--first" => wanted.first = true,
            _ => {
                let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
                wanted.take(&word, &value)?;
            }
        }
    }
    Ok(wanted)
}

impl Wanted {
    fn take(&mut self, word: &str, value: &str) -> Result<(), String> {
        let number = || value.parse::<u64>().map_err(|_| format!("{word} wants a number, not {value}"));
        match word {
            "--schedules" => self.schedules = Some(number()?),
            "--from" => self.from = number()?,
            "--seed" => self.seed = Some(number()?),
            "--threads" => self.threads = usize::try_from(number()?).ok(),
            "--workload" => {
                let named = |name| Workload::named(name).ok_or_else(|| format!("no workload is named {name}"));
                self.workloads = value.split(',').map(named).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("{word} is not known")),
        }
        Ok(())
    }
}

fn tell(workload: Workload, seed: u64) -> ExitCode {
    let report = simulation::replay(workload, seed);
    report.story.iter().for_each(|line| println!("{line}"));
    let Report { records, acknowledged, failed, trace, virtual_time, .. } = &report;
    println!(
        "\n{} seed {seed}: {records} records, {acknowledged} acknowledged, {failed} failed, {virtual_time:.1?} virtual, trace {trace:016x}",
        workload.name()
    );
    report.violations.iter().for_each(|violation| println!("VIOLATION {violation}"));
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(schedules: u64, wanted: &Wanted) -> ExitCode {
    let workloads = if wanted.workloads.is_empty() { &Workload::ALL } else { &wanted.workloads[..] };
    let threads = wanted.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let next = AtomicU64::new(0);
    let enough = AtomicBool::new(false);
    let sum = Mutex::new(Sum::default());
    #[expect(clippy::disallowed_methods, reason = "the pace is told; no schedule sees it")]
    let began = Instant::now();
    let work = || {
        let mut own = Sum::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= schedules || enough.load(Ordering::Relaxed) {
                break;
            }
            let turn = usize::try_from(number).unwrap_or(usize::MAX) % workloads.len();
            let Some(workload) = workloads.get(turn).copied() else { break };
            let seed = wanted.from + number / workloads.len() as u64;
            let held = own.add(workload, seed, &simulation::run(workload, seed));
            enough.fetch_or(wanted.first && !held, Ordering::Relaxed);
        }
        own.worked = on_core();
        sum.lock().unwrap_or_else(PoisonError::into_inner).join(own);
    };
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let (mut begun, mut stands) = (0, 0);
        while !working.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::sleep(GLANCE);
            let now_begun = next.load(Ordering::Relaxed);
            stands = if now_begun == begun { stands + 1 } else { 0 };
            begun = now_begun;
            if stands == GLANCES_MAX {
                give_up(begun, workloads, wanted);
            }
        }
    });
    let took = began.elapsed();
    sum.into_inner().unwrap_or_else(PoisonError::into_inner).print(workloads.len(), threads, took)
}

/// The last schedules that were begun do not end; which of them cannot be told.
fn give_up(begun: u64, workloads: &[Workload], wanted: &Wanted) -> ! {
    let last = begun.saturating_sub(1);
    let turn = usize::try_from(last).unwrap_or(usize::MAX) % workloads.len();
    let name = workloads.get(turn).map_or("", |workload| workload.name());
    let seed = wanted.from + last / workloads.len() as u64;
    println!("{name} seed {seed}: or one that was begun just before\n  I6: a step does not end\n");
    println!("{begun} schedules begun, and the last does not end");
    std::process::exit(1)
}

impl Sum {
    /// Whether everything held.
    fn add(&mut self, workload: Workload, seed: u64, report: &Report) -> bool {
        self.schedules += 1;
        self.records += report.records;
        self.virtual_time += report.virtual_time;
        if report.violations.is_empty() {
            return true;
        }
        self.violated.push((workload, seed));
        let name = workload.name();
        let violations: Vec<_> = report.violations.iter().map(|violation| format!("  {violation}\n")).collect();
        println!("{name} seed {seed}: simulate --seed {seed} --workload {name}\n{}", violations.concat());
        false
    }

    fn join(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.records += other.records;
        self.virtual_time += other.virtual_time;
        self.worked += other.worked;
        self.violated.extend(other.violated);
    }

    fn print(self, workloads: usize, threads: usize, took: Duration) -> ExitCode {
        // By the time on a core where it is known: on a machine that does other things too, the clock measures those.
        let worked =
            if self.worked.is_zero() { took * u32::try_from(threads).unwrap_or(u32::MAX) } else { self.worked };
        println!(
            "{} schedules of {workloads} workloads, {} records, {:.1} simulated hours, {took:.1?} on {threads} threads: {:.0} schedules/s/core, {} violated",
            self.schedules,
            self.records,
            self.virtual_time.as_secs_f64() / 3600.0,
            self.schedules as f64 / worked.as_secs_f64(),
            self.violated.len()
        );
        if self.violated.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// How long this thread was on a core: Linux tells, in nanoseconds.
fn on_core() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
