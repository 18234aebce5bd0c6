//! Connections to brokers: opened when something is to be sent, served when they are free, lost with all that was in
//! flight on them.

use super::Sender;
use crate::broker::{Broker, Link, Ready};
use crate::call::{Asked, Call, Part};
use crate::connection::{Connection, Phase};
use crate::error::SendError;
use crate::metadata::Change;
use crate::output::{ConnectionId, Level, News, Output};
use crate::partition::{Partition, Standing};
use crate::time::Time;
use crate::timers::Timer;
use crate::topic::{PartitionKey, TopicIndex};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

/// How long an attempt to connect may be silent before the next address is tried beside it (RFC 8305 recommends 250 ms).
const STAGGER: Duration = Duration::from_millis(250);

impl Sender {
    /// Puts a partition into its leader's ready line.
    pub(super) fn enlist(&mut self, leader: i32, key: PartitionKey) {
        let Some(broker) = self.broker(leader) else { return };
        let number = broker.link_of(key);
        let broker = self.brokers.get_mut(&leader);
        let link = broker.and_then(|broker| broker.links.get_mut(number));
        if let (Some(link), Some(partition)) = (link, self.partitions.get_mut(&key)) {
            link.ready.push_back(Ready { key, place: partition.line_up() });
        }
        self.serve_later(leader, number);
    }

    /// A broker that something is to be sent to: from then on it has a place of its own.
    fn broker(&mut self, id: i32) -> Option<&mut Broker> {
        match self.brokers.entry(id) {
            Entry::Occupied(broker) => Some(broker.into_mut()),
            Entry::Vacant(place) => {
                let endpoint = self.metadata.brokers().endpoint(id)?;
                let rested = self.resting.remove(&id).filter(|rested| rested.endpoint == endpoint);
                let broker = rested.unwrap_or_else(|| Broker::new(endpoint, self.config.connections_per_broker));
                Some(place.insert(broker))
            }
        }
    }

    /// Whether a partition stands in a place still.
    pub(super) fn stands(&self, ready: Ready) -> bool {
        stand_in(&self.partitions, ready)
    }

    /// A link may have something to do.
    pub(super) fn serve_later(&mut self, broker: i32, number: usize) {
        let link = self.brokers.get_mut(&broker).and_then(|broker| broker.links.get_mut(number));
        if let Some(link) = link.filter(|link| !link.enlisted && !link.ready.is_empty()) {
            link.enlisted = true;
            self.busy.push_back((broker, number));
        }
    }

    pub(super) fn serve_broker(&mut self, broker: i32) {
        let links = self.brokers.get(&broker).map_or(0, |broker| broker.links.len());
        (0..links).for_each(|number| self.serve_later(broker, number));
    }

    /// Serves a link: connects it, or sends what is ready.
    pub(super) fn serve(&mut self, broker: i32, number: usize, now: Time) {
        let Some(link) = self.link_mut(broker, number) else { return };
        link.enlisted = false;
        match link.connection {
            None => self.connect(broker, number, now),
            Some(connection) => self.send_ready(connection, broker, number, now),
        }
    }

    pub(super) fn link_mut(&mut self, broker: i32, number: usize) -> Option<&mut Link> {
        self.brokers.get_mut(&broker)?.links.get_mut(number)
    }

    /// Connects a link, unless its broker is to be left alone for a while.
    pub(super) fn connect(&mut self, id: i32, number: usize, now: Time) {
        let Some(broker) = self.broker(id) else { return };
        if now < broker.retry_at {
            let retry_at = broker.retry_at;
            self.timers.by(Timer::Broker(id), retry_at);
            return;
        }
        let Some(broker) = self.brokers.get_mut(&id) else { return };
        let setup =
            broker.setup_timeout(self.config.connection_setup_timeout, self.config.connection_setup_timeout_max);
        let Some(link) = broker.links.get_mut(number) else { return };
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        link.connection = Some(connection);
        let endpoint = broker.endpoint.clone();
        self.connections.insert(connection, Connection::new(connection, id, number, now, setup));
        self.timers.by(Timer::Connection(connection), now + setup);
        self.stats.connections_opened += 1;
        self.out.push_back(Output::Open(connection, endpoint));
    }

