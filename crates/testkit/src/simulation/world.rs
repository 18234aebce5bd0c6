//! The loop: takes the next thing that happens, lets it happen, and passes on what comes of it, until everything is settled.
//!
//! ```text
//!  storm ─── storm_end ───► calm ─── callers done, outcomes known ───► last words ─── memory back ───► quiet
//!  faults, records          all is well again                          one record a partition,         zombies arrive,
//!                                                                      which must be acknowledged       the logs are judged
//! ```

use super::calendar::{Calendar, Moment, SECOND};
use super::caller::Caller;
use super::client::{Client, Stage, Wish};
use super::faults::Strike;
use super::network::{LinkId, Network, client_time};
use super::oracle::History;
use super::plan::Plan;
use super::trace::Trace;
use super::watch::Watch;
use crate::cluster::Cluster;
use crate::time::Time;
use bytes::Bytes;
use fastrand::Rng;
use milena_core::output::Level;
use milena_core::{Batch, Sender};
use std::sync::{Arc, Mutex};

/// Steps after which a schedule counts as endless. The longest take some 50,000.
const STEPS_MAX: u64 = 1_000_000;

/// What happens.
#[derive(Debug)]
pub(crate) enum Event {
    /// A caller goes on.
    Call(usize),
    Opened(LinkId),
    Transmitted(LinkId),
    /// A request reaches its broker, without its length.
    Arrives(LinkId, Bytes),
    ArrivesLate(LinkId, Bytes),
    /// Bytes reach the client, and with these, perhaps, an answer is whole.
    Answer(LinkId, Bytes, Option<Bytes>),
    /// As an answer, but without its end.
    Maimed(LinkId, Bytes),
    Broken(LinkId),
    HangsUp(LinkId),
    /// A batch is compressed.
    Sealed(usize, Box<Batch>),
    Strike(Strike),
    /// The storm is over.
    Calm,
}

/// How far the schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Storm,
    Calm,
    LastWords,
    Quiet,
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) chance: Rng,
    pub(crate) plan: Plan,
    pub(crate) calendar: Calendar<Event>,
    pub(crate) cluster: Cluster,
    pub(crate) cluster_due: Option<Moment>,
    pub(crate) network: Network,
    pub(crate) clients: Vec<Client>,
    pub(crate) callers: Vec<Caller>,
    /// Callers that were woken since somebody looked.
    pub(crate) woken: Arc<Mutex<Vec<usize>>>,
    pub(crate) history: History,
    pub(crate) watch: Watch,
    pub(crate) trace: Trace,
    phase: Phase,
    phase_began: Moment,
    wishes: Vec<Wish>,
}

