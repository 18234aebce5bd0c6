//! Connections: requests in, one at a time, answers out in the same order, and the requests that have to wait.
//!
//! A broker does not read a connection while a request of it has no answer yet ("muted"). What lies unread when the client
//! closes is read all the same: a request may be done long after its sender has given it up and gone elsewhere.

use crate::broker::{self, Answer, Question};
use crate::broker::{fetch, produce};
use crate::cluster::{Cluster, Liveness};
use crate::controller::Event;
use crate::fault::Effect;
use crate::time::Time;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// A connection's number within one cluster, never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What comes out of a cluster.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this frame, its length first.
    Answer(ConnectionId, Vec<u8>),
    /// A request is done that gets no answer (`acks=0`).
    Done(ConnectionId),
    /// Close it. Nothing of it may be passed in any more.
    Close(ConnectionId),
    /// Nothing more now; call [`Cluster::advance`] at this time, or sooner with a request.
    Wait(Option<Time>),
}

/// A client's connection to a broker.
#[derive(Debug)]
pub(crate) struct Connection {
    broker: i32,
    /// Requests that came in while another was not answered.
    unread: VecDeque<Bytes>,
    waiting: Option<Waiting>,
    /// The client has closed it: what is unread is still read, nothing is answered.
    abandoned: bool,
}

/// A request without an answer.
#[derive(Debug)]
struct Waiting {
    question: Question,
    wait: Wait,
    fault: Option<Effect>,
}

/// What a request waits for.
#[derive(Debug)]
pub(crate) enum Wait {
    /// The high watermark.
    Produce(produce::Pending),
    /// Enough to read.
    Fetch(Box<fetch::Pending>),
    /// A moment, then this answer.
    Until(Time, Option<Vec<u8>>),
    /// A moment; the answer has been given.
    Muted(Time),
    /// An end that does not come.
    Forever,
}

impl Cluster {
    /// A client connects to a broker. `None`: refused, nobody listens there.
    pub fn open(&mut self, broker: i32) -> Option<ConnectionId> {
        self.broker(broker).filter(|broker| broker.liveness != Liveness::Stopped)?;
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let connection = Connection { broker, unread: VecDeque::new(), waiting: None, abandoned: false };
        self.connections.insert(id, connection);
        Some(id)
    }

