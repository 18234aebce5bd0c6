//! Programs of `xtask/python`, in an environment of their own.

use crate::workspace::{root, target};
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// Arrow reads the flights; confluent-kafka is librdkafka.
const PACKAGES: [&str; 2] = ["pyarrow==26.0.1", "confluent-kafka==2.16.1"];

/// A program, to which arguments can be added. The first call makes the environment below `target/`.
pub(crate) fn program(name: &str) -> Result<Command> {
    let environment = target().join("proofs/python");
    let complete = environment.join(".complete");
    if !complete.exists() {
        eprintln!("making a Python environment with {}", PACKAGES.join(" and "));
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&environment);
        succeed(venv, "Python's venv is needed; install it with: apt-get install -y python3-venv")?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--quiet"]).args(PACKAGES);
        succeed(pip, "pip could not install them")?;
        std::fs::write(&complete, PACKAGES.join("\n"))?;
    }
    let mut python = Command::new(environment.join("bin/python"));
    python.arg(root().join("xtask/python").join(name));
    Ok(python)
}

fn succeed(mut command: Command, otherwise: &'static str) -> Result<()> {
    let status = command.status().context(otherwise)?;
    ensure!(status.success(), otherwise);
    Ok(())
}
