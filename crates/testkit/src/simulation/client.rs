//! One producer as the simulation drives it: both machines, no locks, no threads. The second driver beside the real one, and
//! as that one: it sleeps until its deadline or until it is woken, and an append that does not wake it is one that
//! had no need to.

use super::calendar::Moment;
use milena_core::delivery::Hooks;
use milena_core::output::{Endpoint, News, Notice};
use milena_core::{Accumulator, Batch, Config, ConnectionId, Frame, Output, Sealed, Sender, Time};
use milena_wire::compression::Compressor;
use std::sync::Arc;

/// Outputs after one input, and turns at one moment, that are still no spin. The largest schedule has 64 partitions.
const BOUND: usize = 5_000;

/// What a client wants of the world.
#[derive(Debug)]
pub(crate) enum Wish {
    Open(ConnectionId, Endpoint),
    Transmit(ConnectionId, Frame),
    Close(ConnectionId),
    Compress(Batch),
    Hooks(Hooks),
    Notice(Notice),
}

/// ```text
/// Running ──► Closing ──► Aborted ──► Ended
///                └───────────────────────▲
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Running,
    /// What can be delivered until then is.
    Closing(Moment),
    Aborted,
    Ended,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Arc<Config>,
    pub(crate) accumulator: Accumulator,
    pub(crate) sender: Sender,
    pub(crate) stage: Stage,
    /// When its driver looks up next; `None` while it sleeps without a deadline.
    pub(crate) due: Option<Moment>,
    /// What its wall clock is ahead, milliseconds.
    pub(crate) wall_ms: i64,
    /// When it was closed.
    pub(crate) closed_at: Option<Moment>,
    /// By when it ends.
    pub(crate) until: Option<Moment>,
    /// Why nothing can be sent any more.
    pub(crate) failed: Option<Arc<str>>,
    sender_due: Option<Time>,
    news: Vec<News>,
    closed_batches: Vec<Batch>,
    wanted: Vec<Arc<str>>,
    pub(crate) compressor: Compressor,
    /// Turns at the present moment.
    turns: (Moment, usize),
}

impl Client {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let config = Arc::new(config);
        Self {
            accumulator: Accumulator::new(Arc::clone(&config), seed),
            sender: Sender::new(Arc::clone(&config), seed ^ 0x5eed),
            config,
            stage: Stage::Running,
            due: Some(0),
            wall_ms: 0,
            closed_at: None,
            until: None,
            failed: None,
            sender_due: None,
            news: Vec::new(),
            closed_batches: Vec::new(),
            wanted: Vec::new(),
            compressor: Compressor::default(),
            turns: (0, 0),
        }
    }

    /// It is woken by then.
    pub(crate) fn wake(&mut self, at: Moment) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Takes no more records, and ends when all have their outcome, or at `deadline`.
    pub(crate) fn close(&mut self, now: Moment, deadline: Moment) {
        if self.stage == Stage::Running {
            self.stage = Stage::Closing(deadline);
            self.closed_at = Some(now);
            self.until = Some(deadline);
            self.accumulator.close(Time(now));
            self.wake(now);
        }
    }

    /// An input of the sender, and the outputs that follow.
    pub(crate) fn tell(&mut self, now: Moment, wishes: &mut Vec<Wish>, input: impl FnOnce(&mut Sender, Time)) {
        input(&mut self.sender, Time(now));
        self.drain(now, wishes);
        self.wake(now);
    }

    /// A batch was compressed.
    pub(crate) fn sealed(&mut self, now: Moment, batch: Sealed, wishes: &mut Vec<Wish>) {
        self.sender.handle_sealed(batch, Time(now));
        self.feed(now, wishes);
        self.wake(now);
    }

    /// Looks up: everything that is due is done, then it sleeps.
    pub(crate) fn turn(&mut self, now: Moment, wishes: &mut Vec<Wish>) {
        self.turns = if self.turns.0 == now { (now, self.turns.1 + 1) } else { (now, 0) };
        assert!(self.turns.1 < BOUND, "I6: the driver is woken again and again at one moment");
        if self.stage == Stage::Ended {
            self.due = None;
            return;
        }
        if self.sender_due.is_some_and(|due| due.0 <= now) {
            self.sender.handle_timeout(Time(now));
        }
        if let Stage::Closing(deadline) = self.stage
            && deadline <= now
        {
            self.stage = Stage::Aborted;
        }
        self.feed(now, wishes);
        for rounds in 0.. {
            assert!(rounds < BOUND, "I6: the machines feed each other without end");
            if let Some(until) = self.exchange(now, wishes)
                && self.news.is_empty()
            {
                self.due = until.map(|until| until.0.max(now));
                break;
            }
        }
        let over = matches!(self.stage, Stage::Closing(_) | Stage::Aborted);
        if over && self.accumulator.is_drained() {
            self.stage = Stage::Ended;
            self.sender.abort(Time(now));
            self.drain(now, wishes);
            self.news.drain(..).for_each(|news| self.accumulator.hear(news, Time(now)));
        }
    }

    /// News for batches. When there are none, says until when the driver may sleep.
    fn exchange(&mut self, now: Moment, wishes: &mut Vec<Wish>) -> Option<Option<Time>> {
        let time = Time(now);
        self.news.drain(..).for_each(|news| self.accumulator.hear(news, time));
        self.accumulator.handle_timeout(time);
        self.accumulator.take_wanted(&mut self.wanted);
        self.accumulator.take_due(time, &mut self.closed_batches);
        if self.wanted.is_empty() && self.closed_batches.is_empty() {
            let closing = match self.stage {
                Stage::Closing(deadline) => Some(Time(deadline)),
                _ => None,
            };
            let until = [self.accumulator.next_due(), self.sender_due, closing].into_iter().flatten().min();
            if self.accumulator.going_to_sleep(until) {
                return Some(until);
            }
        }
        self.feed(now, wishes);
        None
    }

    fn feed(&mut self, now: Moment, wishes: &mut Vec<Wish>) {
        for topic in self.wanted.drain(..) {
            self.sender.want_topic(&topic, Time(now));
        }
        for batch in self.closed_batches.drain(..) {
            self.sender.push(batch, Time(now));
        }
        if self.stage == Stage::Aborted {
            self.sender.abort(Time(now));
        }
        self.drain(now, wishes);
    }

    fn drain(&mut self, now: Moment, wishes: &mut Vec<Wish>) {
        for outputs in 0.. {
            assert!(outputs < BOUND, "I6: poll_output does not come to Wait");
            wishes.push(match self.sender.poll_output(Time(now)) {
                Output::Open(id, endpoint) => Wish::Open(id, endpoint),
                Output::Transmit(id, frame) => Wish::Transmit(id, frame),
                Output::Close(id) => Wish::Close(id),
                Output::Compress(batch) => Wish::Compress(batch),
                Output::Hooks(hooks) => Wish::Hooks(hooks),
                Output::Notice(notice) => Wish::Notice(notice),
                Output::News(news) => {
                    if let News::Failed(reason) = &news {
                        self.failed = Some(Arc::clone(reason));
                    }
                    self.news.push(news);
                    continue;
                }
                Output::Wait(due) => {
                    self.sender_due = due;
                    return;
                }
            });
        }
    }
}
