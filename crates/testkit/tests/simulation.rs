//! Schedules of the simulator: a few of each workload at every test run, many more by `simulate`.

use milena_testkit::simulation::{Report, Workload, replay, run};

/// Schedules of each workload: some ten seconds in the dev profile.
const ROUNDS: u64 = 100;

fn complain(workload: Workload, seed: u64, report: &Report) -> Option<String> {
    let name = workload.name();
    let violations: Vec<_> = report.violations.iter().map(|violation| format!("\n  {violation}")).collect();
    let replay = format!("cargo run --release -p milena-testkit --bin simulate -- --seed {seed} --workload {name}");
    (!violations.is_empty()).then(|| format!("{name} seed {seed}:{}\n  {replay}\n", violations.concat()))
}

#[test]
fn what_must_hold_holds_in_every_schedule() {
    let mut complaints = Vec::new();
    let mut acknowledged = 0;
    for seed in 0..ROUNDS {
        for workload in Workload::ALL {
            let report = run(workload, seed);
            acknowledged += report.acknowledged;
            complaints.extend(complain(workload, seed, &report));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.concat());
    assert!(acknowledged > 10_000, "a simulation in which little arrives proves little: {acknowledged}");
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    for workload in Workload::ALL {
        let (first, second) = (run(workload, 3), run(workload, 3));
        assert_eq!(first, second, "{}", workload.name());
        let told = replay(workload, 3);
        assert_eq!(told.trace, first.trace, "{}: telling the story changes it", workload.name());
        assert!(!told.story.is_empty());
    }
    let traces: std::collections::BTreeSet<u64> = (0..20).map(|seed| run(Workload::Keyed, seed).trace).collect();
    assert_eq!(traces.len(), 20, "another seed is another schedule");
}

#[test]
fn workloads_are_found_by_their_names() {
    for workload in Workload::ALL {
        assert_eq!(Workload::named(workload.name()), Some(workload));
    }
    assert_eq!(Workload::named("nothing"), None);
}
