//! What a run came to, for people and for programs.

use crate::figures::{bytes, count, rate, records};
use crate::tally::{PartitionTally, Tally};
use serde::Serialize;
use std::fmt;
use std::time::{Duration, Instant};

/// Partitions that are listed one by one; the JSON form has all.
const PARTITIONS_SHOWN: usize = 32;

/// The end of a run. Serialized, it is the object that `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    topic: String,
    /// Lines of input: the sum of the next three.
    records: u64,
    acknowledged: u64,
    failed: u64,
    unknown: u64,
    /// Of keys, values and headers.
    bytes: u64,
    /// From the start to the last acknowledgement, or to now where there was none.
    seconds: f64,
    records_per_second: f64,
    latency_ms: Latency,
    partitions: Vec<Partition>,
    #[serde(skip)]
    bad_lines: u64,
}

/// From accepted to acknowledged, milliseconds; null when nothing was acknowledged.
#[derive(Debug, Serialize)]
struct Latency {
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Partition {
    partition: usize,
    records: u64,
    first_offset: Option<i64>,
    last_offset: Option<i64>,
}

impl Summary {
    /// Of a run that began at `started`.
    pub(crate) fn new(topic: &str, tally: &Tally, started: Instant, now: Instant) -> Self {
        let seconds = tally.last.unwrap_or(now).saturating_duration_since(started).as_secs_f64();
        let partitions = tally.partitions.iter().enumerate().filter(|(_, tally)| tally.records > 0);
        Self {
            topic: topic.into(),
            records: tally.records(),
            acknowledged: tally.acknowledged,
            failed: tally.failed,
            unknown: tally.unknown,
            bytes: tally.bytes,
            seconds: rounded(seconds, 1e6),
            records_per_second: rounded(tally.acknowledged as f64 / seconds.max(1e-6), 10.0),
            latency_ms: Latency::of(tally),
            partitions: partitions.map(|(partition, tally)| Partition::of(partition, tally)).collect(),
            bad_lines: tally.bad_lines,
        }
    }

    /// One JSON object.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Latency {
    fn of(tally: &Tally) -> Self {
        if tally.acknowledged == 0 {
            return Self { p50: None, p99: None, max: None };
        }
        // The histogram rounds up to three digits: no percentile lies above the longest.
        let at = |quantile| {
            let micros = Duration::from_micros(tally.latency.value_at_quantile(quantile));
            Some(millis(micros.min(tally.latency_max)))
        };
        Self { p50: at(0.5), p99: at(0.99), max: Some(millis(tally.latency_max)) }
    }
}

impl Partition {
    fn of(partition: usize, tally: &PartitionTally) -> Self {
        Self {
            partition,
            records: tally.records,
            first_offset: tally.offsets.map(|(first, _)| first),
            last_offset: tally.offsets.map(|(_, last)| last),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1e3, 1e3)
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// For people.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} of {} acknowledged; {} sent in {:.3} s, {} records/s",
            self.topic,
            count(self.acknowledged),
            records(self.records),
            bytes(self.bytes),
            self.seconds,
            rate(self.records_per_second)
        )?;
        if let Latency { p50: Some(p50), p99: Some(p99), max: Some(max) } = self.latency_ms {
            write!(f, "\n  acknowledged after: p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms")?;
        }
        for partition in self.partitions.iter().take(PARTITIONS_SHOWN) {
            write!(f, "\n  partition {}: {}", partition.partition, records(partition.records))?;
            if let (Some(first), Some(last)) = (partition.first_offset, partition.last_offset) {
                write!(f, ", offsets {first} to {last}")?;
            }
        }
        if self.partitions.len() > PARTITIONS_SHOWN {
            write!(f, "\n  and {} partitions more", self.partitions.len() - PARTITIONS_SHOWN)?;
        }
        if self.failed > 0 {
            write!(f, "\n  failed, not written: {}", records(self.failed))?;
            if self.bad_lines > 0 {
                write!(f, ", {} of them lines that are no record", count(self.bad_lines))?;
            }
        }
        if self.unknown > 0 {
            write!(f, "\n  unknown, may be written: {}", records(self.unknown))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use milena::{Ack, Timestamp, Written};

    fn tally() -> (Tally, Instant) {
        let mut tally = Tally::new();
        let started = Instant::now();
        for offset in 0..100 {
            let ack = Ack { partition: 2, offset: Some(500 + offset), timestamp: Timestamp(0) };
            tally.acknowledge(&ack, Duration::from_micros(1000 + offset as u64), started + Duration::from_secs(2));
        }
        tally.fail(Written::No, false);
        tally.fail(Written::Maybe, true);
        tally.bytes = 12_345;
        (tally, started)
    }

    #[test]
    fn the_json_object_has_every_field() {
        let (tally, started) = tally();
        let json = Summary::new("orders", &tally, started, started).to_json();
        let expected = r#"{"topic":"orders","records":102,"acknowledged":100,"failed":1,"unknown":1,"bytes":12345,"seconds":2.0,"records_per_second":50.0,"latency_ms":{"p50":1.049,"p99":1.098,"max":1.099},"partitions":[{"partition":2,"records":100,"first_offset":500,"last_offset":599}]}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn a_run_without_acknowledgements_has_no_latency() {
        let now = Instant::now();
        let json = Summary::new("orders", &Tally::new(), now, now).to_json();
        assert!(json.contains(r#""latency_ms":{"p50":null,"p99":null,"max":null},"partitions":[]"#), "{json}");
    }

    #[test]
    fn people_read_sentences() {
        let (tally, started) = tally();
        let text = Summary::new("orders", &tally, started, started).to_string();
        let expected = "\
orders: 100 of 102 records acknowledged; 12.3 kB sent in 2.000 s, 50 records/s
  acknowledged after: p50 1.049 ms, p99 1.098 ms, max 1.099 ms
  partition 2: 100 records, offsets 500 to 599
  failed, not written: 1 record, 1 of them lines that are no record
  unknown, may be written: 1 record";
        assert_eq!(text, expected);
    }
}
