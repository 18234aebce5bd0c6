//! The milena command: records from files and pipes into Kafka.
//!
//! ```text
//!   intake ──chunks──► feed ──records──► Producer ──outcomes──► ledger ──► summary
//!   (reads)            (format: lines or JSON, serializers)        └─ what failed ─► dead letters
//! ```
//!
//! Each arrow but the first crosses no thread of ours that could hold acknowledgements back: the ledger takes an outcome
//! under one short lock, and dead letters are written by a thread of their own.

#![allow(clippy::indexing_slicing, reason = "indexes are computed here; numbers that others send stay in the library")]

mod args;
mod config;
mod console;
mod dead_letter;
mod dev;
mod ending;
mod exit;
mod feed;
mod figures;
mod format;
mod intake;
mod interrupt;
mod json;
mod ledger;
mod lines;
mod log;
mod produce;
mod progress;
mod run;
mod schema;
mod serializer;
mod settings;
mod source;
mod summary;
mod tally;
mod validate;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = match Cli::parse().command {
        Command::Produce(args) => produce::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Config(command) => config::run(command),
        Command::Schema(command) => schema::run(&command),
    };
    exit.into()
}
