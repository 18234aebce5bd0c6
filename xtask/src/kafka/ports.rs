//! Free ports on the loopback.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};

/// `count` different ports of 127.0.0.1 that nobody listens on.
///
/// Below 32768, where Linux begins to give ports to outgoing connections: while a killed broker is away, one of its own
/// clients could be given its port, and the broker could not come back.
pub(crate) fn free(count: usize) -> Result<Vec<u16>> {
    let mut held = Vec::new();
    for _ in 0..1000 {
        if held.len() == count {
            break;
        }
        let port = fastrand::u16(10_000..32_000);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push((port, listener));
        }
    }
    if held.len() < count {
        bail!("no {count} free ports between 10000 and 32000 on 127.0.0.1");
    }
    Ok(held.into_iter().map(|(port, _)| port).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_ports_are_the_same_and_none_can_be_an_outgoing_one() {
        let ports = free(20).unwrap();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 20);
        assert!(ports.iter().all(|&port| port < 32_768), "{ports:?}");
    }
}
