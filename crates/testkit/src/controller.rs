//! The controller: who leads, who is in sync, and when brokers hear of it; and the followers' fetches.

use crate::cluster::{Cluster, Liveness};
use crate::partition::Leadership;
use crate::time::Time;
use milena_wire::buf::Uuid;
use std::sync::Arc;
use std::time::Duration;

/// When an event happens, and its number.
pub(crate) type Planned = (Time, u64);

/// Something planned.
#[derive(Debug)]
pub(crate) enum Event {
    /// The controller has not heard of a broker for `session_timeout`.
    SessionEnds { broker: i32, life: u64 },
    /// A leader has not been fetched from by this broker for `replica_lag_max`.
    LagEnds { broker: i32, life: u64 },
    /// The followers' fetches reach a partition's leader.
    Fetch { topic: Arc<str>, partition: i32 },
    /// The controller's word reaches a broker. It is about one life of the topic: what was said of a former one says nothing.
    Hear { topic: Arc<str>, life: Uuid, partition: i32, broker: i32, word: Leadership },
    /// A waiting request has something to do at this time.
    Wake,
}

impl Cluster {
    /// Lets time pass: what was planned up to `now` happens, in order.
    pub fn advance(&mut self, now: Time) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.happen(event);
            self.settle();
        }
        self.now = self.now.max(now);
        self.settle();
    }

    pub(crate) fn plan(&mut self, after: Duration, event: Event) -> Planned {
        let planned = (self.now + after, self.next_event);
        self.events.insert(planned, event);
        self.next_event += 1;
        planned
    }

    pub(crate) fn cancel(&mut self, planned: Planned) {
        self.events.remove(&planned);
    }

    fn happen(&mut self, event: Event) {
        self.unsettled = true;
        match event {
            Event::SessionEnds { broker, life } if self.is_in(broker, life) => self.fence(broker),
            Event::LagEnds { broker, life } if self.is_in(broker, life) => self.shrink(broker),
            Event::SessionEnds { .. } | Event::LagEnds { .. } | Event::Wake => {}
            Event::Fetch { topic, partition } => self.fetch(&topic, partition),
            Event::Hear { topic, life, partition, broker, word } => {
                if self.topics.get(&topic).is_some_and(|topic| topic.id == life) {
                    self.hear(&topic, partition, broker, word);
                }
            }
        }
    }

    fn is_in(&self, broker: i32, life: u64) -> bool {
        self.broker(broker).is_some_and(|broker| broker.life == life)
    }

    pub(crate) fn replicas_on(&mut self, broker: i32) -> impl Iterator<Item = &mut crate::partition::Replica> + '_ {
        let partitions = self.topics.values_mut().flat_map(|topic| &mut topic.partitions);
        partitions.filter_map(move |partition| partition.replica_mut(broker))
    }

    /// Every partition that a broker has a replica of.
    pub(crate) fn partitions_on(&self, broker: i32) -> Vec<(Arc<str>, i32)> {
        let of_topic = |topic: &crate::topic::Topic| {
            let held = topic.partitions.iter().zip(0..).filter(|(found, _)| found.replica(broker).is_some());
            held.map(|(_, index)| (Arc::clone(&topic.name), index)).collect::<Vec<_>>()
        };
        self.topics.values().flat_map(of_topic).collect()
    }

    /// The controller gives a broker up: it leads nothing and is in sync with nothing, unless it is the last that is.
    pub(crate) fn fence(&mut self, broker: i32) {
        if let Some(found) = self.broker_mut(broker) {
            found.fenced = true;
        }
        for (topic, index) in self.partitions_on(broker) {
            let alive: Vec<i32> = self.brokers.iter().filter(|broker| !broker.fenced).map(|broker| broker.id).collect();
            let Some(partition) = self.partition_mut(&topic, index) else { continue };
            if partition.truth.isr.len() > 1 {
                partition.truth.isr.retain(|other| *other != broker);
            }
            if partition.truth.leader == Some(broker) {
                let in_sync = |candidate: &i32| partition.truth.isr.contains(candidate) && alive.contains(candidate);
                let successor = partition.brokers().find(in_sync);
                partition.elect(successor);
            }
            self.tell(&topic, index);
        }
    }

    /// A broker is heard of again: it leads what nobody leads and it is in sync with, and follows the rest.
    pub(crate) fn rejoin(&mut self, broker: i32) {
        if let Some(found) = self.broker_mut(broker) {
            found.fenced = false;
        }
        for (topic, index) in self.partitions_on(broker) {
            if let Some(partition) = self.partition_mut(&topic, index)
                && partition.truth.leader.is_none()
                && partition.truth.isr.contains(&broker)
            {
                partition.elect(Some(broker));
            }
            self.tell(&topic, index);
        }
    }

    /// The leaders give a broker up that does not fetch from them.
    fn shrink(&mut self, broker: i32) {
        if self.broker(broker).is_some_and(|broker| broker.replicates()) {
            return;
        }
        for (topic, index) in self.partitions_on(broker) {
            let leader = self.partition(&topic, index).and_then(|partition| partition.truth.leader);
            let leader = leader.and_then(|leader| self.broker(leader));
            if leader.is_some_and(|leader| leader.liveness == Liveness::Running) {
                self.shrink_isr(&topic, index, broker);
            }
        }
    }

    /// The controller's word on a partition goes to the brokers that have a replica and are awake.
    pub(crate) fn tell(&mut self, topic: &str, index: i32) {
        self.unsettled = true;
        let Some(life) = self.topics.get(topic).map(|topic| topic.id) else { return };
        let Some(partition) = self.partition_mut(topic, index) else { return };
        partition.truth.partition_epoch += 1;
        let word = partition.truth.clone();
        for broker in partition.brokers().collect::<Vec<_>>() {
            let (topic, word) = (Arc::from(topic), word.clone());
            if self.options.metadata_delay.is_zero() {
                self.hear(&topic, index, broker, word);
            } else {
                self.plan(self.options.metadata_delay, Event::Hear { topic, life, partition: index, broker, word });
            }
        }
    }

    pub(crate) fn catch_up(&mut self, topic: &str, index: i32, broker: i32) {
        if let Some(partition) = self.partition(topic, index) {
            let word = partition.truth.clone();
            self.hear(topic, index, broker, word);
        }
    }

    fn hear(&mut self, topic: &str, index: i32, broker: i32, word: Leadership) {
        if self.broker(broker).is_none_or(|broker| broker.liveness != Liveness::Running) {
            return;
        }
        let replica = self.partition_mut(topic, index).and_then(|partition| partition.replica_mut(broker));
        if let Some(replica) = replica.filter(|replica| replica.belief.partition_epoch <= word.partition_epoch) {
            replica.belief = word;
        }
        self.replicate(topic, index);
    }

    /// Something was appended: the followers fetch it, at once or after `replication_delay`.
    pub(crate) fn replicate(&mut self, topic: &str, index: i32) {
        if self.options.replication_delay.is_zero() {
            self.fetch(topic, index);
        } else {
            self.plan(self.options.replication_delay, Event::Fetch { topic: topic.into(), partition: index });
        }
    }

    pub(crate) fn fetch_everything(&mut self) {
        let all = |topic: &crate::topic::Topic| {
            (0..).take(topic.partitions.len()).map(|index| (Arc::clone(&topic.name), index)).collect::<Vec<_>>()
        };
        for (topic, index) in self.topics.values().flat_map(all).collect::<Vec<_>>() {
            self.replicate(&topic, index);
        }
    }

    /// The followers fetch, and those that have caught up are in sync again.
    fn fetch(&mut self, name: &str, index: i32) {
        let now_ms = self.now_ms();
        let Some(topic) = self.topics.get_mut(name) else { return };
        let min_isr = topic.partition(index).map_or(0, |partition| topic.effective_min_isr(partition));
        let retention = topic.options.retention_bytes;
        let Some(partition) = topic.partition_mut(index) else { return };
        let brokers = &self.brokers;
        let find = |id: i32| brokers.iter().find(|broker| broker.id == id);
        let leader = partition.replicas.iter().find(|replica| replica.leads()).and_then(|leader| find(leader.broker));
        let held_back = leader.is_some_and(|leader| leader.release.watermark_waits_for_min_isr());
        let replicates = |id: i32| find(id).is_some_and(|broker| broker.replicates());
        let awake = |id: i32| find(id).is_some_and(|broker| broker.liveness == Liveness::Running);
        partition.replicate(replicates, awake, if held_back { min_isr } else { 0 }, now_ms);
        if let Some(bytes) = retention {
            partition.replicas.iter_mut().for_each(|replica| replica.log.retain(bytes));
        }
        if partition.expand_isr(replicates) {
            self.tell(name, index);
        }
        self.unsettled = true;
    }
}
