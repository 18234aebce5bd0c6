//! `cargo xtask guards`: instructions that the hot paths take, counted by callgrind and held against a baseline.
//!
//! A count is a slope: what twice the work takes more, by one unit of work. So what a program does once, before and after,
//! does not count; and what is counted does not depend on how busy the machine is.

use crate::workspace::{cargo, root, target};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// `cargo xtask guards`
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes what was counted as the new baseline
    #[arg(long)]
    bless: bool,
}

/// What a path may take more than its baseline says. Counts repeat to a thousandth; another linker or allocator moves them
/// by one or two hundredths.
const TOLERANCE: f64 = 1.03;
/// The same when another compiler made the baseline: it inlines in other places.
const TOLERANCE_ACROSS_COMPILERS: f64 = 1.15;

/// The program that goes the paths, an example of the test kit: the path is its first argument, how often its second.
const PROGRAM: &str = "paths";

/// A path.
struct Guard {
    path: &'static str,
    /// The function whose instructions count.
    function: &'static str,
    /// What the count is for.
    unit: &'static str,
    /// How many of them go by at each time.
    units: u32,
    /// The shorter run; the longer is twice that.
    times: u32,
}

const fn core(path: &'static str, function: &'static str, unit: &'static str, units: u32) -> Guard {
    Guard { path, function, unit, units, times: 100 }
}

const fn handle(path: &'static str, function: &'static str) -> Guard {
    Guard { path, function, unit: "record", units: 1, times: 20_000 }
}

const GUARDS: [Guard; 11] = [
    core("append", "paths::append", "record", 1_000),
    core("append_keyed", "paths::append", "record", 1_000),
    core("seal", "paths::seal", "batch of 1,000 records, lz4", 1),
    core("request", "paths::request", "batch of 1,000 records", 1),
    core("acknowledge", "paths::acknowledge", "batch of 1,000 records", 1),
    handle("send_with", "paths::handle::send_with"),
    handle("send", "paths::handle::send"),
    handle("send_all_with", "paths::handle::send_all_with"),
    handle("topic_send_with", "paths::handle::topic_send_with"),
    handle("topic_send_all_with", "paths::handle::topic_send_all_with"),
    handle("topic_typed", "paths::handle::topic_typed"),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "the baseline is of Linux on x86-64");
    require_valgrind()?;
    let build = ["build", "--profile", "guards", "-p", "milena-testkit", "--example", PROGRAM];
    let status = cargo(&build).status()?;
    ensure!(status.success(), "{PROGRAM} is not built: {status}");
    let compiler = compiler()?;
    let counted = GUARDS.iter().map(|guard| Ok((guard.path, guard.count()?))).collect::<Result<Vec<_>>>()?;
    if args.bless {
        return Ok(std::fs::write(baseline_file(), Baseline::write(&compiler, &counted))?);
    }
    let baseline = Baseline::read(&std::fs::read_to_string(baseline_file())?)?;
    let worse = report(&baseline, &compiler, &counted);
    ensure!(
        worse.is_empty(),
        "more instructions than the baseline allows: {}. If that is worth it, say so in the commit and bless it: cargo xtask \
         guards --bless",
        worse.join(", ")
    );
    Ok(())
}

/// Says what to install where it is missing.
pub(crate) fn require_valgrind() -> Result<()> {
    let found = Command::new("valgrind").arg("--version").output();
    ensure!(found.is_ok(), "counting instructions needs valgrind: install it, on Debian by `apt-get install valgrind`");
    Ok(())
}

impl Guard {
    /// Instructions of one unit.
    fn count(&self) -> Result<f64> {
        let (once, twice) = (self.run(self.times)?, self.run(2 * self.times)?);
        let units = f64::from(self.times) * f64::from(self.units);
        Ok((twice as f64 - once as f64) / units)
    }

