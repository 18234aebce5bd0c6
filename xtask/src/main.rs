//! What the project does to itself: `cargo xtask TASK`.

mod jars;
mod messages;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What the project does to itself")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// One line a task, each with its module; nothing is decided here.
#[derive(Subcommand)]
enum Task {
    /// Writes crates/wire/src/messages from the message specifications in Kafka's client jar
    Messages(messages::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Messages(args) => messages::run(&args),
    }
}
