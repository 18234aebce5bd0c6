//! Our bytes before other people's readers, and our development cluster before other people's clients.

use super::flights::CODECS;
use super::lines::flights;
use super::milena::{Milena, Summary};
use super::report::Report;
use super::{java, python};
use crate::kafka::{Cluster, CreateTopic, Life, Shape, create_topic};
use crate::workspace::cargo;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

const RECORDS: u64 = 50_000;

pub(crate) fn run(milena: &Milena) -> Result<()> {
    let lines = flights(RECORDS)?;
    let mut report = Report::begin("readers", &["cluster", "codec", "written by", "read by"]);
    on_kafka(milena, &lines, &mut report)?;
    on_dev(milena, &lines, &mut report)?;
    report.end()
}

fn on_kafka(milena: &Milena, lines: &Path, report: &mut Report) -> Result<()> {
    let shape =
        Shape { name: "prove".into(), settings: vec!["auto.create.topics.enable=true".into()], ..Shape::default() };
    let kafka = Cluster::start(shape, Life::Scoped)?;
    let bootstrap = kafka.bootstrap();
    for codec in CODECS {
        let topic = CreateTopic { topic: codec.to_owned(), partitions: 3, replication_factor: 1, config: Vec::new() };
        create_topic(&bootstrap, &topic)?;
        let written = write(milena, lines, &bootstrap, codec);
        report.row(&[&"Kafka", &codec, &"milena", &"(acknowledged)"], written);
        report.row(&[&"Kafka", &codec, &"milena", &"Java"], java::compare(lines, &bootstrap, codec, None));
        report.row(&[&"Kafka", &codec, &"milena", &"librdkafka"], librdkafka("compare", lines, &bootstrap, codec));
    }
    report.row(&[&"Kafka", &"every", &"milena", &"kafka-protocol"], kafka_protocol(&bootstrap));
    Ok(())
}

/// The development cluster makes a topic when one is named.
fn on_dev(milena: &Milena, lines: &Path, report: &mut Report) -> Result<()> {
    let dev = Dev::start(milena, 3)?;
    let bootstrap = &dev.bootstrap;
    for codec in CODECS {
        let topic = |writer: &str| format!("{writer}-{codec}");
        let writers: [(&str, Result<()>); 3] = [
            ("milena", write_topic(milena, lines, bootstrap, &topic("milena"), codec)),
            ("Java", java::send(lines, bootstrap, &topic("Java"), codec).map(drop)),
            ("librdkafka", send_by_librdkafka(lines, bootstrap, &topic("librdkafka"), codec)),
        ];
        for (writer, written) in writers {
            report.row(&[&"milena dev", &codec, &writer, &"(acknowledged)"], written);
            let topic = topic(writer);
            report.row(&[&"milena dev", &codec, &writer, &"Java"], java::compare(lines, bootstrap, &topic, None));
            let read = librdkafka("compare", lines, bootstrap, &topic);
            report.row(&[&"milena dev", &codec, &writer, &"librdkafka"], read);
        }
    }
    Ok(())
}

fn write(milena: &Milena, lines: &Path, bootstrap: &str, codec: &str) -> Result<()> {
    write_topic(milena, lines, bootstrap, codec, codec)
}

fn write_topic(milena: &Milena, lines: &Path, bootstrap: &str, topic: &str, codec: &str) -> Result<()> {
    let mut produce = milena.produce(bootstrap, topic);
    produce.args(["-X", &format!("compression.type={codec}")]).arg(lines);
    Summary::of_whole(&produce.output()?, RECORDS).map(drop)
}

fn librdkafka(what: &str, lines: &Path, bootstrap: &str, topic: &str) -> Result<()> {
    java::output(python::program("librdkafka.py")?.arg(what).arg(lines).args([bootstrap, topic])).map(drop)
}

fn send_by_librdkafka(lines: &Path, bootstrap: &str, topic: &str, codec: &str) -> Result<()> {
    let mut program = python::program("librdkafka.py")?;
    java::output(program.arg("send").arg(lines).args([bootstrap, topic, codec])).map(drop)
}

/// A test of the library does it: the crate is a dependency of tests only.
fn kafka_protocol(bootstrap: &str) -> Result<()> {
    const TEST: &str = "codecs::kafka_protocol_reads_every_codec";
    let mut test = cargo(&["test", "--quiet", "--package", "milena", "--test", "real_kafka", "--", "--exact", TEST]);
    let text = java::output(test.env("MILENA_TEST_KAFKA", bootstrap))?;
    ensure!(text.contains("1 passed"), "no test {TEST} ran: {text}");
    Ok(())
}

/// `milena dev`, for as long as this lives.
struct Dev {
    process: Child,
    bootstrap: String,
}

impl Dev {
    fn start(milena: &Milena, brokers: u32) -> Result<Self> {
        let mut dev = milena.command();
        dev.args(["dev", "--port", "0", "--brokers", &brokers.to_string()]);
        let mut process =
            dev.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("milena dev does not run")?;
        let mut bootstrap = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut bootstrap)?;
        }
        let dev = Self { process, bootstrap: bootstrap.trim().to_owned() };
        ensure!(!dev.bootstrap.is_empty(), "milena dev does not say where it listens");
        Ok(dev)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).ok();
    }
}
