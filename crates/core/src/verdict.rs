//! The pure table from a broker's answer to what it means for a batch. Every code that Kafka puts into a Produce answer has its
//! row; whatever is not in the table is an answer that may hide anything.
//!
//! What Java calls retriable says nothing about the log. Here each answer also says what it proves: a check that Kafka
//! makes before it appends *refuses* the attempt; anything that can be said after the append leaves it *unknown*. Under
//! `acks=all` a leader that steps down answers NOT_LEADER_OR_FOLLOWER to batches that it has already appended, so even
//! that is unknown.

use milena_wire::error_code::ErrorCode;

/// What an answer proves about the attempt that it answers. It says nothing about earlier attempts: the checks of size,
/// time and in-sync replicas come before Kafka looks for duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// This attempt wrote nothing, and will not.
    Refused,
    /// This attempt may have written.
    Unknown,
}

/// What an answer means for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the log.
    Acknowledge,
    /// Send it again after the backoff, to the same leader.
    Retry(Attempt),
    /// Ask who leads, and send it again.
    SeekLeader(Attempt),
    /// Too large for the broker: split it, or refuse it when it cannot be split.
    Split,
    /// The broker expects another sequence: an earlier batch is missing, or the broker has forgotten what it wrote.
    OutOfOrder,
    /// The broker knows nothing of this producer id: nothing is proven about what was sent before.
    Forgotten,
    /// Somebody uses this producer id with a higher epoch.
    Fenced,
    /// This batch fails.
    Refuse(Attempt),
}

