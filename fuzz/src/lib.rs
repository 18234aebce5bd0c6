//! What is fuzzed: a room for each target. libFuzzer drives them by coverage (`cargo xtask fuzz`, on nightly Rust), and
//! chance alone on any Rust (`cargo xtask fuzz --short`, a step of `cargo xtask test`).

pub mod answers;
pub mod batches;
pub mod chance;
pub mod decompress;
pub mod frames;
pub mod machines;
pub mod memory;
pub mod responses;
