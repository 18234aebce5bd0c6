//! What the project does to itself: `cargo xtask TASK`.

mod bench;
mod docs;
mod fuzz;
mod golden;
mod guards;
mod jars;
mod kafka;
mod messages;
mod plants;
mod prove;
mod registry;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What the project does to itself")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// One line a task, each with its module; nothing is decided here.
#[derive(Subcommand)]
enum Task {
    /// Measures milena and its rivals against a cheap broker, and writes docs/benchmarks.md
    Bench(bench::Args),
    /// Writes CONFIGURATION.md from the table of knobs; `--check` only compares
    Docs(docs::Args),
    /// Feeds the readers and the two machines what chance and coverage come up with
    Fuzz(fuzz::Args),
    /// Writes the bytes of Kafka's Java classes that tests compare with
    Golden(golden::Args),
    /// Counts the instructions of the hot paths, and holds them against the baseline
    Guards(guards::Args),
    /// Starts, stops and hurts real Apache Kafka brokers on this machine
    Kafka(kafka::Args),
    /// Writes crates/wire/src/messages from the message specifications in Kafka's client jar
    Messages(messages::Args),
    /// Puts historical defects back, one at a time, and runs the simulator until it finds each
    Plants(plants::Args),
    /// Proves on real brokers what the product promises, with Kafka's own clients as judges
    Prove(prove::Args),
    /// Starts and stops real schema registries on this machine
    Registry(registry::Args),
    /// Runs everything that must hold before a change goes in: what .ci/run calls
    Test,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Bench(args) => bench::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Golden(args) => golden::run(&args),
        Task::Guards(args) => guards::run(&args),
        Task::Kafka(args) => kafka::run(args),
        Task::Messages(args) => messages::run(&args),
        Task::Plants(args) => plants::run(&args),
        Task::Prove(args) => prove::run(&args),
        Task::Registry(args) => registry::run(args),
        Task::Test => test::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
