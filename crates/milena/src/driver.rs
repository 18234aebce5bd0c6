//! The driver: moves bytes and time between the two machines and the world, and decides nothing.
//!
//! One task does it all: it holds the sender and every socket, so that neither a record, nor a batch, nor an answer
//! crosses a channel. A *turn* takes what was left in the inbox (sockets that are ready, sealed batches), gives it to
//! the sender, exchanges news for batches with the accumulator under one lock, and writes. Turns repeat while there is
//! something; then the task sleeps.
//!
//! **No wake-up is lost.** The task's waker is in the inbox before a turn begins, and tokio runs a task again that is
//! woken while it runs. So it is enough that whoever gives it work wakes it *after* the work can be seen:
//! - an append sees, under the accumulator's lock, that the driver has said there until when it will sleep
//!   (`going_to_sleep`), and says whether it must be woken earlier. The driver says so under the same hold of the lock
//!   in which it found nothing due, and sleeps at most until then;
//! - sockets, sealed batches and the wish to close are stored before the wake.
//!
//! **It does not spin.** A turn is followed by another at once only when it took batches or wishes from the accumulator,
//! or has news that the accumulator does not know yet. The first are finite while the window is, the second while the
//! first are.

use crate::compressor::Pool;
use crate::connections::{Connections, Event};
use crate::glance::AGE_MAX;
use crate::inbox::Mail;
use crate::park::within_hook;
use crate::shared::Shared;
use crate::socket::Options;
use crate::timer::Timer;
use milena_core::delivery::Hooks;
use milena_core::output::{Level, News, Notice};
use milena_core::{Batch, ConnectionId, Output, Sender, Time};
use milena_wire::compression::{Compression, Compressor};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Turns before the task lets the runtime look at its sockets and at other tasks.
const TURNS_PER_POLL: usize = 8;

/// Open, given up, sealed, failed: each takes a round.
const ROUNDS_TO_FAIL: usize = 4;

/// The task. Ends when the producer is closed; dropped before that, everything that was accepted fails as closed.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    sender: Sender,
    connections: Connections,
    pool: Pool,
    stage: Stage,
    /// When the sender wants to be called again.
    sender_due: Option<Time>,
    timer: Option<Timer>,
    mail: Mail,
    /// What the accumulator must hear.
    news: Vec<News>,
    /// User code to run.
    hooks: Vec<Hooks>,
    wanted: Vec<Arc<str>>,
    due: Vec<Batch>,
}

/// ```text
/// Running ──► Closing ──► Aborted ──► Ended
///                └───────────────────────▲
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Whatever can still be delivered is.
    Closing,
    /// The timeout is over: so many records were given up.
    Aborted(u64),
    Ended,
}

