//! API keys, version ranges, what a broker offers, and which header a version uses.

use crate::buf::{DecodeError, Reader};
use crate::error_code::ErrorCode;
use std::fmt;

/// Which API a request speaks. Any number is one: brokers newer than this list offer keys that it does not name.
///
/// Prints as `Metadata (3)`, a number without a name as `unknown API (999)`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

impl ApiKey {
    /// Kafka's name of the API; `None` for a number that has none here.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// The first version in which lengths are varints and structures end in tagged fields (KIP-482). `None` when no
    /// version is like that, or when the API is unknown here.
    pub fn flexible_from(self) -> Option<i16> {
        self.row().and_then(|row| row.flexible_from)
    }

    /// The version of the header that a request of `version` begins with: 2 ends in tagged fields, 1 does not.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// The version of the header that a response of `version` begins with: 1 ends in tagged fields, 0 does not.
    ///
    /// ApiVersions always has 0: a client that asks in a version unknown to the broker must be able to read the refusal
    /// (KIP-511).
    pub fn response_header_version(self, version: i16) -> i16 {
        (self != Self::API_VERSIONS && self.is_flexible(version)).into()
    }

    fn is_flexible(self, version: i16) -> bool {
        self.flexible_from().is_some_and(|from| version >= from)
    }

    fn row(self) -> Option<&'static Row> {
        APIS.binary_search_by_key(&self.0, |row| row.key).ok().and_then(|at| APIS.get(at))
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name().unwrap_or("unknown API"), self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A range of versions, both ends included. Holds at least one: `min <= max`, unless built by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Versions {
    /// The lowest version.
    pub min: i16,
    /// The highest version.
    pub max: i16,
}

impl Versions {
    /// The range from `min` to `max`.
    pub const fn new(min: i16, max: i16) -> Self {
        Self { min, max }
    }

    /// Whether `version` is in the range.
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    /// The versions that both ranges hold, if there are any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let both = Self { min: self.min.max(other.min), max: self.max.min(other.max) };
        (both.min <= both.max).then_some(both)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.min, self.max)
    }
}

/// What a broker offered in its answer to ApiVersions: a range for each API that has a name here.
///
/// Whatever the broker sends, this holds at most one range for each named API. Ranges that hold no version are left
/// out; of an API that is listed twice the versions that both entries hold are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    /// Sorted by key, each key once.
    ranges: Vec<(ApiKey, Versions)>,
}

impl Offered {
    /// Collects what a broker announced.
    pub fn new(announced: impl IntoIterator<Item = (ApiKey, Versions)>) -> Self {
        let mut offered = Self::default();
        for (key, versions) in announced {
            offered.add(key, versions);
        }
        offered.leave_out_empty();
        offered
    }

    /// Reads the body of the answer to an ApiVersions request of version `asked`, with its error code.
    ///
    /// A broker that does not speak `asked` answers UNSUPPORTED_VERSION in the layout of version 0, whatever was asked.
    /// Since 2.4 (KIP-511) it lists in it the versions of ApiVersions that it speaks, before that it lists nothing and
    /// 0 is the version to ask again with.
    ///
    /// # Errors
    /// Any [`DecodeError`].
    pub fn decode(reader: &mut Reader<'_>, asked: i16) -> Result<(ErrorCode, Self), DecodeError> {
        let error_code = ErrorCode(Reader::new(reader.rest()).i16()?);
        let version = if error_code == ErrorCode::UNSUPPORTED_VERSION { 0 } else { asked };
        let flexible = ApiKey::API_VERSIONS.is_flexible(version);
        reader.i16()?;
        // As they come: a list of a million entries is read, and takes no memory.
        let mut offered = Self::default();
        for _ in 0..reader.array_length(flexible)? {
            offered.add(ApiKey(reader.i16()?), Versions::new(reader.i16()?, reader.i16()?));
            if flexible {
                reader.skip_tagged_fields()?;
            }
        }
        offered.leave_out_empty();
        Ok((error_code, offered))
    }

    /// The range offered for `key`.
    pub fn versions(&self, key: ApiKey) -> Option<Versions> {
        let at = self.ranges.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        self.ranges.get(at).map(|(_, versions)| *versions)
    }

    /// The highest version that the broker and `ours` both hold; `None` when there is none.
    pub fn pick(&self, key: ApiKey, ours: Versions) -> Option<i16> {
        self.versions(key)?.intersection(ours).map(|both| both.max)
    }

