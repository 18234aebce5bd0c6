//! The cheap broker as a process: says where it listens, and for every line on its input what it has seen.

use anyhow::Result;
use clap::Parser;
use milena_bench::broker::{Broker, Options};
use milena_bench::measure::cpu_time;
use std::io::stdin;
use std::net::TcpListener;
use std::time::Duration;

/// Counts and acknowledges whatever it is sent
#[derive(Parser)]
struct Cli {
    /// Port to listen on; 0: any
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Answers to Produce requests come so many milliseconds later
    #[arg(long, default_value_t = 0)]
    ack_delay_ms: u64,
    /// Every answer comes so many milliseconds later
    #[arg(long, default_value_t = 0)]
    network_delay_ms: u64,
    /// Checks checksums and walks every record
    #[arg(long)]
    verify: bool,
    /// Never answers a Produce request
    #[arg(long)]
    mute: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let listener = TcpListener::bind(("127.0.0.1", cli.port))?;
    println!("listening on {}", listener.local_addr()?);
    let options = Options {
        ack_delay: Duration::from_millis(cli.ack_delay_ms),
        network_delay: Duration::from_millis(cli.network_delay_ms),
        verify: cli.verify,
        mute: cli.mute,
    };
    let broker = Broker::serve(listener, options)?;
    for line in stdin().lines() {
        line?;
        let seen = broker.seen();
        println!(
            "requests={} batches={} records={} bytes={} gaps={} duplicates={} cpu_ns={}",
            seen.requests,
            seen.batches,
            seen.records,
            seen.bytes,
            seen.gaps,
            seen.duplicates,
            cpu_time().as_nanos()
        );
    }
    Ok(())
}
