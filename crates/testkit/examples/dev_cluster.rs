//! Starts an in-memory cluster, prints its bootstrap address, and serves until its input ends.
//!
//! `cargo run -p milena-testkit --example dev_cluster -- [--brokers N] [--port P] [--release 4.3] [--partitions N]`
//!
//! Each line of input does something to a broker: `kill 2`, `stop 2`, `start 2`, `pause 2`, `resume 2`.

use milena_testkit::{Cluster, DevCluster, DevOptions, Release};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = DevOptions::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--brokers" => options.cluster.brokers = value.parse()?,
            "--port" => options.port = value.parse()?,
            "--partitions" => options.cluster.topic_defaults.partitions = value.parse()?,
            "--release" => options.cluster.release = Release::named(&value).ok_or("no such release")?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    let cluster = DevCluster::start_blocking(options)?;
    println!("{}", cluster.bootstrap_servers());
    // Whoever started us closes our input to end us.
    for line in std::io::stdin().lines() {
        match command(&line?) {
            Some((act, broker)) => cluster.with(|cluster| act(cluster, broker)),
            None => eprintln!("kill, stop, start, pause or resume, and a broker's number"),
        }
    }
    cluster.shutdown();
    Ok(())
}

/// What happens to a broker.
type Act = fn(&mut Cluster, i32);

fn command(line: &str) -> Option<(Act, i32)> {
    let (verb, broker) = line.split_once(' ')?;
    let act: Act = match verb {
        "kill" => Cluster::kill,
        "stop" => Cluster::stop,
        "start" => Cluster::start,
        "pause" => Cluster::pause,
        "resume" => Cluster::resume,
        _ => return None,
    };
    Some((act, broker.trim().parse().ok()?))
}