    /// Every API that is offered, by ascending key.
    pub fn iter(&self) -> impl Iterator<Item = (ApiKey, Versions)> + '_ {
        self.ranges.iter().copied()
    }

    fn leave_out_empty(&mut self) {
        self.ranges.retain(|(_, versions)| versions.min <= versions.max);
    }

    fn add(&mut self, key: ApiKey, versions: Versions) {
        if key.row().is_none() {
            return;
        }
        match self.ranges.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => {
                if let Some((_, seen)) = self.ranges.get_mut(at) {
                    *seen = Versions { min: seen.min.max(versions.min), max: seen.max.min(versions.max) };
                }
            }
            Err(at) => self.ranges.insert(at, (key, versions)),
        }
    }
}

/// What there is to know of an API without its messages.
struct Row {
    key: i16,
    name: &'static str,
    flexible_from: Option<i16>,
}

/// Makes each row of the table a constant, a name and the first flexible version: the only place where a key is written.
macro_rules! apis {
    ($($key:literal $constant:ident $name:literal $flexible_from:expr,)*) => {
        impl ApiKey {
            $(
                #[doc = concat!("The API ", $name, ".")]
                pub const $constant: Self = Self($key);
            )*
        }

        /// By ascending key.
        const APIS: &[Row] = &[$(Row { key: $key, name: $name, flexible_from: $flexible_from }),*];
    };
}

