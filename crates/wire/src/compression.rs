//! The codecs of a record batch, and one context that is used again for every batch.

use crate::buf::DecodeError;
use thiserror::Error;

/// Which codec a batch's records are compressed with: bits 0–2 of its attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Not compressed.
    #[default]
    None,
    /// A plain gzip member.
    Gzip,
    /// Snappy in xerial's chunks of 32 KiB.
    Snappy,
    /// An LZ4 frame of independent 64 KiB blocks.
    Lz4,
    /// A zstd frame.
    Zstd,
}

impl Codec {
    /// The number in a batch's attributes.
    pub fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// The codec of this number, if there is one.
    pub fn from_id(id: u8) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd].into_iter().find(|codec| codec.id() == id)
    }
}

/// A codec and its level (KIP-390).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Compression {
    /// Which codec.
    pub codec: Codec,
    /// Its level, in the codec's own range; `None` for its default.
    pub level: Option<i32>,
}

impl Compression {
    /// Not compressed.
    pub const NONE: Self = Self { codec: Codec::None, level: None };
}

/// Why records could not be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0:?} failed")]
pub struct CompressError(pub Codec);

/// The codecs' contexts, made when first needed and used again.
#[derive(Debug, Default)]
pub struct Compressor {}

impl Compressor {
    /// Appends `records`, compressed, to `out`.
    ///
    /// # Errors
    /// [`CompressError`] when the codec's library fails; `out` then holds nothing of use.
    pub fn compress(
        &mut self,
        compression: Compression,
        records: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        let _ = (records, out);
        Err(CompressError(compression.codec))
    }
}

/// Appends what `compressed` holds to `out`, at most `limit` bytes.
///
/// # Errors
/// [`DecodeError::Invalid`] when it is not what the codec writes, or larger than `limit`.
pub fn decompress(codec: Codec, compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let _ = (codec, compressed, limit, out);
    Err(DecodeError::Invalid("codec"))
}
