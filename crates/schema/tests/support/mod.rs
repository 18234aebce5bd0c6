//! What the tests of the registry's client share: a fake, and a format that writes bytes as they are.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed, as it should")]

use milena::SerializeError;
use milena::serializer::{Bind, BindError, Datum, SerializedHeaders, Serializer, Side, Target};
use milena_schema::fake::FakeRegistry;
use milena_schema::registry::{Registry, RegistryBuilder, block_on};
use milena_schema::schema::{Resolved, Schema, SchemaType};
use milena_schema::{Binding, Bound, Encode, Format};
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn fake() -> FakeRegistry {
    FakeRegistry::start().unwrap()
}

/// A client that does not wait long between attempts.
pub(crate) fn builder(urls: &[String]) -> RegistryBuilder {
    let wait = Duration::from_millis(5);
    Registry::builder().url(&urls.join(",")).retries(2, wait, wait)
}

pub(crate) fn client(fake: &FakeRegistry) -> Registry {
    builder(&[fake.url()]).build().unwrap()
}

pub(crate) fn avro(text: &str) -> Schema {
    Schema::new(SchemaType::Avro, text)
}

/// A record with one field of this name.
pub(crate) fn record(name: &str, field: &str) -> Schema {
    avro(&format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"{field}","type":"bytes"}}]}}"#))
}

/// Bytes as they are, by whatever schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw(pub(crate) Option<Schema>);

pub(crate) struct AsTheyAre;

impl Format<[u8]> for Raw {
    type Encoder = AsTheyAre;
    type Error = Infallible;

    fn schema(&self) -> Option<&Schema> {
        self.0.as_ref()
    }

    fn record_name(&self, _: Option<&Schema>) -> Option<String> {
        Some("com.example.Raw".into())
    }

    fn compile(&self, _: &Resolved) -> Result<AsTheyAre, Infallible> {
        Ok(AsTheyAre)
    }
}

impl Encode<[u8]> for AsTheyAre {
    fn encode(&self, value: &[u8], out: &mut Vec<u8>) -> Result<(), SerializeError> {
        out.extend_from_slice(value);
        Ok(())
    }
}

pub(crate) fn target(topic: &str) -> Target {
    Target::new(topic, Side::Value, PATIENCE)
}

pub(crate) fn bind(binding: Binding<Raw, [u8]>, topic: &str) -> Result<Bound<AsTheyAre>, BindError> {
    block_on(binding.bind(target(topic)))
}

/// A record's bytes.
pub(crate) fn written(bound: &Bound<AsTheyAre>, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let datum = bound.serialize(value, &mut out, &mut SerializedHeaders::default()).unwrap();
    assert_eq!(datum, Datum::Bytes);
    out
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never was so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The body of a page, by hand: what is asked here must not go through what is tested.
pub(crate) fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
