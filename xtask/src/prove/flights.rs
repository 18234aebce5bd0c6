//! Real data on three real brokers: what arrives is what was sent, in the partitions that Java chooses.

use super::java;
use super::lines::flights;
use super::milena::{Milena, Summary};
use super::report::Report;
use crate::kafka::{Cluster, CreateTopic, Life, Shape, create_topic};
use anyhow::Result;
use clap::ValueEnum;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many flights, at most three million
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    #[arg(long, value_enum, default_value_t = Codecs::All)]
    codec: Codecs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Codecs {
    All,
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// `compression.type` of every codec.
pub(crate) const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

impl Codecs {
    fn names(self) -> Vec<&'static str> {
        CODECS.into_iter().filter(|name| self == Self::All || Self::from_str(name, true) == Ok(self)).collect()
    }
}

pub(crate) fn run(milena: &Milena, args: &Args) -> Result<()> {
    let lines = flights(args.records)?;
    let cluster = Cluster::start(Shape { name: "prove".into(), brokers: 3, ..Shape::default() }, Life::Scoped)?;
    let bootstrap = cluster.bootstrap();
    let mut report = Report::begin("flights", &["codec", "records", "milena, s", "Java, s"]);
    for codec in args.codec.names() {
        let mut seconds = (f64::NAN, f64::NAN);
        let verdict = prove(milena, &lines, args.records, &bootstrap, codec, &mut seconds);
        report.row(&[&codec, &args.records, &format!("{:.2}", seconds.0), &format!("{:.2}", seconds.1)], verdict);
    }
    report.end()
}

fn prove(
    milena: &Milena,
    lines: &Path,
    records: u64,
    bootstrap: &str,
    codec: &str,
    seconds: &mut (f64, f64),
) -> Result<()> {
    let [ours, theirs] = ["milena", "java"].map(|who| format!("{who}-{codec}"));
    for topic in [&ours, &theirs] {
        create_topic(bootstrap, &replicated(topic))?;
    }
    let mut produce = milena.produce(bootstrap, &ours);
    produce.args(["-X", &format!("compression.type={codec}")]).arg(lines);
    seconds.0 = Summary::of_whole(&produce.output()?, records)?.seconds;
    seconds.1 = java::send(lines, bootstrap, &theirs, codec)?.seconds;
    java::compare(lines, bootstrap, &ours, Some(&theirs))
}

/// Six partitions on three brokers, of which one may be away.
pub(crate) fn replicated(topic: &str) -> CreateTopic {
    CreateTopic {
        topic: topic.to_owned(),
        partitions: 6,
        replication_factor: 3,
        config: vec!["min.insync.replicas=2".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codecs_are_every_codec_and_one_is_itself() {
        assert_eq!(Codecs::All.names(), CODECS);
        assert_eq!(Codecs::Lz4.names(), ["lz4"]);
        assert_eq!(Codecs::None.names(), ["none"]);
    }
}
