//! A broker that lies: in every byte of every answer, and in ways that only a broker can think of.
//!
//! Whatever it says, nothing panics, the machines come to rest, memory stays a small multiple of the bytes that came, no
//! record is acknowledged that no answer acknowledged, every record resolves by its delivery timeout, and the producer
//! delivers again when the broker turns honest.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a story knows what is there"
)]

mod broker;
mod bytes;
mod floods;
mod log_end;
mod meaning;
mod stage;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static TURN: Mutex<()> = Mutex::new(());

/// One story at a time, so that no other thread allocates while it counts.
fn alone() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
