//! Responses: each finds its way by the question that it answers.

use super::Sender;
use crate::call::{Asked, Call, Part, Produced};
use crate::connection::Broken;
use crate::error::DeliveryFailure;
use crate::metadata::{Disbelief, Leader};
use crate::output::{ConnectionId, Level};
use crate::partition::{Answer, ProducerIdentity};
use crate::time::{Time, Timestamp};
use crate::topic::PartitionKey;
use crate::verdict::Verdict;
use bytes::Bytes;
use milena_wire::Decode;
use milena_wire::buf::{DecodeError, Reader};
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::list_offsets::ListOffsetsResponse;
use milena_wire::metadata::{self, Broker};
use milena_wire::produce::{self, PartitionResponse, ResponseTail, TopicRef};
use milena_wire::version::{ApiKey, Offered};
use std::sync::Arc;
use std::time::Duration;

/// What a broker says for people is cut after so many characters.
const TEXT_MAX: usize = 1_000;

/// No answer about one partition is longer, bytes: a topic's name has 249 at most. Whatever else so many bytes claim to be,
/// decoded it takes less than 64 KiB.
const LOG_END_MAX: usize = 1_024;

impl Sender {
    /// Reads every whole answer that is there.
    pub(super) fn read_answers(&mut self, id: ConnectionId, now: Time) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            match connection.next_answer() {
                Ok(None) => return,
                Ok(Some((asked, body))) => {
                    let (broker, link) = (connection.broker, connection.link);
                    if let Err(broken) = self.answer(id, asked, &body, now) {
                        self.give_up(id, &broken.to_string(), now);
                        return;
                    }
                    self.serve_later(broker, link);
                }
                Err(broken) => {
                    self.give_up(id, &broken.to_string(), now);
                    return;
                }
            }
        }
    }

    fn answer(&mut self, id: ConnectionId, asked: Asked, body: &Bytes, now: Time) -> Result<(), Broken> {
        let api = asked.call.api();
        let version = asked.version;
        let result = match asked.call {
            Call::ApiVersions => self.versions_answered(id, version, body, now),
            Call::Metadata => self.metadata_answered(id, version, body, now),
            Call::InitProducerId => self.identity_answered(id, version, body, now),
            Call::Produce(produced) => self.produce_answered(id, version, produced, body, now),
            Call::LogEnd(part) => self.log_end_answered(id, version, part, body, now),
        };
        result.map_err(|error| Broken::Unreadable(api, error))
    }

    fn versions_answered(
        &mut self,
        id: ConnectionId,
        version: i16,
        body: &Bytes,
        now: Time,
    ) -> Result<(), DecodeError> {
        let (code, offered) = Offered::decode(&mut Reader::new(body), version)?;
        let lower = offered.pick(ApiKey::API_VERSIONS, Self::API_VERSIONS).unwrap_or(0);
        match code {
            ErrorCode::NONE => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.ready(offered);
                }
                self.became_ready(id, now);
            }
            // KIP-511: brokers from 2.4 on say what they have, older ones nothing.
            ErrorCode::UNSUPPORTED_VERSION if lower < version => self.ask_versions(id, lower, now),
            code => self.give_up(id, &format!("the broker refuses ApiVersions: {code}"), now),
        }
        Ok(())
    }

    fn metadata_answered(
        &mut self,
        id: ConnectionId,
        version: i16,
        body: &Bytes,
        now: Time,
    ) -> Result<(), DecodeError> {
        let response = metadata::decode_response(body, version).inspect_err(|_| {
            self.metadata.failed(now, &mut self.chance);
        })?;
        self.mute(id, response.throttle_time_ms, now);
        self.stats.metadata_refreshes += 1;
        match self.metadata.answered(&response, now, &mut self.chance) {
            Ok(changes) => self.apply(changes, now),
            Err(Disbelief::Empty) => {
                self.notice(Level::Debug, "metadata without brokers: the broker is starting".into())
            }
            Err(Disbelief::Refused(ErrorCode::REBOOTSTRAP_REQUIRED)) if self.config.rebootstrap => {
                self.metadata.rebootstrap(now);
                self.give_up(id, "the broker asks us to start over at bootstrap.servers", now);
            }
            Err(Disbelief::Refused(code)) => self.notice(Level::Warn, format!("metadata refused: {code}")),
            Err(Disbelief::OtherCluster { expected, found }) => {
                let text = format!(
                    "another cluster answers: expected cluster id {}, found {}; nothing is sent to it",
                    shortened(&expected).escape_debug(),
                    shortened(&found).escape_debug()
                );
                self.notice(Level::Error, text.clone());
                self.give_up(id, &text, now);
            }
        }
        Ok(())
    }

    fn identity_answered(
        &mut self,
        id: ConnectionId,
        version: i16,
        body: &Bytes,
        now: Time,
    ) -> Result<(), DecodeError> {
        let response = match InitProducerIdResponse::decode(&mut Reader::new(body), version) {
            Ok(response) if response.error_code != ErrorCode::NONE || response.producer_id >= 0 => response,
            Ok(_) => {
                self.identity_failed(now);
                return Err(DecodeError::Invalid("producer id"));
            }
            Err(error) => {
                self.identity_failed(now);
                return Err(error);
            }
        };
        self.mute(id, response.throttle_time_ms, now);
        match response.error_code {
            ErrorCode::NONE => {
                let epoch = response.producer_epoch.max(0);
                self.identity.given(ProducerIdentity { producer_id: response.producer_id, epoch });
                let nameless = std::mem::take(&mut self.nameless);
                self.look_again(nameless, now);
            }
            code @ (ErrorCode::CLUSTER_AUTHORIZATION_FAILED | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED) => {
                self.identity_failed(now);
                self.refuse_nameless(code, now);
            }
            code => {
                // A broker that has just started has none yet (COORDINATOR_LOAD_IN_PROGRESS): the first refusal is no news.
                let level = if self.identity.failures == 0 { Level::Info } else { Level::Warn };
                self.notice(level, format!("no producer id: {code}"));
                self.identity_failed(now);
            }
        }
        Ok(())
    }

    /// May not have a producer id: what waits for one fails; what is sent later asks again.
    fn refuse_nameless(&mut self, code: ErrorCode, now: Time) {
        let message = Some("not authorized to do idempotent sends".into());
        let failure = DeliveryFailure::Rejected { code, message };
        let nameless = std::mem::take(&mut self.nameless);
        for key in &nameless {
            self.with(*key, now, |partition, turn| partition.fail_all(&failure, turn));
        }
        self.look_again(nameless, now);
    }

    pub(super) fn identity_failed(&mut self, now: Time) {
        let failures = self.identity.failures + 1;
        let retry = now + self.rules.backoff.after(failures, &mut self.chance);
        self.identity.failed(retry);
    }

    fn log_end_answered(
        &mut self,
        id: ConnectionId,
        version: i16,
        part: Part,
        body: &Bytes,
        now: Time,
    ) -> Result<(), DecodeError> {
        let told = self.read_log_end(version, part, body);
        let (code, offset) = *told.as_ref().map(|(told, _)| told).unwrap_or(&(ErrorCode::UNKNOWN_SERVER_ERROR, -1));
        if code != ErrorCode::NONE {
            self.metadata.want_refresh();
        }
        self.with(part.key, now, |partition, turn| partition.log_end_told(part.attempt, code, offset, turn));
        self.look_at(part.key, now);
        self.mute(id, told?.1, now);
        Ok(())
    }

    /// What an answer says of the partition that was asked for: code and offset; and for how long to leave the broker alone.
    fn read_log_end(&self, version: i16, part: Part, body: &Bytes) -> Result<((ErrorCode, i64), i32), DecodeError> {
        if body.len() > LOG_END_MAX {
            return Err(DecodeError::Invalid("length of an answer about one partition"));
        }
        let response = ListOffsetsResponse::decode(&mut Reader::new(body), version)?;
        let asked = self.metadata.topic(part.key.topic).map(|(name, _)| &**name);
        let topic = response.topics.iter().find(|topic| Some(topic.name.as_str()) == asked);
        let answer = topic.and_then(|topic| {
            topic.partitions.iter().find(|partition| partition.partition_index == part.key.partition)
        });
        let answer = answer.ok_or(DecodeError::Invalid("partition that was asked for"))?;
        Ok(((answer.error_code, answer.offset), response.throttle_time_ms))
    }

    fn produce_answered(
        &mut self,
        id: ConnectionId,
        version: i16,
        mut produced: Produced,
        body: &Bytes,
        now: Time,
    ) -> Result<(), DecodeError> {
        let mut answers = Vec::with_capacity(produced.parts.len());
        // Only what was asked is kept: whatever else an answer holds takes no memory.
        let mut unasked = 0;
        let read = produce::decode_response(body, version, |answer| match self.part_of(&mut produced, &answer) {
            Some(part) => answers.push((part, answer)),
            None => unasked += 1,
        });
        let tail = match read {
            Ok(tail) => tail,
            Err(error) => {
                // Whole or not at all: what it says of the first partitions may be as wrong as the rest.
                let trouble = Arc::from(format!("the answer to Produce cannot be read: {error}"));
                let parts = answers.into_iter().map(|(part, _)| part).chain(produced.parts).collect();
                self.lost_parts(parts, &trouble, now);
                return Err(error);
            }
        };
        if unasked > 0 {
            let text = format!("answers for {unasked} partitions that were not asked, or twice");
            self.notice(Level::Warn, text);
        }
        let leaders = answers.iter().filter_map(|(_, answer)| answer.current_leader).map(|leader| leader.leader_id);
        self.hear_of_brokers(&leaders.collect::<Vec<_>>(), &tail);
        for (part, answer) in &answers {
            self.part_answered(*part, answer, now);
        }
        if !produced.parts.is_empty() {
            self.lost_parts(produced.parts, &"the broker's answer leaves this partition out".into(), now);
        }
        self.mute(id, tail.throttle_time_ms, now);
        Ok(())
    }

    /// The part that a partition's answer belongs to, taken out: it is answered once.
    fn part_of(&self, produced: &mut Produced, response: &PartitionResponse<'_>) -> Option<Part> {
        let topic = match response.topic {
            TopicRef::Name(name) => self.metadata.index_of(name),
            TopicRef::Id(id) => produced.topics.iter().find(|(_, asked)| *asked == id).map(|(topic, _)| *topic),
        };
        produced.take(PartitionKey { topic: topic?, partition: response.index })
    }

    fn part_answered(&mut self, part: Part, response: &PartitionResponse<'_>, now: Time) {
        let records = self.partitions.get(&part.key).map_or(0, |partition| partition.records_in(part.attempt));
        let answer = to_answer(response, records);
        let verdict = self.with(part.key, now, |partition, turn| partition.answered(part.attempt, &answer, turn));
        if let Some(Verdict::SeekLeader(_)) = verdict {
            self.seek_leader(part.key, response, now);
        }
        self.look_at(part.key, now);
    }

    /// Takes the broker's word for who leads (KIP-951), and asks in any case.
    fn seek_leader(&mut self, key: PartitionKey, response: &PartitionResponse<'_>, now: Time) {
        self.metadata.want_refresh();
        let leader = response.current_leader.map(|hint| Leader { broker: hint.leader_id, epoch: hint.leader_epoch });
        if leader.is_some_and(|leader| self.metadata.hint(key, leader)) {
            self.leader_changed(key, now);
        }
    }

    /// Where those brokers listen that this answer says lead.
    fn hear_of_brokers(&mut self, leaders: &[i32], tail: &ResponseTail<'_>) {
        for node in tail.node_endpoints.iter().filter(|node| leaders.contains(&node.node_id)) {
            self.metadata.hint_broker(Broker { node_id: node.node_id, host: node.host, port: node.port });
        }
    }

    fn mute(&mut self, id: ConnectionId, throttle_time_ms: i32, now: Time) {
        let Ok(wait @ 1..) = u64::try_from(throttle_time_ms) else { return };
        self.stats.throttles += 1;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.mute(now, Duration::from_millis(wait));
        }
    }
}

/// What a broker said of a batch of `records` records.
fn to_answer(response: &PartitionResponse<'_>, records: u32) -> Answer {
    let text = |text: &str| Arc::from(shortened(text));
    Answer {
        code: response.error,
        base_offset: response.base_offset,
        append_time: (response.log_append_time_ms >= 0).then_some(Timestamp(response.log_append_time_ms)),
        message: response.error_message.map(text),
        record_errors: response
            .record_errors
            .iter()
            // A list longer than the batch is a lie: one more than it can have, and it is not believed.
            .take((records as usize).saturating_add(1))
            .filter_map(|error| Some((u32::try_from(error.batch_index).ok()?, error.message.map(text))))
            .collect(),
    }
}

/// The beginning of a broker's text.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
