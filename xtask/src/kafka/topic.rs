//! Topics, by Kafka's own tools.

use super::{java, pass_through};
use anyhow::{Result, ensure};
use std::process::Command;

/// What `cargo xtask kafka topic` can do.
#[derive(clap::Subcommand)]
pub(crate) enum Action {
    /// Create a topic
    Create(Create),
    /// Show partitions, leaders, replicas and settings
    Describe { topic: String },
    /// Add partitions, or change settings
    Alter(Alter),
    /// Delete a topic
    Delete { topic: String },
}

/// A topic to be.
#[derive(clap::Args)]
pub(crate) struct Create {
    pub(crate) topic: String,
    #[arg(long, default_value_t = 1)]
    pub(crate) partitions: u32,
    #[arg(long, default_value_t = 1)]
    pub(crate) replication_factor: u32,
    /// A topic setting, such as min.insync.replicas=2; may be repeated
    #[arg(long = "config", value_name = "KEY=VALUE")]
    pub(crate) config: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct Alter {
    topic: String,
    /// The new number of partitions: it can only grow
    #[arg(long)]
    partitions: Option<u32>,
    /// A topic setting; may be repeated
    #[arg(long = "config", value_name = "KEY=VALUE")]
    config: Vec<String>,
}

/// Runs `cargo xtask kafka topic`.
pub(crate) fn run(bootstrap: &str, action: Action) -> Result<()> {
    match action {
        Action::Create(create) => pass_through(&mut creation(bootstrap, &create)?),
        Action::Describe { topic } => pass_through(tool(bootstrap)?.args(["--describe", "--topic", &topic])),
        Action::Delete { topic } => pass_through(tool(bootstrap)?.args(["--delete", "--topic", &topic])),
        Action::Alter(change) => alter(bootstrap, &change),
    }
}

/// Creates a topic, with nothing said unless it fails.
pub(crate) fn create(bootstrap: &str, topic: &Create) -> Result<()> {
    let run = creation(bootstrap, topic)?.output()?;
    ensure!(run.status.success(), "creating topic {}: {}", topic.topic, String::from_utf8_lossy(&run.stdout).trim());
    Ok(())
}

/// A partition, as `TopicCommand --describe` shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// `None` while it has none.
    pub(crate) leader: Option<u32>,
    /// How many replicas are in sync.
    pub(crate) in_sync: usize,
}

/// The partitions of a topic, in order.
pub(crate) fn partitions(bootstrap: &str, topic: &str) -> Result<Vec<Partition>> {
    let run = tool(bootstrap)?.args(["--describe", "--topic", topic]).output()?;
    let text = String::from_utf8_lossy(&run.stdout);
    ensure!(run.status.success(), "describing topic {topic}: {}", text.trim());
    Ok(text.lines().filter_map(Partition::parse).collect())
}

impl Partition {
    /// From `Topic: t  Partition: 0  Leader: 3  Replicas: 2,3,1  Isr: 3,1  Elr: …`, a tab between two fields.
    fn parse(line: &str) -> Option<Self> {
        let field = |name: &str| line.split('\t').find_map(|field| field.trim().strip_prefix(name)).map(str::trim);
        field("Partition:")?;
        let in_sync = field("Isr:")?.split(',').filter(|id| !id.is_empty()).count();
        Some(Self { leader: field("Leader:")?.parse().ok(), in_sync })
    }
}

/// The command that creates a topic.
fn creation(bootstrap: &str, topic: &Create) -> Result<Command> {
    let mut command = tool(bootstrap)?;
    command.args(["--create", "--topic", &topic.topic]);
    command.args(["--partitions", &topic.partitions.to_string()]);
    command.args(["--replication-factor", &topic.replication_factor.to_string()]);
    for setting in &topic.config {
        command.args(["--config", setting]);
    }
    Ok(command)
}

fn alter(bootstrap: &str, change: &Alter) -> Result<()> {
    if let Some(partitions) = change.partitions {
        let partitions = partitions.to_string();
        pass_through(tool(bootstrap)?.args(["--alter", "--topic", &change.topic, "--partitions", &partitions]))?;
    }
    if !change.config.is_empty() {
        let mut configs = java::tool("kafka.admin.ConfigCommand")?;
        configs.args(["--bootstrap-server", bootstrap, "--alter", "--entity-type", "topics"]);
        configs.args(["--entity-name", &change.topic, "--add-config", &change.config.join(",")]);
        pass_through(&mut configs)?;
    }
    Ok(())
}

fn tool(bootstrap: &str) -> Result<Command> {
    let mut command = java::tool("org.apache.kafka.tools.TopicCommand")?;
    command.args(["--bootstrap-server", bootstrap]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_partition_is_read() {
        let line = "\tTopic: f\tPartition: 0\tLeader: 3\tReplicas: 2,3,1\tIsr: 3,1\tElr: \tLastKnownElr: ";
        assert_eq!(Partition::parse(line), Some(Partition { leader: Some(3), in_sync: 2 }));
        let line = "\tTopic: f\tPartition: 1\tLeader: none\tReplicas: 2\tIsr: ";
        assert_eq!(Partition::parse(line), Some(Partition { leader: None, in_sync: 0 }));
        assert_eq!(Partition::parse("Topic: f\tTopicId: x\tPartitionCount: 6\tReplicationFactor: 3"), None);
    }
}
