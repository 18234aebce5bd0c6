//! `cargo xtask messages`: the wire messages, made from Kafka's own message specifications.

use crate::jars;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the specifications come from. Without an option Maven resolves the jar of the version below.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the specifications, `FetchRequest.json` and so on
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// A kafka-clients jar to take them from
    #[arg(long, value_name = "FILE", conflicts_with = "specs")]
    jar: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let specs = folder_of_specs(args)?;
    println!("{}", specs.display());
    Ok(())
}

fn folder_of_specs(args: &Args) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &args.specs {
        return Ok(folder.clone());
    }
    let jar = match &args.jar {
        Some(jar) => jar.clone(),
        None => jars::resolve(jars::KAFKA_VERSION, &[])?.join(format!("kafka-clients-{}.jar", jars::KAFKA_VERSION)),
    };
    unpack(&jar)
}

/// The specifications are resources of the jar, under `common/message`.
fn unpack(jar: &Path) -> anyhow::Result<PathBuf> {
    let into = jars::root().join("target/kafka-specs");
    std::fs::create_dir_all(&into)?;
    let jar = std::fs::canonicalize(jar).with_context(|| format!("there is no jar {}", jar.display()))?;
    let status = Command::new("jar")
        .arg("xf")
        .arg(&jar)
        .arg("common/message")
        .current_dir(&into)
        .status()
        .context("jar (of a JDK, 17 or newer) must be on the path to unpack the specifications")?;
    ensure!(status.success(), "jar could not read {}: {status}", jar.display());
    Ok(into.join("common/message"))
}
