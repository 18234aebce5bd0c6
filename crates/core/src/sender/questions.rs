//! Requests: what is asked, of whom, in which version.

use super::Sender;
use crate::call::{Asked, Call, Part, Produced};
use crate::config::Acks;
use crate::connection;
use crate::output::{ConnectionId, Output};
use crate::partition::{Answer, Choice, Outgoing, Standing};
use crate::time::Time;
use crate::timers::Timer;
use crate::topic::PartitionKey;
use bytes::Bytes;
use milena_wire::Encode;
use milena_wire::buf::{EncodeError, Uuid};
use milena_wire::compression::Codec;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::Request;
use milena_wire::messages::api_versions::ApiVersionsRequest;
use milena_wire::messages::init_producer_id::InitProducerIdRequest;
use milena_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use milena_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use milena_wire::produce::{self, PartitionBatch, RequestParts};
use milena_wire::version::{ApiKey, Versions};
use std::sync::Arc;

/// Requests of one connection in flight, for each that `max.in.flight.requests.per.connection` allows, before even a
/// partition with nothing in flight has to wait.
const IN_FLIGHT_HARD: usize = 4;

/// The first version that may carry zstd (KIP-110).
const FIRST_WITH_ZSTD: i16 = 7;

/// ListOffsets' name for a log's end.
const LATEST: i64 = -1;

/// The last version that names topics by name.
const LAST_WITH_NAMES: i16 = 12;

impl Sender {
    pub(super) const API_VERSIONS: Versions = ApiVersionsRequest::VERSIONS;

    /// Asks what a broker can do.
    pub(super) fn ask_versions(&mut self, id: ConnectionId, version: i16, now: Time) {
        let request = ApiVersionsRequest {
            client_software_name: "milena".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        // The two names have no place before version 3, and are left out there.
        self.ask(id, version, Call::ApiVersions, &request, now);
    }

    /// Asks for metadata, if that is due and somebody can be asked. Says whether anything was done.
    pub(super) fn ask_metadata(&mut self, now: Time) -> bool {
        let Some(due) = self.metadata.due() else { return false };
        if self.failed.is_some() || self.is_unused() {
            return false;
        }
        if now < due {
            self.timers.by(Timer::Metadata, due);
            return false;
        }
        let Some(id) = self.any_free_for_metadata(now) else {
            let before = self.out.len();
            self.connect_any(now);
            return self.out.len() > before;
        };
        let Some(version) = self.version(id, ApiKey::METADATA, MetadataRequest::VERSIONS) else {
            self.give_up(id, "the broker does not speak Metadata in any version that we do", now);
            return true;
        };
        let topics = self.metadata.ask(now);
        let topics = topics
            .iter()
            .map(|name| MetadataRequestTopic { name: Some(name.to_string()), ..MetadataRequestTopic::default() });
        let request = MetadataRequest { topics: Some(topics.collect()), ..MetadataRequest::default() };
        self.ask(id, version, Call::Metadata, &request, now);
        true
    }

    /// Asks for a producer id, if somebody needs one and somebody can be asked. Says whether anything was done.
    pub(super) fn ask_identity(&mut self, now: Time) -> bool {
        let wanted = self.failed.is_none() && !self.nameless.is_empty();
        let Some(due) = self.identity.due().filter(|_| wanted) else { return false };
        if now < due {
            self.timers.by(Timer::Identity, due);
            return false;
        }
        let Some(id) = self.any_free(now) else {
            // Metadata may be fresh enough, and all connections closed for idleness since.
            let before = self.out.len();
            self.connect_any(now);
            return self.out.len() > before;
        };
        let Some(version) = self.version(id, ApiKey::INIT_PRODUCER_ID, InitProducerIdRequest::VERSIONS) else {
            self.fail("the broker does not know idempotent producers; set enable.idempotence=false", now);
            return true;
        };
        // Null, not empty as by default: a broker refuses an empty transactional id.
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..InitProducerIdRequest::default()
        };
        self.identity.asked();
        self.ask(id, version, Call::InitProducerId, &request, now);
        true
    }

    /// Asks the leader where a partition's log ends.
    fn ask_log_end(&mut self, id: ConnectionId, part: Part, now: Time) {
        let version = self.version(id, ApiKey::LIST_OFFSETS, ListOffsetsRequest::VERSIONS);
        let name = self.metadata.topic(part.key.topic).map(|(name, _)| name.to_string());
        let Some((version, name)) = version.zip(name) else {
            self.with(part.key, now, |partition, _| partition.log_end_unknown());
            self.look_at(part.key, now);
            return;
        };
        let partition =
            ListOffsetsPartition { partition_index: part.key.partition, current_leader_epoch: -1, timestamp: LATEST };
        let topics = vec![ListOffsetsTopic { name, partitions: vec![partition] }];
        let timeout_ms = if version >= 10 { self.timeout_ms() } else { 0 };
        let request = ListOffsetsRequest { replica_id: -1, isolation_level: 0, topics, timeout_ms };
        self.ask(id, version, Call::LogEnd(part), &request, now);
    }

    fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config.request_timeout.as_millis()).unwrap_or(i32::MAX)
    }

    /// Nobody wants anything of the cluster: nothing is asked, nobody connected to.
    fn is_unused(&self) -> bool {
        self.metadata.is_unused()
    }

    fn version(&self, id: ConnectionId, api: ApiKey, ours: Versions) -> Option<i16> {
        self.connections.get(&id)?.version(api, ours)
    }

    fn ask(&mut self, id: ConnectionId, version: i16, call: Call, request: &impl Encode, now: Time) {
        let deadline = now + self.request_timeout();
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let correlation_id = connection.correlation_id();
        let client_id = Arc::clone(&self.config.client_id);
        let pieces = connection::frame(call.api(), version, correlation_id, &client_id, |writer| {
            request.encode(writer, version)
        });
        match pieces {
            Ok(pieces) => self.put(id, Asked { correlation_id, version, call, at: now, deadline }, pieces),
            Err(error) => {
                let trouble: Arc<str> = format!("{} cannot be written: {error}", call.api()).into();
                self.unanswered(Asked { correlation_id, version, call, at: now, deadline }, &trouble, now);
            }
        }
    }

    fn put(&mut self, id: ConnectionId, asked: Asked, pieces: Vec<Bytes>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        self.stats.requests += 1;
        self.timers.by(Timer::Connection(id), asked.deadline);
        let frame = connection.ask(asked, pieces);
        self.out.push_back(Output::Transmit(id, frame));
    }

    /// Sends what is ready on a link, in as many requests as may be in flight.
    pub(super) fn send_ready(&mut self, id: ConnectionId, broker: i32, number: usize, now: Time) {
        while self.may_send(id, broker, number, now) {
            let (parts, outgoing) = self.collect(id, broker, number, now);
            if parts.is_empty() {
                break;
            }
            self.produce(id, parts, outgoing, now);
        }
    }

    /// Whether another Produce request may go out. Up to `max.in.flight.requests.per.connection` at any time; beyond that
    /// only for a partition with nothing in flight, so that one that fills its window does not hold up the rest, while
    /// those that are busy already wait for each other's company.
    fn may_send(&mut self, id: ConnectionId, broker: i32, number: usize, now: Time) -> bool {
        let Some(connection) = self.connections.get(&id) else { return false };
        let muted_until = connection.muted_until();
        if !connection.is_free(now) {
            if now < muted_until {
                self.timers.by(Timer::Broker(broker), muted_until);
            }
            return false;
        }
        let load = connection.load();
        let soft = self.config.max_in_flight;
        if load < soft {
            return true;
        }
        let first = self.brokers.get(&broker).and_then(|broker| broker.links.get(number)?.ready.front());
        let idle =
            first.and_then(|ready| self.partitions.get(&ready.key)).is_some_and(|partition| partition.in_flight() == 0);
        idle && soft > 1 && load < soft * IN_FLIGHT_HARD
    }

    /// Takes batches for one request: at most one a partition, in rotation, up to `max.request.size`.
    fn collect(&mut self, id: ConnectionId, broker: i32, number: usize, now: Time) -> (Vec<Part>, Vec<Outgoing>) {
        let mut taken: Vec<(Part, Outgoing)> = Vec::new();
        let mut size = 0;
        let candidates = self.link_mut(broker, number).map_or(0, |link| link.ready.len());
        for _ in 0..candidates {
            let Some(ready) = self.link_mut(broker, number).and_then(|link| link.ready.pop_front()) else { break };
            if !self.stands(ready) {
                continue;
            }
            let key = ready.key;
            if self.metadata.leader(key) != Some(broker) {
                self.look_again(vec![key], now);
                continue;
            }
            let attempt = self.next_attempt();
            let producer = self.identity.known();
            let Some(partition) = self.partitions.get_mut(&key) else { continue };
            let choice = partition.choice(now, &self.rules);
            if choice == Choice::LogEnd {
                partition.standing = Standing::Nowhere;
                partition.log_end_asked(attempt);
                self.ask_log_end(id, Part { key, attempt }, now);
                continue;
            }
            let next = partition.next_size(choice);
            if !taken.is_empty() && size + next > self.config.max_request_size {
                if let Some(link) = self.link_mut(broker, number) {
                    link.ready.push_front(ready);
                }
                break;
            }
            partition.standing = Standing::Nowhere;
            match partition.take(attempt, producer, now, &self.rules) {
                Some(outgoing) => {
                    size += next;
                    taken.push((Part { key, attempt }, outgoing));
                }
                // It lost its producer id while it stood in line.
                None => self.look_at(key, now),
            }
        }
        // Those that have more get in line again behind the others, for the next request.
        for (part, _) in &taken {
            self.look_at(part.key, now);
        }
        taken.sort_unstable_by_key(|(part, _)| part.key);
        taken.into_iter().unzip()
    }

    /// Writes one Produce request.
    fn produce(&mut self, id: ConnectionId, parts: Vec<Part>, outgoing: Vec<Outgoing>, now: Time) {
        let deadline = now + self.request_timeout();
        let topics = self.topics_of(&parts);
        let Some(version) = self.produce_version(id, &topics) else {
            self.give_up_parts(
                &parts,
                ErrorCode::UNSUPPORTED_VERSION,
                "the broker does not speak Produce in any version that we do",
                now,
            );
            return;
        };
        if self.config.compression.codec == Codec::Zstd && version < FIRST_WITH_ZSTD {
            self.give_up_parts(
                &parts,
                ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
                "the broker is too old for compression.type=zstd",
                now,
            );
            return;
        }
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let correlation_id = connection.correlation_id();
        let pieces = self.encode(version, correlation_id, &parts, &outgoing, &topics);
        let pieces = match pieces {
            Ok(pieces) => pieces,
            Err(error) => {
                self.give_up_parts(&parts, ErrorCode::INVALID_REQUEST, &error.to_string(), now);
                return;
            }
        };
        self.stats.produce_requests += 1;
        self.named_by_name |= version <= LAST_WITH_NAMES;
        if self.config.acks == Acks::None {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            self.stats.requests += 1;
            let frame = connection.tell(parts, pieces, now, deadline);
            self.timers.by(Timer::Connection(id), deadline);
            self.out.push_back(Output::Transmit(id, frame));
        } else {
            let topics = topics.iter().map(|(key, _, id)| (key.topic, *id)).collect();
            let call = Call::Produce(Produced { parts, topics });
            self.put(id, Asked { correlation_id, version, call, at: now, deadline }, pieces);
        }
    }

    fn encode(
        &self,
        version: i16,
        correlation_id: i32,
        parts: &[Part],
        outgoing: &[Outgoing],
        topics: &[(PartitionKey, Arc<str>, Uuid)],
    ) -> Result<Vec<Bytes>, EncodeError> {
        let request = RequestParts {
            correlation_id,
            client_id: Some(&self.config.client_id),
            acks: self.config.acks.wire(),
            timeout_ms: self.timeout_ms(),
            transactional_id: None,
        };
        let mut batches = Vec::with_capacity(parts.len());
        for (part, outgoing) in parts.iter().zip(outgoing) {
            let topic = topics.iter().find(|(key, ..)| key.topic == part.key.topic);
            let Some((_, name, id)) = topic else { continue };
            batches.push(PartitionBatch {
                topic: name,
                topic_id: *id,
                index: part.key.partition,
                header: &outgoing.header,
                body: &outgoing.body,
            });
        }
        produce::encode_request(version, &request, &batches)
    }

    /// Name and id of each topic of `parts`, once.
    fn topics_of(&self, parts: &[Part]) -> Vec<(PartitionKey, Arc<str>, Uuid)> {
        let firsts = parts.chunk_by(|a, b| a.key.topic == b.key.topic).filter_map(|run| run.first());
        let named = firsts
            .filter_map(|part| self.metadata.topic(part.key.topic).map(|(name, id)| (part.key, Arc::clone(name), id)));
        named.collect()
    }

    /// The highest version that both know; by name where a topic's id is not known.
    fn produce_version(&self, id: ConnectionId, topics: &[(PartitionKey, Arc<str>, Uuid)]) -> Option<i16> {
        let by_id = topics.iter().all(|(_, _, id)| !id.is_zero());
        let max = if by_id { produce::VERSIONS.max } else { LAST_WITH_NAMES };
        self.version(id, ApiKey::PRODUCE, Versions::new(produce::VERSIONS.min, max))
    }

    /// These batches cannot be put to this broker at all: as if it had refused them.
    fn give_up_parts(&mut self, parts: &[Part], code: ErrorCode, why: &str, now: Time) {
        let answer =
            Answer { code, base_offset: -1, append_time: None, message: Some(why.into()), record_errors: Vec::new() };
        for part in parts {
            self.with(part.key, now, |partition, turn| partition.answered(part.attempt, &answer, turn));
            self.look_at(part.key, now);
        }
    }
}
