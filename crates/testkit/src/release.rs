//! Which Kafka a broker takes itself for: the versions it offers, and the few rules that changed between releases.

use crate::producer_state::FirstSequence;
use milena_wire::version::{ApiKey, Versions};

/// A release of Kafka, as far as a producer or a consumer can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// 2.1: the oldest that Kafka's own 4.x clients speak to (KIP-896).
    V2_1,
    /// 2.8.
    V2_8,
    /// 3.7.
    V3_7,
    /// 3.9.
    V3_9,
    /// 4.3.
    #[default]
    V4_3,
    /// 4.4.
    V4_4,
    /// 4.5, as its source stood in August 2026: 4.4 with KAFKA-15591.
    V4_5,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 7] = [Self::V2_1, Self::V2_8, Self::V3_7, Self::V3_9, Self::V4_3, Self::V4_4, Self::V4_5];

    /// Its name: `4.3`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V2_8 => "2.8",
            Self::V3_7 => "3.7",
            Self::V3_9 => "3.9",
            Self::V4_3 => "4.3",
            Self::V4_4 => "4.4",
            Self::V4_5 => "4.5",
        }
    }

    /// The release of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.name() == name)
    }

    /// What it announces, by ascending key.
    ///
    /// Of the APIs it does not list, this kit's brokers have none. From 4.0 on Produce is announced from version 0 and
    /// served from 3 (KAFKA-18659: librdkafka before 2.x would not start otherwise).
    pub fn announced(self) -> impl Iterator<Item = (ApiKey, Versions)> {
        TABLE.iter().filter_map(move |row| Some((row.0, row.1.get(self as usize).copied()??)))
    }

    /// What it serves of an API.
    pub(crate) fn served(self, api_key: ApiKey) -> Option<Versions> {
        let (_, versions) = self.announced().find(|(key, _)| *key == api_key)?;
        Some(match api_key {
            // Versions 0 to 2 carry record batches of formats that this kit does not know.
            ApiKey::PRODUCE => Versions::new(versions.min.max(3), versions.max),
            _ => versions,
        })
    }

    /// Whether an unknown producer may begin with any sequence.
    pub(crate) fn first_sequence(self, log_is_empty: bool) -> FirstSequence {
        if self >= Self::V4_5 && log_is_empty { FirstSequence::Zero } else { FirstSequence::Any }
    }

    /// Whether the high watermark stands still while fewer than `min.insync.replicas` are in sync (KAFKA-15583): since
    /// then NOT_ENOUGH_REPLICAS_AFTER_APPEND is not seen any more.
    pub(crate) fn watermark_waits_for_min_isr(self) -> bool {
        self >= Self::V3_7
    }

    /// What Metadata says of a topic that it has just created: LEADER_NOT_AVAILABLE with ZooKeeper.
    pub(crate) fn creates_topics_by_zookeeper(self) -> bool {
        self <= Self::V2_8
    }
}

/// A range of versions for each release of [`Release::ALL`].
type Row = (ApiKey, [Option<Versions>; 7]);

const fn v(min: i16, max: i16) -> Option<Versions> {
    Some(Versions::new(min, max))
}

const TABLE: &[Row] = &[
    //                            2.1      2.8       3.7       3.9       4.3       4.4       4.5
    (ApiKey::PRODUCE, [v(0, 7), v(0, 9), v(0, 10), v(0, 11), v(0, 13), v(0, 13), v(0, 13)]),
    (ApiKey::FETCH, [v(4, 10), v(4, 12), v(4, 16), v(4, 17), v(4, 18), v(4, 18), v(4, 18)]),
    (ApiKey::LIST_OFFSETS, [v(1, 4), v(1, 6), v(1, 8), v(1, 9), v(1, 11), v(1, 11), v(1, 11)]),
    (ApiKey::METADATA, [v(0, 7), v(0, 11), v(0, 12), v(0, 12), v(0, 13), v(0, 13), v(0, 13)]),
    (ApiKey::FIND_COORDINATOR, [v(0, 2), v(0, 3), v(0, 4), v(0, 6), v(0, 6), v(0, 6), v(0, 6)]),
    (ApiKey::API_VERSIONS, [v(0, 2), v(0, 3), v(0, 3), v(0, 4), v(0, 4), v(0, 4), v(0, 4)]),
    (ApiKey::CREATE_TOPICS, [v(2, 3), v(2, 7), v(2, 7), v(2, 7), v(2, 7), v(2, 7), v(2, 7)]),
    (ApiKey::DELETE_TOPICS, [v(1, 3), v(1, 6), v(1, 6), v(1, 6), v(1, 6), v(1, 6), v(1, 6)]),
    (ApiKey::DELETE_RECORDS, [v(0, 1), v(0, 2), v(0, 2), v(0, 2), v(0, 2), v(0, 2), v(0, 2)]),
    (ApiKey::INIT_PRODUCER_ID, [v(0, 1), v(0, 4), v(0, 4), v(0, 5), v(0, 5), v(0, 5), v(0, 5)]),
    (ApiKey::CREATE_PARTITIONS, [v(0, 1), v(0, 3), v(0, 3), v(0, 3), v(0, 3), v(0, 3), v(0, 3)]),
    (ApiKey::DESCRIBE_CLUSTER, [None, v(0, 0), v(0, 1), v(0, 1), v(0, 2), v(0, 2), v(0, 2)]),
    (ApiKey::DESCRIBE_PRODUCERS, [None, v(0, 0), v(0, 0), v(0, 0), v(0, 0), v(0, 0), v(0, 0)]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn produce_is_announced_from_0_and_served_from_3() {
        for release in Release::ALL {
            let announced =
                release.announced().find(|(key, _)| *key == ApiKey::PRODUCE).map(|(_, versions)| versions.min);
            assert_eq!(announced, Some(0));
            assert_eq!(release.served(ApiKey::PRODUCE).map(|versions| versions.min), Some(3));
            assert_eq!(Release::named(release.name()), Some(release));
        }
    }

    #[test]
    fn releases_only_gain_versions() {
        for (key, row) in TABLE {
            let maxima: Vec<_> = row.iter().map(|versions| versions.map(|versions| versions.max)).collect();
            assert!(maxima.is_sorted(), "{key}");
        }
    }
}
