//! `cargo xtask kafka`: real Apache Kafka brokers on this machine, from Kafka's own Maven artifacts.

pub(crate) mod ask;
mod cluster;
mod java;
mod node;
pub(crate) mod ports;
pub(crate) mod process;
mod status;
mod topic;
mod version;

use anyhow::{Result, ensure};
pub(crate) use cluster::{Cluster, Life, Shape};
pub(crate) use java::{
    major_version as java_major, program as java_program, program_classpath as java_classpath, require as require_java,
};
pub(crate) use process::Signal;
use std::process::Command;
pub(crate) use topic::{Create as CreateTopic, create as create_topic, partitions};
pub(crate) use version::Version;

/// Arguments of `cargo xtask kafka`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which cluster: several live side by side under different names
    #[arg(long, global = true, default_value = "main")]
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Start a cluster, wait until it serves, print its bootstrap servers
    Up(Up),
    /// End every process of the cluster and remove its data; logs stay
    Down,
    /// Show nodes, addresses and processes
    Status {
        /// One JSON object for scripts
        #[arg(long)]
        json: bool,
    },
    /// kill -9 a node
    Kill { node: u32 },
    /// Stop a node's process with SIGSTOP: it keeps its connections and answers nothing
    Pause { node: u32 },
    /// Let a paused node go on (SIGCONT)
    Resume { node: u32 },
    /// Start a killed or stopped node again, on its old port and data
    Start { node: u32 },
    /// Stop a node cleanly (SIGTERM): its leaders move away first
    Stop { node: u32 },
    /// Create, describe, alter, delete topics
    Topic {
        #[command(subcommand)]
        action: topic::Action,
    },
    /// Read a topic from its start to its end with Kafka's own Java consumer
    Read {
        topic: String,
        /// Further options of xtask/java/ReadBack.java, such as --digest --sequence '(id\d+)-(\d+)'
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Print the path of a node's log
    Log { node: u32 },
}

#[derive(clap::Args)]
struct Up {
    /// 1: broker and controller in one process; 3: three brokers and a controller of their own, node 100
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9))]
    brokers: u32,
    /// Apache Kafka's version, 2.1.0 or newer
    #[arg(long, default_value_t)]
    version: Version,
    /// A broker setting on top of xtask/kafka/*.properties; may be repeated
    #[arg(long = "config", value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// An option of the brokers' JVMs in place of the ones for short runs, such as -Xmx2g; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    jvm: Vec<String>,
}

/// Runs `cargo xtask kafka`.
pub(crate) fn run(args: Args) -> Result<()> {
    let Args { name, action } = args;
    match action {
        Action::Up(up) => start(name, up),
        Action::Down => match Cluster::find(&name)? {
            Some(cluster) => cluster.down(),
            None => Ok(()),
        },
        Action::Status { json } => status(&Cluster::named(&name)?, json),
        Action::Kill { node } => Cluster::named(&name)?.signal_node(node, Signal::KILL),
        Action::Pause { node } => Cluster::named(&name)?.signal_node(node, Signal::STOP),
        Action::Resume { node } => Cluster::named(&name)?.signal_node(node, Signal::CONT),
        Action::Start { node } => Cluster::named(&name)?.start_node(node),
        Action::Stop { node } => Cluster::named(&name)?.stop_node(node),
        Action::Topic { action } => topic::run(&Cluster::named(&name)?.bootstrap(), action),
        Action::Read { topic, options } => read(&Cluster::named(&name)?, &topic, &options),
        Action::Log { node } => {
            println!("{}", Cluster::named(&name)?.log(node)?.display());
            Ok(())
        }
    }
}

fn start(name: String, up: Up) -> Result<()> {
    if let Some(cluster) = Cluster::find(&name)?
        && cluster.is_whole()
    {
        eprintln!("cluster {name} (Kafka {}) is up already", cluster.version());
        println!("{}", cluster.bootstrap());
        return Ok(());
    }
    let Up { brokers, version, config, jvm } = up;
    let cluster =
        Cluster::start(Shape { name, version, brokers, settings: config, jvm, proxies: Vec::new() }, Life::Detached)?;
    println!("{}", cluster.bootstrap());
    Ok(())
}

fn status(cluster: &Cluster, json: bool) -> Result<()> {
    let status = cluster.status();
    if json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        println!("{status}");
    }
    Ok(())
}

fn read(cluster: &Cluster, topic: &str, options: &[String]) -> Result<()> {
    let mut read_back = java::program("ReadBack")?;
    read_back.args(["--bootstrap", &cluster.bootstrap(), "--topic", topic]).args(options);
    pass_through(&mut read_back)
}

/// Runs a program on this command's own input and output; its failure is this command's failure.
fn pass_through(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "the program above failed ({status})");
    Ok(())
}
