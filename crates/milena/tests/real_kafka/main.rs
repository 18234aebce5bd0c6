//! Against real Kafka: `cargo xtask test` starts it and runs these.

mod codecs;
mod kafka;
mod messages;
#[path = "../plain/mod.rs"]
mod plain;
mod serializers;
mod wire;
