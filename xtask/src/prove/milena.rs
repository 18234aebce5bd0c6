//! The milena command: built, run, and its summary read.

use crate::workspace::{cargo, target};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the command is.
pub(crate) struct Milena {
    path: PathBuf,
}

/// What `--json` prints, as far as proofs judge it.
#[derive(Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) records: u64,
    pub(crate) acknowledged: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) seconds: f64,
}

impl Milena {
    /// The release build of this tree.
    pub(crate) fn build() -> Result<Self> {
        let status = cargo(&["build", "--release", "--package", "milena-cli"]).status()?;
        ensure!(status.success(), "the milena command does not build");
        Ok(Self { path: target().join("release/milena") })
    }

    /// A command that was built before.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let path = fs::canonicalize(path).with_context(|| format!("no command {}", path.display()))?;
        Ok(Self { path })
    }

    /// The command with nothing said yet.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.path)
    }

    /// `milena produce` of KEY TAB VALUE lines, its summary as JSON; files and settings are the caller's.
    pub(crate) fn produce(&self, bootstrap: &str, topic: &str) -> Command {
        let mut command = self.command();
        command.args(["produce", topic, "--bootstrap-server", bootstrap, "--json", "--key-separator", r"\t"]);
        command
    }
}

impl Summary {
    /// The summary of a run in which every record must have been acknowledged, all `records` of them.
    pub(crate) fn of_whole(output: &Output, records: u64) -> Result<Self> {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last_words: Vec<&str> = stderr.lines().rev().take(5).collect();
        ensure!(output.status.success(), "milena ended with {}: {}", output.status, last_words.join(" / "));
        let stdout = String::from_utf8_lossy(&output.stdout);
        let summary: Self = serde_json::from_str(stdout.trim())
            .with_context(|| format!("no summary in the output of milena: {stdout}"))?;
        ensure!(
            summary.records == records && summary.acknowledged == records && summary.failed + summary.unknown == 0,
            "milena ended with 0 and says {summary:?} of {records} records"
        );
        Ok(summary)
    }
}