    /// Instructions of a run of this length.
    fn run(&self, times: u32) -> Result<u64> {
        let program = target().join("guards/examples").join(PROGRAM);
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        valgrind.arg(format!("--toggle-collect={}", self.function));
        valgrind.arg(program).arg(self.path).arg(times.to_string());
        let output = valgrind.output().context("valgrind does not run")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{valgrind:?} failed: {said}");
        collected(&said).with_context(|| format!("{valgrind:?} counted nothing: {said}"))
    }
}

/// The number in callgrind's last words.
fn collected(said: &str) -> Option<u64> {
    let count = said.lines().find_map(|line| line.split_once("Collected :"))?.1;
    count.trim().parse().ok().filter(|count| *count > 0)
}

fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output().context("rustc does not run")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn baseline_file() -> PathBuf {
    root().join("xtask/src/guards/baseline.txt")
}

/// Prints a row a path; the names of those that take too many.
fn report(baseline: &Baseline, compiler: &str, counted: &[(&'static str, f64)]) -> Vec<&'static str> {
    let tolerance = if baseline.compiler == compiler {
        TOLERANCE
    } else {
        println!(
            "the baseline is of {}, this is {compiler}: up to {TOLERANCE_ACROSS_COMPILERS} is let pass",
            baseline.compiler
        );
        TOLERANCE_ACROSS_COMPILERS
    };
    println!("{:14} {:>12} {:>12} {:>7}  instructions for a", "path", "counted", "baseline", "ratio");
    let mut worse = Vec::new();
    for (guard, (path, count)) in GUARDS.iter().zip(counted) {
        let base = baseline.counts.get(*path).copied().unwrap_or(0.0);
        println!("{path:14} {count:12.1} {base:12.1} {:7.3}  {}", count / base, guard.unit);
        // A path that the baseline does not know is worse than any.
        if *count > base * tolerance {
            worse.push(*path);
        }
    }
    worse
}

/// What was counted when somebody was content with it.
#[derive(Debug, PartialEq)]
struct Baseline {
    compiler: String,
    counts: BTreeMap<String, f64>,
}

impl Baseline {
    fn write(compiler: &str, counted: &[(&'static str, f64)]) -> String {
        let mut text = format!("# By `cargo xtask guards --bless`, on x86-64.\n# {compiler}\n");
        for (path, count) in counted {
            let _ = writeln!(text, "{path} {count:.1}");
        }
        text
    }

    fn read(text: &str) -> Result<Self> {
        let mut baseline = Self { compiler: String::new(), counts: BTreeMap::new() };
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                baseline.compiler = comment.to_owned();
            } else {
                let (path, count) = line.split_once(' ').with_context(|| format!("baseline: {line:?}"))?;
                baseline.counts.insert(path.to_owned(), count.parse().with_context(|| format!("baseline: {line:?}"))?);
            }
        }
        Ok(baseline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrind_says_how_many() {
        let said = "==7== Events    : Ir\n==7== Collected : 6678139\n==7==\n==7== I   refs:      6,678,139\n";
        assert_eq!(collected(said), Some(6_678_139));
        assert_eq!(collected("==7== Collected : 0\n"), None, "a function that nobody called");
    }

    #[test]
    fn a_baseline_reads_as_it_is_written() {
        let counted = [("append", 400.5), ("request", 40_000.0)];
        let baseline = Baseline::read(&Baseline::write("rustc 1.95.0", &counted)).unwrap();
        assert_eq!(baseline.compiler, "rustc 1.95.0");
        assert_eq!(baseline.counts.get("append"), Some(&400.5));
    }

    #[test]
    fn more_than_the_baseline_is_worse_and_less_is_not() {
        let counted: Vec<_> = GUARDS.iter().map(|guard| (guard.path, 100.0)).collect();
        let mut baseline = Baseline::read(&Baseline::write("one", &counted)).unwrap();
        assert_eq!(report(&baseline, "one", &counted), Vec::<&str>::new());
        baseline.counts.insert("append".into(), 96.0);
        baseline.counts.insert("seal".into(), 200.0);
        baseline.counts.remove("request");
        assert_eq!(report(&baseline, "one", &counted), ["append", "request"]);
        assert_eq!(report(&baseline, "another", &counted), ["request"], "other compilers inline elsewhere");
    }
}
