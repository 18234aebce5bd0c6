//! What a codec compresses comes back, in the framing that Kafka's own clients write, and hostile bytes take no memory.

use milena_wire::compression::{Codec, Compression, Compressor, decompress};
use proptest::prelude::*;

const LIMIT: usize = 8 << 20;

fn compressed(compressor: &mut Compressor, codec: Codec, level: Option<i32>, records: &[u8]) -> Vec<u8> {
    let mut out = b"before".to_vec();
    compressor.compress(Compression { codec, level }, records, &mut out).expect("compresses");
    assert!(out.starts_with(b"before"), "what was there before is kept");
    out.split_off(6)
}

fn decompressed(codec: Codec, compressed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = b"before".to_vec();
    decompress(codec, compressed, limit, &mut out).ok()?;
    assert!(out.starts_with(b"before"));
    Some(out.split_off(6))
}

/// Bytes that a codec makes little of.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    (0..size)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

fn text(size: usize) -> Vec<u8> {
    (0..).flat_map(|n: u32| format!("{{\"order\":{n},\"state\":\"new\"}}").into_bytes()).take(size).collect()
}

#[test]
fn every_size_around_a_border_comes_back() {
    let mut compressor = Compressor::default();
    let sizes = [0, 1, 16, 17, 1000, 32_767, 32_768, 32_769, 65_534, 65_535, 65_536, 65_537, 131_072, 200_000, 1 << 20];
    for codec in Codec::ALL {
        for size in sizes {
            for records in [text(size), noise(size), vec![0; size]] {
                let bytes = compressed(&mut compressor, codec, None, &records);
                assert!(bytes.len() <= size + size / 6 + 100, "{codec}: {size} bytes became {}", bytes.len());
                assert!(decompressed(codec, &bytes, size).is_some_and(|back| back == records), "{codec}, {size} bytes");
                if size > 0 {
                    assert_eq!(decompressed(codec, &bytes, size - 1), None, "{codec} went past the limit");
                }
            }
        }
    }
}

#[test]
fn every_level_comes_back_and_the_context_changes_between_them() {
    let mut compressor = Compressor::default();
    let records = text(100_000);
    for codec in Codec::ALL {
        let Some(levels) = codec.levels() else { continue };
        let ends = [*levels.range.start(), *levels.range.end(), levels.default, 1, 2, 9, levels.default];
        let mut sizes = Vec::new();
        for level in ends {
            let bytes = compressed(&mut compressor, codec, Some(level), &records);
            let fresh = compressed(&mut Compressor::default(), codec, Some(level), &records);
            assert_eq!(bytes, fresh, "{codec} at level {level}: the batch before left something in the context");
            assert_eq!(decompressed(codec, &bytes, LIMIT).as_ref(), Some(&records));
            sizes.push(bytes.len());
        }
        assert_eq!(sizes[2], sizes[6]);
        if codec != Codec::Lz4 {
            assert!(sizes[0] > sizes[1], "{codec}: the highest level is not the smallest, {sizes:?}");
        }
    }
}

