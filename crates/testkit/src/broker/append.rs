//! A batch reaches the leader of its partition: the checks in Kafka's order, the duplicates, the log.

use super::validation::{self, Place, Refusal};
use crate::cluster::Cluster;
use crate::log::StoredBatch;
use crate::producer_state::{Admission, Authorship, NO_PRODUCER_ID, Remembered, sequence_after};
use bytes::Bytes;
use milena_wire::error_code::ErrorCode;
use milena_wire::record_batch::{BATCH_HEADER_LEN, BatchHeader, RecordBatch, TimestampType};

/// A batch for a partition, and who wants it there.
pub(crate) struct Append<'a> {
    pub(crate) broker: i32,
    pub(crate) place: Place<'a>,
    pub(crate) batch: &'a RecordBatch<'a>,
    /// The batch's own bytes.
    pub(crate) sent: Bytes,
    /// Whether all in-sync replicas must have it, so that there must be enough of them.
    pub(crate) to_all: bool,
}

/// A batch that was taken: appended, or found in the log.
pub(crate) struct Taken {
    pub(crate) base_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) log_append_time_ms: i64,
    pub(crate) log_start_offset: i64,
    pub(crate) appended: bool,
}

impl Append<'_> {
    /// Appends the batch to the broker's own log; the followers have not heard of it yet.
    pub(crate) fn run(self, cluster: &mut Cluster) -> Result<Taken, Refusal> {
        let Self { broker, place, batch, sent, to_all } = self;
        let now_ms = cluster.now_ms();
        let release = cluster.broker(broker).map(|broker| broker.release).unwrap_or_default();
        let topic = cluster.topics.get_mut(place.topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let min_isr = topic.partition(place.partition).map_or(0, |partition| topic.effective_min_isr(partition));
        let options = topic.options.clone();
        let partition = topic.partition_mut(place.partition).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let leader = partition.replica_mut(broker).filter(|replica| replica.leads());
        let leader = leader.ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
        if to_all && leader.belief.isr.len() < min_isr {
            return Err(ErrorCode::NOT_ENOUGH_REPLICAS.into());
        }
        let latest = validation::check(batch, sent.len(), place, &options, now_ms)?;

        let log_start_offset = leader.log.start();
        let base_offset = leader.log.end();
        let authorship = authorship(&batch.header);
        if let Some(authorship) = authorship {
            let known = leader.log.producers(now_ms);
            if let Admission::Duplicate(written) = known.admit(authorship, release.first_sequence(base_offset == 0))? {
                return Ok(found(&written, log_start_offset));
            }
        }
        let (max_timestamp, log_append_time_ms) = match options.timestamp_type {
            TimestampType::CreateTime => (latest, -1),
            TimestampType::LogAppendTime => (now_ms, now_ms),
        };
        let header = BatchHeader { timestamp_type: options.timestamp_type, max_timestamp, ..batch.header };
        let sent = if header == batch.header { sent } else { rewritten(&header, batch.body) };
        let last_offset = base_offset + i64::from(batch.header.last_offset_delta);
        leader.log.append(StoredBatch {
            base_offset,
            last_offset,
            leader_epoch: leader.belief.leader_epoch,
            max_timestamp,
            authorship,
            sent,
        });
        Ok(Taken { base_offset, last_offset, log_append_time_ms, log_start_offset, appended: true })
    }
}

fn authorship(header: &BatchHeader) -> Option<Authorship> {
    (header.producer_id > NO_PRODUCER_ID).then(|| Authorship {
        producer_id: header.producer_id,
        epoch: header.producer_epoch,
        first_sequence: header.base_sequence,
        last_sequence: sequence_after(header.base_sequence, header.last_offset_delta),
    })
}

fn found(written: &Remembered, log_start_offset: i64) -> Taken {
    Taken {
        base_offset: written.first_offset(),
        last_offset: written.last_offset,
        // Whatever the topic's timestamps are: 4.3.1 answers every duplicate with the batch's latest.
        log_append_time_ms: written.timestamp,
        log_start_offset,
        appended: false,
    }
}

/// The batch as a leader writes it that does not agree with its header: whose clock its times are, and the latest of them.
fn rewritten(header: &BatchHeader, body: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(BATCH_HEADER_LEN + body.len());
    bytes.extend_from_slice(&header.encode(body));
    bytes.extend_from_slice(body);
    bytes.into()
}
