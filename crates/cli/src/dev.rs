//! `milena dev`: a cluster for development, in memory; and the one that `produce` starts when it is told of none.

use crate::args::DevArgs;
use crate::console::{Console, result};
use crate::exit::Exit;
use crate::interrupt;
use milena_testkit::{DevCluster, DevOptions};
use std::sync::mpsc::channel;

/// What each partition keeps: a cluster that is left running, or fed from an endless pipe, must not fill the memory.
const RETENTION_BYTES: usize = 64 << 20;

/// Serves until the first signal.
pub(crate) fn run(args: &DevArgs) -> Exit {
    let console = Console::new(false);
    let (told, signal) = channel();
    let watched = interrupt::watch(move |_| {
        let _ = told.send(());
    });
    if let Err(error) = watched {
        console.error(format_args!("signals cannot be watched: {error}"));
        return Exit::Usage;
    }
    let cluster = match start(args.brokers, args.port) {
        Ok(cluster) => cluster,
        Err(text) => {
            console.error(text);
            return Exit::Usage;
        }
    };
    // On standard output, so that a script can read it.
    result(cluster.bootstrap_servers());
    console.note("a cluster for development, in memory: records are gone when it ends. Ctrl-C ends it");
    let _ = signal.recv();
    cluster.shutdown();
    Exit::Acknowledged
}

/// Starts a cluster on this machine; `port` 0 takes free ones.
pub(crate) fn start(brokers: u16, port: u16) -> Result<DevCluster, String> {
    let mut options = DevOptions::brokers(i32::from(brokers));
    options.port = port;
    options.cluster.topic_defaults.retention_bytes = Some(RETENTION_BYTES);
    DevCluster::start_blocking(options).map_err(|error| {
        let at = if port == 0 { String::new() } else { format!(" at port {port}") };
        format!("the cluster for development does not start{at}: {error}")
    })
}
