//! The cluster that an example sends to: `MILENA_BOOTSTRAP` if it is set, else one in memory.

use milena_testkit::{DevCluster, DevOptions};
use std::error::Error;

/// What every example's `main` returns.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Ends with the example, if it is one in memory.
pub(crate) struct Cluster {
    pub(crate) bootstrap_servers: String,
    _in_memory: Option<DevCluster>,
}

pub(crate) fn start() -> Result<Cluster> {
    if let Ok(bootstrap_servers) = std::env::var("MILENA_BOOTSTRAP") {
        return Ok(Cluster { bootstrap_servers, _in_memory: None });
    }
    let cluster = DevCluster::start_blocking(DevOptions::brokers(1))?;
    Ok(Cluster { bootstrap_servers: cluster.bootstrap_servers(), _in_memory: Some(cluster) })
}
