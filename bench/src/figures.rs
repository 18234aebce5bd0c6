//! What one run came to, and the median of several.

use std::collections::BTreeMap;

/// The figures of a run. What a run does not measure is no number, and written as `–`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Nanoseconds of processor time for a record.
    pub cpu_ns: f64,
    /// Records a second.
    pub rate: f64,
    /// Memory resident at the end, or its peak where lines come by a pipe.
    pub resident_mib: f64,
    /// Heap in use at the end.
    pub heap_mib: f64,
    /// Requests to the allocator for a record.
    pub allocations: f64,
    /// Records that the client took in a run that lasts by time.
    pub sent: f64,
    /// Latency from when a record was due.
    pub p50_us: f64,
    /// Latency of all but a hundredth.
    pub p99_us: f64,
    /// How late all but a hundredth of the paced records were handed over: the machine's share of the latency.
    pub late_us: f64,
    /// Share of its core that the broker used: above 0.7 it may have been the limit.
    pub broker_load: f64,
}

const NAMES: [&str; 10] =
    ["cpu_ns", "rate", "resident_mib", "heap_mib", "allocations", "sent", "p50_us", "p99_us", "late_us", "broker_load"];

impl Figures {
    /// Nothing measured yet.
    pub const NONE: Self = Self::from_array([f64::NAN; 10]);

    const fn from_array(values: [f64; 10]) -> Self {
        let [cpu_ns, rate, resident_mib, heap_mib, allocations, sent, p50_us, p99_us, late_us, broker_load] = values;
        Self { cpu_ns, rate, resident_mib, heap_mib, allocations, sent, p50_us, p99_us, late_us, broker_load }
    }

    fn to_array(self) -> [f64; 10] {
        let Self { cpu_ns, rate, resident_mib, heap_mib, allocations, sent, p50_us, p99_us, late_us, broker_load } =
            self;
        [cpu_ns, rate, resident_mib, heap_mib, allocations, sent, p50_us, p99_us, late_us, broker_load]
    }

    /// The median of each figure by itself.
    pub fn median(runs: &[Self]) -> Self {
        Self::from_array(std::array::from_fn(|at| {
            let mut values: Vec<_> =
                runs.iter().map(|run| run.to_array()[at]).filter(|value| !value.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        }))
    }

    /// As `name=number`, read by [`from_line`](Self::from_line).
    pub fn to_line(self) -> String {
        let pairs = NAMES.iter().zip(self.to_array()).filter(|(_, value)| !value.is_nan());
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// What [`to_line`](Self::to_line) wrote.
    pub fn from_line(line: &str) -> Self {
        let given = numbers(line);
        Self::from_array(NAMES.map(|name| number(&given, name)))
    }
}

/// `name=number` by name.
pub fn numbers(line: &str) -> BTreeMap<String, f64> {
    let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, number)| Some((name.to_owned(), number.parse().ok()?))).collect()
}

/// The number of this name, or no number.
pub fn number(numbers: &BTreeMap<String, f64>, name: &str) -> f64 {
    numbers.get(name).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_of_each_figure_by_itself() {
        let run = |cpu_ns, rate| Figures { cpu_ns, rate, ..Figures::NONE };
        let median = Figures::median(&[run(3.0, 10.0), run(1.0, 30.0), run(2.0, 20.0)]);
        assert_eq!((median.cpu_ns, median.rate), (2.0, 20.0));
        assert!(median.p50_us.is_nan());
    }

    #[test]
    fn figures_read_as_they_were_written() {
        let figures = Figures { cpu_ns: 151.25, heap_mib: 33.0, ..Figures::NONE };
        let read = Figures::from_line(&figures.to_line());
        assert_eq!((read.cpu_ns, read.heap_mib, read.rate.is_nan()), (151.25, 33.0, true));
    }
}
