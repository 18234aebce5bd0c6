//! Who was woken while the accumulator was locked, until the lock is let go.
//!
//! A waker is the user's code: it may poll the task that it wakes on the spot, or drop it, and both come back for the lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// Wakers to be woken by whoever lets the lock go next.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    noted: Mutex<Vec<Waker>>,
    /// Whether there are any, so that a send in a hurry looks at no more than this.
    any: AtomicBool,
}

impl Woken {
    /// A waker for the accumulator, which notes that `waker` is to be woken.
    pub(crate) fn later(self: &Arc<Self>, waker: &Waker) -> Waker {
        Waker::from(Arc::new(Later { waker: waker.clone(), woken: Arc::clone(self) }))
    }

    /// Wakes those that were noted. Under no lock.
    #[inline]
    pub(crate) fn wake(&self) {
        if self.any.load(Ordering::Relaxed) {
            self.wake_noted();
        }
    }

    #[cold]
    fn wake_noted(&self) {
        self.any.store(false, Ordering::Relaxed);
        let noted = std::mem::take(&mut *self.lock());
        noted.into_iter().for_each(Waker::wake);
    }

    fn note(&self, waker: Waker) {
        self.lock().push(waker);
        self.any.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Later {
    waker: Waker,
    woken: Arc<Woken>,
}

impl Wake for Later {
    fn wake(self: Arc<Self>) {
        self.woken.note(self.waker.clone());
    }
}
