//! Wakes whoever asked for it, at a time: one thread, only while there is somebody to wake.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

type Ring = Box<dyn FnOnce() + Send>;

/// Rings at times. What it calls must not wait.
#[derive(Clone, Default)]
pub(crate) struct Alarm {
    shared: Arc<Shared>,
}

/// When a ring is due, and which one it is.
pub(crate) type Key = (Instant, u64);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    rings: BTreeMap<Key, Ring>,
    next: u64,
    runs: bool,
}

impl Alarm {
    /// Calls `ring` at `due`, unless it is cancelled.
    pub(crate) fn at(&self, due: Instant, ring: impl FnOnce() + Send + 'static) -> Key {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (due, state.next);
        state.next += 1;
        state.rings.insert(key, Box::new(ring));
        if state.runs {
            self.shared.changed.notify_one();
        } else {
            let shared = Arc::clone(&self.shared);
            state.runs =
                thread::Builder::new().name("milena-registry-clock".into()).spawn(move || shared.watch()).is_ok();
        }
        key
    }

    /// Forgets it, if it has not rung.
    pub(crate) fn cancel(&self, key: Key) {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.rings.remove(&key);
        // The thread may have nothing left to wait for.
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((&(due, _), _)) = state.rings.first_key_value() {
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let Some((_, ring)) = state.rings.pop_first() else { break };
            drop(state);
            ring();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        }
        state.runs = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn rings_come_in_order_and_a_cancelled_one_does_not() {
        let alarm = Alarm::default();
        let (rung, rings) = channel();
        let at = |ms, name: &'static str| {
            let rung = rung.clone();
            alarm.at(Instant::now() + Duration::from_millis(ms), move || rung.send(name).unwrap())
        };
        at(40, "second");
        let cancelled = at(20, "cancelled");
        at(1, "first");
        alarm.cancel(cancelled);
        assert_eq!(rings.recv_timeout(Duration::from_secs(10)).unwrap(), "first");
        assert_eq!(rings.recv_timeout(Duration::from_secs(10)).unwrap(), "second");
        // The thread ended with the last ring; the next one starts it again.
        at(1, "third");
        assert_eq!(rings.recv_timeout(Duration::from_secs(10)).unwrap(), "third");
    }
}
