//! What happens to the cluster: clean restarts in turn, leaders killed, leaders that sleep, connections cut, by the clock.

use super::proxy::Proxy;
use crate::kafka::{Cluster, Signal, ask};
use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// What must be outlasted by a pause.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// A dead broker's leaders move after two seconds; a broker that comes back sooner finds them where they were.
const DEAD_FOR: Duration = Duration::from_secs(4);

/// How often each thing happened.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Blows {
    pub(crate) restarts: u32,
    pub(crate) kills: u32,
    pub(crate) pauses: u32,
    pub(crate) cuts: u32,
}

/// A cluster with a proxy before each broker, and the topic that is written to.
pub(crate) struct Storm<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) proxies: &'a [Proxy],
    pub(crate) topic: &'a str,
    pub(crate) seed: u64,
}

impl Storm<'_> {
    /// Rages until `end`, and then until all replicas are in sync.
    pub(crate) fn rage(&self, end: Instant) -> Result<Blows> {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let cuts = scope.spawn(|| self.cut(&over));
            let blows = self.hurt(end);
            over.store(true, Ordering::SeqCst);
            let cuts = cuts.join().expect("the thread only cuts");
            Ok(Blows { cuts, ..blows? })
        })
    }

    /// Connections of one broker or of all are cut every few seconds, whatever else happens.
    fn cut(&self, over: &AtomicBool) -> u32 {
        let mut chance = Rng::with_seed(self.seed);
        let mut cuts = 0;
        while !over.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(chance.u64(500..4_000)));
            let hold = Duration::from_millis(chance.u64(20..400));
            let one = chance.usize(..2 * self.proxies.len());
            let chosen =
                self.proxies.iter().enumerate().filter(|(index, _)| one >= self.proxies.len() || *index == one);
            thread::scope(|scope| chosen.for_each(|(_, proxy)| drop(scope.spawn(move || proxy.cut(hold)))));
            cuts += 1;
        }
        cuts
    }

    /// One broker at a time: two that are away at once would leave nobody to write to.
    fn hurt(&self, end: Instant) -> Result<Blows> {
        let mut chance = Rng::with_seed(self.seed.wrapping_add(1));
        let mut blows = Blows::default();
        let brokers = u32::try_from(self.proxies.len())?;
        while Instant::now() < end {
            match chance.u32(..3) {
                0 => {
                    let broker = 1 + blows.restarts % brokers;
                    self.cluster.stop_node(broker)?;
                    self.cluster.start_node(broker)?;
                    blows.restarts += 1;
                }
                1 => {
                    let broker = self.leader(&mut chance)?;
                    self.cluster.kill_node(broker)?;
                    sleep(DEAD_FOR);
                    self.cluster.start_node(broker)?;
                    blows.kills += 1;
                }
                _ => {
                    let broker = self.leader(&mut chance)?;
                    self.cluster.signal_node(broker, Signal::STOP)?;
                    sleep(REQUEST_TIMEOUT + REQUEST_TIMEOUT / 2);
                    self.cluster.signal_node(broker, Signal::CONT)?;
                    blows.pauses += 1;
                }
            }
            self.await_replicas()?;
            eprintln!("{blows:?}, {} s left", end.saturating_duration_since(Instant::now()).as_secs());
            sleep(Duration::from_millis(chance.u64(500..3_000)));
        }
        Ok(blows)
    }

    /// Who leads some partition.
    fn leader(&self, chance: &mut Rng) -> Result<u32> {
        let partitions = ask::partitions(&self.cluster.bootstrap(), self.topic)?;
        let leaders: Vec<u32> = partitions.iter().filter_map(|partition| partition.leader).collect();
        chance.choice(leaders).context("nobody leads")
    }

    fn await_replicas(&self) -> Result<()> {
        let (begun, brokers) = (Instant::now(), self.proxies.len());
        loop {
            let partitions = ask::partitions(&self.cluster.bootstrap(), self.topic).unwrap_or_default();
            if !partitions.is_empty() && partitions.iter().all(|partition| partition.in_sync == brokers) {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(120), "two minutes later, replicas are still not in sync");
            sleep(Duration::from_millis(200));
        }
    }
}
