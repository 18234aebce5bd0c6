//! What other threads leave for the driver, and what wakes it.

use milena_core::{ConnectionId, Sealed};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// One lock, held for a few nanoseconds. Whoever leaves something here wakes the driver; the driver stores its waker
/// before it looks, so what it does not see wakes it.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    driver: Option<Waker>,
    mail: Mail,
}

/// What was left since the last look.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// Connections whose socket can be read from, or written to again, or has connected. Each once.
    pub(crate) ready: Vec<ConnectionId>,
    /// Batches that the compressor has finished.
    pub(crate) sealed: Vec<Sealed>,
}

impl Mail {
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.sealed.is_empty()
    }
}

impl Inbox {
    /// Wakes the driver's task. Sticky: if it runs just now, it runs once more.
    pub(crate) fn wake(&self) {
        self.leave(|_| ());
    }

    /// A batch comes back from the compressor.
    pub(crate) fn leave_sealed(&self, batch: Sealed) {
        self.leave(|mail| mail.sealed.push(batch));
    }

    /// Takes all that was left, into the empty `mail`, and says whom to wake for what comes next.
    pub(crate) fn take(&self, mail: &mut Mail) {
        debug_assert!(mail.is_empty(), "what was taken before is done");
        std::mem::swap(&mut self.lock().mail, mail);
    }

    /// Whom to wake from now on.
    pub(crate) fn listen(&self, driver: &Waker) {
        let mut state = self.lock();
        if !state.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            state.driver = Some(driver.clone());
        }
    }

    fn leave(&self, put: impl FnOnce(&mut Mail)) {
        let mut state = self.lock();
        put(&mut state.mail);
        let driver = state.driver.clone();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics runs under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of one connection's socket: it leaves the connection's number, so that a turn looks only at the sockets that
/// have something, however many there are.
#[derive(Debug)]
pub(crate) struct Readiness {
    connection: ConnectionId,
    inbox: Arc<Inbox>,
    /// Whether the number lies in the inbox.
    left: AtomicBool,
}

impl Readiness {
    pub(crate) fn new(connection: ConnectionId, inbox: Arc<Inbox>) -> Arc<Self> {
        Arc::new(Self { connection, inbox, left: AtomicBool::new(false) })
    }

    /// The driver has taken the number and looks at the socket after this: what becomes ready later is left again.
    pub(crate) fn taken(&self) {
        self.left.store(false, Ordering::SeqCst);
    }
}

impl Wake for Readiness {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.left.swap(true, Ordering::SeqCst) {
            self.inbox.leave(|mail| mail.ready.push(self.connection));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_connection_is_left_once_until_it_is_taken() {
        let (inbox, woken) = (Arc::new(Inbox::default()), Arc::new(Count::default()));
        inbox.listen(&Waker::from(Arc::clone(&woken)));
        let readiness = Readiness::new(ConnectionId(7), Arc::clone(&inbox));
        let waker = Waker::from(Arc::clone(&readiness));
        waker.wake_by_ref();
        waker.wake_by_ref();
        let mut mail = Mail::default();
        inbox.take(&mut mail);
        assert_eq!((mail.ready.as_slice(), woken.0.load(Ordering::SeqCst)), ([ConnectionId(7)].as_slice(), 1));
        readiness.taken();
        waker.wake();
        mail.ready.clear();
        inbox.take(&mut mail);
        assert_eq!((mail.ready.len(), woken.0.load(Ordering::SeqCst)), (1, 2));
    }

    #[test]
    fn what_is_left_before_anyone_listens_is_kept() {
        let inbox = Arc::new(Inbox::default());
        Waker::from(Readiness::new(ConnectionId(1), Arc::clone(&inbox))).wake();
        let mut mail = Mail::default();
        inbox.take(&mut mail);
        assert_eq!(mail.ready.len(), 1);
    }
}
