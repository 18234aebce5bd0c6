//! Kafka's jars, resolved by Maven into `target/kafka-VERSION/`.

use crate::workspace::target;
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) use crate::workspace::root;

/// The version of Kafka that messages, golden bytes and test brokers are taken from unless a task is told otherwise.
pub(crate) const KAFKA_VERSION: &str = "4.3.1";

/// The folder with every jar of Kafka `version` (brokers, tools, clients), resolved once and then used again.
///
/// `options` go to Maven, for versions that need a profile.
pub(crate) fn resolve(version: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = target().join(format!("kafka-{version}"));
    let complete = folder.join(".complete");
    if complete.exists() {
        return Ok(folder);
    }
    eprintln!("resolving the jars of Kafka {version} with Maven into {}", folder.display());
    let status = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(root().join("xtask/java/pom.xml"))
        .arg("dependency:copy-dependencies")
        .arg(format!("-Dkafka.version={version}"))
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .args(options)
        .stdin(Stdio::null())
        // This command's own output may be read by a script; Maven writes colours even with nothing to say.
        .stdout(std::io::stderr())
        .status()
        .context("mvn (Apache Maven 3.6 or newer) must be on the path to resolve Kafka's jars")?;
    ensure!(status.success(), "mvn could not resolve Kafka {version}: {status}; its own output above says why");
    std::fs::write(&complete, version)?;
    Ok(folder)
}
