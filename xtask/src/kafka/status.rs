//! What a cluster looks like at this moment: for people, and as JSON for scripts.

use super::cluster::Plan;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// A cluster and its nodes.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    name: String,
    version: String,
    /// `host:port` of every broker, separated by commas.
    bootstrap: String,
    nodes: Vec<NodeStatus>,
}

#[derive(Debug, Serialize)]
struct NodeStatus {
    id: u32,
    role: &'static str,
    address: String,
    /// `running`, `paused` or `stopped`.
    state: &'static str,
    /// Its newest process, even when that has ended.
    pid: Option<u32>,
    log: PathBuf,
}

impl Status {
    /// Looks at every process.
    pub(crate) fn of(plan: &Plan) -> Self {
        let nodes = plan.nodes.iter().map(|node| NodeStatus {
            id: node.id,
            role: node.role.name(),
            address: node.address(),
            state: node.activity(plan).name(),
            pid: node.pid(plan),
            log: node.log(plan),
        });
        Self {
            name: plan.name.clone(),
            version: plan.version.to_string(),
            bootstrap: plan.bootstrap(),
            nodes: nodes.collect(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cluster {}, Kafka {}", self.name, self.version)?;
        for NodeStatus { id, role, address, state, pid, .. } in &self.nodes {
            let pid = pid.map_or_else(|| "never started".to_owned(), |pid| format!("process {pid}"));
            writeln!(f, "  {id:>3}  {role:<21}  {address:<15}  {state:<7}  {pid}")?;
        }
        write!(f, "bootstrap {}", self.bootstrap)
    }
}
