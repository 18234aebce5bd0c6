//! A cluster of real brokers: started, hurt, and gone without a trace.

use super::node::{Clients, Node, Role};
use super::ports;
use super::process::{Activity, Signal};
use super::status::Status;
use super::version::{Quorum, Version};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fs;
use std::iter::repeat_with;
use std::path::PathBuf;

/// The node that keeps the metadata of a cluster, when it is not the broker itself: controller or ZooKeeper.
pub(crate) const QUORUM_NODE: u32 = 100;

/// What `cluster.json` remembers of a cluster. Everything else is read from its processes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Kafka's cluster id.
    pub(crate) id: String,
    pub(crate) quorum_port: u16,
    /// In the order in which they start.
    pub(crate) nodes: Vec<Node>,
    /// Lines added to every broker's and controller's settings: `key=value`.
    pub(crate) settings: Vec<String>,
    /// Options of the nodes' JVMs in place of the ones for short runs.
    pub(crate) jvm: Vec<String>,
}

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) brokers: u32,
    pub(crate) settings: Vec<String>,
    pub(crate) jvm: Vec<String>,
    /// For each broker the port of a proxy, which is where it tells clients that it is; empty: it tells its own. KRaft only.
    pub(crate) proxies: Vec<u16>,
}

impl Default for Shape {
    fn default() -> Self {
        let (settings, jvm, proxies) = (Vec::new(), Vec::new(), Vec::new());
        Self { name: "main".into(), version: Version::default(), brokers: 1, settings, jvm, proxies }
    }
}

/// Whose life ends with whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Lives until `cargo xtask kafka down`.
    Detached,
    /// Ends when the [`Cluster`] is dropped, and with Ctrl-C.
    Scoped,
}

/// A cluster that was started.
pub(crate) struct Cluster {
    plan: Plan,
    life: Life,
}

impl Plan {
    fn new(shape: Shape) -> Result<Self> {
        let Shape { name, version, brokers, settings, jvm, proxies } = shape;
        let mut ports = ports::free(2 * brokers as usize + 1)?.into_iter();
        let quorum_port = ports.next().unwrap_or_default();
        let (keeper, broker) = match version.quorum() {
            Quorum::Kraft if brokers == 1 => (None, Role::Combined),
            Quorum::Kraft => (Some(Role::Controller), Role::Broker),
            Quorum::ZooKeeper => (Some(Role::ZooKeeper), Role::BrokerZookeeper),
        };
        let keeper = keeper.map(|role| Node { id: QUORUM_NODE, role, port: quorum_port, clients: None });
        let mut proxies = proxies.into_iter();
        let mut nodes: Vec<Node> = keeper.into_iter().collect();
        for id in 1..=brokers {
            let port = ports.next().unwrap_or_default();
            let clients = proxies.next().map(|told| Clients { port: ports.next().unwrap_or_default(), told });
            nodes.push(Node { id, role: broker, port, clients });
        }
        Ok(Self { name, version, id: random_id(), quorum_port, nodes, settings, jvm })
    }

    /// Where everything of this cluster is.
    pub(crate) fn dir(&self) -> PathBuf {
        folder(&self.name)
    }

    /// The nodes that clients connect to.
    pub(crate) fn brokers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.role.is_broker())
    }

    /// `host:port` of every broker, separated by commas.
    pub(crate) fn bootstrap(&self) -> String {
        self.brokers().map(Node::address).collect::<Vec<_>>().join(",")
    }
}

impl Cluster {
    /// Starts a new cluster and waits until all of it serves; one of the same name that was left behind goes first.
    pub(crate) fn start(shape: Shape, life: Life) -> Result<Self> {
        if let Some(left_behind) = Self::find(&shape.name)? {
            left_behind.down()?;
        }
        let plan = Plan::new(shape)?;
        let dir = plan.dir();
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        for node in &plan.nodes {
            node.prepare(&plan)?;
        }
        // Before the first process: whatever happens from here on, `down` finds it.
        fs::write(dir.join("cluster.json"), serde_json::to_string_pretty(&plan)?)?;
        let cluster = Self { plan, life };
        if let Err(error) = cluster.start_nodes() {
            cluster.kill_nodes()?;
            return Err(error);
        }
        Ok(cluster)
    }

    fn start_nodes(&self) -> Result<()> {
        let (keeper, nodes): (Vec<_>, Vec<_>) = self.plan.nodes.iter().partition(|node| node.role == Role::ZooKeeper);
        for stage in [keeper, nodes] {
            let detached = self.life == Life::Detached;
            let starting: Vec<_> = stage.iter().map(|node| node.start(&self.plan, detached)).collect::<Result<_>>()?;
            starting.into_iter().try_for_each(super::node::Starting::ready)?;
        }
        Ok(())
    }

