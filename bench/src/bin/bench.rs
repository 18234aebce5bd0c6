//! All contestants, all scenarios: prints the table, and writes it where it is told. `cargo xtask bench` builds and calls it.

use anyhow::{Result, ensure};
use clap::Parser;
use milena_bench::rounds::{Contestant, Rig};
use milena_bench::scenario::{ALL, Files};
use milena_bench::table::section;
use std::path::PathBuf;

/// Measures milena and its rivals
#[derive(Parser)]
struct Cli {
    /// Scenarios, by commas; all of them unless given
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rivals that were built, by commas: rdkafka, franz-go, java
    #[arg(long, value_delimiter = ',')]
    rivals: Vec<String>,
    /// The folder of the programs that were built
    #[arg(long)]
    programs: PathBuf,
    /// Java's class path, with its own classes and Kafka's jars
    #[arg(long, default_value = "")]
    class_path: String,
    /// What stands above the tables
    #[arg(long)]
    preface: Option<PathBuf>,
    /// Where to write them
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let unknown = cli.scenarios.iter().find(|id| !ALL.iter().any(|scenario| scenario.id == **id));
    ensure!(unknown.is_none(), "no scenario is called {}", unknown.map_or("", String::as_str));
    let rig = Rig {
        broker: cli.programs.join("broker"),
        files: Files::write(&cli.programs.join("load"))?,
        rounds: cli.rounds.max(1),
    };
    let contestants = contestants(&cli);
    let mut document = cli.preface.as_ref().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    for scenario in ALL.iter().filter(|one| cli.scenarios.is_empty() || cli.scenarios.iter().any(|id| id == one.id)) {
        let section = section(scenario, &rig.run(scenario, &contestants));
        print!("{section}");
        document += &section;
    }
    if let Some(out) = &cli.out {
        std::fs::write(out, document.trim_end().to_owned() + "\n")?;
    }
    Ok(())
}

fn contestants(cli: &Cli) -> Vec<Contestant> {
    let program = |name: &str| cli.programs.join(name).display().to_string();
    let rust = |client: &str| vec![program("client"), client.to_owned()];
    let contestant = |name: &str, command: Vec<String>, mode: &str, warmup| Contestant {
        name: name.to_owned(),
        command,
        mode: mode.to_owned(),
        warmup,
        only: None,
    };
    let ours = |name: &str, mode| contestant(name, rust("milena"), mode, 200_000);
    // Ways that differ from `send_with` in how a record is handed over, and nowhere else.
    let hand_over =
        |contestant| Contestant { only: Some(["S1", "S1b", "S2", "S8"].map(str::to_owned).to_vec()), ..contestant };
    let has = |rival: &str| cli.rivals.iter().any(|one| one == rival);
    let mut all = vec![contestant("ideal", rust("ideal"), "", 200_000), ours("milena send_with", "hook")];
    all.push(hand_over(ours("milena Topic::send_with", "topic")));
    all.push(hand_over(ours("milena send_all_with", "all")));
    all.push(hand_over(ours("milena send, a future each", "future")));
    all.push(hand_over(ours("milena blocking send_with", "blocking")));
    if has("franz-go") {
        all.push(contestant("franz-go, pooled records", vec![program("franzgo")], "pool", 500_000));
        all.push(contestant("franz-go", vec![program("franzgo")], "plain", 500_000));
    }
    if has("java") {
        let heap = ["java", "-Xms1g", "-Xmx1g", "-cp", &cli.class_path, "Bench"].map(str::to_owned).to_vec();
        // A JVM compiles what is hot, and needs to see it often.
        all.push(contestant("Java kafka-clients", heap, "", 2_000_000));
    }
    if has("rdkafka") {
        let rdkafka = |name: &str, mode| contestant(name, rust("rdkafka"), mode, 200_000);
        all.push(rdkafka("rdkafka BaseProducer", "base"));
        all.push(rdkafka("rdkafka ThreadedProducer", "threaded"));
        all.push(hand_over(rdkafka("rdkafka FutureProducer", "future")));
    }
    all
}
