//! Java and Maven, the two things that must be there: finding them, Kafka's jars, and programs that run on both.

use super::version::Version;
use crate::{jars, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one line that repairs a machine without them.
const INSTALL: &str = "apt-get install -y openjdk-17-jdk-headless maven";

/// Heap and compiler for short runs: with C1 and one collector thread a broker starts twice as fast as with C2 and G1.
const SHORT_RUN: [&str; 4] = ["-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// Fails with one sentence when Java 17 with its compiler, or Maven, is missing.
pub(crate) fn require() -> Result<()> {
    for program in ["java", "javac"] {
        let Some(major) = major_version(program) else {
            bail!("Apache Kafka needs Java 17 or newer, and there is no {program} here; install it with: {INSTALL}");
        };
        ensure!(
            major >= 17,
            "Apache Kafka needs Java 17 or newer, and {program} is {major}; install it with: {INSTALL}"
        );
    }
    let maven = Command::new("mvn").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(maven.is_ok(), "Kafka's jars come by Maven, and there is no mvn here; install it with: {INSTALL}");
    Ok(())
}

/// 17 for both `openjdk version "17.0.15" 2025-04-15` and `javac 17.0.15`.
pub(crate) fn major_version(program: impl AsRef<OsStr>) -> Option<u32> {
    let output = Command::new(program).arg("-version").output().ok()?;
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?;
    digits.parse().ok()
}

/// The folder of a version's jars: broker, tools and a log backend. Maven fetches them the first time.
pub(crate) fn jars(version: &Version) -> Result<PathBuf> {
    require()?;
    let options: &[&str] = if version.is_before(&[2, 4]) { &["-Dscala.binary=2.12", "-Pbefore-2.4"] } else { &[] };
    jars::resolve(&version.to_string(), options)
}

/// A file of `xtask/kafka`: node settings and log settings.
pub(crate) fn settings(file: &str) -> PathBuf {
    workspace::root().join("xtask/kafka").join(file)
}

/// A class of a node (broker, controller, ZooKeeper), logging to its standard output.
pub(crate) fn node(jars: &Path, class: &str, options: &[String]) -> Command {
    let mut java = Command::new("java");
    if options.is_empty() {
        java.args(SHORT_RUN);
    } else {
        java.args(options);
    }
    java.arg("-Djava.net.preferIPv4Stack=true");
    java.arg(format!("-Dlog4j2.configurationFile={}", settings("log4j2.properties").display()));
    // Brokers before 4.0 still log by log4j 1.
    java.arg(format!("-Dlog4j.configuration=file:{}", settings("log4j1.properties").display()));
    java.arg("-cp").arg(jars.join("*")).arg(class);
    java
}

/// One of Kafka's own command-line tools: its output alone on stdout, warnings on stderr.
pub(crate) fn tool(class: &str) -> Result<Command> {
    let jars = jars(&Version::default())?;
    let mut java = tool_machine();
    java.arg("-cp").arg(jars.join("*")).arg(class);
    Ok(java)
}

/// A program of `xtask/java`, compiled against the default version's jars when its source is newer than its classes.
pub(crate) fn program(name: &str) -> Result<Command> {
    let mut java = tool_machine();
    java.arg("-cp").arg(program_classpath(name)?).arg(name);
    Ok(java)
}

/// What `java -cp` needs to run it.
pub(crate) fn program_classpath(name: &str) -> Result<String> {
    let jars = jars(&Version::default())?;
    let classes = workspace::target().join("kafka-programs").join(name);
    compile(name, &jars, &classes)?;
    Ok(format!("{}:{}", classes.display(), jars.join("*").display()))
}

fn tool_machine() -> Command {
    let mut java = Command::new("java");
    java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1g"]);
    java.arg(format!("-Dlog4j2.configurationFile={}", settings("log4j2-tools.properties").display()));
    java
}

fn compile(name: &str, jars: &Path, classes: &Path) -> Result<()> {
    let source = workspace::root().join("xtask/java").join(format!("{name}.java"));
    let class = classes.join(format!("{name}.class"));
    let written = |file: &Path| fs::metadata(file).and_then(|metadata| metadata.modified());
    let source_written = written(&source).with_context(|| format!("no program {}", source.display()))?;
    if written(&class).is_ok_and(|class_written| class_written > source_written) {
        return Ok(());
    }
    let mut javac = Command::new("javac");
    javac.arg("-cp").arg(jars.join("*")).arg("-d").arg(classes).arg(&source);
    let status = javac.status().context("javac does not run")?;
    ensure!(status.success(), "{} does not compile", source.display());
    Ok(())
}
