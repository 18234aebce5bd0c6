//! Many records under one lock and one reading of the clock.

use crate::append::{Place, Run};
use crate::shared::Shared;
use milena_core::accumulator::{Appended, Claim};
use milena_core::{Record, SendError};
use std::future::poll_fn;
use std::task::Poll;
use thiserror::Error;

/// Records under one hold of the lock: the clock and the lock cost a 64th of a record each, and another caller waits for
/// at most this many encodings, some microseconds.
pub(crate) const RECORDS_PER_LOCK: usize = 64;
/// Holds of the lock before other tasks of the caller's executor get their turn: about a hundred microseconds.
pub(crate) const LOCKS_PER_TURN: usize = 32;

/// Not all records were accepted: those before the one that `error` is about were, and will be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the record after those accepted: {error}")]
pub struct SendAllError<Accepted, E = SendError> {
    /// The deliveries of those that were accepted, or how many they are.
    pub accepted: Accepted,
    /// What is wrong with the next.
    #[source]
    pub error: E,
}

/// Appends all records in order, waiting where it must. How many were accepted, and why not more. `claim` and `accepted`
/// are called under the accumulator's lock; the iterator, which is the user's code, is not.
pub(crate) async fn append_all<'a, 'c>(
    shared: &Shared,
    records: impl IntoIterator<Item = Record<'a>>,
    claim: impl Fn(usize) -> Claim<'c>,
    mut accepted: impl FnMut(Appended),
) -> (usize, Result<(), SendError>) {
    let mut records = records.into_iter();
    let mut place = Place::new(shared);
    let mut chunk = Vec::with_capacity(RECORDS_PER_LOCK);
    let mut total = 0;
    for lock in 1.. {
        chunk.clear();
        chunk.extend(records.by_ref().take(RECORDS_PER_LOCK));
        let mut done = 0;
        let result = poll_fn(|context| {
            let mut run = Run { records: &mut chunk, done: &mut done };
            place.poll_append(&mut run, |index| claim(total + index), &mut accepted, context)
        });
        let result = result.await;
        total += done;
        if result.is_err() || chunk.len() < RECORDS_PER_LOCK {
            return (total, result);
        }
        if lock % LOCKS_PER_TURN == 0 {
            let_others_run().await;
        }
    }
    (total, Ok(()))
}

pub(crate) async fn let_others_run() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