/// What comes after a turn.
enum Next {
    Turn,
    Sleep(Option<Time>),
    End,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, seed: u64) -> Self {
        let config = &shared.config;
        Self {
            sender: Sender::new(Arc::clone(config), seed),
            connections: Connections::new(Arc::clone(&shared.inbox), Options::of(config)),
            pool: Pool::new(Arc::clone(&config.client_id), config.compression),
            shared,
            stage: Stage::Running,
            sender_due: Some(Time::ZERO),
            timer: None,
            mail: Mail::default(),
            news: Vec::new(),
            hooks: Vec::new(),
            wanted: Vec::new(),
            due: Vec::new(),
        }
    }

    fn turn(&mut self) -> Next {
        let now = self.shared.clock.now();
        self.close_if_asked(now);
        self.read_mail(now);
        if self.sender_due.is_some_and(|due| due <= now) {
            self.sender.handle_timeout(now);
        }
        self.feed(now);
        // Before the accumulator hears of those records: a flush returns after their hooks.
        self.run_hooks();
        let asleep = self.exchange(now);
        self.write(now);
        self.run_hooks();
        match asleep {
            Some(Rest { drained: true, .. }) if self.stage != Stage::Running && self.news.is_empty() => Next::End,
            Some(Rest { until, .. }) if self.news.is_empty() => Next::Sleep(earlier(until, self.sender_due)),
            _ => Next::Turn,
        }
    }

    /// What other threads and the sockets have left.
    fn read_mail(&mut self, now: Time) {
        let mut mail = std::mem::take(&mut self.mail);
        self.shared.inbox.take(&mut mail);
        for batch in mail.sealed.drain(..) {
            self.sender.handle_sealed(batch, now);
        }
        for id in mail.ready.drain(..) {
            self.connections.woken(id);
            while let Some(event) = self.connections.read(id) {
                tell(&mut self.sender, id, event, now);
            }
        }
        self.mail = mail;
    }

    /// Gives the accumulator its news and takes what is due from it, under one lock. When nothing is, says there until
    /// when the driver rests.
    fn exchange(&mut self, now: Time) -> Option<Rest> {
        let mut accumulator = self.shared.accumulator().unwrap_or_else(|broken| panic!("{broken}"));
        for news in self.news.drain(..) {
            accumulator.hear(news, now);
        }
        accumulator.handle_timeout(now);
        accumulator.take_wanted(&mut self.wanted);
        accumulator.take_due(now, &mut self.due);
        let soon = accumulator.glance.end().then(|| now + AGE_MAX);
        if self.wanted.is_empty() && self.due.is_empty() {
            let until = earlier(accumulator.next_due(), earlier(self.sender_due, self.abort_due()));
            let until = earlier(until, soon);
            if accumulator.going_to_sleep(until) {
                return Some(Rest { until, drained: accumulator.is_drained() });
            }
        }
        drop(accumulator);
        self.feed(now);
        None
    }

    /// Gives the sender what was taken from the accumulator.
    fn feed(&mut self, now: Time) {
        for topic in self.wanted.drain(..) {
            self.sender.want_topic(&topic, now);
        }
        for batch in self.due.drain(..) {
            self.sender.push(batch, now);
        }
        if matches!(self.stage, Stage::Aborted(_)) {
            // Before it can be sent.
            self.sender.abort(now);
        }
        self.drain(now);
    }

    fn write(&mut self, now: Time) {
        while let Some(id) = self.connections.next_unwritten() {
            while let Some(event) = self.connections.write(id) {
                tell(&mut self.sender, id, event, now);
                self.drain(now);
            }
        }
    }

    /// The one way out of the sender, until it waits. After all inputs of one kind, not after each: batches that are pushed
    /// together leave in one request.
    fn drain(&mut self, now: Time) {
        loop {
            match self.sender.poll_output(now) {
                Output::Open(id, endpoint) => self.connections.open(id, endpoint),
                Output::Transmit(id, frame) => self.connections.transmit(id, frame),
                Output::Close(id) => self.connections.close(id),
                Output::Compress(batch) => {
                    if let Some(sealed) = self.pool.seal(batch, &self.shared.inbox) {
                        self.sender.handle_sealed(sealed, now);
                    }
                }
                Output::News(news) => self.news.push(news),
                Output::Hooks(hooks) => self.hooks.push(hooks),
                Output::Notice(notice) => log(&notice),
                Output::Wait(due) => {
                    self.sender_due = due;
                    return;
                }
            }
        }
    }

    fn close_if_asked(&mut self, now: Time) {
        let Some(deadline) = self.shared.life.deadline() else { return };
        if self.stage == Stage::Running {
            self.stage = Stage::Closing;
            self.shared.accumulator_at_any_rate().close(now);
        }
        if self.stage == Stage::Closing && deadline <= now {
            self.abort(now);
        }
    }

    /// Fails everything that is not delivered.
    fn abort(&mut self, now: Time) {
        let mut accumulator = self.shared.accumulator_at_any_rate();
        accumulator.close(now);
        let undelivered = accumulator.buffered().records;
        accumulator.take_due(now, &mut self.due);
        drop(accumulator);
        self.stage = Stage::Aborted(undelivered);
        self.feed(now);
    }

    /// When closing must stop being graceful.
    fn abort_due(&self) -> Option<Time> {
        self.shared.life.deadline().filter(|_| self.stage == Stage::Closing)
    }

    /// The driver ends before the producer was closed (its runtime was shut down, or an invariant broke): fails what was
    /// accepted, the batches that are being compressed too.
    fn fail(&mut self) {
        let now = self.shared.clock.now();
        self.abort(now);
        // In rounds: a partition that was behind gives up its open batch when it hears that nothing is in its way, and a
        // batch that is given up may have to be sealed first.
        for _ in 0..ROUNDS_TO_FAIL {
            let mut mail = Mail::default();
            let left = self.pool.end();
            self.shared.inbox.take(&mut mail);
            let seal = |batch: Batch| batch.seal(Compression::NONE, &mut Compressor::default());
            for batch in mail.sealed.into_iter().chain(left.into_iter().map(seal)) {
                self.sender.handle_sealed(batch, now);
            }
            self.feed(now);
            let mut accumulator = self.shared.accumulator_at_any_rate();
            for news in self.news.drain(..) {
                accumulator.hear(news, now);
            }
            accumulator.take_due(now, &mut self.due);
        }
        self.run_hooks();
    }

    /// Under no lock. A panic is the hook's own trouble.
    fn run_hooks(&mut self) {
        for hooks in self.hooks.drain(..) {
            within_hook(|| {
                hooks.run(|hook, token, result| {
                    if catch_unwind(AssertUnwindSafe(|| hook(token, result))).is_err() {
                        tracing::error!(token, "a delivery hook panicked");
                    }
                });
            });
        }
    }

    /// Whether the deadline may be over already; else the task will be woken by then, perhaps earlier.
    fn is_over(&mut self, until: Option<Time>, context: &mut Context<'_>) -> bool {
        let Some(until) = until else { return false };
        let clock = &self.shared.clock;
        self.timer.get_or_insert_with(|| Timer::new(until, clock)).poll(until, clock, context).is_ready()
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        driver.shared.inbox.listen(context.waker());
        for _ in 0..TURNS_PER_POLL {
            match driver.turn() {
                Next::Turn => {}
                Next::Sleep(until) if driver.is_over(until, context) => {}
                Next::Sleep(_) => {
                    driver.shared.publish(driver.sender.stats());
                    return Poll::Pending;
                }
                Next::End => {
                    let undelivered = if let Stage::Aborted(undelivered) = driver.stage { undelivered } else { 0 };
                    driver.stage = Stage::Ended;
                    driver.connections.close_all();
                    driver.shared.publish(driver.sender.stats());
                    driver.shared.life.ended(undelivered);
                    return Poll::Ready(());
                }
            }
        }
        driver.shared.publish(driver.sender.stats());
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.stage == Stage::Ended {
            return;
        }
        // After a panic the sender may not be able to clear up: what can be failed is, and nobody waits for the rest.
        if catch_unwind(AssertUnwindSafe(|| self.fail())).is_err() {
            tracing::error!("the driver panicked, and again while clearing up");
        }
        let undelivered = if let Stage::Aborted(undelivered) = self.stage { undelivered } else { 0 };
        self.shared.life.ended(undelivered);
    }
}

/// What the accumulator said when it had nothing.
struct Rest {
    /// The next thing due, as far as it knows.
    until: Option<Time>,
    /// Nothing is in it, and nothing that it gave out is still held.
    drained: bool,
}

fn tell(sender: &mut Sender, id: ConnectionId, event: Event<'_>, now: Time) {
    match event {
        Event::Opened => sender.handle_opened(id, now),
        Event::Bytes(bytes) => sender.handle_bytes(id, bytes, now),
        Event::Transmitted => sender.handle_transmitted(id, now),
        Event::Closed(reason) => sender.handle_closed(id, reason, now),
    }
}

fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn log(notice: &Notice) {
    match notice.level {
        Level::Debug => tracing::debug!("{}", notice.text),
        Level::Info => tracing::info!("{}", notice.text),
        Level::Warn => tracing::warn!("{}", notice.text),
        Level::Error => tracing::error!("{}", notice.text),
    }
}
