//! The network between clients and brokers: connections with latency, each direction in order, as TCP is; and what befalls
//! them. A frame that its sender has given up may still arrive, much later: that is a zombie.

use super::calendar::{MILLI, Moment, SECOND};
use super::plan::BOOTSTRAP;
use super::world::{Event, World};
use crate::cluster::Liveness;
use crate::connection::{ConnectionId as ServerId, Output};
use crate::time::Time;
use bytes::Bytes;
use fastrand::Rng;
use milena_core::output::Endpoint;
use milena_core::{ConnectionId, Frame, Time as ClientTime};
use std::collections::VecDeque;

/// The length of a frame, and whose answer it is.
const SHORTEST_ANSWER: usize = 8;

/// A connection's number within one schedule.
pub(crate) type LinkId = usize;

/// How likely each trouble is, a frame, while the storm lasts; between 0 and 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Odds {
    /// The connection breaks before the request arrives; half of these in the middle of it.
    pub(crate) cut_before: f64,
    /// It breaks after the broker has taken the request, before the answer.
    pub(crate) cut_after: f64,
    /// It breaks in the middle of the answer.
    pub(crate) cut_answer: f64,
    /// The request, and all behind it, is late.
    pub(crate) stall: f64,
    /// The answer, and all behind it, is late.
    pub(crate) stall_answer: f64,
    /// From now on requests vanish, answers do not.
    pub(crate) deaf: f64,
    /// From now on answers vanish, requests do not.
    pub(crate) mute: f64,
    /// From now on everything vanishes: half-open.
    pub(crate) dead: f64,
    /// Connecting is never answered.
    pub(crate) unanswered_open: f64,
    /// What was on its way when the client closed arrives all the same.
    pub(crate) zombie: f64,
    /// An answer lacks its end, and says that it is whole.
    pub(crate) maimed: f64,
}

/// The network's ways.
#[derive(Debug, Clone)]
pub(crate) struct Roads {
    /// One way, of one connection: drawn once between these.
    pub(crate) latency: (Moment, Moment),
    /// Bytes that a connection carries in a second, each way.
    pub(crate) bytes_per_second: u64,
    /// How late a stalled frame is, at most.
    pub(crate) stall_max: Moment,
    /// How late a zombie is, at most.
    pub(crate) zombie_max: Moment,
    /// How likely an answer comes in two pieces.
    pub(crate) pieces: f64,
    /// Whether sockets have no room: the operating system takes a frame only as fast as the broker does.
    pub(crate) clogged: bool,
    pub(crate) odds: Odds,
}

/// What becomes of a request's answer, drawn when the request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    CutAfter,
    CutAnswer,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) client: usize,
    pub(crate) id: ConnectionId,
    pub(crate) broker: i32,
    endpoint: Endpoint,
    server: Option<ServerId>,
    latency: Moment,
    /// When the last byte so far arrives, each way.
    up_clear: Moment,
    down_clear: Moment,
    up_black: bool,
    down_black: bool,
    client_closed: bool,
    /// How late what was on its way arrives after the client closed; `None`: never.
    zombie: Option<Moment>,
    /// Broken: nothing arrives any more, either way.
    broken: bool,
    fates: VecDeque<Fate>,
}

/// All connections that there were.
#[derive(Debug, Default)]
pub(crate) struct Network {
    links: Vec<Link>,
    /// By client, by the client's number for the connection.
    by_client: Vec<Vec<LinkId>>,
    /// By the cluster's number for it.
    by_server: Vec<LinkId>,
}

impl Network {
    pub(crate) fn link(&self, link: LinkId) -> &Link {
        self.links.get(link).expect("a link is kept")
    }

    fn link_mut(&mut self, link: LinkId) -> &mut Link {
        self.links.get_mut(link).expect("a link is kept")
    }

    fn of_client(&self, client: usize, id: ConnectionId) -> Option<LinkId> {
        self.by_client.get(client)?.get(usize::try_from(id.0).ok()?).copied()
    }

    fn of_server(&self, id: ServerId) -> Option<LinkId> {
        self.by_server.get(usize::try_from(id.0).ok()?).copied()
    }

    fn add(&mut self, link: Link) -> LinkId {
        let number = self.links.len();
        if self.by_client.len() <= link.client {
            self.by_client.resize_with(link.client + 1, Vec::new);
        }
        if let Some(of_client) = self.by_client.get_mut(link.client) {
            of_client.push(number);
        }
        self.links.push(link);
        number
    }
}

