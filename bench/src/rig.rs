//! One run of one contestant: a broker of its own, the client on a core of its own, and what both of them say.

use crate::contestants::{Contestant, Program};
use crate::figures::{Figures, number, numbers};
use crate::measure::children_cpu_time;
use crate::scenario::{Figure, Files, Place, Scenario};
use crate::{pipe, process};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Processors that broker and client are pinned to.
const BROKER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";
/// A run that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// Seconds of a paced run that the perf tool takes to warm up.
const PACED_WARMUP_S: u64 = 5;

/// Where things are.
#[derive(Debug)]
pub struct Rig {
    /// The cheap broker's program.
    pub broker: PathBuf,
    /// Bootstrap servers of real brokers, for scenarios on those.
    pub real: String,
    /// Keys and values.
    pub files: Files,
}

impl Rig {
    /// One run.
    ///
    /// # Errors
    /// A client that fails or does not end, and one that says what the broker does not confirm.
    pub fn once(&self, scenario: &Scenario, contestant: &Contestant) -> Result<Figures> {
        match scenario.place {
            Place::Real => self.real(scenario, contestant),
            Place::Pipe => self.pipe(scenario, contestant),
            Place::Cheap(arguments) => {
                let mut broker = Broker::start(&self.broker, Some(BROKER_CORE), arguments)?;
                let said = self.client(scenario, contestant, &broker.address)?;
                let seen = broker.ask()?;
                ensure!(number(&seen, "gaps") + number(&seen, "duplicates") == 0.0, "gaps or duplicates: {seen:?}");
                ensure!(number(&seen, "records") >= number(&said, "acked"), "acknowledged what was not seen: {seen:?}");
                let mut figures = figures(scenario, &said)?;
                let (records, wall) = (number(&said, "records"), number(&said, "wall_ns"));
                figures.broker_load = number(&seen, "cpu_ns") / number(&seen, "records") * records / wall;
                Ok(figures)
            }
        }
    }

    /// What the client printed of its run.
    fn client(&self, scenario: &Scenario, contestant: &Contestant, bootstrap: &str) -> Result<BTreeMap<String, f64>> {
        let counts = matches!(scenario.figure, Figure::Memory | Figure::Allocations);
        let command = match &contestant.program {
            Program::Client { counted: Some(counted), .. } if counts => counted,
            Program::Client { command, .. } => command,
            Program::Lines(_) | Program::PerfTool(_) => bail!("it is no client of our own"),
        };
        let given = (contestant.warmup, contestant.share);
        let arguments = scenario.arguments(contestant.mode, bootstrap, given, &self.files);
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", CLIENT_CORE]).args(command).args(arguments.to_line());
        let text = process::output(spawn(&mut pinned)?, PATIENCE)?;
        Ok(numbers(text.lines().last().unwrap_or_default()))
    }

    fn real(&self, scenario: &Scenario, contestant: &Contestant) -> Result<Figures> {
        let Program::PerfTool(command) = &contestant.program else {
            return figures(scenario, &self.client(scenario, contestant, &self.real)?);
        };
        let told = scenario.arguments("", &self.real, (contestant.warmup, contestant.share), &self.files);
        // It is paced from its first record on, so that its warm-up is some seconds of that.
        let warmup = if told.pace > 0 { told.pace * PACED_WARMUP_S } else { told.warmup };
        let records = told.records + warmup;
        let throughput = if told.pace > 0 { told.pace.to_string() } else { "-1".to_owned() };
        let mut tool = Command::new("taskset");
        tool.args(["-c", CLIENT_CORE]).args(command).args(["--topic", &told.topic, "--throughput", &throughput]);
        tool.args(["--num-records", &records.to_string(), "--warmup-records", &warmup.to_string()]);
        tool.args(["--record-size", &told.value.to_string(), "--bootstrap-server", &self.real]);
        tool.args(["--command-property", "acks=all"]);
        if !told.defaults {
            tool.arg(format!("linger.ms={}", told.linger.as_millis()));
        }
        let before = children_cpu_time();
        let text = process::output(spawn(&mut tool)?, PATIENCE)?;
        let cpu = children_cpu_time() - before;
        perf_tool(&text, records as f64, cpu).with_context(|| format!("it says {text:?}"))
    }

