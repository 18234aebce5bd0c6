//! Kafka's own producer and consumer, by the programs in `xtask/java`.

use crate::kafka::java_program;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// What SendLines prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) seconds: f64,
}

/// Sends a file of KEY TAB VALUE lines with Java's producer.
pub(crate) fn send(lines: &Path, bootstrap: &str, topic: &str, codec: &str) -> Result<Sent> {
    let mut program = java_program("SendLines")?;
    program.arg(lines).arg(topic);
    program.args([format!("bootstrap.servers={bootstrap}"), format!("compression.type={codec}")]);
    let text = output(&mut program).context("Java's producer")?;
    serde_json::from_str(&text).with_context(|| format!("SendLines printed {text}"))
}

/// What CompareTopic prints.
#[derive(Debug, Deserialize)]
struct Comparison {
    records: u64,
    missing: u64,
    duplicates: u64,
    disorder: u64,
    foreign: u64,
    misplaced: u64,
    examples: Vec<String>,
}

/// Reads a topic with Kafka's own consumer: every line once, each key in order and in one partition, which is the one
/// that it has in `like`.
pub(crate) fn compare(lines: &Path, bootstrap: &str, topic: &str, like: Option<&str>) -> Result<()> {
    let mut program = java_program("CompareTopic")?;
    program.arg(lines).args([bootstrap, topic]).args(like);
    let run = program.output().context("java does not run")?;
    let text = String::from_utf8_lossy(&run.stdout);
    let Ok(comparison) = serde_json::from_str::<Comparison>(&text) else {
        bail!("CompareTopic failed: {}", String::from_utf8_lossy(&run.stderr));
    };
    if !run.status.success() {
        let Comparison { records, missing, duplicates, disorder, foreign, misplaced, examples } = comparison;
        bail!(
            "{records} records in {topic}: {missing} missing, {duplicates} twice, {disorder} out of order, {foreign} \
             that nobody sent, {misplaced} in another partition ({})",
            examples.join("; ")
        );
    }
    Ok(())
}

/// The standard output of a program that must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let run = command.output().with_context(|| format!("{:?} does not run", command.get_program()))?;
    if !run.status.success() {
        let text = [run.stdout, run.stderr].concat();
        bail!("{} ({})", String::from_utf8_lossy(&text).trim(), run.status);
    }
    Ok(String::from_utf8_lossy(&run.stdout).into_owned())
}