impl World {
    pub(crate) fn new(plan: Plan, seed: u64, tell: bool) -> Self {
        let cluster = Cluster::new(plan.cluster.clone());
        let clients: Vec<_> =
            plan.configs.iter().zip(seed..).map(|(config, seed)| Client::new(config.clone(), seed)).collect();
        let mut world = Self {
            now: 0,
            chance: Rng::with_seed(seed ^ 0xcafe),
            calendar: Calendar::new(),
            cluster_due: None,
            network: Network::default(),
            callers: Vec::new(),
            woken: Arc::default(),
            history: History::new(&plan),
            watch: Watch::default(),
            trace: Trace::new(tell),
            phase: Phase::Storm,
            phase_began: 0,
            wishes: Vec::new(),
            cluster,
            clients,
            plan,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.trace.tell(0, || format!("{:?}", self.plan.cluster));
        for (number, config) in self.plan.configs.iter().enumerate() {
            self.trace.tell(0, || format!("client {number}: {config:?}"));
        }
        for (broker, release) in (1..).zip(self.plan.releases.clone()) {
            self.cluster.set_release(broker, release);
        }
        if let Some(sequence) = self.plan.first_sequence {
            self.clients.iter_mut().for_each(|client| client.sender.begin_sequences_at(sequence));
        }
        for topic in 0..self.plan.topics.len() {
            if !self.cluster.options().auto_create_topics {
                self.create_topic(topic);
            }
        }
        for caller in self.plan.callers.clone() {
            self.add_caller(caller);
        }
        for (at, strike) in std::mem::take(&mut self.plan.strikes) {
            self.calendar.plan(at, Event::Strike(strike));
        }
        self.calendar.plan(self.plan.storm_end, Event::Calm);
    }

    /// Runs until everything is settled, or is found never to be.
    pub(crate) fn run(&mut self) {
        for steps in 0.. {
            assert!(steps < STEPS_MAX, "I6: {STEPS_MAX} steps and no end");
            while self.phase_is_over() {
                if self.next_phase() {
                    return;
                }
            }
            if self.is_late() {
                return;
            }
            let Some(next) = self.next() else {
                let text = format!("nothing happens any more in phase {:?}", self.phase);
                self.history.violate("I4", text);
                return;
            };
            self.now = self.now.max(next);
            self.step();
        }
    }

    /// All is over: the logs are read, and the history is judged.
    pub(crate) fn judge(&mut self) {
        for topic in 0..self.plan.topics.len() {
            self.keep_logs(topic);
        }
        self.history.judge();
    }

    fn next(&self) -> Option<Moment> {
        let clients = self.clients.iter().filter_map(|client| client.due).min();
        [self.calendar.next(), self.cluster_due, clients].into_iter().flatten().min()
    }

    fn step(&mut self) {
        if self.cluster_due.is_some_and(|due| due <= self.now) {
            self.cluster.advance(Time(self.now));
            self.drain_cluster();
        }
        while let Some(event) = self.calendar.take(self.now) {
            self.happen(event);
        }
        for client in 0..self.clients.len() {
            self.turn(client);
        }
        self.call_woken();
        self.check_memory();
        self.check_closed();
    }

    fn happen(&mut self, event: Event) {
        self.trace.number(self.now);
        match event {
            Event::Call(caller) => self.call(caller),
            Event::Opened(link) => self.opened(link),
            Event::Transmitted(link) => self.transmitted(link),
            Event::Arrives(link, frame) => self.arrives(link, frame),
            Event::ArrivesLate(link, frame) => self.arrives_late(link, frame),
            Event::Answer(link, bytes, whole) => self.answered(link, &bytes, whole.as_ref()),
            Event::Maimed(link, bytes) => self.maimed(link, &bytes),
            Event::Broken(link) => self.broken(link),
            Event::HangsUp(link) => self.hangs_up(link),
            Event::Sealed(client, batch) => self.seal(client, *batch),
            Event::Strike(strike) => self.strike(strike),
            Event::Calm => self.calm(),
        }
    }

    pub(crate) fn client(&mut self, client: usize) -> &mut Client {
        self.clients.get_mut(client).expect("clients are not removed")
    }

    /// An input for a client's sender.
    pub(crate) fn input(&mut self, client: usize, input: impl FnOnce(&mut Sender, milena_core::Time)) {
        let mut wishes = std::mem::take(&mut self.wishes);
        let now = self.now;
        self.client(client).tell(now, &mut wishes, input);
        self.grant(client, &mut wishes);
        self.wishes = wishes;
    }

    fn turn(&mut self, client: usize) {
        let now = self.now;
        if self.client(client).due.is_none_or(|due| due > now) {
            return;
        }
        let mut wishes = std::mem::take(&mut self.wishes);
        self.client(client).turn(now, &mut wishes);
        self.grant(client, &mut wishes);
        self.wishes = wishes;
    }

    fn seal(&mut self, client: usize, batch: Batch) {
        let mut wishes = std::mem::take(&mut self.wishes);
        let now = self.now;
        let found = self.client(client);
        let sealed = batch.seal(found.config.compression, &mut found.compressor);
        found.sealed(now, sealed, &mut wishes);
        self.grant(client, &mut wishes);
        self.wishes = wishes;
    }

    fn grant(&mut self, client: usize, wishes: &mut Vec<Wish>) {
        for wish in wishes.drain(..) {
            match wish {
                Wish::Open(id, endpoint) => self.open(client, id, &endpoint),
                Wish::Transmit(id, frame) => self.transmit(client, id, &frame),
                Wish::Close(id) => self.close(client, id),
                Wish::Compress(batch) => {
                    let took = self.chance.u64(..=self.plan.seal_max);
                    self.calendar.plan(self.now + took, Event::Sealed(client, batch.into()));
                }
                Wish::Hooks(hooks) => {
                    let (now, history, trace) = (self.now, &mut self.history, &mut self.trace);
                    hooks.run(|_, token, result| history.resolve(token, &result, now, trace));
                }
                Wish::Notice(notice) => {
                    self.trace.bytes(notice.text.as_bytes());
                    let told = notice.level >= Level::Info || !notice.text.starts_with("connected");
                    if told {
                        self.trace.tell(self.now, || format!("client {client} notes: {}", notice.text));
                    }
                }
            }
        }
    }

    /// A budget is never more than full, and nobody waits for one that is empty.
    fn check_memory(&mut self) {
        for (number, client) in self.clients.iter().enumerate() {
            let (buffered, total) = (client.accumulator.buffered(), client.config.buffer_memory);
            let held = buffered.bytes;
            if held > total {
                self.history.violate("I5", format!("client {number} holds {held} bytes of {total}"));
            }
            if held == 0 && buffered.waiters > 0 && self.waits_for_memory(number) {
                self.history.violate("I4", format!("callers of client {number} wait for memory, and all is free"));
            }
        }
    }

    /// Who is closed ends when the time is over that it was given, but for what is being compressed.
    fn check_closed(&mut self) {
        let slack = self.plan.slack();
        for (number, client) in self.clients.iter().enumerate() {
            let over = client.until.is_some_and(|until| self.now > until + slack);
            if over && client.stage != Stage::Ended {
                let buffered = client.accumulator.buffered();
                self.history
                    .violate("I4", format!("client {number} is closed, its time is over, and has {buffered:?}"));
            }
        }
    }

    fn phase_is_over(&self) -> bool {
        let answered = || {
            self.callers.iter().all(|caller| caller.is_done())
                && self.history.unresolved() == 0
                && self.clients.iter().all(|client| client.accumulator.buffered().records == 0)
        };
        let ended = |client: &Client| matches!(client.stage, Stage::Running | Stage::Ended);
        match self.phase {
            Phase::Storm => self.now >= self.plan.storm_end,
            Phase::Calm => answered() && self.clients.iter().all(ended),
            Phase::LastWords => {
                answered() && self.clients.iter().all(|client| client.accumulator.buffered().bytes == 0)
            }
            Phase::Quiet => self.calendar.is_empty(),
        }
    }

    /// Whether that was the last one.
    fn next_phase(&mut self) -> bool {
        self.phase_began = self.now;
        self.phase = match self.phase {
            Phase::Storm => Phase::Calm,
            Phase::Calm => {
                self.last_words();
                Phase::LastWords
            }
            Phase::LastWords => Phase::Quiet,
            Phase::Quiet => return true,
        };
        self.trace.tell(self.now, || format!("--- {:?}", self.phase));
        false
    }

    /// Whether a phase takes longer than anything in it may.
    fn is_late(&mut self) -> bool {
        if matches!(self.phase, Phase::Storm | Phase::Quiet) {
            return false;
        }
        let longest = |of: fn(&milena_core::Config) -> std::time::Duration| {
            let longest = self.clients.iter().map(|client| of(&client.config)).max().unwrap_or_default();
            Moment::try_from(longest.as_micros()).unwrap_or(Moment::MAX)
        };
        let wait = longest(|config| config.max_block) + longest(|config| config.delivery_timeout);
        let requests = 10 * longest(|config| config.request_timeout) + 60 * SECOND;
        let bound = wait + requests + self.plan.roads.zombie_max + self.plan.roads.stall_max;
        let late = self.now > self.phase_began + bound + self.plan.unhurried;
        if late {
            let held: Vec<_> = self.clients.iter().map(|client| client.accumulator.buffered()).collect();
            let callers = self.callers.iter().filter(|caller| !caller.is_done()).count();
            let open = self.history.unresolved();
            let text = format!(
                "{:?} takes longer than {} s: {callers} callers wait, {open} records without outcome, {held:?}",
                self.phase,
                bound / SECOND
            );
            self.history.violate(if open + callers > 0 { "I4" } else { "I5" }, text);
        }
        late
    }

    pub(crate) fn client_now(&self) -> milena_core::Time {
        client_time(self.now)
    }
}
