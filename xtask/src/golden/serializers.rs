//! `cargo xtask golden serializers`: what Java's plain serializers make of the values in the file.

use crate::jars::KAFKA_VERSION;
use crate::{kafka, workspace};
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};

/// Lines of class, value and bytes, between tabs.
const FILE: &str = "crates/milena/tests/golden/serializers.txt";

pub(super) fn golden_serializers(check: bool) -> Result<()> {
    let file = workspace::root().join(FILE);
    let there = fs::read_to_string(&file).with_context(|| format!("{FILE} cannot be read"))?;
    let questions = questions(&there)?;
    let answers = java(&questions)?;
    ensure!(
        answers.lines().count() == questions.len(),
        "Java answered {} of {}",
        answers.lines().count(),
        questions.len()
    );
    let mut text = format!(
        "# Bytes by the serializers of Kafka {KAFKA_VERSION}; `cargo xtask golden serializers` writes the last column from the \
         first two.\n"
    );
    for (question, answer) in questions.iter().zip(answers.lines()) {
        text += &format!("{question}\t{answer}\n");
    }
    if check {
        ensure!(there == text, "{FILE} is not what Kafka {KAFKA_VERSION} writes: `cargo xtask golden serializers`");
    } else {
        fs::write(&file, text)?;
    }
    println!("{} values of Kafka {KAFKA_VERSION} in {FILE}", questions.len());
    Ok(())
}

/// The first two columns of each line.
fn questions(there: &str) -> Result<Vec<String>> {
    let lines = there.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let (class, value) =
                columns.next().zip(columns.next()).with_context(|| format!("{line:?} has no value"))?;
            Ok(format!("{class}\t{value}"))
        })
        .collect()
}

fn java(questions: &[String]) -> Result<String> {
    let file = workspace::target().join("golden-serializers.txt");
    fs::write(&file, questions.join("\n") + "\n")?;
    let output = kafka::java_program("SerializedValues")?.arg("write").stdin(File::open(&file)?).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "SerializedValues.java failed: {}\n{complaint}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
