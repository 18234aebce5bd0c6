//! Against real Kafka: `cargo xtask test` starts it and runs these.

mod codecs;
mod kafka;
mod messages;
mod wire;
