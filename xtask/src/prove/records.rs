//! Typed records before readers that are not ours.

use super::python;
use crate::workspace::cargo;
use anyhow::{Result, ensure};

/// The tests say what they compare: `crates/schema/tests/readers`.
pub(crate) fn run() -> Result<()> {
    let mut tests = cargo(&["test", "-p", "milena-schema", "--all-features", "--test", "readers"]);
    tests.env("MILENA_TEST_PYTHON", python::of_record_readers()?);
    ensure!(tests.status()?.success(), "some records are not read as they were written");
    Ok(())
}