/// The verdict on `code`, for a producer with a producer id (`idempotent`) or without.
pub fn verdict(code: ErrorCode, idempotent: bool) -> Verdict {
    use Attempt::{Refused, Unknown};
    match code {
        ErrorCode::NONE => Verdict::Acknowledge,
        // "Already there": no broker of today says so, older and other ones do.
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Verdict::Acknowledge,

        // The batch's bytes did not arrive as they left.
        ErrorCode::CORRUPT_MESSAGE => Verdict::Retry(Refused),
        ErrorCode::NOT_ENOUGH_REPLICAS => Verdict::Retry(Refused),
        ErrorCode::THROTTLING_QUOTA_EXCEEDED => Verdict::Retry(Refused),
        // Appended, but not replicated within the request's time-out (franz-go 1217 took it for "not written").
        ErrorCode::REQUEST_TIMED_OUT => Verdict::Retry(Unknown),
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND => Verdict::Retry(Unknown),
        ErrorCode::CONCURRENT_TRANSACTIONS | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS => Verdict::Retry(Refused),
        ErrorCode::COORDINATOR_NOT_AVAILABLE | ErrorCode::NOT_COORDINATOR => Verdict::Retry(Refused),

        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::NOT_LEADER_OR_FOLLOWER
        | ErrorCode::REPLICA_NOT_AVAILABLE
        | ErrorCode::NETWORK_EXCEPTION
        | ErrorCode::KAFKA_STORAGE_ERROR
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::INCONSISTENT_TOPIC_ID
        | ErrorCode::BROKER_NOT_AVAILABLE
        | ErrorCode::LISTENER_NOT_FOUND => Verdict::SeekLeader(Unknown),

        // The id is looked up before anything is appended; whatever is waited for later goes by the topic's name
        // (`KafkaApis.handleProduceRequest`, `DelayedProduce.tryComplete`).
        ErrorCode::UNKNOWN_TOPIC_ID => Verdict::SeekLeader(Refused),

        ErrorCode::MESSAGE_TOO_LARGE => Verdict::Split,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if idempotent => Verdict::OutOfOrder,
        ErrorCode::UNKNOWN_PRODUCER_ID if idempotent => Verdict::Forgotten,
        ErrorCode::INVALID_PRODUCER_EPOCH | ErrorCode::PRODUCER_FENCED => Verdict::Fenced,

        ErrorCode::INVALID_TOPIC_EXCEPTION
        | ErrorCode::RECORD_LIST_TOO_LARGE
        | ErrorCode::INVALID_REQUIRED_ACKS
        | ErrorCode::TOPIC_AUTHORIZATION_FAILED
        | ErrorCode::INVALID_TIMESTAMP
        | ErrorCode::INVALID_REQUEST
        | ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT
        | ErrorCode::POLICY_VIOLATION
        | ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        | ErrorCode::UNKNOWN_PRODUCER_ID
        | ErrorCode::INVALID_TXN_STATE
        | ErrorCode::INVALID_PRODUCER_ID_MAPPING
        | ErrorCode::OPERATION_NOT_ATTEMPTED
        | ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
        | ErrorCode::INVALID_RECORD
        | ErrorCode::TRANSACTION_ABORTABLE
        | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
        | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        | ErrorCode::UNSUPPORTED_VERSION => Verdict::Refuse(Refused),

        // UNKNOWN_SERVER_ERROR, and every number that we have not heard of.
        _ => Verdict::Refuse(Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Attempt::{Refused, Unknown};

    /// Every code that can come back in a Produce answer, with what it proves.
    const TABLE: &[(i16, Verdict)] = &[
        (-1, Verdict::Refuse(Unknown)),
        (0, Verdict::Acknowledge),
        (2, Verdict::Retry(Refused)),
        (3, Verdict::SeekLeader(Unknown)),
        (5, Verdict::SeekLeader(Unknown)),
        (6, Verdict::SeekLeader(Unknown)),
        (7, Verdict::Retry(Unknown)),
        (9, Verdict::SeekLeader(Unknown)),
        (10, Verdict::Split),
        (13, Verdict::SeekLeader(Unknown)),
        (14, Verdict::Retry(Refused)),
        (15, Verdict::Retry(Refused)),
        (16, Verdict::Retry(Refused)),
        (17, Verdict::Refuse(Refused)),
        (18, Verdict::Refuse(Refused)),
        (19, Verdict::Retry(Refused)),
        (20, Verdict::Retry(Unknown)),
        (21, Verdict::Refuse(Refused)),
        (29, Verdict::Refuse(Refused)),
        (31, Verdict::Refuse(Refused)),
        (32, Verdict::Refuse(Refused)),
        (35, Verdict::Refuse(Refused)),
        (42, Verdict::Refuse(Refused)),
        (43, Verdict::Refuse(Refused)),
        (44, Verdict::Refuse(Refused)),
        (45, Verdict::OutOfOrder),
        (46, Verdict::Acknowledge),
        (47, Verdict::Fenced),
        (48, Verdict::Refuse(Refused)),
        (49, Verdict::Refuse(Refused)),
        (51, Verdict::Retry(Refused)),
        (53, Verdict::Refuse(Refused)),
        (55, Verdict::Refuse(Refused)),
        (56, Verdict::SeekLeader(Unknown)),
        (59, Verdict::Forgotten),
        (74, Verdict::SeekLeader(Unknown)),
        (76, Verdict::Refuse(Refused)),
        (87, Verdict::Refuse(Refused)),
        (89, Verdict::Retry(Refused)),
        (90, Verdict::Fenced),
        (100, Verdict::SeekLeader(Refused)),
        (103, Verdict::SeekLeader(Unknown)),
        (120, Verdict::Refuse(Refused)),
        (999, Verdict::Refuse(Unknown)),
    ];

    #[test]
    fn every_code_has_the_verdict_that_the_table_gives() {
        for (code, expected) in TABLE {
            assert_eq!(verdict(ErrorCode(*code), true), *expected, "{}", ErrorCode(*code));
        }
    }

    #[test]
    fn sequence_errors_mean_nothing_to_a_producer_without_sequences() {
        for code in [ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode::UNKNOWN_PRODUCER_ID] {
            assert_eq!(verdict(code, false), Verdict::Refuse(Refused));
        }
    }
}
