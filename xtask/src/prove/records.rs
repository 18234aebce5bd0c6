//! Typed records before readers that are not ours, through a broker and with schemas in real registries.

use super::python;
use crate::kafka::{Cluster, Life, Shape, require_java};
use crate::registry::{self, Scoped};
use crate::workspace::{cargo, target};
use anyhow::{Result, ensure};

/// The tests say what they compare: `crates/schema/tests/readers`.
pub(crate) fn run() -> Result<()> {
    require_java()?;
    registry::require()?;
    let python = python::of_record_readers()?;
    ensure!(cargo(&["build", "--package", "milena-cli"]).status()?.success(), "the milena command does not build");
    let registries = Scoped::start()?;
    let settings = vec!["auto.create.topics.enable=true".into(), "num.partitions=1".into()];
    let kafka = Cluster::start(Shape { name: "prove".into(), settings, ..Shape::default() }, Life::Scoped)?;
    let mut tests = cargo(&["test", "-p", "milena-schema", "--all-features", "--test", "readers"]);
    tests.env("MILENA_TEST_PYTHON", python).env("MILENA_TEST_KAFKA", kafka.bootstrap());
    tests.env("MILENA_TEST_REGISTRIES", registries.urls());
    tests.env("MILENA_TEST_PROGRAM", target().join("debug/milena"));
    ensure!(tests.status()?.success(), "some records are not read as they were written");
    Ok(())
}
