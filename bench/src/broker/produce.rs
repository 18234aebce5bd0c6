//! Produce, cheaply: batch headers are read, bodies are dropped.

use super::counts::Batch;
use super::frame::{Incoming, Request};
use super::reply::produce_response;
use super::{Broker, invalid};
use std::io;

/// Bytes of a batch's header.
const HEADER: usize = 61;

/// What the request's batches were given.
#[derive(Debug, Default)]
pub(super) struct Appended {
    pub(super) topics: Vec<(String, Vec<(i32, i64)>)>,
}

/// Reads one request. The answer, unless `acks` is 0.
pub(super) fn answer(broker: &Broker, incoming: &mut Incoming, request: &Request) -> io::Result<Option<Vec<u8>>> {
    let flexible = request.is_flexible();
    incoming.nullable_string(flexible)?; // transactional id
    let acks = incoming.i16()?;
    incoming.i32()?; // timeout
    broker.counts().request();
    let mut appended = Appended::default();
    for _ in 0..incoming.length(flexible)? {
        let topic = incoming.nullable_string(flexible)?.ok_or_else(|| invalid("a topic without a name"))?;
        let count = incoming.length(flexible)?;
        let mut partitions = Vec::new();
        for _ in 0..count {
            let partition = incoming.i32()?;
            let size = incoming.length(flexible)?;
            let header = incoming.bytes::<HEADER>()?;
            let batch = read_header(&header, size)?;
            incoming.skip(size - HEADER)?;
            if flexible {
                incoming.tagged_fields()?;
            }
            partitions.push((partition, broker.counts().append(&topic, partition, batch)));
        }
        if flexible {
            incoming.tagged_fields()?;
        }
        appended.topics.push((topic, partitions));
    }
    if flexible {
        incoming.tagged_fields()?;
    }
    (acks != 0).then(|| produce_response(request, &appended)).transpose()
}

fn read_header(header: &[u8; HEADER], size: usize) -> io::Result<Batch> {
    let number = |at: usize| i32::from_be_bytes(std::array::from_fn(|i| header[at + i]));
    if number(8) != i32::try_from(size).unwrap_or(0) - 12 || header[16] != 2 {
        return Err(invalid("not exactly one batch of format v2"));
    }
    let producer_id = i64::from_be_bytes(std::array::from_fn(|i| header[43 + i]));
    Ok(Batch { producer_id, base_sequence: number(53), records: number(57), bytes: size })
}
