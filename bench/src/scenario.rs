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
    /// Arguments of the broker.
    pub broker: &'static [&'static str],
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
    broker: &[],
};

/// All of them.
pub const ALL: [Scenario; 13] = [
    S1,
    Scenario { id: "S1b", about: "as S1, batches of 16 KiB", batch: 16_384, ..S1 },
    Scenario { id: "S2", about: "as S1, values of 1 KiB", value: 1_024, records: 1_000_000, ..S1 },
    Scenario { id: "S3", about: "as S1, lz4", compression: "lz4", records: 1_500_000, ..S1 },
    Scenario { id: "S4", about: "as S1, zstd", compression: "zstd", records: 1_500_000, ..S1 },
    Scenario {
        id: "S5",
        about: "10,000 records a second, linger 0: latency from when a record was due",
        figure: Figure::Latency,
        linger_ms: 0,
        pace: 10_000,
        records: 50_000,
        ..S1
    },
    Scenario {
        id: "S6",
        about: "as S1, 1,000 partitions, in rotation",
        partitions: 1_000,
        round_robin: true,
        records: 2_000_000,
        ..S1
    },
    Scenario {
        id: "S7",
        about: "as S1, every acknowledgement 20 ms late",
        figure: Figure::Rate,
        broker: &["--ack-delay-ms", "20"],
        ..S1
    },
    Scenario { id: "S8", about: "as S1, 16-byte keys, 8,192 distinct", keyed: true, ..S1 },
    Scenario {
        id: "P1",
        about: "one partition, values of 1 KiB, a round trip of 50 ms, each client's defaults",
        figure: Figure::Bandwidth,
        partitions: 1,
        value: 1_024,
        defaults: true,
        window_ms: 3_000,
        broker: &["--network-delay-ms", "50"],
        ..S1
    },
    Scenario {
        id: "P2",
        about: "900 records a second over 10 partitions",
        partitions: 10,
        round_robin: true,
        pace: 900,
        records: 4_500,
        ..S1
    },
    Scenario {
        id: "P2b",
        about: "900 records a second over 10,000 partitions",
        partitions: 10_000,
        round_robin: true,
        pace: 900,
        records: 4_500,
        ..S1
    },
    Scenario {
        id: "P3",
        about: "a broker that does not answer: memory at a full buffer of 32 MiB, values of 10 bytes",
        figure: Figure::Memory,
        value: 10,
        window_ms: 3_000,
        broker: &["--mute"],
        ..S1
    },
];

impl Scenario {
    /// Bytes of a value.
    pub fn value(&self) -> usize {
        self.value
    }

    /// What a client is told. `warmup`: records before the measured ones, for clients that need many.
    pub fn arguments(&self, mode: &str, bootstrap: &str, warmup: u64, files: &Files) -> Arguments {
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
            warmup: if self.pace > 0 && self.pace < 1_000 { warmup.min(20_000) } else { warmup },
            records: self.records,
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

    fn values(&self, size: usize) -> PathBuf {
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
            let told = scenario.arguments("mode", "localhost:9092", 7, &files);
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
