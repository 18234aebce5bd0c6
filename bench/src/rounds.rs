//! Interleaved rounds: every contestant once a round, each round begun by another one.

use crate::scenario::{Figure, Files, Scenario};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Processors that broker and client are pinned to.
const BROKER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";

/// A client in one of its ways.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// As the table calls it.
    pub name: String,
    /// The command that runs it, without the run's own arguments.
    pub command: Vec<String>,
    /// The way.
    pub mode: String,
    /// Records to send before it is measured.
    pub warmup: u64,
    /// Those scenarios that it has a part in; `None`: all.
    pub only: Option<Vec<String>>,
}

impl Contestant {
    fn takes_part_in(&self, scenario: &Scenario) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|id| id == scenario.id))
    }
}

/// The medians of one contestant in one scenario.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Nanoseconds of processor time for a record.
    pub cpu_ns: f64,
    /// Records a second.
    pub rate: f64,
    /// Memory held at the end.
    pub resident_mib: f64,
    /// Latency.
    pub p50_us: f64,
    /// Latency of all but a hundredth.
    pub p99_us: f64,
    /// Share of its core that the broker used: above 0.7 it may have been the limit.
    pub broker_load: f64,
}

/// Where things are.
#[derive(Debug)]
pub struct Rig {
    /// The broker's program.
    pub broker: PathBuf,
    /// Keys and values.
    pub files: Files,
    /// Rounds.
    pub rounds: usize,
}

impl Rig {
    /// Runs the scenario. A contestant that fails is told of, and left out.
    pub fn run(&self, scenario: &Scenario, contestants: &[Contestant]) -> Vec<(String, Figures)> {
        let mut field: Vec<_> = contestants.iter().filter(|one| one.takes_part_in(scenario)).collect();
        let order: Vec<_> = field.iter().map(|one| one.name.clone()).collect();
        let mut runs: BTreeMap<String, Vec<Figures>> = BTreeMap::new();
        for round in 0..self.rounds {
            for contestant in &field {
                match self.once(scenario, contestant) {
                    Ok(figures) => {
                        let Figures { cpu_ns, rate, .. } = figures;
                        let (id, name) = (scenario.id, &contestant.name);
                        eprintln!("{id} round {}: {name}: {cpu_ns:.0} ns, {rate:.0} records/s", round + 1);
                        runs.entry(contestant.name.clone()).or_default().push(figures);
                    }
                    Err(error) => eprintln!("{}: {} fails: {error:#}", scenario.id, contestant.name),
                }
            }
            field.rotate_left(1);
        }
        order.into_iter().filter_map(|name| runs.get(&name).map(|runs| (name, median(runs)))).collect()
    }

    fn once(&self, scenario: &Scenario, contestant: &Contestant) -> Result<Figures> {
        let mut broker = Broker::start(self, scenario)?;
        let files = &self.files;
        let arguments = scenario.arguments(&contestant.mode, &broker.address, contestant.warmup, files);
        let output = Command::new("taskset")
            .args(["-c", CLIENT_CORE])
            .args(&contestant.command)
            .args(arguments.to_line())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("taskset (util-linux) must be on the path")?;
        ensure!(output.status.success(), "{}", output.status);
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = numbers(output.lines().last().unwrap_or_default());
        let seen = broker.ask()?;
        let of = |numbers: &BTreeMap<String, f64>, name: &str| numbers.get(name).copied().unwrap_or(f64::NAN);
        ensure!(of(&seen, "gaps") + of(&seen, "duplicates") == 0.0, "gaps or duplicates: {seen:?}");
        ensure!(of(&seen, "records") >= of(&said, "acked"), "acknowledged what the broker has not seen: {seen:?}");
        let (records, wall) = (of(&said, "records"), of(&said, "wall_ns"));
        ensure!(records > 0.0 || scenario.figure == Figure::Memory, "no records: {output:?}");
        Ok(Figures {
            cpu_ns: of(&said, "cpu_ns") / records,
            rate: records / wall * 1e9,
            resident_mib: of(&said, "rss_kib") / 1024.0,
            p50_us: of(&said, "p50_us"),
            p99_us: of(&said, "p99_us"),
            broker_load: of(&seen, "cpu_ns") / of(&seen, "records") * records / wall,
        })
    }
}

/// The broker of one run.
struct Broker {
    process: Child,
    address: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Broker {
    fn start(rig: &Rig, scenario: &Scenario) -> Result<Self> {
        let mut process = Command::new("taskset")
            .args(["-c", BROKER_CORE])
            .arg(&rig.broker)
            .args(scenario.broker)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("taskset (util-linux) must be on the path")?;
        let mut output = BufReader::new(process.stdout.take().context("its output is piped")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("listening on ") else { bail!("the broker says {line:?}") };
        Ok(Self { address: address.to_owned(), process, output })
    }

    /// What it has seen.
    fn ask(&mut self) -> Result<BTreeMap<String, f64>> {
        self.process.stdin.as_mut().context("its input is piped")?.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(numbers(&line))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `name=number` by name.
fn numbers(line: &str) -> BTreeMap<String, f64> {
    let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, number)| Some((name.to_owned(), number.parse().ok()?))).collect()
}

fn median(runs: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut figures: Vec<_> = runs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Figures {
        cpu_ns: of(|run| run.cpu_ns),
        rate: of(|run| run.rate),
        resident_mib: of(|run| run.resident_mib),
        p50_us: of(|run| run.p50_us),
        p99_us: of(|run| run.p99_us),
        broker_load: of(|run| run.broker_load),
    }
}

impl Figures {
    /// What the scenario compares. Smaller is better, but for rates.
    pub fn compared(&self, figure: Figure) -> f64 {
        match figure {
            Figure::CpuPerRecord => self.cpu_ns,
            Figure::Latency => self.p99_us,
            Figure::Memory => self.resident_mib,
            Figure::Rate | Figure::Bandwidth => self.rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_of_each_figure_by_itself() {
        let run = |cpu_ns, rate| Figures { cpu_ns, rate, ..Figures::NONE };
        let median = median(&[run(3.0, 10.0), run(1.0, 30.0), run(2.0, 20.0)]);
        assert_eq!((median.cpu_ns, median.rate), (2.0, 20.0));
    }

    impl Figures {
        const NONE: Self =
            Self { cpu_ns: 0.0, rate: 0.0, resident_mib: 0.0, p50_us: 0.0, p99_us: 0.0, broker_load: 0.0 };
    }
}
