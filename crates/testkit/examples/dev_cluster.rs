//! Starts an in-memory cluster, prints its bootstrap address, and serves until its input ends.
//!
//! `cargo run -p milena-testkit --example dev_cluster -- [--brokers N] [--port P] [--release 4.3] [--partitions N]`

use milena_testkit::{DevCluster, DevOptions, Release};
use std::io::Read;

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
    std::io::stdin().read_to_end(&mut Vec::new())?;
    cluster.shutdown();
    Ok(())
}
