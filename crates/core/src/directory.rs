//! Where the cluster's brokers listen, as the last answer said: no larger than the answer was, however many it named.
//!
//! What costs more, connections and queues, is kept only for brokers that something is sent to.

use crate::output::Endpoint;
use milena_wire::elements::Elements;
use milena_wire::metadata as wire;

/// Brokers that are remembered, ten times as many as the largest clusters have.
const BROKERS_MAX: usize = 10_000;

/// One broker: 12 bytes, and its name.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: i32,
    /// Where its name begins in `hosts`, and how long it is.
    host: u32,
    length: u16,
    port: u16,
}

/// The brokers of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    hosts: String,
    /// By id, each at most once.
    entries: Vec<Entry>,
}

impl Directory {
    /// The brokers that an answer names. Those that nobody could connect to are left out.
    pub(crate) fn read(brokers: &Elements<'_, wire::Broker<'_>>) -> Self {
        let usable = || brokers.iter().filter_map(usable).take(BROKERS_MAX);
        let mut directory = Self {
            hosts: String::with_capacity(usable().map(|(_, host, _)| host.len()).sum()),
            entries: Vec::with_capacity(usable().count()),
        };
        usable().for_each(|(id, host, port)| directory.push(id, host, port));
        directory.entries.sort_unstable_by_key(|entry| (entry.id, entry.host));
        directory.entries.dedup_by_key(|entry| entry.id);
        directory
    }

    /// Another broker, heard of on the way: what an answer said before stays as it is.
    pub(crate) fn add(&mut self, broker: wire::Broker<'_>) {
        let Some((id, host, port)) = usable(broker).filter(|(id, ..)| !self.contains(*id)) else { return };
        if self.entries.len() < BROKERS_MAX {
            self.push(id, host, port);
            self.entries.sort_unstable_by_key(|entry| entry.id);
        }
    }

    /// Whether a broker is known.
    pub(crate) fn contains(&self, id: i32) -> bool {
        self.entry(id).is_some()
    }

    /// Where a broker listens.
    pub(crate) fn endpoint(&self, id: i32) -> Option<Endpoint> {
        let entry = self.entry(id)?;
        Some(Endpoint { host: self.host(entry)?.into(), port: entry.port })
    }

    /// Whether a broker listens there.
    pub(crate) fn is_at(&self, id: i32, endpoint: &Endpoint) -> bool {
        let entry = self.entry(id).filter(|entry| entry.port == endpoint.port);
        entry.and_then(|entry| self.host(entry)).is_some_and(|host| *host == *endpoint.host)
    }

    /// The brokers' ids, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> + '_ {
        self.entries.iter().map(|entry| entry.id)
    }

    fn entry(&self, id: i32) -> Option<&Entry> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok().and_then(|at| self.entries.get(at))
    }

    fn host(&self, entry: &Entry) -> Option<&str> {
        let start = entry.host as usize;
        self.hosts.get(start..start + usize::from(entry.length))
    }

    fn push(&mut self, id: i32, host: &str, port: u16) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.hosts.len()), u16::try_from(host.len())) else { return };
        self.hosts.push_str(host);
        self.entries.push(Entry { id, host: start, length, port });
    }
}

/// A port outside 1..=65535, a negative id or no name is no broker that could be connected to.
fn usable(broker: wire::Broker<'_>) -> Option<(i32, &str, u16)> {
    let port = u16::try_from(broker.port).ok().filter(|port| *port > 0)?;
    (broker.node_id >= 0 && !broker.host.is_empty()).then_some((broker.node_id, broker.host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(node_id: i32, host: &str, port: i32) -> wire::Broker<'_> {
        wire::Broker { node_id, host, port }
    }

    #[test]
    fn a_broker_is_found_where_it_was_first_said_to_be() {
        let mut directory = Directory::default();
        for (id, host, port) in [(7, "seven", 9092), (3, "three", 1), (7, "elsewhere", 9092)] {
            directory.add(broker(id, host, port));
        }
        assert_eq!(directory.ids().collect::<Vec<_>>(), [3, 7]);
        assert_eq!(directory.endpoint(7).map(|endpoint| endpoint.to_string()).as_deref(), Some("seven:9092"));
        assert!(directory.is_at(3, &Endpoint { host: "three".into(), port: 1 }));
        assert!(!directory.is_at(3, &Endpoint { host: "three".into(), port: 2 }));
        assert!(!directory.contains(4));
    }

    #[test]
    fn who_cannot_be_connected_to_is_left_out() {
        let mut directory = Directory::default();
        for (id, host, port) in [(-1, "h", 1), (1, "", 1), (2, "h", 0), (3, "h", 65_536), (4, "h", -5)] {
            directory.add(broker(id, host, port));
        }
        assert_eq!(directory.ids().count(), 0);
    }
}
