//! Which Kafka: its version, and what depends on it.

use crate::jars::KAFKA_VERSION;
use anyhow::{Context, Error, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A released version of Apache Kafka, such as 4.3.1 or 2.1.1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Version {
    numbers: Vec<u32>,
}

/// Who keeps a cluster's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quorum {
    Kraft,
    ZooKeeper,
}

impl Version {
    /// KRaft has been ready for production since 3.3; before that, ZooKeeper.
    pub(crate) fn quorum(&self) -> Quorum {
        if self.is_before(&[3, 3]) { Quorum::ZooKeeper } else { Quorum::Kraft }
    }

    /// Whether this version comes before another, of which only the first numbers may be given.
    pub(crate) fn is_before(&self, other: &[u32]) -> bool {
        self.numbers.as_slice() < other
    }
}

/// The one whose messages and golden bytes we have, and whose tools speak to all the others.
impl Default for Version {
    fn default() -> Self {
        Self { numbers: KAFKA_VERSION.split('.').filter_map(|number| number.parse().ok()).collect() }
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        let numbers = numbers.with_context(|| format!("{text} is not a Kafka version: 4.3.1 is one"))?;
        ensure!(numbers.len() >= 3, "{text} is not a whole Kafka version: 4.3.1 is one");
        ensure!(
            numbers.as_slice() >= [2, 1].as_slice(),
            "Kafka {text} is older than 2.1, the oldest that is supported"
        );
        Ok(Self { numbers })
    }
}

impl TryFrom<String> for Version {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_is_printed_as_it_was_written() {
        assert_eq!(version("2.8.2").to_string(), "2.8.2");
        assert_eq!(Version::default().to_string(), KAFKA_VERSION);
    }

    #[test]
    fn versions_before_3_3_have_zookeeper() {
        assert_eq!(version("2.8.2").quorum(), Quorum::ZooKeeper);
        assert_eq!(version("3.3.0").quorum(), Quorum::Kraft);
        assert_eq!(version("4.3.1").quorum(), Quorum::Kraft);
    }

    #[test]
    fn what_is_no_version_is_refused_with_an_example() {
        for text in ["4", "four", "4.3.x", ""] {
            assert!(text.parse::<Version>().unwrap_err().to_string().contains("4.3.1"), "{text}");
        }
    }

    #[test]
    fn versions_older_than_2_1_are_refused() {
        assert!("1.1.1".parse::<Version>().unwrap_err().to_string().contains("older than 2.1"));
    }
}
