//! What a client is told: `name=value` arguments, the same for clients in Rust, Java and Go.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// One client's run. Every client reads the same names.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    /// Which way of using the client, for clients that have several.
    pub mode: String,
    /// `host:port` of the broker.
    pub bootstrap: String,
    /// The topic. The broker reads its partition count from its name.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// A file of values, one after another, each `value` bytes.
    pub values: PathBuf,
    /// Bytes of a value.
    pub value: usize,
    /// A file of 16-byte keys, one after another; none: records without a key.
    pub keys: Option<PathBuf>,
    /// The client names the partition, in rotation.
    pub round_robin: bool,
    /// `none`, `lz4`, `zstd`.
    pub compression: String,
    /// Bytes of a batch.
    pub batch: usize,
    /// How long a batch waits for company.
    pub linger: Duration,
    /// Records to send before anything is measured.
    pub warmup: u64,
    /// Records to send while it is.
    pub records: u64,
    /// Records a second; 0: as fast as it goes.
    pub pace: u64,
    /// Most records unacknowledged.
    pub unacked: usize,
    /// Bytes of records that a client may hold, for clients that count bytes.
    pub memory: usize,
    /// Leave batch, linger, memory and records in flight at the client's defaults.
    pub defaults: bool,
    /// Measure for so long instead of `records`, without waiting for the rest; zero: by records.
    pub window: Duration,
}

impl Arguments {
    /// As they are given to a process.
    pub fn to_line(&self) -> Vec<String> {
        let keys = self.keys.as_ref().map_or_else(String::new, |keys| keys.display().to_string());
        [
            ("mode", self.mode.clone()),
            ("bootstrap", self.bootstrap.clone()),
            ("topic", self.topic.clone()),
            ("partitions", self.partitions.to_string()),
            ("values", self.values.display().to_string()),
            ("value", self.value.to_string()),
            ("keys", keys),
            ("round_robin", self.round_robin.to_string()),
            ("compression", self.compression.clone()),
            ("batch", self.batch.to_string()),
            ("linger_ms", self.linger.as_millis().to_string()),
            ("warmup", self.warmup.to_string()),
            ("records", self.records.to_string()),
            ("pace", self.pace.to_string()),
            ("unacked", self.unacked.to_string()),
            ("memory", self.memory.to_string()),
            ("defaults", self.defaults.to_string()),
            ("window_ms", self.window.as_millis().to_string()),
        ]
        .map(|(name, value)| format!("{name}={value}"))
        .to_vec()
    }

    /// As a process finds them.
    ///
    /// # Errors
    /// An argument that is missing or cannot be read, by its name.
    pub fn from_line(line: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut given = Given(BTreeMap::new());
        for argument in line {
            let Some((name, value)) = argument.split_once('=') else { bail!("{argument:?} is not name=value") };
            given.0.insert(name.to_owned(), value.to_owned());
        }
        Ok(Self {
            mode: given.read("mode")?,
            bootstrap: given.read("bootstrap")?,
            topic: given.read("topic")?,
            partitions: given.read("partitions")?,
            values: given.read("values")?,
            value: given.read("value")?,
            keys: Some(given.read::<PathBuf>("keys")?).filter(|keys| !keys.as_os_str().is_empty()),
            round_robin: given.read("round_robin")?,
            compression: given.read("compression")?,
            batch: given.read("batch")?,
            linger: Duration::from_millis(given.read("linger_ms")?),
            warmup: given.read("warmup")?,
            records: given.read("records")?,
            pace: given.read("pace")?,
            unacked: given.read("unacked")?,
            memory: given.read("memory")?,
            defaults: given.read("defaults")?,
            window: Duration::from_millis(given.read("window_ms")?),
        })
    }
}

struct Given(BTreeMap<String, String>);

impl Given {
    fn read<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(&self, name: &str) -> Result<T> {
        let value = self.0.get(name).with_context(|| format!("{name}= is missing"))?;
        value.parse().with_context(|| format!("{name}={value}"))
    }
}
