//! Interleaved rounds: every contestant once a round, each round begun by another one.

use crate::contestants::Contestant;
use crate::figures::Figures;
use crate::results::{Outcome, Row};
use crate::rig::Rig;
use crate::scenario::Scenario;
use std::collections::BTreeMap;
use std::time::Duration;

/// One that fails so often is not tried again.
const FAILURES: usize = 2;

/// Runs the scenario. Medians of those that ran, reasons of those that did not.
pub fn run(rig: &Rig, scenario: &Scenario, contestants: &[Contestant], rounds: usize) -> Vec<Row> {
    let mut field: Vec<_> = contestants.iter().filter(|one| one.takes_part_in(scenario.id)).collect();
    let order: Vec<_> = field.iter().map(|one| one.name).collect();
    let mut runs: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    let mut failures: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for round in 1..=rounds.min(scenario.rounds) {
        for contestant in &field {
            let (id, name) = (scenario.id, contestant.name);
            if failures.get(name).is_some_and(|failures| failures.len() >= FAILURES) {
                continue;
            }
            match rig.once(scenario, contestant) {
                Ok(figures) => {
                    eprintln!("{id} round {round}: {name}: {}", figures.to_line());
                    runs.entry(name).or_default().push(figures);
                }
                Err(error) => {
                    eprintln!("{id} round {round}: {name} fails: {error:#}");
                    failures.entry(name).or_default().push(format!("{error:#}"));
                }
            }
        }
        if !field.is_empty() {
            field.rotate_left(1);
        }
    }
    let outcome = |name: &str| match (runs.get(name), failures.get(name).and_then(|failures| failures.first())) {
        (Some(runs), _) => Outcome::Measured(Figures::median(runs)),
        (None, why) => Outcome::Failed(why.cloned().unwrap_or_default()),
    };
    let row = |name: &str| Row { scenario: scenario.id.into(), name: name.into(), outcome: outcome(name) };
    order.into_iter().map(row).collect()
}

/// How long that takes, about.
pub fn expected(scenario: &Scenario, contestants: &[Contestant], rounds: usize) -> Duration {
    let field = contestants.iter().filter(|one| one.takes_part_in(scenario.id));
    let once: Duration = field.map(|one| scenario.expected(one.ns, one.warmup, one.share)).sum();
    once * u32::try_from(rounds.min(scenario.rounds)).unwrap_or(1)
}
