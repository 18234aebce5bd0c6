//! The scenarios: what is sent, how fast, and how far away the broker is.

use crate::arguments::Arguments;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it is called.
    pub id: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What its table compares.
    pub figure: Figure,
    partitions: i32,
    value: usize,
    keyed: bool,
    round_robin: bool,
    compression: &'static str,
    batch: usize,
    linger_ms: u64,
    pace: u64,
    /// Records of a run.
    records: u64,
    defaults: bool,
    window_ms: u64,
    /// Whom it is sent to.
    pub place: Place,
    /// Rounds that are enough where the figure does not depend on time.
    pub rounds: usize,
    /// Nanoseconds of a record, beside those in S1: for the estimate of how long a run takes.
    weight: f64,
}

/// Where the records of a scenario go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A cheap broker of our own, with these arguments.
    Cheap(&'static [&'static str]),
    /// The same, the records being lines on a program's standard input.
    Pipe,
    /// Real brokers that somebody else has started.
    Real,
}

/// What a scenario measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Processor time for a record, nanoseconds.
    CpuPerRecord,
    /// Latency, and processor time.
    Latency,
    /// Records a second, and processor time.
    Rate,
    /// Bytes a second.
    Bandwidth,
    /// Memory held while nothing is acknowledged.
    Memory,
    /// Requests to the allocator for a record.
    Allocations,
    /// Lines a second, and memory.
    Lines,
}

const S1: Scenario = Scenario {
    id: "S1",
    about: "100-byte values, no key, 6 partitions, batches of 128 KiB, as fast as it goes",
    figure: Figure::CpuPerRecord,
    partitions: 6,
    value: 100,
    keyed: false,
    round_robin: false,
    compression: "none",
    batch: 131_072,
    linger_ms: 5,
    pace: 0,
    records: 3_000_000,
    defaults: false,
    window_ms: 0,
    place: Place::Cheap(&[]),
    rounds: usize::MAX,
    weight: 1.0,
};

/// As S1, with what real brokers on the same machine can take.
const R1: Scenario = Scenario {
    id: "R1",
    about: "100-byte values, no key, 6 partitions on three brokers, each client's defaults with acks=all, as fast as it goes",
    records: 2_000_000,
    defaults: true,
    place: Place::Real,
    weight: 5.0,
    ..S1
};

/// All of them.
pub const ALL: [Scenario; 18] = [
    S1,
    Scenario { id: "S1b", about: "as S1, batches of 16 KiB", batch: 16_384, weight: 1.2, ..S1 },
    Scenario { id: "S2", about: "as S1, values of 1 KiB", value: 1_024, records: 1_000_000, weight: 2.5, ..S1 },
    Scenario { id: "S3", about: "as S1, lz4", compression: "lz4", records: 1_500_000, weight: 1.6, ..S1 },
    Scenario { id: "S4", about: "as S1, zstd", compression: "zstd", records: 1_500_000, weight: 2.5, ..S1 },
    Scenario {
        id: "S5",
        about: "10,000 records a second, linger 0: latency from when a record was due",
        figure: Figure::Latency,
        linger_ms: 0,
        pace: 10_000,
        records: 80_000,
        ..S1
    },
    Scenario {
        id: "S6",
        about: "as S1, 1,000 partitions, in rotation",
        partitions: 1_000,
        round_robin: true,
        records: 2_000_000,
        weight: 2.5,
        ..S1
    },
    Scenario {
        id: "S7",
        about: "as S1, every acknowledgement 20 ms late",
        figure: Figure::Rate,
        place: Place::Cheap(&["--ack-delay-ms", "20"]),
        weight: 2.5,
        ..S1
    },
    Scenario { id: "S8", about: "as S1, 16-byte keys, 8,192 distinct", keyed: true, weight: 1.2, ..S1 },
    Scenario {
        id: "P1",
        about: "one partition, values of 1 KiB, a round trip of 50 ms, each client's defaults",
        figure: Figure::Bandwidth,
        partitions: 1,
        value: 1_024,
        defaults: true,
        window_ms: 3_000,
        place: Place::Cheap(&["--network-delay-ms", "50"]),
        ..S1
    },
    Scenario {
        id: "P2",
        about: "900 records a second over 10 partitions",
        partitions: 10,
        round_robin: true,
        pace: 900,
        records: 2_700,
        ..S1
    },
    Scenario {
        id: "P2b",
        about: "900 records a second over 10,000 partitions",
        partitions: 10_000,
        round_robin: true,
        pace: 900,
        records: 2_700,
        ..S1
    },
    Scenario {
        id: "P3",
        about: "a broker that does not answer: memory at a full buffer of 32 MiB, values of 10 bytes",
        figure: Figure::Memory,
        value: 10,
        window_ms: 3_000,
        place: Place::Cheap(&["--mute"]),
        rounds: 1,
        ..S1
    },
    Scenario {
        id: "A",
        about: "as S1: how often the allocator is asked for memory, for a record in the steady state",
        figure: Figure::Allocations,
        rounds: 1,
        ..S1
    },
    Scenario {
        id: "pipe",
        about: "lines of 100 bytes from a pipe, each a record, 6 partitions, on both cores",
        figure: Figure::Lines,
        records: 6_000_000,
        place: Place::Pipe,
        weight: 1.5,
        ..S1
    },
    R1,
    Scenario { id: "R2", about: "as R1, values of 1 KiB", value: 1_024, records: 300_000, weight: 15.0, ..R1 },
    Scenario {
        id: "R3",
        about: "as R1, 10,000 records a second, linger 0: latency",
        figure: Figure::Latency,
        linger_ms: 0,
        pace: 10_000,
        records: 50_000,
        defaults: false,
        ..R1
    },
];