    /// The client closes a connection. Nothing more comes out of it.
    pub fn close(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.abandoned = true;
        }
        self.bury(id);
    }

    /// A request comes in: a frame without its length. Bytes that are no request close the connection.
    pub fn handle_request(&mut self, id: ConnectionId, frame: Bytes, now: Time) {
        self.advance(now);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.unread.push_back(frame);
        self.serve(id);
        self.settle();
    }

    /// What the cluster wants done next.
    pub fn poll_output(&mut self) -> Output {
        self.settle();
        let next = || Output::Wait(self.events.first_key_value().map(|((at, _), _)| *at));
        self.outputs.pop_front().unwrap_or_else(next)
    }

    pub(crate) fn connections_of(&self, broker: i32) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections.iter().filter(move |(_, connection)| connection.broker == broker).map(|(id, _)| *id)
    }

    /// A broker's process ends, and all its connections.
    pub(crate) fn break_connections(&mut self, broker: i32) {
        for id in self.connections_of(broker).collect::<Vec<_>>() {
            self.hang_up(id);
        }
    }

    /// Reads what is unread, until something has to wait.
    pub(crate) fn serve(&mut self, id: ConnectionId) {
        while let Some(connection) = self.connections.get_mut(&id) {
            let broker = connection.broker;
            if connection.waiting.is_some()
                || self.brokers.iter().any(|b| b.id == broker && b.liveness == Liveness::Paused)
            {
                return;
            }
            let Some(frame) = connection.unread.pop_front() else { break };
            match broker::answer(self, broker, &frame) {
                Ok((question, answer, fault)) => self.conclude(id, question, answer, fault),
                Err(_) => self.hang_up(id),
            }
        }
        self.bury(id);
    }

    /// Looks again at every request that waits: something has happened.
    pub(crate) fn settle(&mut self) {
        while std::mem::take(&mut self.unsettled) {
            let waiting = self.connections.iter().filter(|(_, connection)| connection.waiting.is_some());
            for id in waiting.map(|(id, _)| *id).collect::<Vec<_>>() {
                self.look_again(id);
            }
        }
    }

    fn look_again(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let broker = connection.broker;
        if self.brokers.iter().any(|other| other.id == broker && other.liveness != Liveness::Running) {
            return;
        }
        let Some(Waiting { question, wait, fault }) = connection.waiting.take() else { return };
        let answer = match wait {
            Wait::Produce(pending) => produce::look_again(self, broker, &question, pending),
            Wait::Fetch(pending) => fetch::look_again(self, broker, &question, pending),
            Wait::Until(at, answer) if at <= self.now => {
                self.emit(id, answer);
                return self.serve(id);
            }
            Wait::Muted(until) if until <= self.now => return self.serve(id),
            wait => Answer::Later(wait),
        };
        match answer {
            Answer::Later(wait) => self.wait(id, Waiting { question, wait, fault }),
            answer => {
                self.conclude(id, question, answer, fault);
                self.serve(id);
            }
        }
    }

    /// A request has been dealt with; what met it on its way may still spoil the answer.
    fn conclude(&mut self, id: ConnectionId, question: Question, answer: Answer, fault: Option<Effect>) {
        let answer = match answer {
            Answer::Close => return self.hang_up(id),
            Answer::Later(wait) if fault != Some(Effect::DoAndDrop) => {
                return self.wait(id, Waiting { question, wait, fault });
            }
            Answer::Later(_) | Answer::Silent => None,
            Answer::Reply(frame) => Some(frame),
        };
        match fault {
            Some(Effect::Drop | Effect::DoAndDrop) => self.hang_up(id),
            Some(Effect::Ignore | Effect::DoAndIgnore) => {
                self.wait(id, Waiting { question, wait: Wait::Forever, fault });
            }
            Some(Effect::Delay(delay)) => {
                let at = self.wake_after(delay);
                self.wait(id, Waiting { question, wait: Wait::Until(at, answer), fault: None });
            }
            Some(Effect::Throttle(time)) => {
                self.emit(id, answer);
                let until = self.wake_after(time);
                self.wait(id, Waiting { question, wait: Wait::Muted(until), fault: None });
            }
            Some(Effect::Refuse(_) | Effect::DoAndRefuse(_)) | None => self.emit(id, answer),
        }
    }

    fn wake_after(&mut self, time: Duration) -> Time {
        self.plan(time, Event::Wake).0
    }

    fn wait(&mut self, id: ConnectionId, waiting: Waiting) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.waiting = Some(waiting);
        }
    }

    fn emit(&mut self, id: ConnectionId, answer: Option<Vec<u8>>) {
        if self.connections.get(&id).is_none_or(|connection| connection.abandoned) {
            return;
        }
        self.outputs.push_back(match answer {
            Some(frame) => Output::Answer(id, frame),
            None => Output::Done(id),
        });
    }

    /// The broker closes a connection.
    fn hang_up(&mut self, id: ConnectionId) {
        if self.connections.remove(&id).is_some_and(|connection| !connection.abandoned) {
            self.outputs.push_back(Output::Close(id));
        }
    }

    /// Forgets a connection that the client has closed and that has nothing left to read.
    fn bury(&mut self, id: ConnectionId) {
        let over = |connection: &Connection| {
            let deaf = match &connection.waiting {
                None => connection.unread.is_empty(),
                Some(waiting) => matches!(waiting.wait, Wait::Forever),
            };
            connection.abandoned && deaf
        };
        if self.connections.get(&id).is_some_and(over) {
            self.connections.remove(&id);
        }
    }
}
