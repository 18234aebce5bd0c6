//! The simulator: whole clusters, clients and networks in one thread on virtual time. A seed is a schedule; the same seed is the
//! same schedule, to the byte.
//!
//! - `world`: the loop.
//! - `client`: both of core's machines, driven; `caller`: who sends.
//! - `network`: connections and what befalls them; `faults`: what befalls the cluster.
//! - `watch`: what is seen on the wire; `oracle`: what must hold.
//! - `workload`: by name; `plan`: what a seed draws for one.

mod calendar;
mod caller;
mod client;
mod faults;
mod network;
mod oracle;
mod plan;
mod trace;
mod watch;
mod workload;
mod world;

pub use oracle::Violation;
pub use workload::Workload;

use plan::Plan;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use world::World;

/// What came of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How much virtual time it took.
    pub virtual_time: Duration,
    /// Records that callers wanted to send.
    pub records: u64,
    /// Those of them that were acknowledged, as far as somebody asked.
    pub acknowledged: u64,
    /// Those that failed.
    pub failed: u64,
    /// A number made of everything that happened: equal for equal runs.
    pub trace: u64,
    /// What should have held and did not; the first few.
    pub violations: Vec<Violation>,
    /// What happened, a line each; empty unless it was asked for.
    pub story: Vec<String>,
}

/// Runs one schedule and judges it.
pub fn run(workload: Workload, seed: u64) -> Report {
    simulate(workload, seed, false)
}

/// As [`run`], with the story.
pub fn replay(workload: Workload, seed: u64) -> Report {
    simulate(workload, seed, true)
}

fn simulate(workload: Workload, seed: u64, tell: bool) -> Report {
    let plan = Plan::draw(workload, seed);
    let mut world = World::new(plan, seed, tell);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        world.run();
        world.judge();
    }));
    if let Err(panic) = ran {
        let what = said(&*panic);
        let invariant = if what.starts_with("I6") { "I6" } else { "panic" };
        world.history.violate(invariant, what);
    }
    let (records, acknowledged, failed) = world.history.counts();
    Report {
        virtual_time: Duration::from_micros(world.now),
        records,
        acknowledged,
        failed,
        trace: world.trace.hash(),
        violations: world.history.into_violations(),
        story: world.trace.into_story(),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
