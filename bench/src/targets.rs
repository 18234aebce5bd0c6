//! What we want to reach, and whether we do.

use crate::contestants::{
    FRANZ, FRANZ_LINES, FRANZ_POOL, IDEAL, IDEAL_LARGE, JAVA, KCAT, KRAFKA, LIBRDKAFKA, OURS, OURS_ALL, OURS_FUTURE,
    OURS_LINES, RDKAFKA_FUTURE,
};
use crate::figures::Figures;
use crate::results::Results;

/// One thing that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// In this scenario.
    pub scenario: &'static str,
    /// Of us in this way.
    ours: &'static str,
    /// As a reader is told.
    pub wanted: &'static str,
    what: What,
    of: Of,
    bound: Bound,
}

/// Which figure.
#[derive(Debug, Clone, Copy)]
enum What {
    Cpu,
    Rate,
    P50,
    P99,
    Heap,
    Allocations,
}

/// Beside what it is held.
#[derive(Debug, Clone, Copy)]
enum Of {
    /// A number.
    One,
    /// The best of these in the same scenario.
    Best(&'static [&'static str]),
    /// Our own figure in another scenario, in the same way.
    Ourselves(&'static str),
}

/// How far.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// Theirs divided by ours: the share of an ideal that is reached.
    Share(f64),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The ratio, share or number.
    pub measured: String,
    /// Whether it is what was wanted.
    pub met: bool,
}

const FRANZ_BEST: Of = Of::Best(&[FRANZ_POOL, FRANZ]);

const fn target(
    scenario: &'static str,
    ours: &'static str,
    wanted: &'static str,
    what: What,
    of: Of,
    bound: Bound,
) -> Target {
    Target { scenario, ours, wanted, what, of, bound }
}

/// All of them.
pub const TARGETS: [Target; 36] = {
    use Bound::{AtLeast, AtMost, Share};
    use Of::{Best, One, Ourselves};
    use What::{Allocations, Cpu, Heap, P50, P99, Rate};
    let ideal = Best(&[IDEAL]);
    let third = AtMost(1.0 / 3.0);
    [
        target("S1", OURS, "CPU at most 1/3 of franz-go, pooled records", Cpu, Best(&[FRANZ_POOL]), third),
        target("S1", OURS, "CPU at most 1/5 of librdkafka's best way", Cpu, Best(&LIBRDKAFKA), AtMost(0.2)),
        target("S1", OURS, "CPU at most 1/12 of krafka", Cpu, Best(&[KRAFKA]), AtMost(1.0 / 12.0)),
        target("S1", OURS, "at least 40 % of ideal", Cpu, ideal, Share(0.4)),
        target("S1", OURS_ALL, "`send_all_with`: at least 55 % of ideal", Cpu, ideal, Share(0.55)),
        target(
            "S1",
            OURS_FUTURE,
            "a future each: CPU at most 1/5 of FutureProducer",
            Cpu,
            Best(&[RDKAFKA_FUTURE]),
            AtMost(0.2),
        ),
        target("S1", OURS_FUTURE, "a future each: CPU below franz-go's callbacks", Cpu, FRANZ_BEST, AtMost(1.0)),
        target("S1b", OURS, "CPU at most 1/2.5 of franz-go", Cpu, FRANZ_BEST, AtMost(0.4)),
        target("S2", OURS, "CPU at most 1/2 of franz-go", Cpu, FRANZ_BEST, AtMost(0.5)),
        target("S2", OURS, "at least 50 % of ideal", Cpu, ideal, Share(0.5)),
        target("S3", OURS, "CPU at most 1/1.6 of franz-go", Cpu, FRANZ_BEST, AtMost(1.0 / 1.6)),
        target("S3", OURS, "at least 60 % of ideal", Cpu, ideal, Share(0.6)),
        target("S4", OURS, "CPU at most 1/1.6 of franz-go", Cpu, FRANZ_BEST, AtMost(1.0 / 1.6)),
        target("S4", OURS, "at least 60 % of ideal", Cpu, ideal, Share(0.6)),
        target(
            "S5",
            OURS,
            "p50 no worse than the best of Java and franz-go",
            P50,
            Best(&[JAVA, FRANZ_POOL, FRANZ]),
            AtMost(1.0),
        ),
        target(
            "S5",
            OURS,
            "p99 no worse than the best of Java and franz-go",
            P99,
            Best(&[JAVA, FRANZ_POOL, FRANZ]),
            AtMost(1.0),
        ),
        target("S5", OURS, "p50 within 1.2 of ideal", P50, ideal, AtMost(1.2)),
        target("S5", OURS, "p99 within 1.2 of ideal", P99, ideal, AtMost(1.2)),
        target("S5", OURS, "no more CPU than Java", Cpu, Best(&[JAVA]), AtMost(1.0)),
        target("S6", OURS, "CPU at most 1/3 of franz-go", Cpu, FRANZ_BEST, third),
        target("S7", OURS, "at least 1.1 of franz-go's records a second", Rate, FRANZ_BEST, AtLeast(1.1)),
        target("S7", OURS, "CPU at most 1/3 of franz-go", Cpu, FRANZ_BEST, third),
        target("S7", OURS, "CPU at most 1.3 of our own in S1", Cpu, Ourselves("S1"), AtMost(1.3)),
        target("S8", OURS, "CPU at most 1/3 of franz-go", Cpu, FRANZ_BEST, third),
        target(
            "P1",
            OURS,
            "at least 95 % of five batches of 1 MiB in flight, by ideal",
            Rate,
            Best(&[IDEAL_LARGE]),
            AtLeast(0.95),
        ),
        target("P2b", OURS, "CPU at most 1.2 of ideal", Cpu, ideal, AtMost(1.2)),
        target("P2b", OURS, "CPU at most 1.2 of our own at 10 partitions (P2)", Cpu, Ourselves("P2"), AtMost(1.2)),
        target("P3", OURS, "at most 36 MiB of heap", Heap, One, AtMost(36.0)),
        target("A", OURS, "called back: at most 0.1 requests to the allocator", Allocations, One, AtMost(0.1)),
        target("A", OURS_FUTURE, "a future each: at most one request to the allocator", Allocations, One, AtMost(1.0)),
        target("pipe", OURS_LINES, "at least 2,000,000 lines a second", Rate, One, AtLeast(2e6)),
        target("pipe", OURS_LINES, "ahead of kcat", Rate, Best(&[KCAT]), AtLeast(1.0)),
        target("pipe", OURS_LINES, "ahead of rpk's engine", Rate, Best(&[FRANZ_LINES]), AtLeast(1.0)),
        target("R1", OURS, "CPU at most that of Java", Cpu, Best(&[JAVA]), AtMost(1.0)),
        target("R2", OURS, "CPU at most that of Java", Cpu, Best(&[JAVA]), AtMost(1.0)),
        target("R3", OURS, "p99 no worse than Java", P99, Best(&[JAVA]), AtMost(1.0)),
    ]
};

