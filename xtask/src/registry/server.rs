//! A registry's process: started, known again, stopped.

use super::Kind;
use crate::kafka::process::{self, Activity, Signal};
use crate::workspace::target;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Apicurio needs 11 s on a machine that builds something else; there are slower machines.
const READY_WITHIN: Duration = Duration::from_secs(120);

const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// Before the last one.
const ATTEMPTS: u32 = 4;

/// What `server.json` remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Server {
    port: u16,
    /// The path of its base URL.
    path: String,
    pid: u32,
    /// What stands on its command line and on no other's.
    mark: String,
}

/// How it is started.
pub(crate) struct Start {
    pub(crate) kind: Kind,
    pub(crate) command: Command,
    pub(crate) port: u16,
    pub(crate) path: &'static str,
    pub(crate) mark: String,
    pub(crate) detached: bool,
}

/// Where everything of it is.
pub(crate) fn folder(kind: Kind) -> PathBuf {
    target().join("registry").join(kind.name())
}

impl Server {
    /// Starts it and waits until it answers; one that was left behind goes first.
    pub(crate) fn start(start: Start) -> Result<Self> {
        let Start { kind, mut command, port, path, mark, detached } = start;
        if let Some(left_behind) = Self::find(kind)? {
            left_behind.stop()?;
        }
        let dir = folder(kind);
        let log_path = dir.join("server.log");
        let log = File::create(&log_path).with_context(|| format!("creating {}", log_path.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if detached {
            command.process_group(0);
        }
        let mut child = command.spawn().with_context(|| format!("{:?} does not run", command.get_program()))?;
        let server = Self { port, path: path.into(), pid: child.id(), mark };
        fs::write(dir.join("server.json"), serde_json::to_string(&server)?)?;
        let begun = Instant::now();
        while server.ask("GET", &format!("{path}/subjects"), "").ok() != Some(200) {
            if let Some(status) = child.try_wait()? {
                bail!("{} ended at its start ({status}): {}", kind.name(), fs::read_to_string(&log_path)?);
            }
            if begun.elapsed() > READY_WITHIN {
                server.stop()?;
                bail!("{} did not answer within {READY_WITHIN:?}; see {}", kind.name(), log_path.display());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// The one that was started last, which may be gone.
    pub(crate) fn find(kind: Kind) -> Result<Option<Self>> {
        let file = folder(kind).join("server.json");
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Some(serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn is_running(&self) -> bool {
        process::activity(self.pid, &self.mark) != Activity::Gone
    }

    /// Kills it: its schemas are in memory, there is nothing to save.
    pub(crate) fn stop(&self) -> Result<()> {
        if self.is_running() {
            process::signal(self.pid, Signal::KILL)?;
            let ended = process::ended(self.pid, &self.mark, STOPPED_WITHIN);
            ensure!(ended, "process {} does not die", self.pid);
        }
        Ok(())
    }

    /// As [`ask`](Self::ask), for what may be asked twice: Apicurio has closed a connection without a word, just started, though
    /// it had done what was asked and logged a status.
    pub(crate) fn ask_again(&self, method: &str, path: &str, body: &str) -> Result<u16> {
        for _ in 0..ATTEMPTS {
            if let Ok(status) = self.ask(method, path, body) {
                return Ok(status);
            }
            sleep(Duration::from_millis(250));
        }
        self.ask(method, path, body)
    }

    /// The status of an answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Result<u16> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = String::from_utf8_lossy(&answer);
        head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).context("no HTTP status")
    }
}
