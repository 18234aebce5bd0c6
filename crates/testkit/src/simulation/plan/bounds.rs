//! How far what follows from a plan may go: what is no storm, no delay and no neglect yet.

use super::Plan;
use crate::simulation::calendar::{MILLI, Moment, SECOND};
use crate::simulation::caller::{CallerPlan, Style};
use milena_core::Config;
use milena_wire::version::ApiKey;

/// Requests of a client in one second, by what they cost whom.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Requests {
    produce: u32,
    handshakes: u32,
    other: u32,
}

impl Requests {
    pub(crate) fn of(&mut self, api: ApiKey) -> &mut u32 {
        match api {
            ApiKey::PRODUCE => &mut self.produce,
            ApiKey::API_VERSIONS => &mut self.handshakes,
            _ => &mut self.other,
        }
    }
}

impl Plan {
    /// How many requests of this client in one second are no storm.
    pub(crate) fn requests_max(&self, client: usize) -> Requests {
        let partitions = self.topics.iter().map(|topic| topic.options.partitions).sum::<usize>();
        let partitions = u32::try_from(partitions).unwrap_or(u32::MAX);
        let records = self.callers.iter().map(|caller| caller.records).sum::<u32>();
        // A connection that worked is followed by another after the first backoff, less a fifth, however soon it breaks.
        let knocks = |config: &Config| {
            let addresses = self.cluster.brokers.max(0).cast_unsigned() as usize + config.bootstrap_servers.len();
            let backoff = (config.reconnect_backoff.as_micros() * 4 / 5).max(1_000);
            let each = Moment::try_from(u128::from(SECOND) / backoff).unwrap_or(SECOND) + 12;
            (addresses * config.connections_per_broker) as Moment * each
        };
        let handshakes = self.configs.get(client).map_or(0, knocks);
        Requests {
            produce: 300 + 40 * partitions + records,
            handshakes: u32::try_from(handshakes).unwrap_or(u32::MAX),
            other: 150 + 20 * partitions,
        }
    }

    /// By how much a deadline may be missed: drivers and pools are not exact.
    pub(crate) fn slack(&self) -> Moment {
        MILLI + 2 * self.lag_max + self.seal_max
    }

    /// Time to settle beyond what the knobs give reason for.
    pub(super) fn unhurried(&self) -> Moment {
        // Who sends one record at a time waits a round trip for each; so do records that leave in one small batch at a time.
        let narrow = |client: usize| self.configs.get(client).is_some_and(|config| config.max_in_flight == 1);
        let one_by_one = |caller: &&CallerPlan| matches!(caller.style, Style::Awaits(_)) || narrow(caller.client);
        let waits = self.callers.iter().filter(one_by_one);
        let waits: Moment = waits.map(|caller| Moment::from(caller.records)).sum();
        waits * (4 * self.roads.latency.1 + 300 * MILLI)
    }
}
