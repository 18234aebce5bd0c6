//! CRC-32C (Castagnoli), the checksum of a record batch.

use crc_fast::{CrcAlgorithm, Digest};

/// The CRC-32C of `first` followed by `rest`, as if they lay next to one another. One running digest: 7 ns more than
/// `rest` alone, where combining two finished checksums takes this library 12 µs.
#[inline]
pub(crate) fn crc32c(first: &[u8], rest: &[u8]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(first);
    digest.update(rest);
    #[expect(clippy::cast_possible_truncation, reason = "the library says every checksum in 64 bits, this one has 32")]
    let crc = digest.finalize() as u32;
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_check_value_wherever_the_bytes_are_cut() {
        let bytes = b"123456789";
        for cut in 0..=bytes.len() {
            let (first, rest) = bytes.split_at(cut);
            assert_eq!(crc32c(first, rest), 0xe306_9283);
        }
    }

    #[test]
    fn matches_another_implementation_on_every_size() {
        let bytes: Vec<u8> = (0..70_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for size in (0..300).chain([1_000, 4_096, 16_384, 65_537, 70_000]) {
            let bytes = &bytes[..size];
            let (first, rest) = bytes.split_at(size.min(40));
            assert_eq!(crc32c(first, rest), crc32c::crc32c(bytes), "{size} bytes");
        }
    }
}