    fn pipe(&self, scenario: &Scenario, contestant: &Contestant) -> Result<Figures> {
        let Program::Lines(command) = &contestant.program else { bail!("it reads no lines") };
        let mut broker = Broker::start(&self.broker, None, &[])?;
        let told = scenario.arguments("", &broker.address, (0, contestant.share), &self.files);
        let command: Vec<_> = command
            .iter()
            .map(|word| word.replace("{bootstrap}", &told.bootstrap).replace("{topic}", &told.topic))
            .collect();
        let values = std::fs::read(&told.values)?;
        let run = pipe::run(&command, &values, told.value, told.records, PATIENCE)?;
        let seen = broker.ask()?;
        ensure!(number(&seen, "records") == told.records as f64, "not all lines are records: {seen:?}");
        ensure!(number(&seen, "gaps") + number(&seen, "duplicates") == 0.0, "gaps or duplicates: {seen:?}");
        let broker_load = number(&seen, "cpu_ns") / run.wall.as_nanos() as f64;
        Ok(Figures { broker_load, ..run.figures(told.records) })
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().context("taskset (util-linux) must be on the path")
}

/// The figures of what a client of our own says.
fn figures(scenario: &Scenario, said: &BTreeMap<String, f64>) -> Result<Figures> {
    let (records, wall) = (number(said, "records"), number(said, "wall_ns"));
    ensure!(records > 0.0 || scenario.figure == Figure::Memory, "no records: {said:?}");
    let each = |name| if records > 0.0 { number(said, name) / records } else { f64::NAN };
    let paced = |name| Some(number(said, name)).filter(|_| scenario.figure == Figure::Latency).unwrap_or(f64::NAN);
    Ok(Figures {
        cpu_ns: each("cpu_ns"),
        rate: records / wall * 1e9,
        resident_mib: number(said, "rss_kib") / 1024.0,
        heap_mib: number(said, "heap_kib") / 1024.0,
        allocations: each("allocations"),
        sent: Some(number(said, "sent")).filter(|_| scenario.figure == Figure::Memory).unwrap_or(f64::NAN),
        p50_us: paced("p50_us"),
        p99_us: paced("p99_us"),
        late_us: paced("late_us"),
        ..Figures::NONE
    })
}

/// The figures of what Kafka's ProducerPerformance says last: `500000 records sent, 250000.0 records/sec (23.8 MB/sec),
/// 1.21 ms avg latency, 200.00 ms max latency, 1 ms 50th, 3 ms 95th, 9 ms 99th, 20 ms 99.9th.` Its processor time is that
/// of the whole process, its start among it.
fn perf_tool(text: &str, records: f64, cpu: Duration) -> Result<Figures> {
    let line = text.lines().rev().find(|line| line.contains(" 99th")).context("no line with its percentiles")?;
    let before = |unit: &str| {
        let ahead = line.split(unit).next().unwrap_or_default().trim_end();
        let word = ahead.rsplit([' ', ',']).next().unwrap_or_default();
        word.parse::<f64>().with_context(|| format!("no number before {unit:?}"))
    };
    let (rate, p50, p99) = (before(" records/sec")?, before(" ms 50th")?, before(" ms 99th")?);
    Ok(Figures { cpu_ns: cpu.as_nanos() as f64 / records, rate, p50_us: p50 * 1e3, p99_us: p99 * 1e3, ..Figures::NONE })
}

/// The cheap broker of one run.
struct Broker {
    process: Child,
    address: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Broker {
    /// On a core of its own, if one is named.
    fn start(program: &PathBuf, core: Option<&str>, arguments: &[&str]) -> Result<Self> {
        let mut command = match core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", core]).arg(program);
                pinned
            }
            None => Command::new(program),
        };
        let mut process = command
            .args(arguments)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_perf_tools_last_line_is_read() {
        let text = "100 records sent, 9.0 records/sec (0.1 MB/sec), 5.0 ms avg latency, 9.0 ms max latency.\n\
                    500 records sent, 250.5 records/sec (23.84 MB/sec), 1.21 ms avg latency, 200.00 ms max latency, \
                    2 ms 50th, 3 ms 95th, 9 ms 99th, 20 ms 99.9th.\n";
        let figures = perf_tool(text, 500.0, Duration::from_micros(250)).expect("it reads");
        let expected = (500.0, 250.5, 2_000.0, 9_000.0);
        assert_eq!((figures.cpu_ns, figures.rate, figures.p50_us, figures.p99_us), expected);
        assert!(perf_tool("nothing", 1.0, Duration::ZERO).is_err());
    }
}
