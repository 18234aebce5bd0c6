//! What a producer has done and holds.

pub use milena_core::accumulator::Buffered;
pub use milena_core::stats::Stats;

/// A producer at one moment.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metrics {
    /// What is between accepted and acknowledged now.
    pub buffered: Buffered,
    /// What the sender did so far, as of the driver's last turn: complete when it rests.
    pub sender: Stats,
}
