//! One partition: its replicas, who leads, who is in sync, and what each replica's broker believes about that.
//!
//! A broker acts on what it believes. The controller's decisions reach it later, or, while it is paused, not at all: so a
//! broker that slept through an election still takes records, which it will cut off once it hears of its successor.

use crate::log::Log;
use milena_wire::error_code::ErrorCode;
use std::cmp::Ordering;

/// What a broker believes about a partition: the controller's word, new or old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leadership {
    /// Who leads; `None` when nobody who may is alive.
    pub leader: Option<i32>,
    /// Grows with every election.
    pub leader_epoch: i32,
    /// Grows with every decision: an older word that arrives late is not believed.
    pub partition_epoch: i32,
    /// Who has everything that was acknowledged with `acks=all`.
    pub isr: Vec<i32>,
}

/// A partition's replica on one broker.
#[derive(Debug)]
pub struct Replica {
    /// The broker.
    pub broker: i32,
    /// Its log.
    pub log: Log,
    /// What the broker believes.
    pub(crate) belief: Leadership,
}

impl Replica {
    /// Whether the broker takes itself for the leader.
    pub(crate) fn leads(&self) -> bool {
        self.belief.leader == Some(self.broker)
    }
}

/// A partition.
#[derive(Debug)]
pub struct Partition {
    /// What is so: the controller's word.
    pub(crate) truth: Leadership,
    /// In order of preference.
    pub(crate) replicas: Vec<Replica>,
}

impl Partition {
    /// A new partition on these brokers, led by the first, all in sync, all empty.
    pub(crate) fn new(brokers: &[i32], log: &Log) -> Self {
        let truth =
            Leadership { leader: brokers.first().copied(), leader_epoch: 0, partition_epoch: 0, isr: brokers.to_vec() };
        let replica = |broker: &i32| Replica { broker: *broker, log: log.clone(), belief: truth.clone() };
        let replicas = brokers.iter().map(replica).collect();
        Self { truth, replicas }
    }

    /// Who leads, who is in sync.
    pub fn leadership(&self) -> &Leadership {
        &self.truth
    }

    /// How many replicas it has.
    pub fn replica_count(&self) -> usize {
        self.replicas.len()
    }

    /// The brokers that have a replica, in order of preference.
    pub fn brokers(&self) -> impl Iterator<Item = i32> + '_ {
        self.replicas.iter().map(|replica| replica.broker)
    }

    /// The replica on a broker.
    pub fn replica(&self, broker: i32) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.broker == broker)
    }

    pub(crate) fn replica_mut(&mut self, broker: i32) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.broker == broker)
    }

    /// The leader's log; without a leader that of the replica that would be asked next.
    pub fn log(&self) -> Option<&Log> {
        let leader = self.truth.leader.and_then(|leader| self.replica(leader));
        leader.or_else(|| self.in_sync_replica()).or_else(|| self.replicas.first()).map(|replica| &replica.log)
    }

    fn in_sync_replica(&self) -> Option<&Replica> {
        self.replicas.iter().find(|replica| self.truth.isr.contains(&replica.broker))
    }

    /// What a broker believes: its own belief where it has a replica, else the truth.
    pub(crate) fn belief(&self, broker: i32) -> &Leadership {
        self.replica(broker).map_or(&self.truth, |replica| &replica.belief)
    }

    /// The replica on `broker`, if it leads, in the epoch that a client believes in (−1: it does not say).
    pub(crate) fn leading_replica(&self, broker: i32, client_epoch: i32) -> Result<&Replica, ErrorCode> {
        let leader = self.replica(broker).filter(|replica| replica.leads()).ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
        match client_epoch.cmp(&leader.belief.leader_epoch) {
            _ if client_epoch < 0 => Ok(leader),
            Ordering::Less => Err(ErrorCode::FENCED_LEADER_EPOCH),
            Ordering::Greater => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            Ordering::Equal => Ok(leader),
        }
    }

    /// Elects `leader`, in a new epoch.
    pub(crate) fn elect(&mut self, leader: Option<i32>) {
        self.truth.leader = leader;
        self.truth.leader_epoch += 1;
    }

    /// The followers whose broker `fetches` take what the leader has, if that one is `awake`, and the high watermark rises
    /// as far as that allows. `min_isr` holds it back while fewer are in sync (Kafka from 3.7 on; 0 for brokers before).
    ///
    /// More than one may take itself for the leader; the followers know one at most.
    pub(crate) fn replicate(
        &mut self,
        fetches: impl Fn(i32) -> bool,
        awake: impl Fn(i32) -> bool,
        min_isr: usize,
        now_ms: i64,
    ) {
        for at in 0..self.replicas.len() {
            let (before, rest) = self.replicas.split_at_mut(at);
            let Some((leader, after)) = rest.split_first_mut() else { return };
            if !leader.leads() || !awake(leader.broker) {
                continue;
            }
            let follows = |replica: &&mut Replica| {
                fetches(replica.broker)
                    && replica.belief.leader == Some(leader.broker)
                    && replica.belief.leader_epoch == leader.belief.leader_epoch
            };
            let mut followers: Vec<_> = before.iter_mut().chain(after).filter(follows).collect();
            followers.iter_mut().for_each(|follower| follower.log.follow(&leader.log, now_ms));
            let has_it =
                |broker: &i32| *broker == leader.broker || followers.iter().any(|follower| follower.broker == *broker);
            let isr = &leader.belief.isr;
            if isr.len() >= min_isr && isr.iter().all(has_it) {
                leader.log.raise_high_watermark(leader.log.end());
            }
            let high_watermark = leader.log.high_watermark();
            for follower in followers {
                follower.log.raise_high_watermark(high_watermark);
            }
        }
    }

    /// Takes those into the set of the in-sync that have all that the leader has, and go on fetching. Whether there were any.
    pub(crate) fn expand_isr(&mut self, fetches: impl Fn(i32) -> bool) -> bool {
        let Some(leader) = self.truth.leader.and_then(|leader| self.replica(leader)) else { return false };
        if !leader.leads() || leader.belief.leader_epoch != self.truth.leader_epoch {
            return false;
        }
        let caught_up = |replica: &&Replica| {
            fetches(replica.broker)
                && !self.truth.isr.contains(&replica.broker)
                && replica.belief.leader == self.truth.leader
                && replica.belief.leader_epoch == self.truth.leader_epoch
                && replica.log.end() == leader.log.end()
        };
        let joining: Vec<i32> = self.replicas.iter().filter(caught_up).map(|replica| replica.broker).collect();
        if joining.is_empty() {
            return false;
        }
        self.truth.isr.extend(&joining);
        self.truth.partition_epoch += 1;
        // It is the leader that proposes them, and from then on it acknowledges nothing that they have not got.
        let word = self.truth.clone();
        if let Some(leader) = self.truth.leader.and_then(|leader| self.replica_mut(leader)) {
            leader.belief = word;
        }
        true
    }
}
