//! Against real Kafka: `cargo xtask test` starts it and runs these.

mod kafka;
mod messages;
mod wire;
