//! Metadata as the producer reads it, against the generated code, on the bytes that Java wrote.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, and says where")]

mod messages_vectors;

use messages_vectors::Vector;
use milena_wire::Decode;
use milena_wire::buf::Reader;
use milena_wire::messages::metadata::MetadataResponse;
use milena_wire::metadata::{Metadata, decode_response};

fn responses() -> impl Iterator<Item = Vector> {
    messages_vectors::all().into_iter().filter(|vector| vector.module == "metadata" && vector.direction == "response")
}

#[test]
fn every_version_reads_as_the_generated_code_reads_it() {
    let mut versions: Vec<_> = Vec::new();
    for vector in responses() {
        let mut theirs = MetadataResponse::decode(&mut Reader::new(&vector.bytes), vector.version).unwrap();
        if vector.version < 9 {
            // Told, and not to be relied on.
            theirs.topics.iter_mut().flat_map(|topic| &mut topic.partitions).for_each(|each| each.leader_epoch = -1);
        }
        compare(&decode_response(&vector.bytes, vector.version).unwrap(), &theirs);
        versions.push(vector.version);
    }
    versions.dedup();
    assert_eq!(versions, (0..=13).collect::<Vec<_>>());
}

fn compare(ours: &Metadata<'_>, theirs: &MetadataResponse) {
    assert_eq!(
        (ours.throttle_time_ms, ours.cluster_id, ours.error),
        (theirs.throttle_time_ms, theirs.cluster_id.as_deref(), theirs.error_code)
    );
    let brokers = theirs.brokers.iter().map(|broker| (broker.node_id, broker.host.as_str(), broker.port));
    assert!(ours.brokers.iter().map(|broker| (broker.node_id, broker.host, broker.port)).eq(brokers));
    assert_eq!(ours.topics.len(), theirs.topics.len());
    for (ours, theirs) in ours.topics.iter().zip(&theirs.topics) {
        assert_eq!((ours.error, ours.name, ours.id), (theirs.error_code, theirs.name.as_deref(), theirs.topic_id));
        let partitions = theirs.partitions.iter();
        let partitions =
            partitions.map(|each| (each.error_code, each.partition_index, each.leader_id, each.leader_epoch));
        let read = ours.partitions.iter().map(|each| (each.error, each.index, each.leader_id, each.leader_epoch));
        assert!(read.eq(partitions));
    }
}

#[test]
fn a_response_cut_anywhere_or_with_more_behind_it_is_an_error() {
    for vector in responses() {
        for length in 0..vector.bytes.len() {
            assert!(decode_response(&vector.bytes[..length], vector.version).is_err(), "{}: {length}", vector.name());
        }
        assert!(decode_response(&[&vector.bytes[..], &[0]].concat(), vector.version).is_err());
    }
}