#[test]
fn frames_begin_as_javas_do() {
    let mut compressor = Compressor::default();
    let records = text(70_000);
    let mut start = |codec, count| compressed(&mut compressor, codec, None, &records)[..count].to_vec();
    assert_eq!(start(Codec::Gzip, 4), [0x1f, 0x8b, 8, 0]);
    assert_eq!(start(Codec::Snappy, 16), *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01");
    assert_eq!(start(Codec::Lz4, 7), [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
    assert_eq!(start(Codec::Zstd, 4), [0x28, 0xb5, 0x2f, 0xfd]);
}

#[test]
fn snappy_is_read_as_one_raw_block_too() {
    let records = text(100_000);
    let raw = snap::raw::Encoder::new().compress_vec(&records).unwrap();
    assert_eq!(decompressed(Codec::Snappy, &raw, LIMIT), Some(records));
}

#[test]
fn lz4_levels_other_than_9_compress_harder_into_the_same_frame() {
    let order = |n: u32| format!("{{\"order\":{n},\"price\":{}}}", n * 7 % 1_000).into_bytes();
    let records: Vec<u8> = (0..20_000u32).flat_map(order).collect();
    let size = |level| {
        let (mut packed, mut back) = (Vec::new(), Vec::new());
        let compression = Compression { codec: Codec::Lz4, level };
        Compressor::default().compress(compression, &records, &mut packed).unwrap();
        decompress(Codec::Lz4, &packed, records.len(), &mut back).unwrap();
        assert_eq!(back, records);
        packed.len()
    };
    assert_eq!(size(None), size(Some(9)), "Java's 9 is the fast compressor");
    assert!(size(Some(12)) < size(Some(9)));
    assert!(size(Some(17)) <= size(Some(3)));
}

#[test]
fn an_lz4_block_that_does_not_shrink_is_stored() {
    let records = noise(65_536);
    let bytes = compressed(&mut Compressor::default(), Codec::Lz4, None, &records);
    assert_eq!(bytes[7..11], (65_536u32 | 1 << 31).to_le_bytes());
    assert_eq!(bytes.len(), 7 + 4 + 65_536 + 4);
}

#[test]
fn an_lz4_frame_with_sizes_and_checksums_is_read() {
    // As another writer may have it: content size, block checksums, content checksum, 1 MiB blocks.
    let mut frame = vec![0x04, 0x22, 0x4d, 0x18, 0x7c, 0x60];
    frame.extend(5u64.to_le_bytes());
    frame.push(0xaa);
    frame.extend((5u32 | 1 << 31).to_le_bytes());
    frame.extend(b"hello");
    frame.extend([1, 2, 3, 4]);
    frame.extend([0; 4]);
    frame.extend([5, 6, 7, 8]);
    assert_eq!(decompressed(Codec::Lz4, &frame, 5).as_deref(), Some(&b"hello"[..]));
    frame[4] &= !0x20;
    assert_eq!(decompressed(Codec::Lz4, &frame, 5), None, "blocks that lean on one another are nothing for Kafka");
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let mut compressor = Compressor::default();
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let bomb = compressed(&mut compressor, codec, None, &vec![0; LIMIT]);
        let mut out = Vec::new();
        assert!(decompress(codec, &bomb, 100_000, &mut out).is_err(), "{codec}");
        assert!(out.capacity() <= 400_000, "{codec} took {} bytes for a limit of 100,000", out.capacity());
    }
}

#[test]
fn an_announced_size_takes_no_memory() {
    let raw_snappy = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0];
    let xerial = [&b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\0\x07"[..], &raw_snappy].concat();
    let lz4 = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73, 0xff, 0xff, 0xff, 0x7f, 0];
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0x03];
    for (codec, bytes) in
        [(Codec::Snappy, &raw_snappy[..]), (Codec::Snappy, &xerial), (Codec::Lz4, &lz4), (Codec::Zstd, &zstd)]
    {
        let mut out = Vec::new();
        assert!(decompress(codec, bytes, usize::MAX / 2, &mut out).is_err(), "{codec}");
        assert!(out.capacity() < 4096, "{codec} took {} bytes for {}", out.capacity(), bytes.len());
    }
}

fn codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(&Codec::ALL[..])
}

proptest! {
    #[test]
    fn any_bytes_come_back(codec in codec(), parts in proptest::collection::vec((any::<u8>(), 0usize..3000, any::<bool>()), 0..12)) {
        let records: Vec<u8> = parts
            .into_iter()
            .flat_map(|(byte, size, same)| if same { vec![byte; size] } else { noise(size) })
            .collect();
        let bytes = compressed(&mut Compressor::default(), codec, None, &records);
        prop_assert_eq!(decompressed(codec, &bytes, records.len()), Some(records));
    }

    #[test]
    fn cut_and_changed_bytes_end_in_an_error_or_within_the_limit(
        codec in codec(), size in 0usize..5000, cut in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let mut bytes = compressed(&mut Compressor::default(), codec, None, &text(size));
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let back = decompressed(codec, &bytes, 6000);
        prop_assert!(back.is_none_or(|back| back.len() <= 6000));
    }

    #[test]
    fn noise_never_panics(codec in codec(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let back = decompressed(codec, &bytes, 10_000);
        prop_assert!(back.is_none_or(|back| back.len() <= 10_000));
    }
}
