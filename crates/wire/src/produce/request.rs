//! A Produce request, in pieces around batches that stay where they lie.

use super::{FIRST_FLEXIBLE, FIRST_WITH_TOPIC_IDS};
use crate::buf::{EncodeError, Uuid, Writer};
use crate::frame::{OpenFrame, RequestHeader};
use crate::record_batch::BATCH_HEADER_LEN;
use crate::version::ApiKey;
use bytes::Bytes;

/// What a Produce request says besides its batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestParts<'a> {
    /// Comes back in the response.
    pub correlation_id: i32,
    /// `client.id`.
    pub client_id: Option<&'a str>,
    /// Who must have the records before the broker answers: 0 nobody (there is no answer), 1 the leader, −1 all in sync.
    pub acks: i16,
    /// How long the broker may wait for `acks`, in milliseconds.
    pub timeout_ms: i32,
    /// Only in a transaction.
    pub transactional_id: Option<&'a str>,
}

/// One batch for one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionBatch<'a> {
    /// The topic's name, written up to version 12.
    pub topic: &'a str,
    /// The topic's id, written from version 13 on.
    pub topic_id: Uuid,
    /// The partition.
    pub index: i32,
    /// The batch's header, stamped.
    pub header: &'a [u8; BATCH_HEADER_LEN],
    /// The batch's body.
    pub body: &'a Bytes,
}

impl PartitionBatch<'_> {
    fn size(&self) -> usize {
        BATCH_HEADER_LEN + self.body.len()
    }

    fn shares_topic(&self, other: &Self) -> bool {
        self.topic == other.topic && self.topic_id == other.topic_id
    }
}

/// The whole frame of a Produce request, in pieces to write one after another: up to and including the first batch's
/// header, its body, up to and including the next batch's header, its body, …, the rest.
///
/// Batches of one topic stand next to one another.
///
/// # Errors
/// [`EncodeError::Unsupported`] for a topic without an id from version 13 on (ask in version 12 instead), and
/// [`EncodeError::TooLong`] for a name above 32,767 bytes or a frame above 2 GiB.
///
/// # Cost
/// No body is copied. All that is between them lies in one buffer: three allocations whatever the number of batches.
pub fn encode_request(
    version: i16,
    parts: &RequestParts<'_>,
    batches: &[PartitionBatch<'_>],
) -> Result<Vec<Bytes>, EncodeError> {
    let flexible = version >= FIRST_FLEXIBLE;
    let mut request = Request {
        writer: Writer::appending(Vec::with_capacity(between(parts, batches))),
        bodies: Vec::with_capacity(batches.len()),
        version,
        flexible,
    };
    let frame = OpenFrame::begin(&mut request.writer);
    request.head(parts)?;
    let topics = || batches.chunk_by(PartitionBatch::shares_topic);
    request.writer.array_length(Some(topics().count()), flexible)?;
    for batches in topics() {
        request.topic(batches)?;
    }
    request.end_structure();
    let elsewhere = batches.iter().map(|batch| batch.body.len()).sum();
    frame.end(&mut request.writer, elsewhere)?;
    Ok(request.into_pieces())
}

/// At least the bytes between the bodies.
fn between(parts: &RequestParts<'_>, batches: &[PartitionBatch<'_>]) -> usize {
    /// Lengths, numbers and tagged fields of a request without topics, of a topic (its id in place of a name), of a batch.
    const REQUEST: usize = 40;
    const TOPIC: usize = 24;
    const BATCH: usize = 10 + BATCH_HEADER_LEN;
    let names = parts.client_id.map_or(0, str::len) + parts.transactional_id.map_or(0, str::len);
    let topics = batches.chunk_by(PartitionBatch::shares_topic).filter_map(|batches| batches.first());
    REQUEST + names + topics.map(|batch| TOPIC + batch.topic.len()).sum::<usize>() + BATCH * batches.len()
}

/// A request on its way into pieces.
struct Request<'a> {
    writer: Writer,
    /// Each body, and where between the written bytes it belongs.
    bodies: Vec<(usize, &'a Bytes)>,
    version: i16,
    flexible: bool,
}

impl<'a> Request<'a> {
    fn head(&mut self, parts: &RequestParts<'_>) -> Result<(), EncodeError> {
        RequestHeader {
            api_key: ApiKey::PRODUCE,
            api_version: self.version,
            correlation_id: parts.correlation_id,
            client_id: parts.client_id,
        }
        .encode(&mut self.writer)?;
        self.writer.nullable_string(parts.transactional_id, self.flexible)?;
        self.writer.i16(parts.acks);
        self.writer.i32(parts.timeout_ms);
        Ok(())
    }

    fn topic(&mut self, batches: &[PartitionBatch<'a>]) -> Result<(), EncodeError> {
        let Some(first) = batches.first() else { return Ok(()) };
        if self.version < FIRST_WITH_TOPIC_IDS {
            self.writer.string(first.topic, self.flexible)?;
        } else if first.topic_id.is_zero() {
            return Err(EncodeError::Unsupported { field: "name", version: self.version });
        } else {
            self.writer.uuid(first.topic_id);
        }
        self.writer.array_length(Some(batches.len()), self.flexible)?;
        for batch in batches {
            self.writer.i32(batch.index);
            self.writer.array_length(Some(batch.size()), self.flexible)?; // of bytes, which have the same form
            self.writer.raw(batch.header);
            self.bodies.push((self.writer.len(), batch.body));
            self.end_structure();
        }
        self.end_structure();
        Ok(())
    }

    fn end_structure(&mut self) {
        if self.flexible {
            self.writer.unsigned_varint(0);
        }
    }

    fn into_pieces(self) -> Vec<Bytes> {
        let mut written = Bytes::from(self.writer.into_bytes());
        let mut pieces = Vec::with_capacity(2 * self.bodies.len() + 1);
        let mut taken = 0;
        for (at, body) in self.bodies {
            pieces.push(written.split_to(at - taken));
            pieces.push(body.clone());
            taken = at;
        }
        if !written.is_empty() {
            pieces.push(written);
        }
        pieces
    }
}
