//! What a test may do to brokers and replicas: processes that end, sleep and come back, followers that fall behind, leaders
//! that are made, disks that lose.
//!
//! ```text
//!              kill, stop                                    pause
//!   Running ────────────────► Stopped            Running ──────────────► Paused
//!      ▲                         │                  ▲                       │
//!      └─────────── start ───────┘                  └──────── resume ───────┘
//!                after session_timeout of either: fenced, its partitions led by others (at once for stop)
//! ```

use crate::cluster::{Cluster, Liveness};
use crate::controller::Event;

impl Cluster {
    /// kill -9: its connections break, its partitions get other leaders after `session_timeout`. Its logs stay.
    pub fn kill(&mut self, broker: i32) {
        if self.enter(broker, Liveness::Stopped) {
            self.break_connections(broker);
            self.expect_silence(broker);
        }
        self.settle();
    }

    /// SIGTERM: other leaders first, then its connections end. A broker that is paused cannot hand over: it is killed.
    pub fn stop(&mut self, broker: i32) {
        if !self.is_running(broker) {
            return self.kill(broker);
        }
        self.enter(broker, Liveness::Stopped);
        self.fence(broker);
        self.break_connections(broker);
        self.settle();
    }

    /// Starts a broker again. Its logs are as they were; of each producer it knows the newest batch only.
    pub fn start(&mut self, broker: i32) {
        if self.broker(broker).is_some_and(|broker| broker.liveness == Liveness::Stopped) {
            let now_ms = self.now_ms();
            self.enter(broker, Liveness::Running);
            for replica in self.replicas_on(broker) {
                replica.log.restart(now_ms);
            }
            self.rejoin(broker);
            // It serves nothing before it has caught up with what the controller decided meanwhile.
            for (topic, index) in self.partitions_on(broker) {
                self.catch_up(&topic, index, broker);
            }
        }
        self.settle();
    }

    /// SIGSTOP: it answers nothing and fetches nothing, its connections stay. It hears of no election either.
    pub fn pause(&mut self, broker: i32) {
        if self.is_running(broker) {
            self.enter(broker, Liveness::Paused);
            self.expect_silence(broker);
        }
        self.settle();
    }

    /// SIGCONT. It first answers what came in meanwhile, as what it took itself for, if `metadata_delay` is above zero.
    pub fn resume(&mut self, broker: i32) {
        if self.broker(broker).is_some_and(|broker| broker.liveness == Liveness::Paused) {
            self.enter(broker, Liveness::Running);
            self.rejoin(broker);
            let waiting: Vec<_> = self.connections_of(broker).collect();
            waiting.into_iter().for_each(|connection| self.serve(connection));
        }
        self.settle();
    }

    /// Whether a broker's replicas take what their leaders have. While they do not, `acks=all` waits for them, and after
    /// `replica_lag_max` they are out of sync.
    pub fn set_fetching(&mut self, broker: i32, fetching: bool) {
        let Some(found) = self.broker_mut(broker).filter(|broker| broker.fetching != fetching) else { return };
        found.fetching = fetching;
        found.life += 1;
        let life = found.life;
        if fetching {
            self.fetch_everything();
        } else {
            self.plan(self.options.replica_lag_max, Event::LagEnds { broker, life });
        }
        self.unsettled = true;
        self.settle();
    }

    /// Makes `broker` lead a partition, whether or not its present leader is well. If it is not in sync, this is an unclean
    /// election: what the others have beyond its log is lost, acknowledged or not. Whether there is such a replica.
    pub fn elect(&mut self, topic: &str, partition: i32, broker: i32) -> bool {
        let Some(found) = self.partition_mut(topic, partition) else { return false };
        if found.replica(broker).is_none() {
            return false;
        }
        if !found.truth.isr.contains(&broker) {
            found.truth.isr = vec![broker];
        }
        found.elect(Some(broker));
        self.tell(topic, partition);
        self.settle();
        true
    }

    /// Takes a replica out of the set of those in sync, as a leader does; the leader itself stays, and without one everybody.
    /// Whether it was in it.
    pub fn shrink_isr(&mut self, topic: &str, partition: i32, broker: i32) -> bool {
        let Some(found) = self.partition_mut(topic, partition) else { return false };
        let led_by_another = found.truth.leader.is_some_and(|leader| leader != broker);
        if !led_by_another || !found.truth.isr.contains(&broker) {
            return false;
        }
        found.truth.isr.retain(|other| *other != broker);
        self.tell(topic, partition);
        self.settle();
        true
    }

    /// Cuts a replica's log at `offset`, as a machine that loses power does with what was not on disk. A leader's followers
    /// hear of it with their next fetch.
    pub fn lose(&mut self, topic: &str, partition: i32, broker: i32, offset: i64) {
        let now_ms = self.now_ms();
        let found = self.partition_mut(topic, partition).and_then(|partition| partition.replica_mut(broker));
        if let Some(replica) = found {
            replica.log.truncate(offset, now_ms);
        }
        self.unsettled = true;
        self.settle();
    }

    fn expect_silence(&mut self, broker: i32) {
        let Some(life) = self.broker(broker).map(|broker| broker.life) else { return };
        self.plan(self.options.session_timeout, Event::SessionEnds { broker, life });
        self.plan(self.options.replica_lag_max, Event::LagEnds { broker, life });
    }

    fn is_running(&self, broker: i32) -> bool {
        self.broker(broker).is_some_and(|broker| broker.liveness == Liveness::Running)
    }

    fn enter(&mut self, broker: i32, liveness: Liveness) -> bool {
        let Some(broker) = self.broker_mut(broker) else { return false };
        let changed = broker.liveness != liveness;
        if changed {
            broker.liveness = liveness;
            broker.life += 1;
        }
        self.unsettled |= changed;
        changed
    }
}
