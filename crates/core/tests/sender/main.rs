//! The sender as a script: this is asked, that is answered, so much time passes. One file a part of its life.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a story knows what is there"
)]

mod connections;
mod produce;
mod script;
mod starting;
mod trouble;
