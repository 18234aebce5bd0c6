//! Clients in Rust, each behind the same three calls.

mod ideal;
#[cfg(feature = "rdkafka")]
mod librdkafka;
mod ours;

use crate::arguments::Arguments;
use crate::load::Load;
use crate::tally::Tally;
use anyhow::{Result, bail};
use std::ops::Range;
use std::sync::Arc;

/// A client under measurement.
pub trait Client {
    /// Sends the records with these numbers: returns when all are accepted.
    ///
    /// # Errors
    /// Whatever the client says of a record that it does not accept.
    fn send(&mut self, load: &Load, numbers: Range<u64>) -> Result<()>;

    /// Returns when all are acknowledged and counted.
    ///
    /// # Errors
    /// Whatever the client says of a record that it could not deliver.
    fn flush(&mut self) -> Result<()>;

    /// What a client that has no thread of its own must do before it may sleep until the next record is due.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    fn end_of_tick(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The client by its name.
///
/// # Errors
/// A name that nobody has, or a client that does not start.
pub fn open(name: &str, arguments: &Arguments, tally: &Arc<Tally>) -> Result<Box<dyn Client>> {
    match name {
        "ideal" => Ok(Box::new(ideal::Ideal::connect(arguments, tally)?)),
        "milena" => Ok(ours::open(arguments, tally)?),
        #[cfg(feature = "rdkafka")]
        "rdkafka" => librdkafka::open(arguments, tally),
        other => bail!("no client is called {other:?} here"),
    }
}
