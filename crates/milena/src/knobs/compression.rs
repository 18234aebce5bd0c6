//! Knobs of the codecs.

use super::field::{Field, Settings};
use super::{Group, Kind, Knob, Support, Unit, Valid};
use milena_wire::compression::{Codec, Compression};

/// `compression.gzip.level`: zlib's own default.
pub(super) const GZIP_LEVEL: i32 = -1;
/// `compression.lz4.level`: in Java the one level that is LZ4's fast compressor.
pub(super) const LZ4_LEVEL: i32 = 9;
/// `compression.zstd.level`: zstd's own default.
pub(super) const ZSTD_LEVEL: i32 = 3;

pub(super) static GROUP: Group = Group {
    title: "Compression",
    doc: "A batch is compressed as a whole, off the caller's thread, after it is closed. Levels are checked even when another \
          codec is chosen.",
    knobs: &[
        Knob {
            name: "compression.type",
            kind: Kind::String,
            default: Some("none"),
            valid: Valid::OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]),
            unit: Unit::None,
            doc: "The codec: CPU here and in every consumer for bytes on the network and on the brokers' disks. lz4 and snappy \
                  are cheap, zstd is smaller for a little more, gzip is for consumers that know nothing else. Larger batches \
                  compress better.",
            differs: "A batch that compression does not make smaller is sent uncompressed.",
            since: "0.8.1; zstd since 2.1 (KIP-110)",
            setter: Some("compression"),
            support: Support::Full(Field::Text {
                write: |settings, word| {
                    settings.codec = codec(word);
                    Ok(())
                },
                read: |settings| codec_name(settings.codec).into(),
            }),
        },
        Knob {
            name: "compression.gzip.level",
            kind: Kind::Int,
            default: Some("-1"),
            valid: Valid::BetweenOr(1, 9, -1),
            unit: Unit::None,
            doc: "gzip's effort: 1 is fastest, 9 smallest, −1 zlib's default of 6.",
            differs: "",
            since: "3.8 (KIP-390)",
            setter: Some("compression_gzip_level"),
            support: Support::Full(Field::Level(|settings| &mut settings.gzip_level)),
        },
        Knob {
            name: "compression.lz4.level",
            kind: Kind::Int,
            default: Some("9"),
            valid: Valid::Between(1, 17),
            unit: Unit::None,
            doc: "lz4's effort. 9 is the fast compressor, as in Java; every other level is LZ4 HC, which takes several times the CPU for fewer bytes.",
            differs: "Java takes the slow, smaller LZ4-HC at any other level; here every level is the fast compressor, and \
                      another level than 9 brings a warning.",
            since: "3.8 (KIP-390)",
            setter: Some("compression_lz4_level"),
            support: Support::Full(Field::Level(|settings| &mut settings.lz4_level)),
        },
        Knob {
            name: "compression.zstd.level",
            kind: Kind::Int,
            default: Some("3"),
            valid: Valid::Between(-131_072, 22),
            unit: Unit::None,
            doc: "zstd's effort: higher is smaller and slower, negative levels are faster than 1. Above 10 or so the compressor \
                  falls behind a fast producer.",
            differs: "",
            since: "3.8 (KIP-390)",
            setter: Some("compression_zstd_level"),
            support: Support::Full(Field::Level(|settings| &mut settings.zstd_level)),
        },
    ],
};

/// The codec with the level that was chosen for it.
pub(super) fn chosen(settings: &Settings) -> Compression {
    let (level, default) = match settings.codec {
        Codec::Gzip => (settings.gzip_level, GZIP_LEVEL),
        Codec::Lz4 => (settings.lz4_level, LZ4_LEVEL),
        Codec::Zstd => (settings.zstd_level, ZSTD_LEVEL),
        Codec::None | Codec::Snappy => return Compression { codec: settings.codec, level: None },
    };
    Compression { codec: settings.codec, level: (level != default).then_some(level) }
}

pub(super) fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::None => "none",
        Codec::Gzip => "gzip",
        Codec::Snappy => "snappy",
        Codec::Lz4 => "lz4",
        Codec::Zstd => "zstd",
    }
}

/// The row's `valid` lets no other word come here.
fn codec(word: &str) -> Codec {
    match word {
        "gzip" => Codec::Gzip,
        "snappy" => Codec::Snappy,
        "lz4" => Codec::Lz4,
        "zstd" => Codec::Zstd,
        _ => Codec::None,
    }
}
