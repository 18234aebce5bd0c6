//! The codecs of a record batch, in the framing that Kafka expects, and contexts that are used again for every batch.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use crate::buf::DecodeError;
use std::fmt;
use std::io::Read;
use std::ops::RangeInclusive;
use std::str::FromStr;
use thiserror::Error;

/// Which codec a batch's records are compressed with: bits 0–2 of its attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Every codec, by number.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    pub const fn id(self) -> u8 {
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
        Self::ALL.into_iter().find(|codec| codec.id() == id)
    }

    /// As `compression.type` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// Which levels `compression.CODEC.level` takes; `None` for a codec without levels.
    pub const fn levels(self) -> Option<Levels> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(Levels { range: 1..=9, default: gzip::OWN_DEFAULT }),
            Self::Lz4 => Some(Levels { range: 1..=17, default: 9 }),
            Self::Zstd => Some(Levels { range: -131_072..=22, default: 3 }),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Not the name of a codec.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no codec: compression.type is one of none, gzip, snappy, lz4, zstd")]
pub struct UnknownCodec(pub String);

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        Self::ALL.into_iter().find(|codec| codec.name() == name).ok_or_else(|| UnknownCodec(name.to_owned()))
    }
}

/// The levels of a codec, as KIP-390 has them: higher is smaller and slower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// From fastest to smallest.
    pub range: RangeInclusive<i32>,
    /// Allowed too, where it is outside of the range: gzip's −1, zlib's own default, which is 6.
    pub default: i32,
}

/// A codec and its level (KIP-390).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Compression {
    /// Which codec.
    pub codec: Codec,
    /// Its level, in the codec's [`levels`](Codec::levels), the nearest of them outside; `None` for its default.
    ///
    /// lz4's default of 9 is its fast compressor, every other level LZ4 HC at that level, as in Java.
    pub level: Option<i32>,
}

impl Compression {
    /// Not compressed.
    pub const NONE: Self = Self { codec: Codec::None, level: None };

    /// The level to compress at, 0 for a codec without levels.
    fn level(self) -> i32 {
        let Some(Levels { range, default }) = self.codec.levels() else { return 0 };
        match self.level {
            Some(level) if level != default => level.clamp(*range.start(), *range.end()),
            _ => default,
        }
    }
}

/// Why records could not be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} could not compress a batch")]
pub struct CompressError(pub Codec);

/// The codecs' contexts, made when first needed and used again: with a new context for each, zstd takes 1.6 times as long
/// for batches of 16 KiB.
///
/// One a thread: a context compresses one batch at a time.
#[derive(Default)]
pub struct Compressor {
    gzip: gzip::Gzip,
    snappy: snappy::Snappy,
    lz4: lz4::Lz4,
    zstd: zstd::Zstd,
}

impl Compressor {
    /// Appends `records`, compressed, to `out`.
    ///
    /// # Errors
    /// [`CompressError`] when the codec's library fails; what was appended by then is of no use.
    ///
    /// # Cost
    /// No allocation but of `out`, which grows by what the codec needs at worst, a little more than `records`. The first
    /// batch of a codec makes its context.
    pub fn compress(
        &mut self,
        compression: Compression,
        records: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        let compressed = match compression.codec {
            Codec::None => {
                out.extend_from_slice(records);
                Some(())
            }
            Codec::Gzip => self.gzip.compress(compression.level(), records, out),
            Codec::Snappy => self.snappy.compress(records, out),
            Codec::Lz4 => self.lz4.compress(compression.level(), records, out),
            Codec::Zstd => self.zstd.compress(compression.level(), records, out),
        };
        compressed.ok_or(CompressError(compression.codec))
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

/// Appends what `compressed` holds to `out`, at most `limit` bytes. Reads what Kafka's own clients read: what this one
/// writes, and what others do.
///
/// # Errors
/// [`DecodeError::Invalid`] when it is not what the codec writes, or larger than `limit`; what was appended by then is
/// of no use.
///
/// # Cost
/// `out` grows with what is really there, whatever the bytes announce.
pub fn decompress(codec: Codec, compressed: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let decompressed = match codec {
        Codec::None => (compressed.len() <= limit).then(|| out.extend_from_slice(compressed)),
        Codec::Gzip => gzip::decompress(compressed, limit, out),
        Codec::Snappy => snappy::decompress(compressed, limit, out),
        Codec::Lz4 => lz4::decompress(compressed, limit, out),
        Codec::Zstd => zstd::decompress(compressed, limit, out),
    };
    decompressed.ok_or(DecodeError::Invalid(match codec {
        Codec::None => "size of the records",
        Codec::Gzip => "gzip",
        Codec::Snappy => "snappy",
        Codec::Lz4 => "lz4",
        Codec::Zstd => "zstd",
    }))
}

/// Appends all that a decoder yields, unless that is more than `limit` bytes.
fn read_to_limit(decoder: impl Read, limit: usize, out: &mut Vec<u8>) -> Option<()> {
    // One more than allowed, to see whether there is more.
    let read = decoder.take((limit as u64).saturating_add(1)).read_to_end(out).ok()?;
    (read <= limit).then_some(())
}

/// Appends a block of at most `most` bytes that `decode` writes into a slice of that size, and says how long it is.
fn append_block(out: &mut Vec<u8>, most: usize, decode: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<()> {
    let start = out.len();
    out.resize(start + most, 0);
    let (_, room) = out.split_at_mut(start);
    let decoded = decode(room);
    out.truncate(start + decoded.unwrap_or(0));
    decoded.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_kafkas() {
        for (id, name) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().enumerate() {
            let codec: Codec = name.parse().unwrap();
            assert_eq!(usize::from(codec.id()), id);
            assert_eq!(Codec::from_id(codec.id()), Some(codec));
            assert_eq!(codec.to_string(), name);
        }
        assert_eq!(Codec::from_id(5), None);
        assert!("LZ4".parse::<Codec>().unwrap_err().to_string().contains("none, gzip, snappy, lz4, zstd"));
    }

    #[test]
    fn a_level_outside_the_range_is_the_nearest_inside() {
        let level = |codec, level| Compression { codec, level }.level();
        assert_eq!(level(Codec::Gzip, None), -1);
        assert_eq!(level(Codec::Gzip, Some(-1)), -1);
        assert_eq!(level(Codec::Gzip, Some(0)), 1);
        assert_eq!(level(Codec::Gzip, Some(100)), 9);
        assert_eq!(level(Codec::Zstd, Some(i32::MIN)), -131_072);
        assert_eq!(level(Codec::Zstd, None), 3);
        assert_eq!(level(Codec::Snappy, Some(7)), 0);
    }
}