impl World {
    /// The client connects.
    pub(crate) fn open(&mut self, client: usize, id: ConnectionId, endpoint: &Endpoint) {
        let at = |broker: &&crate::cluster::Broker| {
            let first = *endpoint.host == *BOOTSTRAP && i32::from(endpoint.port) == 9_090 + broker.id;
            first || broker.port == endpoint.port && *broker.host == *endpoint.host
        };
        let broker = self.cluster.brokers().iter().find(at).map(|broker| broker.id);
        let latency = within(&mut self.chance, self.plan.roads.latency);
        let link = self.network.add(Link {
            client,
            id,
            broker: broker.unwrap_or(-1),
            endpoint: endpoint.clone(),
            server: None,
            latency,
            up_clear: 0,
            down_clear: 0,
            up_black: false,
            down_black: false,
            client_closed: false,
            zombie: None,
            broken: false,
            fates: VecDeque::new(),
        });
        self.trace.tell(self.now, || format!("client {client} opens {} to {endpoint} (broker {broker:?})", id.0));
        self.watch_open(client, endpoint);
        if self.befalls(|odds| odds.unanswered_open) {
            self.trace.tell(self.now, || format!("  {} is never answered", id.0));
            return;
        }
        self.calendar.plan(self.now + 2 * latency, Event::Opened(link));
    }

    /// Where a connection was opened to.
    pub(crate) fn endpoint_of(&self, client: usize, id: ConnectionId) -> Option<Endpoint> {
        let link = self.network.of_client(client, id)?;
        Some(self.network.link(link).endpoint.clone())
    }

    /// The broker takes the connection, or nobody listens there.
    pub(crate) fn opened(&mut self, link: LinkId) {
        let &Link { client, id, broker, client_closed, .. } = self.network.link(link);
        if client_closed {
            return;
        }
        match self.cluster.open(broker) {
            Some(server) => {
                self.network.link_mut(link).server = Some(server);
                assert_eq!(usize::try_from(server.0).ok(), Some(self.network.by_server.len()), "the cluster counts up");
                self.network.by_server.push(link);
                self.input(client, |sender, now| sender.handle_opened(id, now));
            }
            None => {
                self.trace.tell(self.now, || format!("{} is refused", id.0));
                self.network.link_mut(link).client_closed = true;
                self.input(client, |sender, now| sender.handle_closed(id, "connection refused", now));
            }
        }
    }

    /// The client writes a frame.
    pub(crate) fn transmit(&mut self, client: usize, id: ConnectionId, frame: &Frame) {
        let Some(link) = self.network.of_client(client, id) else { return };
        let bytes = match frame.pieces.as_slice() {
            [piece] => piece.clone(),
            pieces => Bytes::from(pieces.concat()),
        };
        self.trace.bytes(&bytes);
        let broker = self.network.link(link).broker;
        self.watch(client, id, broker, &bytes);
        let took = self.travel(bytes.len());
        let fate = self.fate(link);
        let odds = &self.plan.roads.odds;
        let (stall, stall_max) = (odds.stall, self.plan.roads.stall_max);
        let late = if self.draw(stall) { within(&mut self.chance, (MILLI, stall_max)) } else { 0 };
        let cut = self.befalls(|odds| odds.cut_before);
        let (now, clogged) = (self.now, self.plan.roads.clogged);
        let found = self.network.link_mut(link);
        let arrives = (now + found.latency + took + late).max(found.up_clear + 1);
        match clogged {
            false => self.calendar.plan(now + took, Event::Transmitted(link)),
            true if found.up_black => {}
            true => self.calendar.plan(arrives, Event::Transmitted(link)),
        }
        if found.broken || found.client_closed {
            return;
        }
        found.up_clear = arrives;
        if found.up_black {
            return;
        }
        if cut {
            self.trace.tell(now, || format!("  {} breaks before its request arrives", id.0));
            self.break_link(link, now);
            return;
        }
        if late > 0 {
            self.trace.tell(now, || format!("  {} is late by {} ms", id.0, late / MILLI));
        }
        found.fates.push_back(fate);
        self.calendar.plan(arrives, Event::Arrives(link, bytes.slice(4..)));
    }

    /// Draws what befalls the connection and this request's answer.
    fn fate(&mut self, link: LinkId) -> Fate {
        let now = self.now;
        let deaf = self.befalls(|odds| odds.deaf);
        let mute = self.befalls(|odds| odds.mute);
        let dead = self.befalls(|odds| odds.dead);
        if deaf || mute || dead {
            let found = self.network.link_mut(link);
            found.up_black |= deaf || dead;
            found.down_black |= mute || dead;
            let (id, up, down) = (found.id.0, found.up_black, found.down_black);
            self.trace.tell(now, || format!("  {id} loses what goes {}", ways(up, down)));
        }
        if self.befalls(|odds| odds.cut_after) {
            Fate::CutAfter
        } else if self.befalls(|odds| odds.cut_answer) {
            Fate::CutAnswer
        } else {
            Fate::Answered
        }
    }