    /// The cluster of this name, if one was started and not taken down.
    pub(crate) fn find(name: &str) -> Result<Option<Self>> {
        ensure!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
            "{name:?} cannot name a cluster: letters, digits, - and _ can"
        );
        let file = folder(name).join("cluster.json");
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let plan = serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?;
        Ok(Some(Self { plan, life: Life::Detached }))
    }

    /// The cluster of this name, or an error that says how to start one.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Self::find(name)?
            .with_context(|| format!("no cluster {name} here; `cargo xtask kafka --name {name} up` starts one"))
    }

    /// `host:port` of every broker, separated by commas. It leads past proxies, should there be any.
    pub(crate) fn bootstrap(&self) -> String {
        self.plan.bootstrap()
    }

    /// Where a broker listens for what its proxy passes on.
    pub(crate) fn behind_proxy(&self, id: u32) -> Result<u16> {
        let clients = self.node(id)?.clients.as_ref();
        Ok(clients.with_context(|| format!("broker {id} has no proxy"))?.port)
    }

    pub(crate) fn version(&self) -> &Version {
        &self.plan.version
    }

    /// Whether every node's process runs.
    pub(crate) fn is_whole(&self) -> bool {
        self.plan.nodes.iter().all(|node| node.activity(&self.plan) == Activity::Running)
    }

    /// Starts the process of a node that was killed or stopped, on its old port and data, and waits until it serves.
    pub(crate) fn start_node(&self, id: u32) -> Result<()> {
        self.node(id)?.start(&self.plan, self.life == Life::Detached)?.ready()
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn stop_node(&self, id: u32) -> Result<()> {
        self.node(id)?.stop(&self.plan)
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) fn kill_node(&self, id: u32) -> Result<()> {
        self.node(id)?.kill(&self.plan)
    }

    /// SIGKILL, SIGSTOP or SIGCONT, at once.
    pub(crate) fn signal_node(&self, id: u32, signal: Signal) -> Result<()> {
        self.node(id)?.signal(&self.plan, signal)
    }

    /// The file that holds everything a node has printed.
    pub(crate) fn log(&self, id: u32) -> Result<PathBuf> {
        Ok(self.node(id)?.log(&self.plan))
    }

    fn node(&self, id: u32) -> Result<&Node> {
        let nodes = &self.plan.nodes;
        nodes.iter().find(|node| node.id == id).with_context(|| {
            let ids: Vec<String> = nodes.iter().map(|node| node.id.to_string()).collect();
            format!("cluster {} has no node {id}; its nodes are {}", self.plan.name, ids.join(", "))
        })
    }

    /// Ends every process and removes the data; settings and logs stay until the next start.
    pub(crate) fn down(mut self) -> Result<()> {
        self.take_down()
    }

    fn take_down(&mut self) -> Result<()> {
        self.life = Life::Detached;
        self.kill_nodes()?;
        for node in &self.plan.nodes {
            let data = node.dir(&self.plan).join("data");
            if data.exists() {
                fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
            }
        }
        let file = self.plan.dir().join("cluster.json");
        fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))
    }

    /// Brokers first: one whose controller is gone hangs, and its clients with it.
    fn kill_nodes(&self) -> Result<()> {
        self.plan.nodes.iter().rev().try_for_each(|node| node.kill(&self.plan))
    }

    /// The process ids of its nodes.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.plan.nodes.iter().filter_map(|node| node.pid(&self.plan)).collect()
    }

    /// What its processes do at this moment.
    pub(crate) fn status(&self) -> Status {
        Status::of(&self.plan)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.life == Life::Scoped
            && let Err(error) = self.take_down()
        {
            eprintln!("cluster {} was not taken down: {error:#}", self.plan.name);
        }
    }
}

fn folder(name: &str) -> PathBuf {
    workspace::target().join("kafka").join(name)
}

/// 16 random bytes in URL-safe base64 without padding, as Kafka writes its ids; the last of 22 characters holds two bits.
pub(crate) fn random_id() -> String {
    let last = fastrand::choice(['A', 'Q', 'g', 'w']);
    repeat_with(fastrand::alphanumeric).take(21).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(version: &str, brokers: u32) -> Plan {
        let version = version.parse().unwrap();
        Plan::new(Shape { name: "test".into(), version, brokers, ..Shape::default() }).unwrap()
    }

    fn roles(plan: &Plan) -> Vec<(u32, Role)> {
        plan.nodes.iter().map(|node| (node.id, node.role)).collect()
    }

    #[test]
    fn one_broker_is_its_own_controller() {
        assert_eq!(roles(&plan("4.3.1", 1)), [(1, Role::Combined)]);
    }

    #[test]
    fn three_brokers_have_a_controller_that_no_fault_of_theirs_touches() {
        let three = plan("4.3.1", 3);
        let expected = [(100, Role::Controller), (1, Role::Broker), (2, Role::Broker), (3, Role::Broker)];
        assert_eq!(roles(&three), expected);
        assert_eq!(three.brokers().count(), 3);
    }

    #[test]
    fn a_broker_before_kraft_has_zookeeper_started_first() {
        assert_eq!(roles(&plan("2.8.2", 1)), [(100, Role::ZooKeeper), (1, Role::BrokerZookeeper)]);
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        for name in ["../main", "", "a b", "a/b"] {
            assert!(Cluster::find(name).is_err(), "{name:?}");
        }
    }
}
