//! The answers that the producer reads: three where they lie, with no memory at all and as the generated code reads them, and two
//! by the generated code, within what the producer may hold for what it received.

use crate::memory::{received, within};
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::messages::init_producer_id::InitProducerIdResponse;
use milena_wire::messages::list_offsets::ListOffsetsResponse;
use milena_wire::messages::metadata::MetadataResponse;
use milena_wire::messages::produce::ProduceResponse;
use milena_wire::{metadata, produce, version::Offered};

/// What the table of offered versions takes: one row for each API that has a name.
const OFFERED: usize = 8_192;

/// Bytes of a ListOffsets answer that the producer reads at most.
const LOG_END_MAX: usize = 1_024;

/// Reads a body as one of the five, chosen by `which`.
pub fn run((which, version, body): (u8, u8, &[u8])) {
    match which % 5 {
        0 => {
            let version = i16::from(version % 5);
            let _ = within(OFFERED, || Offered::decode(&mut Reader::new(body), version));
        }
        1 => {
            let version = i16::from(version % 14);
            let ours = within(0, || metadata::decode_response(body, version));
            let mut reader = Reader::new(body);
            let theirs = MetadataResponse::decode(&mut reader, version).ok().filter(|_| reader.remaining() == 0);
            assert_eq!(ours.is_ok(), theirs.is_some());
            if let (Ok(ours), Some(theirs)) = (ours, theirs) {
                assert_eq!(ours.topics.iter().count(), theirs.topics.len());
                assert_eq!(ours.brokers.iter().count(), theirs.brokers.len());
                for (ours, theirs) in ours.topics.iter().zip(&theirs.topics) {
                    assert_eq!(ours.name, theirs.name.as_deref());
                    assert_eq!(ours.partitions.iter().count(), theirs.partitions.len());
                }
            }
        }
        2 => {
            let version = i16::from(version % 11) + 3;
            let mut partitions = 0;
            let ours = within(0, || produce::decode_response(body, version, |_| partitions += 1).is_ok());
            let mut reader = Reader::new(body);
            let theirs = ProduceResponse::decode(&mut reader, version).ok().filter(|_| reader.remaining() == 0);
            assert_eq!(ours, theirs.is_some());
            if let Some(theirs) = theirs {
                let count: usize = theirs.responses.iter().map(|topic| topic.partition_responses.len()).sum();
                assert_eq!(partitions, count);
            }
        }
        3 => {
            let version = i16::from(version % 6);
            let _ = within(received(body), || InitProducerIdResponse::decode(&mut Reader::new(body), version));
        }
        _ => {
            let version = i16::from(version % 11) + 1;
            let body = body.get(..LOG_END_MAX).unwrap_or(body);
            let _ = within(received(body), || ListOffsetsResponse::decode(&mut Reader::new(body), version));
        }
    }
}
