//! franz-go's in-memory registry, behind a small program of ours that hurts it and counts.

use super::server::{Server, Start, folder};
use super::{Kind, require};
use crate::kafka::ports;
use crate::workspace::root;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The program, once it was built: tests start one of their own, to kill it.
pub(crate) fn program() -> PathBuf {
    folder(Kind::Srfake).join("srfake")
}

pub(crate) fn start(detached: bool) -> Result<Server> {
    require()?;
    let dir = folder(Kind::Srfake);
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let program = program();
    let mut build = Command::new("go");
    // Go knows by itself whether there is something to build.
    build.current_dir(root().join("xtask/registry/srfake")).args(["build", "-o"]).arg(&program).arg(".");
    let status = build.status().context("go does not run")?;
    ensure!(status.success(), "srfake does not build");
    let [port] = ports::free(1)?[..] else { bail!("no free port") };
    let mut command = Command::new(&program);
    command.args(["-listen", &format!("127.0.0.1:{port}")]);
    let mark = program.display().to_string();
    Server::start(Start { kind: Kind::Srfake, command, port, path: "", mark, detached })
}
