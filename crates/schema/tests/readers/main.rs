//! Records that we write, read by readers that are not ours: Confluent's deserializers, fastavro, Apache's Thrift.
//!
//! `cargo xtask prove records` makes their Python and names this target; `cargo test` alone leaves it out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on")]

mod avro;
mod json;
mod protobuf;
mod python;
mod thrift;

use milena_schema::{Encode, Format, Resolved, Schema};
use std::sync::Arc;

/// A record's value as bound by this format to a schema of that id: Confluent's prefix, prelude, payload.
fn record<T: ?Sized, F: Format<T>>(format: &F, registered: Schema, id: u32, value: &T) -> Vec<u8> {
    let schema = Arc::new(registered);
    let encoder = format.compile(&Resolved { schema, subject: None, version: None, id: Some(id), guid: None }).unwrap();
    let mut record = vec![0];
    record.extend(id.to_be_bytes());
    record.extend(encoder.prelude());
    encoder.encode(value, &mut record).unwrap();
    record
}
