//! What is seen on the wire: every Produce request as it is sent. One number has one content, bytes go to their own
//! partition, and no more batches are in flight than may be.

use super::calendar::{MILLI, Moment, SECOND};
use super::oracle::Seen;
use super::plan::Requests;
use super::world::World;
use foldhash::fast::FixedState;
use milena_core::ConnectionId;
use milena_core::config::Acks;
use milena_core::output::Endpoint;
use milena_wire::Decode;
use milena_wire::buf::{Reader, Uuid};
use milena_wire::compression::{Codec, decompress};
use milena_wire::frame::{RequestHeader, ResponseHeader};
use milena_wire::messages::produce::ProduceRequest;
use milena_wire::produce::decode_response;
use milena_wire::record::Records;
use milena_wire::record_batch::{BatchHeader, RecordBatch};
use milena_wire::version::ApiKey;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// The first version that names topics by id.
const FIRST_WITH_IDS: i16 = 13;

/// A partition of a topic, as the plan numbers it.
type Place = (usize, i32);

/// Producer id and epoch.
type Stamp = (i64, i16);

/// One batch on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    place: Place,
    stamp: Stamp,
}

/// A request that is not answered.
#[derive(Debug, Default)]
struct Asked {
    api: ApiKey,
    version: i16,
    broker: i32,
    /// Of a Produce request.
    flights: Vec<Flight>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// By client and connection, oldest first.
    asked: BTreeMap<(usize, ConnectionId), VecDeque<Asked>>,
    /// By client, partition and stamp: batches in flight. What is still on its way under an epoch that was given up counts
    /// for itself: the next epoch's first batch fences it.
    in_flight: HashMap<(usize, Place, Stamp), usize, FixedState>,
    /// Client, partition, broker and stamp under which a broker has answered well.
    proven: HashSet<(usize, Place, i32, Stamp), FixedState>,
    /// By partition, producer id, epoch and sequence: the record.
    contents: HashMap<(Place, i64, i16, i32), u32, FixedState>,
    /// Batches that were looked into already, by partition and all that is in their header.
    known: HashSet<(Place, i64, i16, i32, u32), FixedState>,
    /// Ids that topics have, or had.
    topics: HashMap<Uuid, usize, FixedState>,
    /// The present second, and each client's requests in it.
    pace: HashMap<usize, (u64, Requests), FixedState>,
    /// By client and address: connections in a row that nobody answered on, and since when.
    knocks: HashMap<(usize, Endpoint), (u64, Moment), FixedState>,
}

impl World {
    /// A frame is sent.
    pub(crate) fn watch(&mut self, client: usize, id: ConnectionId, broker: i32, frame: &[u8]) {
        let mut reader = Reader::new(frame);
        let header = reader.i32().and_then(|_| RequestHeader::decode(&mut reader)).expect("our own header reads");
        let (api, version) = (header.api_key, header.api_version);
        self.count_request(client, api);
        let mut flights = Vec::new();
        let acks = self.client(client).config.acks;
        if api == ApiKey::PRODUCE {
            let request =
                ProduceRequest::decode(&mut Reader::new(reader.rest()), version).expect("our own request reads");
            for topic in &request.topic_data {
                let number = match version {
                    ..FIRST_WITH_IDS => self.plan.topic_named(&topic.name),
                    _ => self.topic_of(topic.topic_id),
                };
                let Some(number) = number else {
                    self.history.violate("I9", format!("a request names a topic that never was: {topic:?}"));
                    continue;
                };
                for data in &topic.partition_data {
                    let records = data.records.as_deref().unwrap_or_default();
                    let stamp = self.look_into((number, data.index), client, records);
                    flights.push(Flight { place: (number, data.index), stamp });
                }
            }
            self.tell_request(client, id, broker, &request, version);
        } else {
            self.trace
                .tell(self.now, || format!("client {client} asks {api} v{version} on {} (broker {broker})", id.0));
        }
        if acks == Acks::None && api == ApiKey::PRODUCE {
            return;
        }
        for flight in &flights {
            self.take_off(client, broker, *flight);
        }
        self.watch.asked.entry((client, id)).or_default().push_back(Asked { api, version, broker, flights });
    }

