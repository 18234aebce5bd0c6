//! A caller: sends its records in order, waits for room, for topics and for outcomes as its style is, and sometimes drops a send
//! that waits.

use super::calendar::{MILLI, Moment};
use super::client::Stage;
use super::network::within;
use super::oracle::HEADER;
use super::world::{Event, World};
use milena_core::{Claim, Delivery, Flush, Header, Hook, Record, Refusal, Ticket, Time, Timestamp};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// What a caller does with its records' outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A hook for each.
    Hooks,
    /// A delivery for each, of which so many are outstanding at most.
    Awaits(usize),
    /// Not interested.
    Forgets,
}

/// Where a caller's records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// To this partition.
    Partition(i32),
    /// To each of so many in turn.
    Turns(i32),
    /// By one of so many keys.
    Keyed(u32),
    Keyless,
}

/// One caller, as the workload wants it.
#[derive(Debug, Clone)]
pub(crate) struct CallerPlan {
    pub(crate) client: usize,
    pub(crate) topic: usize,
    pub(crate) records: u32,
    /// Records at a time.
    pub(crate) burst: u32,
    /// Between bursts.
    pub(crate) gap: (Moment, Moment),
    pub(crate) style: Style,
    pub(crate) route: Route,
    /// Bytes of a value, beside the twelve that say whose it is.
    pub(crate) padding: (usize, usize),
    /// How likely it is to drop a send that waits, each time it is woken.
    pub(crate) drops: f64,
    /// Flushes after so many records.
    pub(crate) flush_every: Option<u32>,
    /// Its records after so many must be acknowledged.
    pub(crate) must: Option<u32>,
}

#[derive(Debug)]
enum State {
    /// About to send.
    Ready,
    /// Waits in line with this record.
    Parked {
        ticket: Ticket,
        deadline: Moment,
        record: u32,
        /// For memory.
        full: bool,
    },
    /// Waits for its oldest delivery.
    Awaiting,
    /// Waits for a flush, which covers the client's records up to this number of them.
    Flushing(Flush, u64, Moment),
    Done,
}

pub(crate) struct Caller {
    plan: CallerPlan,
    sent: u32,
    state: State,
    outstanding: VecDeque<(u32, Delivery)>,
    waker: Waker,
    /// Whether its next call is planned.
    called: bool,
    flushed_at: u32,
}

