//! Python, with the packages that the proofs need, in environments of their own.

use crate::workspace::{root, target};
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use std::process::Command;

/// An environment of its own below `target/`, made when it is first asked for.
struct Environment {
    folder: &'static str,
    packages: &'static [&'static str],
}

/// Arrow reads the flights; confluent-kafka is librdkafka.
const PROOFS: Environment =
    Environment { folder: "proofs/python", packages: &["pyarrow==26.0.1", "confluent-kafka==2.16.1"] };

/// Readers of records; protoc comes with grpcio-tools.
const RECORDS: Environment = Environment {
    folder: "proofs/python-records",
    packages: &[
        "confluent-kafka[avro,json,protobuf]==2.16.1",
        "fastavro==1.13.1",
        "grpcio-tools==1.85.1",
        "thrift==0.25.0",
    ],
};

/// A program, to which arguments can be added.
pub(crate) fn program(name: &str) -> Result<Command> {
    let mut python = Command::new(PROOFS.python()?);
    python.arg(root().join("xtask/python").join(name));
    Ok(python)
}

/// The Python that has the readers of records.
pub(crate) fn of_record_readers() -> Result<PathBuf> {
    RECORDS.python()
}

impl Environment {
    fn python(&self) -> Result<PathBuf> {
        let environment = target().join(self.folder);
        let complete = environment.join(".complete");
        if !complete.exists() {
            eprintln!("making a Python environment with {}", self.packages.join(", "));
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv"]).arg(&environment);
            succeed(venv, "Python's venv is needed; install it with: apt-get install -y python3-venv")?;
            let mut pip = Command::new(environment.join("bin/pip"));
            pip.args(["install", "--quiet"]).args(self.packages);
            succeed(pip, "pip could not install them")?;
            std::fs::write(&complete, self.packages.join("\n"))?;
        }
        Ok(environment.join("bin/python"))
    }
}

fn succeed(mut command: Command, otherwise: &'static str) -> Result<()> {
    let status = command.status().context(otherwise)?;
    ensure!(status.success(), otherwise);
    Ok(())
}
