//! Topics, by Kafka's own tools.

use super::{java, pass_through};
use anyhow::Result;
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

/// The command that creates a topic.
pub(crate) fn creation(bootstrap: &str, topic: &Create) -> Result<Command> {
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
