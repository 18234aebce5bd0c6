//! The bytes of the Kafka protocol, both directions: what a producer says and what a broker answers. No state, no
//! policy, no I/O.
//!
//! - [`buf`]: a reader that cannot run past its end, and a writer.
//! - `messages`: the control messages, generated from Kafka's specifications by `cargo xtask messages`.
//! - `record`, `record_batch`, `produce`: the hot path, written by hand, encoded straight from borrowed slices.
//! - `metadata`: the answer that can be large, read where it lies in its frame.
//!
//! Everything that is decoded may come from a hostile peer: memory grows with bytes present, never with a number that a
//! peer announced, and there is no indexing by a received number.

pub mod buf;
pub mod compression;
mod crc;
pub mod elements;
pub mod error_code;
pub mod frame;
pub mod messages;
pub mod metadata;
pub mod produce;
pub mod record;
pub mod record_batch;
pub mod version;

use buf::{DecodeError, EncodeError, Reader, Writer};

/// A message that can be written in any version of its range.
pub trait Encode {
    /// Appends the message's body, as `version` lays it out.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] when a field that must not be dropped has no place in `version`.
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;
}

/// A message that can be read in any version of its range.
pub trait Decode: Sized {
    /// Reads the message's body. Leaves the reader behind it; the caller decides whether more may follow.
    ///
    /// # Errors
    /// Any [`DecodeError`]: the bytes are a peer's.
    fn decode(reader: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError>;
}