    fn tell_request(&mut self, client: usize, id: ConnectionId, broker: i32, request: &ProduceRequest, version: i16) {
        let (now, plan) = (self.now, &self.plan);
        let topics = &self.watch.topics;
        self.trace.tell(now, || {
            let batches = request.topic_data.iter().flat_map(|topic| {
                let number = topics.get(&topic.topic_id).copied().or_else(|| plan.topic_named(&topic.name));
                topic.partition_data.iter().map(move |data| (number, data))
            });
            let batches: Vec<_> = batches
                .filter_map(|(topic, data)| {
                    let batch = RecordBatch::decode(&mut Reader::new(data.records.as_deref()?)).ok()?;
                    let BatchHeader { producer_id, producer_epoch, base_sequence, record_count, .. } = batch.header;
                    let topic = plan.topic(topic?).name.as_ref();
                    Some(format!(
                        "{topic}-{} id {producer_id} epoch {producer_epoch} seq {base_sequence}+{record_count}",
                        data.index
                    ))
                })
                .collect();
            format!("client {client} sends on {} (broker {broker}) v{version}: {}", id.0, batches.join("; "))
        });
    }

    fn topic_of(&mut self, id: Uuid) -> Option<usize> {
        if !self.watch.topics.contains_key(&id) {
            self.learn_topics();
        }
        self.watch.topics.get(&id).copied()
    }

    /// Remembers the ids that topics have now.
    pub(crate) fn learn_topics(&mut self) {
        for topic in self.cluster.topics() {
            if let Some(number) = self.plan.topic_named(&topic.name) {
                self.watch.topics.insert(topic.id, number);
            }
        }
    }

    /// A connection is opened. Backoffs double from 10 or 50 ms to one second, less a fifth: so many may follow each other.
    pub(crate) fn watch_open(&mut self, client: usize, endpoint: &Endpoint) {
        let now = self.now;
        let config = &self.client(client).config;
        // An address that is listed twice is tried as two.
        let listed = config.bootstrap_servers.iter().filter(|first| *first == endpoint).count().max(1);
        let most_at_once = (config.connections_per_broker * listed) as u64;
        let (count, since) = self.watch.knocks.entry((client, endpoint.clone())).or_insert((0, now));
        *count += 1;
        let most = most_at_once * (12 + (now - *since) / (700 * MILLI));
        if *count == most + 1 {
            let text = format!("client {client} opens {count} connections to {endpoint} that nobody answers on");
            self.history.violate("I6", text);
        }
    }

    fn count_request(&mut self, client: usize, api: ApiKey) {
        let second = self.now / SECOND;
        let pace = self.watch.pace.entry(client).or_default();
        if pace.0 != second {
            *pace = (second, Requests::default());
        }
        let (count, bound) = (pace.1.of(api), *self.plan.requests_max(client).of(api));
        *count += 1;
        if *count == bound {
            self.history
                .violate("I6", format!("client {client} sends more than {bound} requests, like {api}, in a second"));
        }
    }

    /// Looks into a batch. Its producer id and epoch.
    fn look_into(&mut self, place: Place, client: usize, bytes: &[u8]) -> Stamp {
        let batch = RecordBatch::decode(&mut Reader::new(bytes)).expect("our own batch reads");
        let BatchHeader { producer_id, producer_epoch, base_sequence, record_count, codec, .. } = batch.header;
        let BatchHeader { base_timestamp, max_timestamp, .. } = batch.header;
        let stamp = (producer_id, producer_epoch);
        if self.client(client).config.idempotence != (producer_id >= 0) {
            self.history.violate("I8", format!("client {client} sends a batch with producer id {producer_id}"));
        }
        let crc = bytes.get(17..21).and_then(|crc| crc.first_chunk::<4>()).map_or(0, |crc| u32::from_be_bytes(*crc));
        if producer_id >= 0 && !self.watch.known.insert((place, producer_id, producer_epoch, base_sequence, crc)) {
            return stamp;
        }
        if batch.verify_crc().is_err() {
            self.history.violate("I9", format!("a batch for {place:?} leaves with a wrong checksum"));
        }
        let mut opened = Vec::new();
        let body = if codec == Codec::None {
            batch.body
        } else {
            decompress(codec, batch.body, 1 << 26, &mut opened).expect("our own batch opens");
            &opened
        };
        let mut sequence = base_sequence;
        let (mut count, mut latest) = (0, i64::MIN);
        for record in Records::new(body) {
            let record = record.expect("our own record reads");
            count += 1;
            let seen = Seen { key: record.key, value: record.value };
            let Some(number) = self.history.recognize(place, seen) else { continue };
            let timestamp = base_timestamp.wrapping_add(record.timestamp_delta);
            latest = latest.max(timestamp);
            self.history.check_attributes(number, &record, timestamp);
            if producer_id < 0 {
                continue;
            }
            self.history.numbered(number, producer_id, producer_epoch);
            let before = self.watch.contents.insert((place, producer_id, producer_epoch, sequence), number);
            if let Some(before) = before.filter(|before| *before != number) {
                let stamp = format!("id {producer_id} epoch {producer_epoch} sequence {sequence}");
                self.history.violate("I8", format!("{place:?} {stamp} is record {before}, and then record {number}"));
            }
            sequence = sequence.checked_add(1).unwrap_or(0);
        }
        if latest != max_timestamp {
            let text = format!("a batch for {place:?} announces the time {max_timestamp}, and its latest is {latest}");
            self.history.violate("I9", text);
        }
        if count != record_count {
            self.history
                .violate("I9", format!("a batch for {place:?} announces {record_count} records and has {count}"));
        }
        stamp
    }

