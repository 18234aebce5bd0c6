//! `cargo xtask golden`: bytes that Kafka's own Java classes wrote, kept in the repository for tests to compare with.

mod batches;
mod serializers;

use crate::{jars, messages, workspace};
use anyhow::{Context, ensure};
use std::fmt::Write;
use std::fs::{self, File};
use std::process::Command;

/// Which bytes to write again.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// Write nothing; fail when a file is not what would be written
    #[arg(long, global = true)]
    check: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// Record batches of six shapes in every codec: crates/wire/tests/golden/batches; and Java reads ours
    Batches,
    /// Every message in every version and three shapes: crates/wire/tests/golden/messages
    Messages,
    /// What Java's plain serializers write: crates/milena/tests/golden/serializers.txt, which has the values in it
    Serializers,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match args.what {
        What::Batches => batches::golden_batches(args.check),
        What::Messages => golden_messages(args.check),
        What::Serializers => serializers::golden_serializers(args.check),
    }
}

/// One file an API, one line a message: direction, version, bytes, and the JSON that they were made from.
fn golden_messages(check: bool) -> anyhow::Result<()> {
    let (apis, version) = messages::samples()?;
    let mut questions = String::new();
    for api in &apis {
        for sample in &api.samples {
            let _ = writeln!(questions, "{} {} {} {}", sample.direction, api.key, sample.version, sample.json);
        }
    }
    let answers = java("MessageBytes.java", &version, &questions)?;
    let mut answers = answers.lines();
    let folder = jars::root().join("crates/wire/tests/golden/messages");
    fs::create_dir_all(&folder)?;
    let mut count = 0;
    for api in &apis {
        let mut text = format!("# {} by Kafka {version}; `cargo xtask golden messages` writes this.\n", api.name);
        for sample in &api.samples {
            let bytes = answers.next().context("MessageBytes.java said less than it was asked")?;
            let _ = writeln!(text, "{} {} {bytes} {}", sample.direction, sample.version, sample.json);
            count += 1;
        }
        let file = folder.join(&api.module).with_extension("txt");
        if check {
            let there = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            ensure!(
                there == text,
                "{} is not what Kafka {version} writes: `cargo xtask golden messages`",
                file.display()
            );
        } else {
            fs::write(&file, text)?;
        }
    }
    println!("{count} messages of Kafka {version} in {}", folder.display());
    Ok(())
}

/// Runs a tool of xtask/java, with `input` on its standard input, and returns what it printed.
fn java(tool: &str, kafka_version: &str, input: &str) -> anyhow::Result<String> {
    let jars = jars::resolve(kafka_version, &[])?;
    let questions = workspace::target().join("golden-questions.txt");
    fs::write(&questions, input)?;
    let output = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-cp"])
        .arg(jars.join("*"))
        .arg(jars::root().join("xtask/java").join(tool))
        .stdin(File::open(&questions)?)
        .output()
        .context("java (a JDK, 17 or newer) must be on the path")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{tool} failed: {}\n{complaint}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
