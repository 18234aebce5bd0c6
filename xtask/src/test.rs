//! `cargo xtask test`: everything that must hold before a change goes in, the cheapest first.

use crate::guards::require_valgrind;
use crate::kafka::{Cluster, Life, Shape, java_classpath, require_java};
use crate::registry::{self, require as require_registries};
use crate::workspace::cargo;
use anyhow::{Context, Result, ensure};
use std::env;
use std::process::Command;
use std::time::Instant;

/// Runs every step on a machine that has nothing but Rust, Java, Maven, Go and valgrind. The last lines are the test runner's own.
pub(crate) fn run() -> Result<()> {
    let begun = Instant::now();
    // Asked for once: the tests build this program anew, and what runs then is a file that was deleted.
    let program = env::current_exe()?;
    let xtask = |arguments: &[&str]| {
        let mut xtask = Command::new(&program);
        xtask.args(arguments);
        xtask
    };
    // Before minutes of building: the sentence that says what to install.
    require_java()?;
    require_valgrind()?;
    require_registries()?;
    step(begun, "format", cargo(&["fmt", "--all", "--check"]))?;
    step(begun, "lint", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    for target in [REAL_KAFKA, REAL_REGISTRY] {
        let lint = cargo(&["clippy", "--workspace", "--test", target, "--", "-D", "warnings"]);
        step(begun, "lint the tests against the real ones", lint)?;
    }
    for feature in ["", "avro", "protobuf", "protobuf-dynamic", "json", "thrift", "registry", "fake"] {
        let name = match feature {
            "" => "milena-schema without features".to_owned(),
            feature => format!("milena-schema with the feature {feature} alone"),
        };
        let mut check = cargo(&["check", "--package", "milena-schema", "--lib", "--no-default-features"]);
        check.args(["--features", feature]);
        step(begun, &name, check)?;
    }
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    step(begun, "documentation", documentation)?;
    step(begun, "settings, made from their table", xtask(&["docs", "--check"]))?;
    step(begun, "messages, made from Kafka's specifications", xtask(&["messages", "--check"]))?;
    step(begun, "golden messages, written by Kafka's classes", xtask(&["golden", "messages", "--check"]))?;
    step(begun, "golden batches, written by Kafka's classes", xtask(&["golden", "batches", "--check"]))?;
    step(begun, "golden serializers, written by Kafka's classes", xtask(&["golden", "serializers", "--check"]))?;
    step(begun, "tests", cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    step(begun, "fuzzing, without libFuzzer", xtask(&["fuzz", "--short"]))?;
    step(begun, "simulated schedules", simulate())?;
    step(begun, "historical defects, put back", xtask(&["plants"]))?;
    step(begun, "instructions of the hot paths", xtask(&["guards"]))?;
    // The same operations each time: a difference that chance finds is for who looks for one, not for who changed a comment.
    let operations = ["--seed", "2", "--operations", "1500", "--restart-every", "500"];
    let differential = xtask(&[&["prove", "differential"], &operations[..]].concat());
    step(begun, "the broker model beside a real broker", differential)?;
    real_registry(begun)?;
    real_kafka(begun)
}

/// Schedules of the simulator over all its workloads, the same in every run: `simulate --from` goes on where these end.
const SCHEDULES: &str = "100000";

fn simulate() -> Command {
    let program = ["run", "--quiet", "--release", "--package", "milena-testkit", "--bin", "simulate"];
    let mut simulate = cargo(&program);
    simulate.args(["--", "--schedules", SCHEDULES]);
    simulate
}

/// The test targets that need brokers: `test = false` keeps them out of `cargo test`, and only this task names them.
const REAL_KAFKA: &str = "real_kafka";

/// The same for those that need schema registries.
const REAL_REGISTRY: &str = "real_registry";

/// One registry that judges compatibility, and one that has contexts and GUIDs.
fn real_registry(begun: Instant) -> Result<()> {
    let registries = registry::Scoped::start()?;
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast", "--test", REAL_REGISTRY]);
    tests.env("MILENA_TEST_REGISTRIES", registries.urls()).env("MILENA_TEST_SRFAKE", registry::srfake_program());
    step(begun, "tests against real schema registries", tests)
}

/// One broker, which creates topics as they are named, and three, on which a topic's replicas can be lost.
fn real_kafka(begun: Instant) -> Result<()> {
    let start = |name: &str, brokers, settings: &[&str]| {
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        Cluster::start(Shape { name: name.into(), brokers, settings, ..Shape::default() }, Life::Scoped)
    };
    let one = start("test", 1, &["auto.create.topics.enable=true", "num.partitions=3"])?;
    let three = start("test3", 3, &[])?;
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast", "--test", REAL_KAFKA]);
    tests.env("MILENA_TEST_KAFKA", one.bootstrap()).env("MILENA_TEST_KAFKA3", three.bootstrap());
    tests.env("MILENA_TEST_SERIALIZED_VALUES", java_classpath("SerializedValues")?);
    step(begun, "tests against real Kafka", tests)
}

/// What went before is timed in the headline, so that nothing comes behind the last step's own words.
fn step(begun: Instant, name: &str, mut command: Command) -> Result<()> {
    eprintln!("\n── {name}, after {} s", begun.elapsed().as_secs());
    let status = command.status().with_context(|| format!("{name}: {:?} does not run", command.get_program()))?;
    ensure!(status.success(), "{name} failed; by itself: {}", line(&command));
    Ok(())
}

/// The command, for people who want to run the failed step alone.
fn line(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
    let variables = variables.map(|(name, value)| format!("{name}='{value}'"));
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let program = command.get_program().to_string_lossy().into_owned();
    variables.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}
