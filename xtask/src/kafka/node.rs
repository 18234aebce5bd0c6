//! One node of a cluster: its folder, its settings, its process.

use super::cluster::Plan;
use super::java;
use super::process::{self, Activity, Signal};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a node is in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// Broker and controller in one: the only node of a small cluster.
    Combined,
    Controller,
    Broker,
    ZooKeeper,
    /// A broker whose metadata ZooKeeper keeps.
    BrokerZookeeper,
}

/// One node, as `cluster.json` has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: u32,
    pub(crate) role: Role,
    /// Where it listens on 127.0.0.1: for clients if it is a broker, for brokers if not.
    pub(crate) port: u16,
    /// Where it listens for clients that come by a proxy.
    #[serde(default)]
    pub(crate) clients: Option<Clients>,
}

/// A broker's second listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Clients {
    pub(crate) port: u16,
    /// The proxy's port, which is the one that clients are told.
    pub(crate) told: u16,
}

/// A node that was just started and need not be ready yet.
pub(crate) struct Starting<'a> {
    node: &'a Node,
    plan: &'a Plan,
    child: Child,
    /// Where this start begins in the log, which holds the earlier ones too.
    log_start: u64,
}

/// A start takes 2 to 9 s on two idle cores; this is for two cores on which eight builds run.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A clean stop takes 3 s; a broker whose controller is gone never ends it.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

impl Role {
    /// The file of its settings in `xtask/kafka`, and its name in `status`.
    fn settings(self) -> &'static str {
        match self {
            Self::Combined => "single.properties",
            Self::Controller => "controller.properties",
            Self::Broker => "broker.properties",
            Self::ZooKeeper => "zookeeper.properties",
            Self::BrokerZookeeper => "broker-zookeeper.properties",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::ZooKeeper => "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            _ => "kafka.Kafka",
        }
    }

    /// The word in `status`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Combined => "broker and controller",
            Self::Controller => "controller",
            Self::Broker | Self::BrokerZookeeper => "broker",
            Self::ZooKeeper => "ZooKeeper",
        }
    }

    /// Whether clients connect to it.
    pub(crate) fn is_broker(self) -> bool {
        matches!(self, Self::Combined | Self::Broker | Self::BrokerZookeeper)
    }
}

impl Node {
    /// Where it listens, as `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its folder: settings, data, log, process id.
    pub(crate) fn dir(&self, plan: &Plan) -> PathBuf {
        plan.dir().join(format!("node-{}", self.id))
    }

    /// Everything that its starts have printed.
    pub(crate) fn log(&self, plan: &Plan) -> PathBuf {
        self.dir(plan).join("node.log")
    }

    pub(crate) fn activity(&self, plan: &Plan) -> Activity {
        self.pid(plan).map_or(Activity::Gone, |pid| process::activity(pid, &self.mark(plan)))
    }

    /// The id of its newest process, which may be gone.
    pub(crate) fn pid(&self, plan: &Plan) -> Option<u32> {
        fs::read_to_string(self.dir(plan).join("pid")).ok()?.trim().parse().ok()
    }

    /// Writes its settings and an empty log folder: once in a cluster's life.
    pub(crate) fn prepare(&self, plan: &Plan) -> Result<()> {
        let dir = self.dir(plan);
        let data = dir.join("data");
        fs::create_dir_all(&data).with_context(|| format!("creating {}", data.display()))?;
        fs::write(dir.join("server.properties"), self.properties(plan)?)?;
        match self.role {
            Role::Combined | Role::Controller => self.format(plan),
            // What `format` would leave in a broker's folder, without a second of JVM.
            Role::Broker => {
                let (cluster, id, directory) = (&plan.id, self.id, super::cluster::random_id());
                let text = format!("version=1\ncluster.id={cluster}\nnode.id={id}\ndirectory.id={directory}\n");
                fs::write(data.join("meta.properties"), text).context("writing meta.properties")
            }
            Role::ZooKeeper | Role::BrokerZookeeper => Ok(()),
        }
    }

    fn properties(&self, plan: &Plan) -> Result<String> {
        let template = java::settings(self.role.settings());
        let template = fs::read_to_string(&template).with_context(|| format!("reading {}", template.display()))?;
        let mut text = template
            .replace("@ID@", &self.id.to_string())
            .replace("@PORT@", &self.port.to_string())
            .replace("@QUORUM_PORT@", &plan.quorum_port.to_string())
            .replace("@REPLICAS@", &plan.brokers().count().min(3).to_string())
            .replace("@DIR@", &self.dir(plan).display().to_string());
        if let Some(clients) = &self.clients {
            text.push_str(&clients.settings(self.port));
        }
        if self.role != Role::ZooKeeper {
            // The later of two lines wins in a properties file.
            for setting in &plan.settings {
                text.push_str(setting);
                text.push('\n');
            }
        }
        Ok(text)
    }

    fn format(&self, plan: &Plan) -> Result<()> {
        let jars = java::jars(&plan.version)?;
        let mut format = java::node(&jars, "kafka.tools.StorageTool", &[]);
        format.args(["format", "--cluster-id", &plan.id, "--config"]).arg(self.mark(plan));
        let output = format.output().context("java does not run")?;
        if !output.status.success() {
            let text = [output.stdout, output.stderr].concat();
            bail!("formatting the log folder of node {} failed:\n{}", self.id, String::from_utf8_lossy(&text));
        }
        Ok(())
    }

