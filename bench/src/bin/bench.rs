//! All contestants, all scenarios: writes the tables anew after each scenario. `cargo xtask bench` builds and calls it.

use anyhow::{Result, ensure};
use clap::Parser;
use milena_bench::contestants::Programs;
use milena_bench::results::{Outcome, Results, Row};
use milena_bench::rig::Rig;
use milena_bench::rounds::{expected, run};
use milena_bench::scenario::{ALL, Files, Place, Scenario};
use milena_bench::table::{UNBUILT, document, section};
use std::path::PathBuf;
use std::time::Duration;

/// One record in so many.
const SHORT: u64 = 20;

/// Measures milena and its rivals
#[derive(Parser)]
struct Cli {
    /// Scenarios, by commas; all of the cheap broker unless given
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rivals that were built, by commas
    #[arg(long, value_delimiter = ',')]
    rivals: Vec<String>,
    /// A rival that was not built, and why: NAME: REASON; may be repeated
    #[arg(long)]
    missing: Vec<String>,
    /// The folder of the programs that were built
    #[arg(long)]
    programs: PathBuf,
    /// Our command line
    #[arg(long, default_value = "milena")]
    milena: String,
    /// Java's class path, with its own classes and Kafka's jars
    #[arg(long, default_value = "")]
    class_path: String,
    /// Real brokers, for the scenarios on those
    #[arg(long, default_value = "")]
    real: String,
    /// Only those of which there are no figures yet, unless scenarios are named
    #[arg(long)]
    resume: bool,
    /// A twentieth of the records, to see that everything runs: its figures are good for nothing else
    #[arg(long)]
    short: bool,
    /// Only say how long it takes
    #[arg(long)]
    estimate: bool,
    /// What stands above the tables
    #[arg(long)]
    preface: Option<PathBuf>,
    /// The figures so far: those of scenarios that are not measured now stay in the tables
    #[arg(long)]
    results: PathBuf,
    /// Where to write the tables
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let mut results = Results::open(&cli.results)?;
    let mut scenarios = scenarios(&cli)?;
    if cli.resume && cli.scenarios.is_empty() {
        scenarios.retain(|scenario| results.of(scenario.id).next().is_none());
    }
    let programs =
        Programs { folder: &cli.programs, milena: &cli.milena, class_path: &cli.class_path, rivals: &cli.rivals };
    let mut contestants = programs.contestants();
    if cli.short {
        contestants.iter_mut().for_each(|one| (one.share, one.warmup) = (one.share * SHORT, one.warmup / SHORT));
    }
    let rounds = cli.rounds.max(1);
    let takes = |scenario: &Scenario| expected(scenario, &contestants, rounds);
    let mut left: Duration = scenarios.iter().map(|scenario| takes(scenario)).sum();
    eprintln!("{} scenarios, {rounds} rounds: about {}", scenarios.len(), minutes(left));
    if cli.estimate {
        return Ok(());
    }
    let files = Files::write(&cli.programs.join("load"))?;
    let rig = Rig { broker: cli.programs.join("broker"), real: cli.real.clone(), files };
    let preface = cli.preface.as_ref().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    results.replace(UNBUILT, unbuilt(&cli.missing))?;
    for scenario in scenarios {
        results.replace(scenario.id, run(&rig, scenario, &contestants, rounds))?;
        print!("{}", section(scenario, &results));
        if let Some(out) = &cli.out {
            std::fs::write(out, document(&preface, &results))?;
        }
        left = left.saturating_sub(takes(scenario));
        eprintln!("{} is measured; about {} left", scenario.id, minutes(left));
    }
    Ok(())
}

fn scenarios(cli: &Cli) -> Result<Vec<&'static Scenario>> {
    let unknown = cli.scenarios.iter().find(|id| !ALL.iter().any(|scenario| scenario.id == **id));
    ensure!(unknown.is_none(), "no scenario is called {}", unknown.map_or("", String::as_str));
    let (real, asked) = (!cli.real.is_empty(), &cli.scenarios);
    let is_asked = |scenario: &&Scenario| asked.is_empty() || asked.iter().any(|id| id == scenario.id);
    // On real brokers or on the cheap one: they are not there at the same time.
    Ok(ALL.iter().filter(is_asked).filter(|scenario| (scenario.place == Place::Real) == real).collect())
}

/// Rows of those that could not be built.
fn unbuilt(missing: &[String]) -> Vec<Row> {
    let row = |line: &String| {
        let (name, why) = line.split_once(": ")?;
        Some(Row { scenario: UNBUILT.into(), name: name.to_owned(), outcome: Outcome::Failed(why.to_owned()) })
    };
    missing.iter().filter_map(row).collect()
}

fn minutes(time: Duration) -> String {
    format!("{:.1} minutes", time.as_secs_f64() / 60.0)
}
