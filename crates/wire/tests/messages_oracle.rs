//! Another implementation understands every message that we write, and we understand what it makes of it: the golden
//! messages, and those with bytes changed, cut or put in between that are still messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, and says where")]

mod messages_vectors;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message};
use messages_vectors::Vector;
use milena_wire::buf::{Reader, Writer};
use milena_wire::frame::RequestHeader;
use milena_wire::messages::{self as ours, Request};
use milena_wire::version::ApiKey;
use milena_wire::{Decode, Encode};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::fmt::Debug;

struct Api {
    module: &'static str,
    key: ApiKey,
    request: Side,
    response: Side,
}

struct Side {
    /// The versions that the other implementation knows, first and last.
    versions: (i16, i16),
    header_version: fn(i16) -> i16,
    /// Whether the bytes are a message to us; if so the other implementation has agreed.
    agree: fn(&[u8], i16) -> bool,
}

macro_rules! side {
    ($module:ident $message:ident) => {
        Side {
            versions: (theirs::$message::VERSIONS.min, theirs::$message::VERSIONS.max),
            header_version: theirs::$message::header_version,
            agree: agree::<ours::$module::$message, theirs::$message>,
        }
    };
}

macro_rules! table {
    ($($module:ident $request:ident $response:ident,)*) => {
        const APIS: &[Api] = &[$(Api {
            module: stringify!($module),
            key: <ours::$module::$request as Request>::KEY,
            request: side!($module $request),
            response: side!($module $response),
        }),*];
    };
}

with_every_api!(table);

fn side_of(vector: &Vector) -> &'static Side {
    let api = APIS.iter().find(|api| api.module == vector.module).unwrap();
    if vector.direction == "request" { &api.request } else { &api.response }
}

/// The golden messages of versions that both know.
fn vectors() -> Vec<Vector> {
    let mut vectors = messages_vectors::all();
    vectors.retain(|vector| {
        let (first, last) = side_of(vector).versions;
        (first..=last).contains(&vector.version)
    });
    vectors
}

/// Reads with ours, writes, reads with theirs, writes, reads with ours: the same message.
fn agree<O: Decode + Encode + Debug + PartialEq, T: Decodable + Encodable + Debug>(bytes: &[u8], version: i16) -> bool {
    let Ok(message) = O::decode(&mut Reader::new(bytes), version) else { return false };
    let mut writer = Writer::new();
    message.encode(&mut writer, version).unwrap_or_else(|error| panic!("v{version} {message:?}: {error}"));

    let mut frame = Bytes::copy_from_slice(writer.written());
    let read = T::decode(&mut frame, version).unwrap_or_else(|error| panic!("v{version} {message:?}: {error}"));
    assert!(frame.is_empty(), "v{version} {message:?}: {} bytes are left over", frame.len());
    let mut written = BytesMut::new();
    read.encode(&mut written, version).unwrap_or_else(|error| panic!("v{version} {read:?}: {error}"));

    let mut reader = Reader::new(&written);
    assert_eq!(O::decode(&mut reader, version).as_ref(), Ok(&message), "v{version} {read:?}");
    assert_eq!(reader.finish(), Ok(()), "v{version} {read:?}");
    true
}

#[test]
fn the_golden_messages_mean_the_same_to_another_implementation() {
    let vectors = vectors();
    assert!(vectors.len() > 700, "{} vectors of versions that both know", vectors.len());
    for vector in &vectors {
        assert!((side_of(vector).agree)(&vector.bytes, vector.version), "{}", vector.name());
    }
}

/// What is done to a golden message at a place.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
}

fn change() -> impl Strategy<Value = Change> {
    // Small numbers are lengths, counts and tags; any number is everything else.
    let byte = prop_oneof![0u8..4, any::<u8>()];
    prop_oneof![
        4 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        1 => (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<Index>().prop_map(Change::Remove),
    ]
}

fn apply(change: &Change, bytes: &mut Vec<u8>) {
    match change {
        Change::Replace(at, byte) if !bytes.is_empty() => *at.get_mut(bytes) = *byte,
        Change::Remove(at) if !bytes.is_empty() => drop(bytes.remove(at.index(bytes.len()))),
        Change::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
        _ => {}
    }
}

#[test]
fn changed_messages_that_we_read_mean_the_same_to_another_implementation() {
    let vectors = vectors();
    let read = Cell::new(0);
    let config = Config { cases: 16_384, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (any::<Index>(), prop::collection::vec(change(), 1..4));
    runner
        .run(&strategy, |(vector, changes)| {
            let vector = vector.get(&vectors);
            let mut bytes = vector.bytes.clone();
            changes.iter().for_each(|change| apply(change, &mut bytes));
            read.set(read.get() + u32::from((side_of(vector).agree)(&bytes, vector.version)));
            Ok(())
        })
        .unwrap();
    assert!(read.get() > 5_000, "only {} of the changed messages were messages still", read.get());
}

#[test]
fn requests_and_responses_begin_with_the_same_headers() {
    for api in APIS {
        for version in api.request.versions.0..=api.request.versions.1 {
            let header_version = (api.request.header_version)(version);
            assert_eq!(api.key.request_header_version(version), header_version, "{} v{version}", api.key);
            let expected = (api.response.header_version)(version);
            assert_eq!(api.key.response_header_version(version), expected, "{} v{version}", api.key);

            let client_id = Some("orders-writer");
            let header = RequestHeader { api_key: api.key, api_version: version, correlation_id: -7, client_id };
            let mut writer = Writer::new();
            header.encode(&mut writer).unwrap();
            let mut frame = Bytes::copy_from_slice(writer.written());
            let read = theirs::RequestHeader::decode(&mut frame, header_version).unwrap();
            assert!(frame.is_empty(), "{} v{version}", api.key);
            assert_eq!((read.request_api_key, read.request_api_version), (api.key.0, version));
            assert_eq!((read.correlation_id, read.client_id.as_deref()), (-7, client_id));
        }
    }
}