impl Scenario {
    /// Bytes of a value.
    pub fn value(&self) -> usize {
        self.value
    }

    /// Records of a run of a client that is given one in `share`.
    pub fn records(&self, share: u64) -> u64 {
        // Those that are paced take as long for everybody.
        if self.pace > 0 { self.records } else { self.records / share.max(1) }
    }

    /// Records before the measured ones, for a client that needs so many.
    pub fn warmup(&self, wanted: u64) -> u64 {
        match self.place {
            Place::Pipe => 0,
            Place::Real => wanted.min(500_000),
            // So few records a second need no more, and those that handle ten thousand partitions badly take long.
            Place::Cheap(_) if self.pace > 0 && self.pace < 1_000 => wanted / 10,
            Place::Cheap(_) => wanted,
        }
    }

    /// How long a run takes about, of a client that needs `ns` for a record of S1.
    pub fn expected(&self, ns: f64, warmup: u64, share: u64) -> Duration {
        let each = ns * self.weight / 1e9;
        let warming = self.warmup(warmup) as f64 * each;
        let measured = match (self.window_ms, self.pace) {
            (0, 0) => self.records(share) as f64 * each,
            (0, pace) => self.records as f64 / pace as f64,
            (window_ms, _) => 1.0 + window_ms as f64 / 1e3,
        };
        Duration::from_secs_f64(0.3 + measured + if self.window_ms == 0 { warming } else { 0.0 })
    }

    /// What a client is told. `warmup`: records before the measured ones, for clients that need many; `share`: it is given
    /// one record in so many, for clients that need long.
    pub fn arguments(&self, mode: &str, bootstrap: &str, (warmup, share): (u64, u64), files: &Files) -> Arguments {
        let large = self.value > 100;
        let memory = if large { 40 << 20 } else { 32 << 20 };
        let unacked = match self.figure {
            // Clients that count records hold as many as fit, their own needs not counted.
            Figure::Memory => memory / self.value,
            _ if large => 32_768,
            _ => 200_000,
        };
        Arguments {
            mode: mode.to_owned(),
            bootstrap: bootstrap.to_owned(),
            topic: format!("bench-{}", self.partitions),
            partitions: self.partitions,
            values: files.values(self.value),
            value: self.value,
            keys: self.keyed.then(|| files.keys()),
            round_robin: self.round_robin,
            compression: self.compression.to_owned(),
            batch: self.batch,
            linger: Duration::from_millis(self.linger_ms),
            warmup: self.warmup(warmup),
            records: self.records(share),
            pace: self.pace,
            unacked,
            memory,
            defaults: self.defaults,
            window: Duration::from_millis(self.window_ms),
        }
    }
}

/// Keys and values on disk, the same for every client.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
}

/// Values differ over more than a compressor's window.
const VALUES: usize = 16_384;
const KEYS: usize = 8_192;

impl Files {
    /// Writes them.
    ///
    /// # Errors
    /// What the system says about the folder.
    pub fn write(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let files = Self { folder: folder.to_path_buf() };
        let mut random = fastrand::Rng::with_seed(1);
        for (size, count) in [(10, VALUES), (100, VALUES), (1_024, VALUES / 16)] {
            let values: String = (0..count).map(|_| json(&mut random, size)).collect();
            std::fs::write(files.values(size), values)?;
        }
        let keys: String = (0..KEYS).map(|_| format!("key-{:012}", random.u64(..1_000_000_000_000))).collect();
        std::fs::write(files.keys(), keys)?;
        Ok(files)
    }

    /// The file of values of this size.
    pub fn values(&self, size: usize) -> PathBuf {
        self.folder.join(format!("values-{size}"))
    }

    fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }
}

/// Something that compresses as records of a service do, cut at `size` bytes.
fn json(random: &mut fastrand::Rng, size: usize) -> String {
    let mut value = String::new();
    while value.len() < size {
        let event = random.choice(["view", "click", "cart", "purchase"]).unwrap_or_default();
        let (user, price, at) = (random.u32(..100_000), random.u32(..100_000), random.u64(..10_000_000_000));
        let cents = price % 100;
        value += &format!(
            r#"{{"event":"{event}","user":"u{user:06}","price":{}.{cents:02},"ts":170{at:010}}}"#,
            price / 100
        );
    }
    value.truncate(size);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_is_told_reads_as_it_was_written() {
        let folder = std::env::temp_dir().join(format!("milena-bench-{}", std::process::id()));
        let files = Files::write(&folder).expect("a folder for files");
        for scenario in ALL {
            let told = scenario.arguments("mode", "localhost:9092", (7, 2), &files);
            assert_eq!(Arguments::from_line(told.to_line()).expect("it reads"), told, "{}", scenario.id);
            let values = std::fs::read(&told.values).expect("values");
            assert_eq!(values.len() % scenario.value, 0, "{}: whole values", scenario.id);
        }
        std::fs::remove_dir_all(folder).expect("the folder goes");
    }

    #[test]
    fn ids_are_told_apart() {
        let mut ids = ALL.map(|scenario| scenario.id).to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }
}
