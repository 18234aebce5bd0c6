//! Records that we write, through a broker, read by Confluent's consumer and by readers that are not ours: Confluent's
//! deserializers, fastavro, Apache's Thrift.
//!
//! `cargo xtask prove records` starts Kafka and registries, makes the Python, and names this target; `cargo test` alone leaves
//! it out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on")]

mod avro;
mod command_line;
mod json;
mod protobuf;
mod python;
mod registered;
mod thrift;

use milena::serializer::{SerializedHeaders, Side};
use milena_schema::{Encode, Format, Framing, Resolved, Schema};
use std::sync::Arc;

/// A record's value as bound by this format to a schema of that id, in Confluent's framing.
fn record<T: ?Sized, F: Format<T>>(format: &F, registered: Schema, id: u32, value: &T) -> Vec<u8> {
    let schema = Arc::new(registered);
    let resolved = Resolved { schema, subject: None, version: None, id: Some(id), guid: None };
    let encoder = format.compile(&resolved).unwrap();
    let frame = Framing::Prefix.frame(&resolved, Side::Value, encoder.prelude(), None).unwrap();
    let (mut record, mut headers) = (Vec::new(), SerializedHeaders::default());
    let begun = frame.begin(&mut record, &mut headers);
    encoder.encode(value, &mut record).unwrap();
    frame.end(begun, &mut record).unwrap();
    record
}