    /// A batch is in flight: are there too many?
    fn take_off(&mut self, client: usize, broker: i32, flight: Flight) {
        let config = &self.client(client).config;
        let (window, idempotent) = (config.max_in_flight, config.idempotence);
        let in_flight = self.watch.in_flight.entry((client, flight.place, flight.stamp)).or_default();
        *in_flight += 1;
        let in_flight = *in_flight;
        if in_flight > window {
            let text = format!("client {client} has {in_flight} batches of {:?} in flight", flight.place);
            self.history.violate("window", text);
        }
        if idempotent && in_flight > 1 && !self.watch.proven.contains(&(client, flight.place, broker, flight.stamp)) {
            let text = format!(
                "client {client} has {in_flight} batches of {:?} in flight to broker {broker}, which has acknowledged none under {:?}",
                flight.place, flight.stamp
            );
            self.history.violate("window", text);
        }
    }

    /// The oldest request of a connection is answered by this frame, without its length.
    pub(crate) fn watch_answer(&mut self, client: usize, id: ConnectionId, frame: &[u8]) {
        let Some(asked) = self.watch.asked.get_mut(&(client, id)).and_then(VecDeque::pop_front) else { return };
        let Asked { api, version, broker, flights } = asked;
        self.land(client, &flights);
        if api == ApiKey::API_VERSIONS
            && let Some(endpoint) = self.endpoint_of(client, id)
        {
            self.watch.knocks.remove(&(client, endpoint));
        }
        if api != ApiKey::PRODUCE {
            return;
        }
        let mut reader = Reader::new(frame);
        ResponseHeader::decode(&mut reader, api, version).expect("the cluster's header reads");
        let mut answers = Vec::new();
        let read = decode_response(reader.rest(), version, |answer| {
            answers.push((answer.index, answer.error, answer.base_offset));
        });
        read.expect("the cluster's answer reads");
        self.trace.tell(self.now, || {
            let answers: Vec<_> =
                answers.iter().map(|(index, code, offset)| format!("{index}: {code} at {offset}")).collect();
            format!("client {client} hears on {} (broker {broker}): {}", id.0, answers.join("; "))
        });
        // In the order of the request, as Kafka answers.
        for (flight, (_, code, _)) in flights.iter().zip(answers) {
            if code.is_none() {
                self.watch.proven.insert((client, flight.place, broker, flight.stamp));
            }
        }
    }

    /// What the oldest request of a connection is answered cannot be read.
    pub(crate) fn forget_oldest(&mut self, client: usize, id: ConnectionId) {
        let asked = self.watch.asked.get_mut(&(client, id)).and_then(VecDeque::pop_front);
        self.land(client, &asked.unwrap_or_default().flights);
    }

    /// A connection is gone for the client.
    pub(crate) fn forget(&mut self, client: usize, id: ConnectionId) {
        for asked in self.watch.asked.remove(&(client, id)).unwrap_or_default() {
            self.land(client, &asked.flights);
        }
    }

    fn land(&mut self, client: usize, flights: &[Flight]) {
        for flight in flights {
            if let Some(in_flight) = self.watch.in_flight.get_mut(&(client, flight.place, flight.stamp)) {
                *in_flight = in_flight.saturating_sub(1);
            }
        }
    }
}
