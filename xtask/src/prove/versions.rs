//! Every codec on every Kafka that is supported, from the oldest to the newest.

use super::flights::CODECS;
use super::java;
use super::lines::flights;
use super::milena::{Milena, Summary};
use super::report::Report;
use crate::kafka::{Cluster, CreateTopic, Life, Shape, Version, create_topic};
use anyhow::Result;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which versions of Kafka
    #[arg(value_name = "VERSION", default_values = ["4.4.0", "4.3.1", "4.0.2", "3.9.1", "2.8.2", "2.1.1"])]
    versions: Vec<Version>,
    /// How many flights for each codec
    #[arg(long, default_value_t = 20_000)]
    records: u64,
}

pub(crate) fn run(milena: &Milena, args: &Args) -> Result<()> {
    let lines = flights(args.records)?;
    let mut report = Report::begin("versions", &["Kafka", "codec", "records"]);
    for version in &args.versions {
        let shape = Shape { name: "prove".into(), version: version.clone(), ..Shape::default() };
        let cluster = Cluster::start(shape, Life::Scoped)?;
        for codec in CODECS {
            let verdict = prove(milena, &lines, args.records, &cluster.bootstrap(), codec);
            report.row(&[version, &codec, &args.records], verdict);
        }
    }
    report.end()
}

/// The newest consumer reads all of these brokers, and is the one that reads best what others wrote.
fn prove(milena: &Milena, lines: &Path, records: u64, bootstrap: &str, codec: &str) -> Result<()> {
    let topic = CreateTopic { topic: codec.to_owned(), partitions: 3, replication_factor: 1, config: Vec::new() };
    create_topic(bootstrap, &topic)?;
    let mut produce = milena.produce(bootstrap, codec);
    produce.args(["-X", &format!("compression.type={codec}"), "-X", "enable.idempotence=true"]).arg(lines);
    Summary::of_whole(&produce.output()?, records)?;
    java::compare(lines, bootstrap, codec, None)
}