impl Target {
    /// Whether it is reached; `None` when one of both was not measured.
    pub fn judge(&self, results: &Results) -> Option<Verdict> {
        let figure = |scenario: &str, name: &str| {
            results.figures(scenario, name).map(|figures| self.what.of(figures)).filter(|value| !value.is_nan())
        };
        let ours = figure(self.scenario, self.ours)?;
        let theirs = match self.of {
            Of::One => 1.0,
            Of::Ourselves(scenario) => figure(scenario, self.ours)?,
            Of::Best(names) => {
                let best = if matches!(self.what, What::Rate) { f64::max } else { f64::min };
                names.iter().filter_map(|name| figure(self.scenario, name)).reduce(best)?
            }
        };
        let ratio = ours / theirs;
        let (met, share) = match self.bound {
            Bound::AtMost(bound) => (ratio <= bound, None),
            Bound::AtLeast(bound) => (ratio >= bound, None),
            Bound::Share(bound) => (theirs / ours >= bound, Some(100.0 * theirs / ours)),
        };
        let measured = match share {
            Some(share) => format!("{share:.0} %"),
            None if ratio >= 1_000.0 => format!("{ratio:.0}"),
            None if ratio < 0.1 => format!("{ratio:.4}"),
            None => format!("{ratio:.2}"),
        };
        Some(Verdict { measured, met })
    }
}

impl What {
    fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::Cpu => figures.cpu_ns,
            Self::Rate => figures.rate,
            Self::P50 => figures.p50_us,
            Self::P99 => figures.p99_us,
            Self::Heap => figures.heap_mib,
            Self::Allocations => figures.allocations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Outcome, Row};
    use std::path::Path;

    fn results(rows: &[(&str, &str, Figures)]) -> Results {
        let path = std::env::temp_dir().join(format!("milena-bench-targets-{}-{}", std::process::id(), rows.len()));
        let mut results = Results::open(Path::new(&path)).expect("none yet");
        for scenario in ["S1", "S7"] {
            let of = rows.iter().filter(|(of, ..)| *of == scenario);
            let row = |(scenario, name, figures): &(&str, &str, Figures)| Row {
                scenario: (*scenario).into(),
                name: (*name).into(),
                outcome: Outcome::Measured(*figures),
            };
            results.replace(scenario, of.map(row).collect()).expect("written");
        }
        std::fs::remove_file(path).expect("the file goes");
        results
    }

    fn judged(results: &Results, scenario: &str, wanted: &str) -> Option<Verdict> {
        let target = TARGETS.iter().find(|target| target.scenario == scenario && target.wanted.starts_with(wanted));
        target.expect("it is wanted").judge(results)
    }

    fn verdict(measured: &str, met: bool) -> Option<Verdict> {
        Some(Verdict { measured: measured.into(), met })
    }

    #[test]
    fn ratios_are_to_the_best_rival_and_shares_of_ideal() {
        let cpu = |cpu_ns| Figures { cpu_ns, ..Figures::NONE };
        let results = results(&[
            ("S1", OURS, cpu(150.0)),
            ("S1", IDEAL, cpu(50.0)),
            ("S1", LIBRDKAFKA[0], cpu(800.0)),
            ("S1", LIBRDKAFKA[2], cpu(900.0)),
            ("S7", OURS, cpu(180.0)),
        ]);
        assert_eq!(judged(&results, "S1", "at least 40 %"), verdict("33 %", false));
        assert_eq!(judged(&results, "S1", "CPU at most 1/5"), verdict("0.19", true));
        assert_eq!(judged(&results, "S7", "CPU at most 1.3"), verdict("1.20", true));
    }

    #[test]
    fn where_a_rival_is_missing_there_is_no_verdict() {
        let rate = |rate| Figures { rate, ..Figures::NONE };
        let results =
            results(&[("S7", OURS, rate(1.8e6)), ("S7", FRANZ, rate(1.5e6)), ("S7", FRANZ_POOL, rate(1.7e6))]);
        assert_eq!(judged(&results, "S7", "at least 1.1"), verdict("1.06", false));
        assert_eq!(judged(&results, "S7", "CPU at most 1/3"), None);
    }
}
