//! What a seed draws for its workload before a schedule begins: the cluster, the knobs, the callers, the network and the mixture
//! of faults.
//!
//! - `everyday`: what every workload begins with; `suit`: what makes each what it is.
//! - `bounds`: how far what follows from all that may go.

mod bounds;
mod everyday;
mod suit;

pub(crate) use bounds::Requests;
pub(crate) use everyday::BOOTSTRAP;

use super::calendar::{MILLI, Moment, SECOND};
use super::caller::{CallerPlan, Route, Style};
use super::faults::{EVERYDAY, Kind, Strike};
use super::network::Roads;
use super::workload::Workload;
use crate::options::ClusterOptions;
use crate::release::Release;
use crate::topic::TopicOptions;
use fastrand::Rng;
use milena_core::Config;
use std::sync::Arc;

/// A topic of the plan.
#[derive(Debug, Clone)]
pub(crate) struct TopicPlan {
    pub(crate) name: Arc<str>,
    pub(crate) options: TopicOptions,
}

/// Everything that is drawn before a schedule begins.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) cluster: ClusterOptions,
    pub(crate) topics: Vec<TopicPlan>,
    pub(crate) configs: Vec<Config>,
    pub(crate) callers: Vec<CallerPlan>,
    pub(crate) roads: Roads,
    pub(crate) strikes: Vec<(Moment, Strike)>,
    pub(crate) storm_end: Moment,
    /// The longest that a trouble lasts.
    pub(crate) trouble_max: Moment,
    /// How late a driver or a caller that was woken may be.
    pub(crate) lag_max: Moment,
    /// How long compressing takes, at most.
    pub(crate) seal_max: Moment,
    /// Time to settle, beyond what the knobs give reason for.
    pub(crate) unhurried: Moment,
    pub(crate) forgetful: bool,
    pub(crate) by_id: bool,
    /// Whether records have headers.
    pub(crate) headers: bool,
    /// Broker by broker, where they are not all of one release.
    pub(crate) releases: Vec<Release>,
    /// Where sequences begin, if not at 0.
    pub(crate) first_sequence: Option<i32>,
    /// A number that says nothing, for small choices.
    pub(crate) salt: u32,
}

impl Plan {
    /// Draws the plan of a seed.
    pub(crate) fn draw(workload: Workload, seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9) ^ workload as u64);
        let chance = &mut chance;
        let mut plan = Self::everyday(chance);
        let mut kinds: Vec<Kind> = Vec::new();
        plan.suit(workload, &mut kinds, chance);
        plan.salted();
        plan.draw_strikes(&kinds, chance);
        plan.unhurried = plan.unhurried();
        plan
    }

    pub(crate) fn topic(&self, topic: usize) -> &TopicPlan {
        self.topics.get(topic).expect("a topic of the plan")
    }

    pub(crate) fn topic_named(&self, name: &str) -> Option<usize> {
        self.topics.iter().position(|topic| &*topic.name == name)
    }

    pub(crate) fn partitions(&self, topic: usize) -> i32 {
        self.topics.get(topic).map_or(1, |topic| i32::try_from(topic.options.partitions).unwrap_or(1))
    }

    /// The topic has a partition more, also when it is created again.
    pub(crate) fn grow(&mut self, topic: usize) {
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.options.partitions += 1;
        }
    }

    /// A caller with two records for each of so many partitions.
    pub(crate) fn last_words(&self, client: usize, topic: usize, partitions: u32) -> CallerPlan {
        // Who gives up sooner than a connection is given up may have given up when it is made.
        let patience = |config: &Config| config.delivery_timeout.min(config.max_block).as_micros();
        let patience = self.configs.get(client).map_or(0, patience);
        let needed = 9 * SECOND + 12 * self.roads.latency.1;
        // A topic that was refused is refused for as long as the longest backoff, and the answer that says so may be late.
        let rest = 1_100 * MILLI + self.roads.stall_max + self.trouble_max;
        CallerPlan {
            client,
            topic,
            records: 2 * partitions,
            burst: 2 * partitions,
            gap: (rest, rest + 10),
            style: Style::Awaits(1),
            route: Route::Turns(partitions.cast_signed()),
            padding: (0, 0),
            drops: 0.0,
            flush_every: None,
            must: (patience >= needed.into()).then_some(partitions),
        }
    }

    /// A few strikes of the workload's own kinds, and of a few others.
    fn draw_strikes(&mut self, own: &[Kind], chance: &mut Rng) {
        let mut kinds: Vec<Kind> = own.to_vec();
        let share = pick(chance, &[0, 2, 4, 8]);
        kinds.extend(EVERYDAY.iter().filter(|_| chance.u32(..24) < share));
        for kind in kinds {
            for _ in 0..chance.u32(1..=3) {
                let strikes = kind.strike(self, chance);
                self.strikes.extend(strikes);
            }
        }
    }
}

fn pick<T: Copy>(chance: &mut Rng, of: &[T]) -> T {
    *of.get(chance.usize(..of.len())).expect("there is something to pick from")
}
