//! `cargo xtask prove`: long proofs on real brokers, run by hand, with Kafka's own clients as judges.

mod bad_input;
mod differential;
mod faults;
mod flights;
mod java;
mod lines;
mod milena;
mod outage;
mod python;
mod readers;
mod records;
mod report;
mod soak;
mod versions;

use anyhow::Result;
use milena::Milena;
use std::path::PathBuf;

/// Arguments of `cargo xtask prove`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The milena command to put to the proof, instead of a release build of this tree
    #[arg(long, global = true, value_name = "FILE")]
    milena: Option<PathBuf>,
    #[command(subcommand)]
    proof: Proof,
}

/// Each ends with a summary line, and fails on any difference.
#[derive(clap::Subcommand)]
enum Proof {
    /// A million real flights through every codec: all there, once, in order, in the partitions that Java chooses
    Flights(flights::Args),
    /// The same while leaders are killed and paused: nothing lost, nothing twice, order kept
    Faults(faults::Args),
    /// Every codec on every Kafka from 2.1 to the newest
    Versions(versions::Args),
    /// What we write, read by Java, librdkafka and kafka-protocol; what they write and read on the development cluster
    Readers,
    /// Typed records, read by Confluent's deserializers, fastavro and Apache's Thrift for Python
    Records,
    /// Minutes at full rate while brokers are restarted, killed and paused and connections cut; then the whole log, record by record
    Soak(soak::Args),
    /// The cluster away for minutes while records are offered: memory, patience, connections, processor
    Outage(outage::Args),
    /// The test kit's broker and a real one, asked the same at random, answer by answer
    Differential(differential::Args),
    /// The client that `soak` starts
    #[command(hide = true)]
    SoakClient(soak::client::Args),
    /// Wrong arguments, settings, files and records: each with its exit status and its sentence
    BadInput,
}

/// Runs `cargo xtask prove`.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.proof {
        Proof::Flights(flights) => flights::run(&args.milena()?, flights),
        Proof::Faults(faults) => faults::run(&args.milena()?, faults),
        Proof::Versions(versions) => versions::run(&args.milena()?, versions),
        Proof::Readers => readers::run(&args.milena()?),
        Proof::Records => records::run(),
        Proof::BadInput => bad_input::run(&args.milena()?),
        Proof::Soak(soak) => soak::run(soak),
        Proof::SoakClient(client) => soak::client::run(client),
        Proof::Outage(outage) => outage::run(outage),
        Proof::Differential(differential) => differential::run(differential),
    }
}

impl Args {
    /// What is put to the proof. Before it is built for minutes: Java, which starts Kafka.
    fn milena(&self) -> Result<Milena> {
        crate::kafka::require_java()?;
        match &self.milena {
            Some(path) => Milena::at(path),
            None => Milena::build(),
        }
    }
}
