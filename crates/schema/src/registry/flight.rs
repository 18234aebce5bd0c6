//! One question under way, and all who wait for its answer: who stops to wait does not stop it.

use super::alarm::{Alarm, Key};
use super::error::{RegistryError, RegistryErrorKind};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// What a question ended with.
pub(crate) type Outcome<T> = Result<T, RegistryError>;

/// A question under way, or answered.
pub(crate) struct Flight<T> {
    state: Mutex<State<T>>,
}

enum State<T> {
    Flying { waiters: Vec<(u64, Waker)>, next: u64 },
    Landed(Outcome<T>),
}

/// Lands a flight: with an answer, or with an error when it is dropped without one.
pub(crate) struct Landing<T: Clone>(Arc<Flight<T>>);

impl<T: Clone> Flight<T> {
    /// One that flies, and what lands it.
    pub(crate) fn start() -> (Arc<Self>, Landing<T>) {
        let flight = Arc::new(Self { state: Mutex::new(State::Flying { waiters: Vec::new(), next: 0 }) });
        (Arc::clone(&flight), Landing(flight))
    }

    fn land(&self, outcome: Outcome<T>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Flying { waiters, .. } = &mut *state {
            let waiters = std::mem::take(waiters);
            *state = State::Landed(outcome);
            drop(state);
            waiters.into_iter().for_each(|(_, waker)| waker.wake());
        }
    }

    /// Waits for its answer, until `deadline`.
    pub(crate) fn wait(self: &Arc<Self>, alarm: &Alarm, patience: Duration, deadline: Instant) -> Wait<T> {
        Wait { flight: Arc::clone(self), alarm: alarm.clone(), patience, deadline, seat: None, ring: None }
    }
}

impl<T: Clone> Landing<T> {
    pub(crate) fn land(self, outcome: Outcome<T>) {
        self.0.land(outcome);
    }
}

impl<T: Clone> Drop for Landing<T> {
    /// After a landing it does nothing.
    fn drop(&mut self) {
        let lost = RegistryError::new(
            RegistryErrorKind::Connection,
            "the question was lost: the thread that asked it panicked",
        );
        self.0.land(Err(lost));
    }
}

/// Waits for a flight. May be dropped at any moment.
pub(crate) struct Wait<T: Clone> {
    flight: Arc<Flight<T>>,
    alarm: Alarm,
    patience: Duration,
    deadline: Instant,
    /// Among the waiters.
    seat: Option<u64>,
    /// What wakes it at the deadline, and whom that would wake.
    ring: Option<(Key, Waker)>,
}

impl<T: Clone> Future for Wait<T> {
    type Output = Outcome<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(outcome) = this.sit(context.waker()) {
            return Poll::Ready(outcome);
        }
        if Instant::now() >= this.deadline {
            let text = format!("no answer within {:?}", this.patience);
            return Poll::Ready(Err(RegistryError::new(RegistryErrorKind::Timeout, text)));
        }
        let waker = context.waker();
        if this.ring.as_ref().is_none_or(|(_, set)| !set.will_wake(waker)) {
            if let Some((key, _)) = this.ring.take() {
                this.alarm.cancel(key);
            }
            let rung = waker.clone();
            this.ring = Some((this.alarm.at(this.deadline, move || rung.wake()), waker.clone()));
        }
        Poll::Pending
    }
}

impl<T: Clone> Wait<T> {
    /// Takes the answer, or a seat among the waiters.
    fn sit(&mut self, waker: &Waker) -> Option<Outcome<T>> {
        let mut state = self.flight.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            State::Landed(outcome) => Some(outcome.clone()),
            State::Flying { waiters, next } => {
                let seat = *self.seat.get_or_insert_with(|| {
                    *next += 1;
                    *next
                });
                match waiters.iter_mut().find(|(other, _)| *other == seat) {
                    Some((_, seated)) => seated.clone_from(waker),
                    None => waiters.push((seat, waker.clone())),
                }
                None
            }
        }
    }
}

impl<T: Clone> Drop for Wait<T> {
    fn drop(&mut self) {
        if let Some((key, _)) = self.ring.take() {
            self.alarm.cancel(key);
        }
        let mut state = self.flight.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Flying { waiters, .. } = &mut *state {
            waiters.retain(|(seat, _)| Some(*seat) != self.seat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::block_on;

    #[test]
    fn all_who_wait_have_the_answer_and_one_who_left_stops_nobody() {
        let (flight, landing) = Flight::start();
        let alarm = Alarm::default();
        let patience = Duration::from_secs(10);
        let wait = || flight.wait(&alarm, patience, Instant::now() + patience);
        let mut left = Box::pin(wait());
        let mut context = Context::from_waker(Waker::noop());
        assert!(left.as_mut().poll(&mut context).is_pending());
        drop(left);
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| block_on(wait()))).collect();
            std::thread::sleep(Duration::from_millis(10));
            landing.land(Ok(7));
            waiting.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), Ok(7)));
        });
        assert_eq!(block_on(wait()), Ok(7), "who comes late has it too");
    }

    #[test]
    fn patience_ends_whatever_the_flight_does() {
        let (flight, _landing) = Flight::<()>::start();
        let patience = Duration::from_millis(20);
        let begun = Instant::now();
        let error = block_on(flight.wait(&Alarm::default(), patience, begun + patience)).unwrap_err();
        assert_eq!(error.kind(), RegistryErrorKind::Timeout);
        assert!(begun.elapsed() >= patience);
    }

    #[test]
    fn a_flight_whose_thread_is_gone_lands_with_an_error() {
        let (flight, landing) = Flight::<()>::start();
        drop(landing);
        let patience = Duration::from_secs(10);
        let error = block_on(flight.wait(&Alarm::default(), patience, Instant::now() + patience)).unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}