    /// A request arrives at its broker.
    pub(crate) fn arrives(&mut self, link: LinkId, frame: Bytes) {
        let now = self.now;
        let found = self.network.link_mut(link);
        let Some(server) = found.server.filter(|_| !found.broken) else { return };
        if found.client_closed {
            let Some(late) = found.zombie else { return };
            let id = found.id.0;
            self.trace.tell(now, || format!("a request of {id}, closed, still travels: {} ms", late / MILLI));
            self.calendar.plan(now + late, Event::ArrivesLate(link, frame));
            return;
        }
        self.cluster.handle_request(server, frame, Time(now));
        self.drain_cluster();
    }

    pub(crate) fn arrives_late(&mut self, link: LinkId, frame: Bytes) {
        let found = self.network.link(link);
        let Some(server) = found.server else { return };
        let (id, broker) = (found.id.0, found.broker);
        self.trace.tell(self.now, || format!("a request of {id}, closed long ago, arrives at broker {broker}"));
        self.cluster.handle_request(server, frame, Time(self.now));
        self.drain_cluster();
    }

    /// What the cluster has to say goes on its way.
    pub(crate) fn drain_cluster(&mut self) {
        loop {
            match self.cluster.poll_output() {
                Output::Answer(server, frame) => {
                    if let Some(link) = self.network.of_server(server) {
                        self.answer(link, frame);
                    }
                }
                Output::Done(server) => {
                    if let Some(link) = self.network.of_server(server) {
                        self.network.link_mut(link).fates.pop_front();
                    }
                }
                Output::Close(server) => {
                    if let Some(link) = self.network.of_server(server) {
                        let found = self.network.link_mut(link);
                        found.broken = true;
                        if !found.down_black {
                            let at = (self.now + found.latency).max(found.down_clear + 1);
                            self.calendar.plan(at, Event::Broken(link));
                        }
                    }
                }
                Output::Wait(due) => {
                    self.cluster_due = due.map(|due| due.0);
                    return;
                }
            }
        }
    }

    fn answer(&mut self, link: LinkId, frame: Vec<u8>) {
        let frame = Bytes::from(frame);
        let fate = self.network.link_mut(link).fates.pop_front().unwrap_or(Fate::Answered);
        let stall = self.plan.roads.odds.stall_answer;
        let late = if self.draw(stall) { within(&mut self.chance, (MILLI, self.plan.roads.stall_max)) } else { 0 };
        let took = self.travel(frame.len());
        let split = self.chance.f64() < self.plan.roads.pieces;
        let cut_at = self.chance.usize(1..frame.len());
        let maimed = self.befalls(|odds| odds.maimed);
        let now = self.now;
        let found = self.network.link_mut(link);
        if found.client_closed || found.broken {
            return;
        }
        let id = found.id.0;
        let at = (now + found.latency + took + late).max(found.down_clear + 1);
        found.down_clear = at;
        if found.down_black {
            self.trace.tell(now, || format!("  the answer on {id} is lost"));
            return;
        }
        match fate {
            Fate::CutAfter => {
                self.trace.tell(now, || format!("  {id} breaks before its answer"));
                self.break_link(link, now);
            }
            Fate::CutAnswer => {
                self.trace.tell(now, || format!("  {id} breaks in the middle of its answer"));
                self.calendar.plan(at, Event::Answer(link, frame.slice(..cut_at), None));
                self.break_link(link, at);
            }
            Fate::Answered if maimed && cut_at >= SHORTEST_ANSWER => {
                self.trace.tell(now, || format!("  {id} carries an answer that lacks its end"));
                let mut short = frame.slice(..cut_at).to_vec();
                let length = u32::try_from(cut_at - 4).unwrap_or_default();
                short.splice(..4, length.to_be_bytes());
                self.calendar.plan(at, Event::Maimed(link, short.into()));
            }
            Fate::Answered if split => {
                self.calendar.plan(at, Event::Answer(link, frame.slice(..cut_at), None));
                let later = at + 1 + self.chance.u64(..2 * MILLI);
                self.network.link_mut(link).down_clear = later;
                self.calendar.plan(later, Event::Answer(link, frame.slice(cut_at..), Some(frame)));
            }
            Fate::Answered => self.calendar.plan(at, Event::Answer(link, frame.clone(), Some(frame))),
        }
    }

    /// Bytes come to the client.
    pub(crate) fn answered(&mut self, link: LinkId, bytes: &[u8], whole: Option<&Bytes>) {
        let &Link { client, id, client_closed, .. } = self.network.link(link);
        if client_closed {
            return;
        }
        self.trace.bytes(bytes);
        if let Some(frame) = whole.and_then(|frame| frame.get(4..)) {
            self.watch_answer(client, id, frame);
        }
        self.input(client, |sender, now| sender.handle_bytes(id, bytes, now));
    }