apis! {
    0 PRODUCE "Produce" Some(9),
    1 FETCH "Fetch" Some(12),
    2 LIST_OFFSETS "ListOffsets" Some(6),
    3 METADATA "Metadata" Some(9),
    8 OFFSET_COMMIT "OffsetCommit" Some(8),
    9 OFFSET_FETCH "OffsetFetch" Some(6),
    10 FIND_COORDINATOR "FindCoordinator" Some(3),
    11 JOIN_GROUP "JoinGroup" Some(6),
    12 HEARTBEAT "Heartbeat" Some(4),
    13 LEAVE_GROUP "LeaveGroup" Some(4),
    14 SYNC_GROUP "SyncGroup" Some(4),
    15 DESCRIBE_GROUPS "DescribeGroups" Some(5),
    16 LIST_GROUPS "ListGroups" Some(3),
    17 SASL_HANDSHAKE "SaslHandshake" None,
    18 API_VERSIONS "ApiVersions" Some(3),
    19 CREATE_TOPICS "CreateTopics" Some(5),
    20 DELETE_TOPICS "DeleteTopics" Some(4),
    21 DELETE_RECORDS "DeleteRecords" Some(2),
    22 INIT_PRODUCER_ID "InitProducerId" Some(2),
    23 OFFSET_FOR_LEADER_EPOCH "OffsetForLeaderEpoch" Some(4),
    24 ADD_PARTITIONS_TO_TXN "AddPartitionsToTxn" Some(3),
    25 ADD_OFFSETS_TO_TXN "AddOffsetsToTxn" Some(3),
    26 END_TXN "EndTxn" Some(3),
    27 WRITE_TXN_MARKERS "WriteTxnMarkers" Some(1),
    28 TXN_OFFSET_COMMIT "TxnOffsetCommit" Some(3),
    29 DESCRIBE_ACLS "DescribeAcls" Some(2),
    30 CREATE_ACLS "CreateAcls" Some(2),
    31 DELETE_ACLS "DeleteAcls" Some(2),
    32 DESCRIBE_CONFIGS "DescribeConfigs" Some(4),
    33 ALTER_CONFIGS "AlterConfigs" Some(2),
    34 ALTER_REPLICA_LOG_DIRS "AlterReplicaLogDirs" Some(2),
    35 DESCRIBE_LOG_DIRS "DescribeLogDirs" Some(2),
    36 SASL_AUTHENTICATE "SaslAuthenticate" Some(2),
    37 CREATE_PARTITIONS "CreatePartitions" Some(2),
    38 CREATE_DELEGATION_TOKEN "CreateDelegationToken" Some(2),
    39 RENEW_DELEGATION_TOKEN "RenewDelegationToken" Some(2),
    40 EXPIRE_DELEGATION_TOKEN "ExpireDelegationToken" Some(2),
    41 DESCRIBE_DELEGATION_TOKEN "DescribeDelegationToken" Some(2),
    42 DELETE_GROUPS "DeleteGroups" Some(2),
    43 ELECT_LEADERS "ElectLeaders" Some(2),
    44 INCREMENTAL_ALTER_CONFIGS "IncrementalAlterConfigs" Some(1),
    45 ALTER_PARTITION_REASSIGNMENTS "AlterPartitionReassignments" Some(0),
    46 LIST_PARTITION_REASSIGNMENTS "ListPartitionReassignments" Some(0),
    47 OFFSET_DELETE "OffsetDelete" None,
    48 DESCRIBE_CLIENT_QUOTAS "DescribeClientQuotas" Some(1),
    49 ALTER_CLIENT_QUOTAS "AlterClientQuotas" Some(1),
    50 DESCRIBE_USER_SCRAM_CREDENTIALS "DescribeUserScramCredentials" Some(0),
    51 ALTER_USER_SCRAM_CREDENTIALS "AlterUserScramCredentials" Some(0),
    52 VOTE "Vote" Some(0),
    53 BEGIN_QUORUM_EPOCH "BeginQuorumEpoch" Some(1),
    54 END_QUORUM_EPOCH "EndQuorumEpoch" Some(1),
    55 DESCRIBE_QUORUM "DescribeQuorum" Some(0),
    56 ALTER_PARTITION "AlterPartition" Some(0),
    57 UPDATE_FEATURES "UpdateFeatures" Some(0),
    58 ENVELOPE "Envelope" Some(0),
    59 FETCH_SNAPSHOT "FetchSnapshot" Some(0),
    60 DESCRIBE_CLUSTER "DescribeCluster" Some(0),
    61 DESCRIBE_PRODUCERS "DescribeProducers" Some(0),
    62 BROKER_REGISTRATION "BrokerRegistration" Some(0),
    63 BROKER_HEARTBEAT "BrokerHeartbeat" Some(0),
    64 UNREGISTER_BROKER "UnregisterBroker" Some(0),
    65 DESCRIBE_TRANSACTIONS "DescribeTransactions" Some(0),
    66 LIST_TRANSACTIONS "ListTransactions" Some(0),
    67 ALLOCATE_PRODUCER_IDS "AllocateProducerIds" Some(0),
    68 CONSUMER_GROUP_HEARTBEAT "ConsumerGroupHeartbeat" Some(0),
    69 CONSUMER_GROUP_DESCRIBE "ConsumerGroupDescribe" Some(0),
    70 CONTROLLER_REGISTRATION "ControllerRegistration" Some(0),
    71 GET_TELEMETRY_SUBSCRIPTIONS "GetTelemetrySubscriptions" Some(0),
    72 PUSH_TELEMETRY "PushTelemetry" Some(0),
    73 ASSIGN_REPLICAS_TO_DIRS "AssignReplicasToDirs" Some(0),
    74 LIST_CONFIG_RESOURCES "ListConfigResources" Some(0),
    75 DESCRIBE_TOPIC_PARTITIONS "DescribeTopicPartitions" Some(0),
    76 SHARE_GROUP_HEARTBEAT "ShareGroupHeartbeat" Some(0),
    77 SHARE_GROUP_DESCRIBE "ShareGroupDescribe" Some(0),
    78 SHARE_FETCH "ShareFetch" Some(0),
    79 SHARE_ACKNOWLEDGE "ShareAcknowledge" Some(0),
    80 ADD_RAFT_VOTER "AddRaftVoter" Some(0),
    81 REMOVE_RAFT_VOTER "RemoveRaftVoter" Some(0),
    82 UPDATE_RAFT_VOTER "UpdateRaftVoter" Some(0),
    83 INITIALIZE_SHARE_GROUP_STATE "InitializeShareGroupState" Some(0),
    84 READ_SHARE_GROUP_STATE "ReadShareGroupState" Some(0),
    85 WRITE_SHARE_GROUP_STATE "WriteShareGroupState" Some(0),
    86 DELETE_SHARE_GROUP_STATE "DeleteShareGroupState" Some(0),
    87 READ_SHARE_GROUP_STATE_SUMMARY "ReadShareGroupStateSummary" Some(0),
    88 STREAMS_GROUP_HEARTBEAT "StreamsGroupHeartbeat" Some(0),
    89 STREAMS_GROUP_DESCRIBE "StreamsGroupDescribe" Some(0),
    90 DESCRIBE_SHARE_GROUP_OFFSETS "DescribeShareGroupOffsets" Some(0),
    91 ALTER_SHARE_GROUP_OFFSETS "AlterShareGroupOffsets" Some(0),
    92 DELETE_SHARE_GROUP_OFFSETS "DeleteShareGroupOffsets" Some(0),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encode;
    use crate::buf::Writer;
    use crate::messages::api_versions::{ApiVersion, ApiVersionsResponse};

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(APIS.is_sorted_by_key(|row| row.key));
        assert_eq!(ApiKey::METADATA.to_string(), "Metadata (3)");
        assert_eq!(ApiKey(999).to_string(), "unknown API (999)");
    }

    #[test]
    fn a_flexible_version_has_a_header_with_tagged_fields_except_in_the_answer_to_api_versions() {
        assert_eq!(ApiKey::METADATA.request_header_version(8), 1);
        assert_eq!(ApiKey::METADATA.response_header_version(8), 0);
        assert_eq!(ApiKey::METADATA.request_header_version(9), 2);
        assert_eq!(ApiKey::METADATA.response_header_version(9), 1);
        assert_eq!(ApiKey::API_VERSIONS.request_header_version(3), 2);
        assert_eq!(ApiKey::API_VERSIONS.response_header_version(3), 0);
        assert_eq!(ApiKey::SASL_HANDSHAKE.request_header_version(i16::MAX), 1);
    }

    #[test]
    fn the_highest_common_version_is_picked() {
        let offered = Offered::new([(ApiKey::PRODUCE, Versions::new(3, 9)), (ApiKey::METADATA, Versions::new(0, 12))]);
        assert_eq!(offered.pick(ApiKey::PRODUCE, Versions::new(3, 13)), Some(9));
        assert_eq!(offered.pick(ApiKey::PRODUCE, Versions::new(9, 13)), Some(9));
        assert_eq!(offered.pick(ApiKey::PRODUCE, Versions::new(10, 13)), None, "the broker is too old");
        assert_eq!(offered.pick(ApiKey::PRODUCE, Versions::new(0, 2)), None, "we are too old");
        assert_eq!(offered.pick(ApiKey::INIT_PRODUCER_ID, Versions::new(0, 5)), None, "not offered");
    }

    #[test]
    fn absurd_offers_are_harmless() {
        let backwards = Offered::new([(ApiKey::PRODUCE, Versions::new(9, 3))]);
        assert_eq!(backwards, Offered::default());
        let twice = Offered::new([(ApiKey::PRODUCE, Versions::new(0, 7)), (ApiKey::PRODUCE, Versions::new(5, 13))]);
        assert_eq!(twice.versions(ApiKey::PRODUCE), Some(Versions::new(5, 7)));
        let negative = Offered::new([(ApiKey::PRODUCE, Versions::new(i16::MIN, i16::MAX))]);
        assert_eq!(negative.pick(ApiKey::PRODUCE, Versions::new(3, 13)), Some(13));
        let every_number = (i16::MIN..=i16::MAX).map(|key| (ApiKey(key), Versions::new(0, 1)));
        assert_eq!(Offered::new(every_number).iter().count(), APIS.len());
    }

    #[test]
    fn a_refusal_is_read_as_version_0_whatever_was_asked() {
        // A 3.9 broker's answer to a version that it has not got: error 35, ApiVersions 0-4.
        let since_2_4 = [0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4];
        let (error_code, offered) = Offered::decode(&mut Reader::new(&since_2_4), 7).unwrap();
        assert_eq!(error_code, ErrorCode::UNSUPPORTED_VERSION);
        assert_eq!(offered.pick(ApiKey::API_VERSIONS, Versions::new(0, 4)), Some(4));

        let before_2_4 = [0, 35, 0, 0, 0, 0];
        let (error_code, offered) = Offered::decode(&mut Reader::new(&before_2_4), 4).unwrap();
        assert_eq!((error_code, offered), (ErrorCode::UNSUPPORTED_VERSION, Offered::default()));
    }

    #[test]
    fn an_offer_is_read_from_an_answer_of_any_version() {
        let api_keys = vec![ApiVersion { api_key: ApiKey::PRODUCE, min_version: 3, max_version: 13 }];
        let answer = ApiVersionsResponse { api_keys, throttle_time_ms: 7, ..ApiVersionsResponse::default() };
        for version in 0..=4 {
            let mut writer = Writer::new();
            answer.encode(&mut writer, version).unwrap();
            let (error_code, offered) = Offered::decode(&mut Reader::new(writer.written()), version).unwrap();
            assert_eq!(error_code, ErrorCode::NONE);
            assert_eq!(offered, Offered::new([(ApiKey::PRODUCE, Versions::new(3, 13))]), "version {version}");
        }
    }

    #[test]
    fn a_list_longer_than_its_bytes_is_refused() {
        let bytes = [0, 0, 0x7f, 0xff, 0xff, 0xff];
        assert_eq!(
            Offered::decode(&mut Reader::new(&bytes), 0),
            Err(DecodeError::TooManyElements { count: i32::MAX as u64, left: 0 })
        );
    }
}
