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
/// How long the answers are lost that a broker gives before it stops.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// How often each thing happened.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Blows {
    pub(crate) restarts: u32,
    pub(crate) kills: u32,
    pub(crate) pauses: u32,
    pub(crate) cuts: u32,
}

/// What happens to one broker.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Restart,
    Kill,
    Pause,
}

/// A cluster with a proxy before each broker, and the topic that is written to.
pub(crate) struct Storm<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) proxies: &'a [Proxy],
    pub(crate) topic: &'a str,
    pub(crate) replicas: usize,
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

    /// One broker at a time: two that are away at once would leave nobody to write to. Round by round, each thing once.
    fn hurt(&self, end: Instant) -> Result<Blows> {
        let mut chance = Rng::with_seed(self.seed.wrapping_add(1));
        let mut blows = Blows::default();
        let mut round: Vec<Blow> = Vec::new();
        while Instant::now() < end {
            if round.is_empty() {
                round = vec![Blow::Restart, Blow::Kill, Blow::Pause];
                chance.shuffle(&mut round);
            }
            let Some(blow) = round.pop() else { continue };
            self.strike(blow, &mut blows, &mut chance)?;
            self.await_replicas()?;
            let Blows { restarts, kills, pauses, .. } = blows;
            let left = end.saturating_duration_since(Instant::now()).as_secs();
            eprintln!("{restarts} restarts, {kills} kills, {pauses} pauses, {left} s left");
            sleep(Duration::from_millis(chance.u64(500..3_000)));
        }
        Ok(blows)
    }

    fn strike(&self, blow: Blow, blows: &mut Blows, chance: &mut Rng) -> Result<()> {
        match blow {
            Blow::Restart => {
                self.restart(1 + blows.restarts % u32::try_from(self.proxies.len())?)?;
                blows.restarts += 1;
            }
            Blow::Kill => {
                let broker = self.leader(chance)?;
                self.cluster.kill_node(broker)?;
                sleep(DEAD_FOR);
                self.cluster.start_node(broker)?;
                blows.kills += 1;
            }
            Blow::Pause => {
                let broker = self.leader(chance)?;
                self.cluster.signal_node(broker, Signal::STOP)?;
                sleep(REQUEST_TIMEOUT + REQUEST_TIMEOUT / 2);
                self.cluster.signal_node(broker, Signal::CONT)?;
                blows.pauses += 1;
            }
        }
        Ok(())
    }

    /// Cleanly, and its last answers are lost: what it wrote then the client does not know, and the broker itself forgets all of
    /// each producer's batches but the newest.
    fn restart(&self, broker: u32) -> Result<()> {
        let proxy = self.proxies.get(broker as usize - 1).context("a proxy for each broker")?;
        proxy.hold();
        sleep(LAST_ANSWERS);
        let stopped = self.cluster.stop_node(broker);
        proxy.close();
        stopped?;
        self.cluster.start_node(broker)
    }

    /// Who leads some partition.
    fn leader(&self, chance: &mut Rng) -> Result<u32> {
        let partitions = ask::partitions(&self.cluster.bootstrap(), self.topic)?;
        let leaders: Vec<u32> = partitions.iter().filter_map(|partition| partition.leader).collect();
        chance.choice(leaders).context("nobody leads")
    }

    fn await_replicas(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let partitions = ask::partitions(&self.cluster.bootstrap(), self.topic).unwrap_or_default();
            if !partitions.is_empty() && partitions.iter().all(|partition| partition.in_sync == self.replicas) {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(120), "two minutes later, replicas are still not in sync");
            sleep(Duration::from_millis(200));
        }
    }
}