    /// Connects to any broker, for a question that any can answer. One attempt after another; but one that is silent holds
    /// up the next no longer than [`STAGGER`]: a first address that swallows everything is not waited for.
    pub(super) fn connect_any(&mut self, now: Time) {
        let begun = |connection: &Connection| (connection.phase != Phase::Ready).then_some(connection.active());
        if let Some(next) = self.connections.values().filter_map(begun).max().map(|begun| begun + STAGGER)
            && now < next
        {
            self.timers.by(Timer::Metadata, next);
            return;
        }
        let open = |(_, retry_at): &(i32, Time)| *retry_at <= now;
        if let Some(last) = self.candidates(now).filter(open).count().checked_sub(1) {
            let drawn = self.chance.usize(..=last);
            let id = self.candidates(now).filter(open).nth(drawn).map(|(id, _)| id);
            id.into_iter().for_each(|id| self.connect(id, 0, now));
            return;
        }
        // Those that are connected are throttled: else nobody would be looked for.
        let throttled = self.connections.values().map(Connection::muted_until).filter(|until| *until > now);
        if let Some(at) = self.candidates(now).map(|(_, retry_at)| retry_at).chain(throttled).min() {
            self.timers.by(Timer::Metadata, at);
        }
    }

    /// Brokers that may be asked for metadata, with the time from which: those that the cluster named, and the first
    /// addresses as long as there are none, or when none of them can be reached (KIP-899, KIP-1102). An address that both have
    /// counts once: a broker that is away would be connected to twice as often.
    fn candidates(&self, now: Time) -> impl Iterator<Item = (i32, Time)> + '_ {
        let known = self.metadata.brokers();
        let mut named = known.ids();
        let unreachable = named.all(|id| self.brokers.get(&id).is_some_and(|broker| broker.failures > 0));
        let too_long =
            self.metadata.failing_since().is_some_and(|since| now >= since + self.config.rebootstrap_trigger);
        let over = self.metadata.is_starting_over();
        let none = known.ids().next().is_none();
        let from_first = over || none || (self.config.rebootstrap && (unreachable || too_long));
        let usable = |(id, broker): (i32, Option<&Broker>)| {
            let Some(broker) = broker else { return Some((id, Time::ZERO)) };
            broker.links.first()?.connection.is_none().then_some((id, broker.retry_at))
        };
        let twice = move |broker: &Broker| !over && known.ids().any(|id| known.is_at(id, &broker.endpoint));
        let first = self.brokers.range(..0).filter(move |(_, broker)| from_first && !twice(broker));
        let first = first.map(|(id, broker)| (*id, Some(broker)));
        let named = known.ids().filter(move |_| !over).map(|id| (id, self.brokers.get(&id)));
        first.chain(named).filter_map(usable)
    }

    /// The least loaded connection that can be spoken on.
    pub(super) fn any_free(&self, now: Time) -> Option<ConnectionId> {
        self.least_loaded(now, |_| true)
    }

    /// One that may be asked for metadata: while we start over, only those to the first addresses.
    pub(super) fn any_free_for_metadata(&self, now: Time) -> Option<ConnectionId> {
        let over = self.metadata.is_starting_over();
        self.least_loaded(now, |connection| !over || connection.broker < 0)
    }

    fn least_loaded(&self, now: Time, may: impl Fn(&Connection) -> bool) -> Option<ConnectionId> {
        let free = self.connections.values().filter(|connection| connection.is_free(now) && may(connection));
        // The connection's number breaks ties: the map's order must not.
        free.min_by_key(|connection| (connection.load(), connection.broker < 0, connection.id))
            .map(|connection| connection.id)
    }

    /// A connection stands: it is asked what the broker can do.
    pub(super) fn opened(&mut self, id: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if matches!(connection.phase, Phase::Opening { .. }) {
            connection.phase = Phase::Handshaking;
            self.ask_versions(id, Self::API_VERSIONS.max, now);
        }
    }

    /// A connection can be spoken on.
    pub(super) fn became_ready(&mut self, id: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get(&id) else { return };
        let (broker, number) = (connection.broker, connection.link);
        if let Some(broker) = self.brokers.get_mut(&broker) {
            broker.went_well();
            let text = format!("connected to {} at {}", connection.broker, broker.endpoint);
            self.notice(Level::Debug, text);
        }
        self.serve_later(broker, number);
        if let Some(deadline) = self.deadline_of(id) {
            self.timers.by(Timer::Connection(id), deadline.max(now));
        }
    }

    /// A connection's timer went off.
    pub(super) fn check_connection(&mut self, id: ConnectionId, now: Time) {
        let Some(deadline) = self.deadline_of(id) else { return };
        let Some(connection) = self.connections.get(&id) else { return };
        let (broker, number) = (connection.broker, connection.link);
        if now < deadline {
            self.timers.by(Timer::Connection(id), deadline);
            if connection.is_free(now) {
                self.serve_later(broker, number);
            }
            return;
        }
        match (connection.phase, connection.load()) {
            (Phase::Opening { .. }, _) => {
                self.give_up(id, "connecting took longer than socket.connection.setup.timeout.ms", now)
            }
            (_, 0) => self.close_idle(id),
            _ => {
                self.stats.request_timeouts += 1;
                let what = if connection.is_telling() { "nothing was read" } else { "no answer" };
                let timeout_ms = self.request_timeout().as_millis();
                self.give_up(id, &format!("{what} within request.timeout.ms = {timeout_ms}"), now);
            }
        }
    }

    /// An idle connection is closed without any trouble for its broker.
    fn close_idle(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Some(link) = self.link_mut(connection.broker, connection.link) {
            link.connection = None;
        }
        self.stats.connections_closed += 1;
        self.out.push_back(Output::Close(id));
        // What stands in its line, for the broker was throttled, goes out on another.
        self.serve_later(connection.broker, connection.link);
    }

    /// We close a connection.
    pub(super) fn give_up(&mut self, id: ConnectionId, reason: &str, now: Time) {
        if self.connections.contains_key(&id) {
            self.out.push_back(Output::Close(id));
            self.lost(id, reason, now);
        }
    }

    /// A connection is gone, and with it the answers to all that was asked on it.
    pub(super) fn lost(&mut self, id: ConnectionId, reason: &str, now: Time) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        self.stats.connections_closed += 1;
        let backoff = self.reconnect_backoff();
        let mut trouble: Arc<str> = reason.into();
        let mut waiting = Vec::new();
        let partitions = &self.partitions;
        if let Some(broker) = self.brokers.get_mut(&connection.broker) {
            trouble = format!("{}: {reason}", broker.endpoint).into();
            broker.failed(Arc::clone(&trouble), now, backoff, &mut self.chance);
            if let Some(link) = broker.links.get_mut(connection.link) {
                link.connection = None;
                link.ready.retain(|ready| stand_in(partitions, *ready));
                waiting.extend(link.ready.iter().map(|ready| ready.key));
            }
            self.timers.by(Timer::Broker(connection.broker), broker.retry_at);
        }
        let idle = connection.phase == Phase::Ready && connection.load() == 0;
        self.notice(if idle { Level::Debug } else { Level::Warn }, format!("connection lost: {trouble}"));
        let (asked, silent) = connection.abandon();
        for asked in asked {
            self.unanswered(asked, &trouble, now);
        }
        self.lost_parts(silent, &trouble, now);
        for key in waiting {
            if let Some(partition) = self.partitions.get_mut(&key) {
                partition.hindered(Arc::clone(&trouble));
            }
            self.metadata.touch(key.topic, now);
        }
        self.metadata.want_refresh();
        self.explain_missing(&trouble);
    }

    /// A question will not be answered.
    pub(super) fn unanswered(&mut self, asked: Asked, trouble: &Arc<str>, now: Time) {
        match asked.call {
            Call::ApiVersions => {}
            Call::Metadata => self.metadata.failed(now, &mut self.chance),
            Call::InitProducerId => self.identity_failed(now),
            Call::Produce(produced) => self.lost_parts(produced.parts, trouble, now),
            Call::LogEnd(part) => {
                self.with(part.key, now, |partition, turn| partition.log_end_not_told(part.attempt, trouble, turn));
                self.look_at(part.key, now);
            }
        }
    }

    /// Nobody will say what became of these batches.
    pub(super) fn lost_parts(&mut self, parts: Vec<Part>, trouble: &Arc<str>, now: Time) {
        for part in parts {
            self.with(part.key, now, |partition, turn| partition.lost(part.attempt, trouble, turn));
            self.look_at(part.key, now);
        }
    }

    /// Tells those who wait for a topic why it is not there yet.
    fn explain_missing(&mut self, trouble: &Arc<str>) {
        let missing = self.metadata.unknown_topics().map(|name| News::Missing(Arc::clone(name), Arc::clone(trouble)));
        self.out.extend(missing.map(Output::News));
    }

    /// Metadata changed.
    pub(super) fn apply(&mut self, changes: Vec<Change>, now: Time) {
        self.keep_brokers(now);
        for change in changes {
            match change {
                Change::Layout(layout) => self.out.push_back(Output::News(News::Learned(layout))),
                Change::Refused(name, error) => self.refused(name, error),
                Change::Missing(name, reason) => self.out.push_back(Output::News(News::Missing(name, reason))),
                Change::Leaders(topic, partitions) => {
                    for partition in partitions.partitions() {
                        self.leader_changed(PartitionKey { topic, partition }, now);
                    }
                }
                Change::Recreated(topic) => self.recreated(topic, now),
            }
        }
        let leaderless = std::mem::take(&mut self.leaderless);
        self.look_again(leaderless, now);
        self.metadata.served(self.leaderless.is_empty(), now, &mut self.chance);
        for topic in self.metadata.gone(now) {
            self.forget(topic, now);
        }
    }

    /// A topic that was deleted, and that nobody sends to: its queues are removed, unless something is left in them. Their
    /// numbers are used, and forgotten with them: a partition that has none yet is numbered under another producer id.
    fn forget(&mut self, topic: TopicIndex, now: Time) {
        let own = |key: &PartitionKey| key.topic == topic;
        if self.partitions.iter().any(|(key, partition)| own(key) && !partition.is_idle()) {
            return;
        }
        for (_, partition) in self.partitions.iter().filter(|(key, _)| own(key)) {
            // Those that it used up and did not replace yet, too: the sender may not have been told.
            for spent in [partition.producer_id(), partition.spent()].into_iter().flatten() {
                self.identity.spent(spent, now);
            }
        }
        self.partitions.retain(|key, _| !own(key));
        self.metadata.forget(topic);
        self.out.push_back(Output::News(News::Gone(topic)));
    }

    fn refused(&mut self, name: Arc<str>, error: SendError) {
        self.notice(Level::Warn, error.to_string());
        self.out.push_back(Output::News(News::Refused(name, error)));
    }

    /// Brokers that listen elsewhere, or are gone: their connections are closed, their partitions look for their leader.
    fn keep_brokers(&mut self, now: Time) {
        let known = self.metadata.brokers();
        let moved = |(id, broker): (&i32, &Broker)| (!known.is_at(*id, &broker.endpoint)).then_some(*id);
        let moved: Vec<i32> = self.brokers.range(0..).filter_map(moved).collect();
        let max = self.config.reconnect_backoff_max;
        self.resting.retain(|_, broker| now < broker.retry_at + max);
        for id in moved {
            let Some(broker) = self.brokers.get(&id) else { continue };
            let connections: Vec<_> = broker.links.iter().filter_map(|link| link.connection).collect();
            for connection in connections {
                self.give_up(connection, "the broker left the cluster, or listens elsewhere", now);
            }
            if let Some(mut broker) = self.brokers.remove(&id) {
                let ready = broker.links.iter_mut().flat_map(|link| std::mem::take(&mut link.ready));
                let waiting = ready.filter(|ready| self.stands(*ready)).map(|ready| ready.key).collect();
                self.resting.extend(broker.rested().map(|broker| (id, broker)));
                self.look_again(waiting, now);
            }
        }
    }

    pub(super) fn leader_changed(&mut self, key: PartitionKey, now: Time) {
        if let Some(partition) = self.partitions.get_mut(&key) {
            partition.leader_changed();
            // The leader before may never be reached again: what is ready for it does not wait for that.
            if let Standing::InLine(_) = partition.standing {
                partition.standing = Standing::Nowhere;
            }
            self.look_at(key, now);
        }
    }

    fn recreated(&mut self, topic: TopicIndex, now: Time) {
        let name = self.metadata.topic(topic).map(|(name, _)| name.escape_debug().to_string()).unwrap_or_default();
        self.notice(Level::Warn, format!("topic {name} was deleted and created again"));
        let mut keys: Vec<_> = self.partitions.keys().copied().filter(|key| key.topic == topic).collect();
        keys.sort_unstable();
        let by_name = self.named_by_name;
        for key in keys {
            self.with(key, now, |partition, turn| partition.recreated(by_name, turn));
            self.look_at(key, now);
        }
    }
}

fn stand_in(partitions: &HashMap<PartitionKey, Partition, FixedState>, ready: Ready) -> bool {
    partitions.get(&ready.key).is_some_and(|partition| partition.standing == Standing::InLine(ready.place))
}
