//! Waits for a future on a plain thread.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    /// Made once a thread: a wake too many only polls once more.
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
    /// Whether this thread runs a delivery hook just now, and is therefore the driver's.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Runs the future to its end on this thread, which sleeps while it is pending.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    WAKER.with(|waker| {
        let mut context = Context::from_waker(waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            thread::park();
        }
    })
}

/// Marks the thread while `hook` runs: who blocks there waits for what only this thread can do.
pub(crate) fn within_hook<T>(hook: impl FnOnce() -> T) -> T {
    IN_HOOK.set(true);
    let result = hook();
    IN_HOOK.set(false);
    result
}

/// Whether this is the driver's thread, within a hook.
pub(crate) fn is_within_hook() -> bool {
    IN_HOOK.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn the_thread_sleeps_until_it_is_woken() {
        let (to_waker, waker) = mpsc::channel::<Waker>();
        let (to_future, done) = mpsc::channel();
        let other = thread::spawn(move || {
            let waker = waker.recv().unwrap();
            thread::sleep(Duration::from_millis(20));
            to_future.send(7).unwrap();
            waker.wake();
        });
        let mut given = false;
        let output = block_on(std::future::poll_fn(|context| {
            if !std::mem::replace(&mut given, true) {
                to_waker.send(context.waker().clone()).unwrap();
            }
            done.try_recv().map_or(Poll::Pending, Poll::Ready)
        }));
        other.join().unwrap();
        assert_eq!(output, 7);
    }

    #[test]
    fn a_hook_knows_that_it_is_one() {
        assert!(!is_within_hook());
        within_hook(|| assert!(is_within_hook()));
        assert!(!is_within_hook());
    }
}