    /// Starts its process. With `detached` it lives on when this command is interrupted from the keyboard.
    pub(crate) fn start<'a>(&'a self, plan: &'a Plan, detached: bool) -> Result<Starting<'a>> {
        ensure!(self.activity(plan) == Activity::Gone, "node {} is running already", self.id);
        let log = File::options().create(true).append(true).open(self.log(plan))?;
        let log_start = log.metadata()?.len();
        let mut command = java::node(&java::jars(&plan.version)?, self.role.class(), &plan.jvm);
        command.arg(self.mark(plan)).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if detached {
            command.process_group(0);
        }
        let child = command.spawn().context("java does not run")?;
        fs::write(self.dir(plan).join("pid"), child.id().to_string())?;
        Ok(Starting { node: self, plan, child, log_start })
    }

    /// Sends a signal to its process, if it has one.
    pub(crate) fn signal(&self, plan: &Plan, signal: Signal) -> Result<()> {
        match (self.pid(plan), self.activity(plan)) {
            (Some(pid), Activity::Running | Activity::Paused) => process::signal(pid, signal),
            _ => bail!("node {} is not running", self.id),
        }
    }

    /// kill -9, and waits until the process is gone; a node without one is left alone.
    pub(crate) fn kill(&self, plan: &Plan) -> Result<()> {
        match (self.pid(plan), self.activity(plan)) {
            (Some(pid), Activity::Running | Activity::Paused) => {
                process::signal(pid, Signal::KILL)?;
                let ended = process::ended(pid, &self.mark(plan), STOPPED_WITHIN);
                ensure!(ended, "node {} (process {pid}) does not die", self.id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// SIGTERM, and waits for a clean end: a controlled shutdown, which moves leaders away first.
    pub(crate) fn stop(&self, plan: &Plan) -> Result<()> {
        self.signal(plan, Signal::TERM)?;
        // A paused process takes no other signal until it goes on.
        self.signal(plan, Signal::CONT).ok();
        let ended = self.pid(plan).is_none_or(|pid| process::ended(pid, &self.mark(plan), STOPPED_WITHIN));
        let seconds = STOPPED_WITHIN.as_secs();
        ensure!(ended, "node {} has not stopped after {seconds} s; is its controller gone? `kill` ends it", self.id);
        Ok(())
    }

    /// What stands on the command line of its process and of no other.
    fn mark(&self, plan: &Plan) -> String {
        self.dir(plan).join("server.properties").display().to_string()
    }
}

impl Clients {
    /// Besides the listener on `port`, by which brokers speak to each other. Of two lines the later one holds.
    fn settings(&self, port: u16) -> String {
        let Self { port: clients, told } = self;
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{port},CLIENTS://127.0.0.1:{clients}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port},CLIENTS://127.0.0.1:{told}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CLIENTS:PLAINTEXT\n"
        )
    }
}

impl Starting<'_> {
    /// Waits until the node serves. Fails with the end of its log when it exits or takes too long.
    pub(crate) fn ready(mut self) -> Result<()> {
        let begun = Instant::now();
        while !self.is_ready()? {
            if let Some(status) = self.child.try_wait()? {
                bail!("node {} ended at its start ({status}); its log says:\n{}", self.node.id, self.log_tail()?);
            }
            if begun.elapsed() > READY_WITHIN {
                let seconds = READY_WITHIN.as_secs();
                bail!("node {} is not ready after {seconds} s; its log says:\n{}", self.node.id, self.log_tail()?);
            }
            sleep(Duration::from_millis(25));
        }
        Ok(())
    }

    fn is_ready(&self) -> Result<bool> {
        if self.node.role == Role::ZooKeeper {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.node.port));
            return Ok(TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok());
        }
        // KRaft: `Kafka Server started`; before it: `[KafkaServer id=1] started`. The first lines only say `starting`.
        let log = self.log_of_this_start()?;
        Ok(log.lines().any(|line| {
            line.contains("KafkaServer id=") && line.ends_with("] started") || line.contains("Kafka Server started")
        }))
    }

    fn log_of_this_start(&self) -> Result<String> {
        let mut log = File::open(self.node.log(self.plan))?;
        log.seek(SeekFrom::Start(self.log_start))?;
        let mut text = Vec::new();
        log.read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The errors of this start, or its last lines when it named none.
    fn log_tail(&self) -> Result<String> {
        const LINES: usize = 20;
        let log = self.log_of_this_start()?;
        let lines: Vec<&str> = log.lines().collect();
        let first_error = lines.iter().position(|line| line.contains(" ERROR ") || line.contains(" FATAL "));
        let from = first_error.unwrap_or_else(|| lines.len().saturating_sub(LINES));
        let tail: Vec<&str> = lines.into_iter().skip(from).take(LINES).collect();
        Ok(format!("{}\n({})", tail.join("\n"), self.node.log(self.plan).display()))
    }
}
