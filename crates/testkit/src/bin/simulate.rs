//! Runs schedules of the simulator: many on all cores, or one with its story.

use milena_testkit::simulation::{self, Report, Workload};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const USAGE: &str = "\
simulate --schedules N [--workload W] [--from SEED] [--threads T]   run N schedules; all workloads in turn without --workload
simulate --seed S --workload W                                      run one and tell its story
simulate --workloads                                                name the workloads";

/// What the command line asks for.
#[derive(Debug, Default)]
struct Wanted {
    schedules: Option<u64>,
    workload: Option<Workload>,
    from: u64,
    threads: Option<usize>,
    seed: Option<u64>,
    names: bool,
}

/// Sums over all schedules.
#[derive(Debug, Default)]
struct Sum {
    schedules: u64,
    records: u64,
    virtual_time: Duration,
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
    match wanted {
        Wanted { names: true, .. } => {
            Workload::ALL.iter().for_each(|workload| println!("{}", workload.name()));
            ExitCode::SUCCESS
        }
        Wanted { seed: Some(seed), workload: Some(workload), .. } => tell(workload, seed),
        Wanted { schedules: Some(schedules), .. } => run(schedules, &wanted),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        if word == "--workloads" {
            wanted.names = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} wants a number, not {value}"));
        match word.as_str() {
            "--schedules" => wanted.schedules = Some(number()?),
            "--from" => wanted.from = number()?,
            "--seed" => wanted.seed = Some(number()?),
            "--threads" => wanted.threads = usize::try_from(number()?).ok(),
            "--workload" => {
                let named = Workload::named(&value);
                wanted.workload = Some(named.ok_or_else(|| format!("no workload is named {value}"))?);
            }
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(wanted)
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
    let workloads = wanted.workload.map_or_else(|| Workload::ALL.to_vec(), |workload| vec![workload]);
    let threads = wanted.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum::default());
    #[expect(clippy::disallowed_methods, reason = "the pace is told; no schedule sees it")]
    let began = Instant::now();
    let work = || {
        let mut own = Sum::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= schedules {
                break;
            }
            let turn = usize::try_from(number).unwrap_or(usize::MAX) % workloads.len();
            let Some(workload) = workloads.get(turn).copied() else { break };
            let seed = wanted.from + number / workloads.len() as u64;
            own.add(workload, seed, &simulation::run(workload, seed));
        }
        sum.lock().unwrap_or_else(PoisonError::into_inner).join(own);
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let took = began.elapsed();
    sum.into_inner().unwrap_or_else(PoisonError::into_inner).print(&workloads, threads, took)
}

impl Sum {
    fn add(&mut self, workload: Workload, seed: u64, report: &Report) {
        self.schedules += 1;
        self.records += report.records;
        self.virtual_time += report.virtual_time;
        if report.violations.is_empty() {
            return;
        }
        self.violated.push((workload, seed));
        let name = workload.name();
        let violations: Vec<_> = report.violations.iter().map(|violation| format!("  {violation}\n")).collect();
        println!("{name} seed {seed}: simulate --seed {seed} --workload {name}\n{}", violations.concat());
    }

    fn join(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.records += other.records;
        self.virtual_time += other.virtual_time;
        self.violated.extend(other.violated);
    }

    fn print(self, workloads: &[Workload], threads: usize, took: Duration) -> ExitCode {
        let pace = self.schedules as f64 / took.as_secs_f64() / threads as f64;
        println!(
            "{} schedules of {} workloads, {} records, {:.1} virtual hours in {took:.1?} on {threads} threads: {pace:.0} schedules/s/thread, {} violated",
            self.schedules,
            workloads.len(),
            self.records,
            self.virtual_time.as_secs_f64() / 3600.0,
            self.violated.len()
        );
        if self.violated.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
