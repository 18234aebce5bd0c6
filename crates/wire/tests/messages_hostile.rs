//! Bytes of a hostile peer: no message panics on them, and none takes more memory than a multiple of what arrived.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, and says where")]

mod messages_vectors;

use messages_vectors::Vector;
use milena_wire::Decode;
use milena_wire::buf::{DecodeError, Reader, Writer};
use milena_wire::messages;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What may be allocated in all, freed meanwhile or not, for each byte that arrived. An empty string takes one byte in a
/// frame and 24 in an array, which doubles as it grows.
const ALLOCATED_PER_BYTE: usize = 64;
/// Before the first byte counts: an array begins with room for four elements.
const ALLOCATED_AT_ONCE: usize = 512;

struct Api {
    module: &'static str,
    request: fn(&[u8], i16) -> Result<(), DecodeError>,
    response: fn(&[u8], i16) -> Result<(), DecodeError>,
}

macro_rules! table {
    ($($module:ident $request:ident $response:ident,)*) => {
        const APIS: &[Api] = &[$(Api {
            module: stringify!($module),
            request: decode::<messages::$module::$request>,
            response: decode::<messages::$module::$response>,
        }),*];
    };
}

with_every_api!(table);

fn decode<M: Decode>(bytes: &[u8], version: i16) -> Result<(), DecodeError> {
    M::decode(&mut Reader::new(bytes), version).map(drop)
}

/// Decodes as the message of `vector` and looks at the memory that it took.
fn decode_as(vector: &Vector, bytes: &[u8]) -> Result<(), DecodeError> {
    let api = APIS.iter().find(|api| api.module == vector.module).unwrap();
    let decode = if vector.direction == "request" { api.request } else { api.response };
    let region = Region::new(ALLOCATOR);
    let outcome = decode(bytes, vector.version);
    let allocated = region.change().bytes_allocated;
    let allowed = ALLOCATED_PER_BYTE * bytes.len() + ALLOCATED_AT_ONCE;
    assert!(allocated <= allowed, "{}: {allocated} bytes allocated for {} that arrived", vector.name(), bytes.len());
    outcome
}

/// One test, so that no other thread allocates while it counts.
#[test]
fn no_bytes_panic_or_take_more_memory_than_a_multiple_of_their_own() {
    let vectors = messages_vectors::all();
    for vector in &vectors {
        a_cut_message_is_refused(vector);
        an_announced_count_is_not_believed(vector);
    }
    any_bytes_are_harmless(&vectors);
}

fn a_cut_message_is_refused(vector: &Vector) {
    assert_eq!(decode_as(vector, &vector.bytes), Ok(()), "{}", vector.name());
    for length in 0..vector.bytes.len() {
        let cut = &vector.bytes[..length];
        assert!(decode_as(vector, cut).is_err(), "{}: {length} of {} bytes", vector.name(), vector.bytes.len());
    }
}

/// At each place of the message a count in either form, the largest that there is or as many as there are zeros behind it:
/// empty strings, empty arrays, empty tagged fields.
fn an_announced_count_is_not_believed(vector: &Vector) {
    const ZEROS: usize = 2_000;
    for at in 0..vector.bytes.len().min(200) {
        for count in [i32::MAX, 2_000] {
            for flexible in [false, true] {
                let mut writer = Writer::appending(vector.bytes[..at].to_vec());
                writer.array_length(Some(count as usize), flexible).unwrap();
                writer.raw(&[0; ZEROS]);
                let _ = decode_as(vector, writer.written());
            }
        }
    }
}

fn any_bytes_are_harmless(vectors: &[Vector]) {
    let config = Config { cases: 20_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let byte = prop_oneof![0u8..3, any::<u8>()];
    let strategy = (any::<prop::sample::Index>(), prop::collection::vec(byte, 0..200));
    runner
        .run(&strategy, |(vector, bytes)| {
            let _ = decode_as(vector.get(vectors), &bytes);
            Ok(())
        })
        .unwrap();
}
