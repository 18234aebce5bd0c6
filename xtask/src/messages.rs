//! `cargo xtask messages`: the wire messages, made from Kafka's own message specifications.

mod decode;
mod encode;
mod model;
mod rust;
mod sample;
mod spec;

pub(crate) use sample::Sample;

use crate::jars;
use anyhow::{Context, bail, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The APIs that a producer, its command line and the test kit's broker speak.
const APIS: &[&str] = &[
    "AddOffsetsToTxn",
    "AddPartitionsToTxn",
    "ApiVersions",
    "CreatePartitions",
    "CreateTopics",
    "DeleteRecords",
    "DeleteTopics",
    "DescribeCluster",
    "DescribeConfigs",
    "DescribeProducers",
    "EndTxn",
    "Fetch",
    "FindCoordinator",
    "GetTelemetrySubscriptions",
    "InitProducerId",
    "ListOffsets",
    "Metadata",
    "OffsetCommit",
    "OffsetFetch",
    "Produce",
    "PushTelemetry",
    "SaslAuthenticate",
    "SaslHandshake",
    "TxnOffsetCommit",
];

/// Where the specifications come from. Without an option Maven resolves the jar of Kafka 4.3.1.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Folder with the specifications, `FetchRequest.json` and so on
    #[arg(long, value_name = "DIR", requires = "kafka_version")]
    specs: Option<PathBuf>,
    /// The version of Kafka that the folder was taken from
    #[arg(long, value_name = "VERSION")]
    kafka_version: Option<String>,
    /// A kafka-clients jar to take them from
    #[arg(long, value_name = "FILE", conflicts_with = "specs")]
    jar: Option<PathBuf>,
    /// Write nothing; fail when a file is not what would be written
    #[arg(long)]
    check: bool,
}

/// Writes one file an API. What is there already is replaced; run twice, the second run changes nothing.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (apis, version) = apis(args)?;
    let wire = jars::root().join("crates/wire/src");
    let listed = std::fs::read_to_string(wire.join("messages.rs"))?;
    for api in &apis {
        let line = format!("pub mod {};", api.module());
        ensure!(listed.contains(&line), "crates/wire/src/messages.rs does not say `{line}`");
        let source =
            formatted(&rust::module(api, &version)).with_context(|| format!("the source made for {}", api.name))?;
        let file = wire.join("messages").join(api.module()).with_extension("rs");
        if args.check {
            let there = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            ensure!(there == source, "{} is not what `cargo xtask messages` writes: run it", file.display());
        } else {
            std::fs::write(&file, source)?;
        }
    }
    println!("{} APIs of Kafka {version} in {}", APIS.len(), wire.join("messages").display());
    Ok(())
}

/// An API with samples of its messages.
pub(crate) struct SampledApi {
    pub(crate) key: i16,
    pub(crate) name: String,
    pub(crate) module: String,
    pub(crate) samples: Vec<Sample>,
}

/// Samples of every API, and the version of Kafka that specifies them.
pub(crate) fn samples() -> anyhow::Result<(Vec<SampledApi>, String)> {
    let (apis, version) = apis(&Args::default())?;
    let sampled = |api: &model::Api| SampledApi {
        key: api.key,
        name: api.name.clone(),
        module: api.module(),
        samples: sample::samples(api),
    };
    Ok((apis.iter().map(sampled).collect(), version))
}

fn apis(args: &Args) -> anyhow::Result<(Vec<model::Api>, String)> {
    let (folder, version) = specifications(args)?;
    let read = |name: &&str| {
        let request = spec::read(&folder, &format!("{name}Request"))?;
        model::Api::new(&request, &spec::read(&folder, &format!("{name}Response"))?)
    };
    Ok((APIS.iter().map(read).collect::<anyhow::Result<_>>()?, version))
}

/// The folder of the specifications, and the version of Kafka that they are from.
fn specifications(args: &Args) -> anyhow::Result<(PathBuf, String)> {
    if let (Some(folder), Some(version)) = (&args.specs, &args.kafka_version) {
        return Ok((folder.clone(), version.clone()));
    }
    let jar = match &args.jar {
        Some(jar) => jar.clone(),
        None => jars::resolve(jars::KAFKA_VERSION, &[])?.join(format!("kafka-clients-{}.jar", jars::KAFKA_VERSION)),
    };
    let unpacked = unpack(&jar)?;
    let properties = std::fs::read_to_string(unpacked.join("kafka/kafka-version.properties"))?;
    let Some(version) = properties.lines().find_map(|line| line.strip_prefix("version=")) else {
        bail!("{} does not say which version of Kafka it is", jar.display());
    };
    Ok((unpacked.join("common/message"), version.to_owned()))
}

/// The specifications are resources of the jar.
fn unpack(jar: &Path) -> anyhow::Result<PathBuf> {
    let into = crate::workspace::target().join("kafka-specs");
    std::fs::create_dir_all(&into)?;
    let jar = std::fs::canonicalize(jar).with_context(|| format!("there is no jar {}", jar.display()))?;
    let status = Command::new("jar")
        .arg("xf")
        .arg(&jar)
        .args(["common/message", "kafka/kafka-version.properties"])
        .current_dir(&into)
        .status()
        .context("jar (of a JDK, 17 or newer) must be on the path to unpack the specifications")?;
    ensure!(status.success(), "jar could not read {}: {status}", jar.display());
    Ok(into)
}

/// The source as rustfmt writes it with the repository's settings.
fn formatted(source: &str) -> anyhow::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(jars::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt must be on the path")?;
    rustfmt.stdin.take().context("rustfmt takes no input")?.write_all(source.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refused it: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