impl Caller {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

struct Woken(usize, Arc<Mutex<Vec<usize>>>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

/// What a hook does is done by whoever runs it: the oracle hears the result.
fn no_hook() -> Hook {
    Arc::new(|_, _| {})
}

/// A record's value, from which it is known again: its number, and who sent it as the how manyth.
pub(crate) fn value(record: u32, caller: usize, number: u32, padding: usize) -> Vec<u8> {
    let mut value = Vec::with_capacity(12 + padding);
    value.extend_from_slice(&record.to_be_bytes());
    value.extend_from_slice(&u32::try_from(caller).unwrap_or(u32::MAX).to_be_bytes());
    value.extend_from_slice(&number.to_be_bytes());
    value.resize(12 + padding, record.to_be_bytes()[3]);
    value
}

/// Whether these bytes are that value.
pub(crate) fn is_value(bytes: &[u8], record: u32, caller: usize, number: u32, padding: usize) -> bool {
    let caller = u32::try_from(caller).unwrap_or(u32::MAX);
    let words = [record, caller, number].map(u32::to_be_bytes);
    bytes.len() == 12 + padding
        && bytes.starts_with(words.as_flattened())
        && bytes.iter().skip(12).all(|byte| *byte == record.to_be_bytes()[3])
}

impl World {
    pub(crate) fn add_caller(&mut self, plan: CallerPlan) {
        let number = self.callers.len();
        let waker = Waker::from(Arc::new(Woken(number, Arc::clone(&self.woken))));
        let first = within(&mut self.chance, plan.gap);
        let state = if plan.records == 0 { State::Done } else { State::Ready };
        self.callers.push(Caller {
            plan,
            sent: 0,
            state,
            outstanding: VecDeque::new(),
            waker,
            called: true,
            flushed_at: 0,
        });
        self.calendar.plan(self.now + first, Event::Call(number));
    }

    /// Plans a call for each caller that was woken: threads take a moment.
    pub(crate) fn call_woken(&mut self) {
        let woken = std::mem::take(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner));
        for number in woken {
            let lag = self.chance.u64(..=self.plan.lag_max);
            let now = self.now;
            if let Some(caller) = self.callers.get_mut(number)
                && !std::mem::replace(&mut caller.called, true)
            {
                self.calendar.plan(now + lag, Event::Call(number));
            }
        }
    }

    /// A caller goes on where it stopped.
    pub(crate) fn call(&mut self, number: usize) {
        let Some(caller) = self.callers.get_mut(number) else { return };
        caller.called = false;
        self.read_outcomes(number);
        match self.callers.get(number).map(|caller| &caller.state) {
            Some(State::Parked { .. }) => self.resume(number),
            Some(State::Flushing(flush, upto, since)) => self.await_flush(number, *flush, *upto, *since),
            Some(State::Ready | State::Awaiting) => self.go_on(number),
            Some(State::Done) | None => {}
        }
    }

    /// Sends a burst, unless it has to wait for something.
    fn go_on(&mut self, number: usize) {
        let burst = self.callers.get(number).map_or(0, |caller| caller.plan.burst);
        for _ in 0..burst {
            let Some(caller) = self.callers.get_mut(number) else { return };
            let full = matches!(caller.plan.style, Style::Awaits(most) if caller.outstanding.len() >= most);
            let over = caller.sent == caller.plan.records;
            if full || over && !caller.outstanding.is_empty() {
                caller.state = State::Awaiting;
                self.await_outcome(number);
                return;
            }
            if over {
                caller.state = State::Done;
                return;
            }
            if caller.plan.flush_every.is_some_and(|every| caller.sent >= caller.flushed_at + every) {
                caller.flushed_at = caller.sent;
                self.flush(number);
                return;
            }
            let record = self.new_record(number);
            if !self.send(number, record, None) {
                return;
            }
        }
        let Some(caller) = self.callers.get_mut(number) else { return };
        caller.state = State::Ready;
        let gap = caller.plan.gap;
        let gap = within(&mut self.chance, gap);
        self.call_at(number, self.now + gap);
    }

    fn call_at(&mut self, number: usize, at: Moment) {
        if let Some(caller) = self.callers.get_mut(number)
            && !std::mem::replace(&mut caller.called, true)
        {
            self.calendar.plan(at, Event::Call(number));
        }
    }

    fn new_record(&mut self, number: usize) -> u32 {
        let caller = self.callers.get_mut(number).expect("callers are not removed");
        caller.sent += 1;
        let (nth, plan) = (caller.sent, &caller.plan);
        let padding = self.chance.usize(plan.padding.0..=plan.padding.1);
        let (must, topic, client) = (plan.must.is_some_and(|after| nth > after), plan.topic, plan.client);
        let key = match plan.route {
            Route::Keyed(keys) => Some(self.chance.u32(..keys)),
            _ => None,
        };
        let headers = if self.plan.headers { nth as usize % 3 } else { 0 };
        self.history.new_record(client, number, nth, topic, padding, key, headers, must)
    }

    /// Appends a record. Whether the caller can go on.
    fn send(&mut self, number: usize, record: u32, ticket: Option<Ticket>) -> bool {
        let caller = self.callers.get(number).expect("callers are not removed");
        let (client, style, nth) = (caller.plan.client, caller.plan.style, self.history.record(record).number);
        let partition = match caller.plan.route {
            Route::Partition(partition) => Some(partition),
            Route::Turns(partitions) => Some((nth.cast_signed() - 1).rem_euclid(partitions.max(1))),
            Route::Keyed(_) | Route::Keyless => None,
        };
        let waker = caller.waker.clone();
        let life = self.history.record(record);
        let (padding, topic) = (life.padding, Arc::clone(&self.plan.topic(life.topic).name));
        let key = life.key.map(u32::to_be_bytes);
        let value = value(record, number, nth, padding);
        let named = record.to_be_bytes();
        let headers = [Header { key: HEADER, value: Some(&named) }; 2];
        let borrowed = Record {
            key: key.as_ref().map(<[u8; 4]>::as_slice),
            value: Some(&value),
            headers: headers.get(..life.headers).unwrap_or_default(),
            partition,
            ..Record::to(&topic)
        };
        let hook = no_hook();
        let claim = match style {
            Style::Hooks => Claim::Hook(&hook, record.into()),
            Style::Awaits(_) => Claim::Delivery,
            Style::Forgets => Claim::Nothing,
        };
        let now = self.now;
        let wall =
            self.cluster.options().epoch_ms + i64::try_from(now / MILLI).unwrap_or(0) + self.client(client).wall_ms;
        let found = self.client(client);
        let outcome = found.accumulator.append(&borrowed, claim, ticket, Time(now), Timestamp(wall));
        match outcome {
            Ok(appended) => {
                if let Some(ticket) = ticket {
                    found.accumulator.unpark(ticket);
                }
                let wake = appended.wake;
                self.trace.tell(now, || {
                    format!("record {record} of caller {number} is accepted for {topic}-{}", appended.partition)
                });
                self.history.accepted(record, appended.partition, now, wall, style);
                if let (Some(caller), Some(delivery)) = (self.callers.get_mut(number), appended.delivery) {
                    caller.outstanding.push_back((record, delivery));
                }
                self.wake_client(client, wake);
                true
            }
            Err(refusal @ Refusal::Never(_)) => {
                if let Some(ticket) = ticket {
                    self.client(client).accumulator.unpark(ticket);
                }
                self.trace.tell(now, || format!("record {record} of caller {number} is refused: {refusal:?}"));
                let closed = self.client(client).stage != Stage::Running || self.client(client).failed.is_some();
                self.history.rejected(record);
                let caller = self.callers.get_mut(number).expect("callers are not removed");
                if closed {
                    caller.sent = caller.plan.records;
                }
                true
            }
            Err(refusal) => self.wait_in_line(number, record, &borrowed, ticket, &refusal, waker),
        }
    }

    /// Parks, or gives up. Whether the caller can go on.
    fn wait_in_line(
        &mut self,
        number: usize,
        record: u32,
        borrowed: &Record<'_>,
        ticket: Option<Ticket>,
        refusal: &Refusal,
        waker: Waker,
    ) -> bool {
        let now = self.now;
        let caller = self.callers.get_mut(number).expect("callers are not removed");
        let client = caller.plan.client;
        let patience = self
            .clients
            .get(client)
            .map_or(0, |client| Moment::try_from(client.config.max_block.as_micros()).unwrap_or(Moment::MAX));
        let deadline = match caller.state {
            State::Parked { deadline, .. } => deadline,
            _ => now + patience,
        };
        if deadline <= now {
            if now > deadline + self.plan.slack() {
                self.history.violate("I4", format!("record {record} waited longer than max.block.ms"));
            }
            if let Some(ticket) = ticket {
                self.client(client).accumulator.unpark(ticket);
            }
            self.trace.tell(now, || format!("record {record} of caller {number} gives up: {refusal:?}"));
            self.history.rejected(record);
            caller_ready(self.callers.get_mut(number));
            return true;
        }
        let parked = self.client(client).accumulator.park(refusal, borrowed, ticket, waker, Time(deadline));
        if let Some(caller) = self.callers.get_mut(number) {
            let full = *refusal == Refusal::Full;
            caller.state = State::Parked { ticket: parked.ticket, deadline, record, full };
        }
        self.wake_client(client, parked.wake);
        false
    }

    /// Whether somebody waits for this client's memory whom nobody has woken.
    pub(crate) fn waits_for_memory(&self, client: usize) -> bool {
        let waiting =
            |caller: &&Caller| caller.plan.client == client && matches!(caller.state, State::Parked { full: true, .. });
        let mut waiting = self.callers.iter().filter(waiting).peekable();
        waiting.peek().is_some() && waiting.all(|caller| !caller.called)
    }

    /// Woken while it waits in line: tries again, or is dropped.
    fn resume(&mut self, number: usize) {
        let Some(caller) = self.callers.get(number) else { return };
        let State::Parked { ticket, record, .. } = caller.state else { return };
        let (drops, client) = (caller.plan.drops, caller.plan.client);
        let closed = self.clients.get(client).and_then(|client| client.closed_at);
        if closed.is_some_and(|at| self.now > at + self.plan.slack()) {
            self.history.violate("I4", format!("caller {number} waits on after the producer was closed"));
        }
        if drops > 0.0 && self.chance.f64() < drops {
            self.drop_parked(number);
        } else if self.send(number, record, Some(ticket)) {
            caller_ready(self.callers.get_mut(number));
        } else {
            return;
        }
        self.go_on(number);
    }

    /// The future of a send that waits is dropped.
    pub(crate) fn drop_parked(&mut self, number: usize) {
        let Some(caller) = self.callers.get_mut(number) else { return };
        let State::Parked { ticket, record, .. } = caller.state else { return };
        caller.state = State::Ready;
        let client = caller.plan.client;
        self.trace.tell(self.now, || format!("caller {number} drops the send of record {record}"));
        self.history.rejected(record);
        self.client(client).accumulator.unpark(ticket);
        self.call_at(number, self.now);
    }

    fn wake_client(&mut self, client: usize, wake: bool) {
        if wake {
            let at = self.now + self.chance.u64(..=self.plan.lag_max);
            self.client(client).wake(at);
        }
    }

    /// Waits for its oldest record's outcome, unless that is there.
    fn await_outcome(&mut self, number: usize) {
        let before = self.callers.get(number).map_or(0, |caller| caller.outstanding.len());
        self.read_outcomes(number);
        if self.callers.get(number).is_some_and(|caller| caller.outstanding.len() < before) {
            self.call_at(number, self.now);
        }
    }

    /// Hears what became of its oldest records.
    fn read_outcomes(&mut self, number: usize) {
        let Some(caller) = self.callers.get_mut(number) else { return };
        while let Some((record, delivery)) = caller.outstanding.front_mut() {
            match Pin::new(delivery).poll(&mut Context::from_waker(&caller.waker)) {
                Poll::Pending => break,
                Poll::Ready(result) => {
                    // A caller that sends hears late of those that it does not wait for: when it happened is not known.
                    let waited = matches!(caller.state, State::Awaiting);
                    self.history.heard((*record).into(), &result, self.now, waited, &mut self.trace);
                    caller.outstanding.pop_front();
                }
            }
        }
    }

    fn flush(&mut self, number: usize) {
        let Some(client) = self.callers.get(number).map(|caller| caller.plan.client) else { return };
        let now = self.now;
        let upto = self.history.accepted_of(client);
        let flush = self.client(client).accumulator.flush(Time(now));
        self.client(client).wake(now);
        if let Some(caller) = self.callers.get_mut(number) {
            caller.state = State::Flushing(flush, upto, now);
        }
        self.await_flush(number, flush, upto, now);
    }

    fn await_flush(&mut self, number: usize, flush: Flush, upto: u64, since: Moment) {
        let Some(caller) = self.callers.get(number) else { return };
        let (client, waker) = (caller.plan.client, caller.waker.clone());
        if !self.client(client).accumulator.poll_flush(flush, Some(waker)) {
            return;
        }
        let timeout = Moment::try_from(self.client(client).config.delivery_timeout.as_micros()).unwrap_or(Moment::MAX);
        let slack = self.plan.slack();
        if self.now > since + timeout + slack {
            self.history.violate("I4", format!("a flush of caller {number} took longer than delivery.timeout.ms"));
        }
        self.history.flushed(client, upto);
        caller_ready(self.callers.get_mut(number));
        self.go_on(number);
    }
}

fn caller_ready(caller: Option<&mut Caller>) {
    if let Some(caller) = caller {
        caller.state = State::Ready;
    }
}
