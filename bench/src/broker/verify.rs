//! Produce, thoroughly: checksums, decompression, and a walk over every record.

use super::counts::Batch;
use super::frame::{Incoming, Request};
use super::produce::Appended;
use super::reply::produce_response;
use super::{Broker, invalid};
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::compression::{Codec, decompress};
use milena_wire::messages::produce::ProduceRequest;
use milena_wire::record::Records;
use milena_wire::record_batch::RecordBatch;
use std::io;

/// Most bytes of a decompressed batch.
const PLAIN_MAX: usize = 1 << 28;

/// Reads one request, and breaks the connection at the first thing that is wrong with it.
pub(super) fn answer(broker: &Broker, incoming: &mut Incoming, request: &Request) -> io::Result<Option<Vec<u8>>> {
    let rest = incoming.rest()?;
    let message = ProduceRequest::decode(&mut Reader::new(&rest), request.api_version).map_err(invalid)?;
    broker.counts().request();
    let mut appended = Appended::default();
    for topic in &message.topic_data {
        let mut partitions = Vec::new();
        for data in &topic.partition_data {
            let batch = check(data.records.as_deref().unwrap_or_default())?;
            let name = topic.name.as_str();
            partitions.push((data.index, broker.counts().append(name, data.index, batch)));
        }
        appended.topics.push((topic.name.clone(), partitions));
    }
    (message.acks != 0).then(|| produce_response(request, &appended)).transpose()
}

fn check(bytes: &[u8]) -> io::Result<Batch> {
    let mut reader = Reader::new(bytes);
    let batch = RecordBatch::decode(&mut reader).map_err(invalid)?;
    reader.finish().map_err(invalid)?;
    batch.verify_crc().map_err(invalid)?;
    let header = batch.header;
    let mut plain = Vec::new();
    let body = if header.codec == Codec::None {
        batch.body
    } else {
        decompress(header.codec, batch.body, PLAIN_MAX, &mut plain).map_err(invalid)?;
        &plain
    };
    let mut walked = 0;
    for record in Records::new(body) {
        let record = record.map_err(invalid)?;
        if record.offset_delta != walked {
            return Err(invalid("offset deltas that do not count up"));
        }
        walked += 1;
    }
    if walked != header.record_count || header.last_offset_delta != walked - 1 {
        return Err(invalid("a batch with another number of records than it says"));
    }
    Ok(Batch {
        producer_id: header.producer_id,
        base_sequence: header.base_sequence,
        records: walked,
        bytes: bytes.len(),
    })
}