    /// An answer comes that lacks its end.
    pub(crate) fn maimed(&mut self, link: LinkId, bytes: &[u8]) {
        let &Link { client, id, client_closed, .. } = self.network.link(link);
        if !client_closed {
            self.forget_oldest(client, id);
            self.answered(link, bytes, None);
        }
    }

    pub(crate) fn transmitted(&mut self, link: LinkId) {
        let &Link { client, id, client_closed, .. } = self.network.link(link);
        if !client_closed {
            self.input(client, |sender, now| sender.handle_transmitted(id, now));
        }
    }

    /// The connection breaks now; the client learns of it from `at` on.
    fn break_link(&mut self, link: LinkId, at: Moment) {
        let found = self.network.link_mut(link);
        found.broken = true;
        let at = (at + found.latency).max(found.down_clear + 1);
        let server = found.server;
        self.calendar.plan(at, Event::Broken(link));
        if let Some(server) = server {
            self.cluster.close(server);
        }
    }

    /// Breaks every connection on which something was lost: the network is well again.
    pub(crate) fn break_black(&mut self) {
        let black = |link: &Link| (link.up_black || link.down_black) && !link.broken && !link.client_closed;
        let hit: Vec<LinkId> =
            self.network.links.iter().enumerate().filter(|(_, link)| black(link)).map(|(at, _)| at).collect();
        hit.into_iter().for_each(|link| self.break_link(link, self.now));
    }

    /// Breaks every connection that a broker has.
    pub(crate) fn break_all(&mut self, broker: i32) {
        let of_broker = |link: &Link| link.broker == broker && !link.broken && !link.client_closed;
        let hit: Vec<LinkId> =
            self.network.links.iter().enumerate().filter(|(_, link)| of_broker(link)).map(|(at, _)| at).collect();
        hit.into_iter().for_each(|link| self.break_link(link, self.now));
    }

    /// The client hears that its connection is gone.
    pub(crate) fn broken(&mut self, link: LinkId) {
        let found = self.network.link_mut(link);
        if !std::mem::replace(&mut found.client_closed, true) {
            let (client, id) = (found.client, found.id);
            self.trace.tell(self.now, || format!("client {client} hears that {} broke", id.0));
            self.forget(client, id);
            self.input(client, |sender, now| sender.handle_closed(id, "connection reset", now));
        }
    }

    /// The client closes a connection. What is on its way is lost, or arrives all the same.
    pub(crate) fn close(&mut self, client: usize, id: ConnectionId) {
        let Some(link) = self.network.of_client(client, id) else { return };
        self.forget(client, id);
        let lasting = self.plan.roads.odds.zombie > 0.0 && self.chance.f64() < self.plan.roads.odds.zombie;
        let late = within(&mut self.chance, (0, self.plan.roads.zombie_max));
        let now = self.now;
        let found = self.network.link_mut(link);
        found.client_closed = true;
        found.zombie = lasting.then_some(late);
        let hangs_up = if lasting { found.up_clear.max(now) + late + 1 } else { now + found.latency };
        self.trace.tell(now, || format!("client {client} closes {}", id.0));
        self.calendar.plan(hangs_up, Event::HangsUp(link));
    }

    /// The broker hears that the client has closed.
    pub(crate) fn hangs_up(&mut self, link: LinkId) {
        if let Some(server) = self.network.link(link).server {
            self.cluster.close(server);
            self.drain_cluster();
        }
    }

    /// Whether a trouble of these odds happens now.
    fn befalls(&mut self, odds: impl FnOnce(&Odds) -> f64) -> bool {
        let odds = odds(&self.plan.roads.odds);
        self.draw(odds)
    }

    fn draw(&mut self, odds: f64) -> bool {
        odds > 0.0 && self.now < self.plan.storm_end && self.chance.f64() < odds
    }

    fn travel(&self, bytes: usize) -> Moment {
        bytes as u64 * SECOND / self.plan.roads.bytes_per_second
    }

    /// Whether a broker answers at all.
    pub(crate) fn is_up(&self, broker: i32) -> bool {
        self.cluster.broker(broker).is_some_and(|broker| broker.liveness() == Liveness::Running)
    }
}

fn ways(up: bool, down: bool) -> &'static str {
    match (up, down) {
        (true, true) => "either way",
        (true, false) => "to the broker",
        _ => "to the client",
    }
}

/// A number between these, both included.
pub(crate) fn within(chance: &mut Rng, (least, most): (Moment, Moment)) -> Moment {
    chance.u64(least..=most.max(least))
}

/// The client's time.
pub(crate) fn client_time(now: Moment) -> ClientTime {
    ClientTime(now)
}
